"""Claims of optimal transport: proofs hold and bite, helpers agree with brute force, studies see what they must."""

from fractions import Fraction
from itertools import combinations, permutations

import numpy as np
import pytest
import sympy as sp
from scipy.optimize import linprog

from sparsetheory import ot
from sparsetheory.errors import InvalidArgument
from sparsetheory.ot.assignment import vertex_gap
from sparsetheory.ot.exact import round_exact
from sparsetheory.ot.spectral import contraction_factor, coupling_spectrum
from sparsetheory.verify import Bound, Claim, Measurement
from sparsetheory.verify.claim import load_module, locate
from sparsetheory.verify.proof import holds

IDS = ("ot.rounding", "ot.local_linear_rate", "ot.exponential_convergence")


def files(id):
    collection, claim = locate(id)
    return claim, load_module(collection.proof_path(claim)), load_module(collection.study_path(claim))


# -- proofs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", IDS)
def test_proof_holds_and_reaches_its_badge(id):
    claim, module, _ = files(id)
    proof = module.prove()
    results = proof.run()
    assert proof.claim == claim.id
    assert proof.badge == claim.badge
    assert holds(results), [r for r in results if not r.ok or r.anti_test_failed is False]
    assert all(r.anti_test_failed is True for r in results if r.evidence not in ("reduction", "cited"))


def test_rounding_proof_rejects_every_smaller_constant_and_the_published_one_as_not_attained():
    _, module, _ = files("ot.rounding")
    assert sp.simplify(module.KAPPA - sp.Rational(3, 2)) == 0
    for kappa in (sp.Rational(1499, 1000), sp.Integer(1)):
        assert not module._multipliers(kappa)[0]
        assert not module._attained(kappa)[0]
    assert module._multipliers(sp.Integer(2))[0]  # Lemma 7 of the paper follows
    assert not module._attained(sp.Integer(2))[0]


def test_exponential_proof_rejects_formulas_below_the_sharp_bound():
    _, module, _ = files("ot.exponential_convergence")
    symbols = {"n": "", "eta": "", "gap": ""}
    assert module._dominates(Bound("2*n*exp(-eta*gap)", **symbols).expression)[0]
    for formula in ("1.9*n*exp(-eta*gap)", "6*n**2*exp(-1.1*eta*gap)", "6*exp(-eta*gap)"):
        expression = sp.sympify(formula, locals={k: sp.Symbol(k, real=True) for k in symbols}, rational=True)
        assert not module._dominates(expression)[0], formula


# -- helpers against brute force -------------------------------------------------------------------------------------


def brute_force(C):
    """Best and second-best assignment over all permutations; least cycle mean over all permutations' cycles."""
    n = len(C)
    order = sorted(permutations(range(n)), key=lambda p: sum(C[i, p[i]] for i in range(n)))
    best = order[0]
    back = {column: row for row, column in enumerate(best)}
    value = [sum(C[i, p[i]] for i in range(n)) / n for p in order[:2]]
    means = []
    for p in order[1:]:
        seen = set()
        for start in range(n):
            cycle, row = [], start
            while row not in seen:
                seen.add(row)
                cycle.append(row)
                row = back[p[row]]
            if len(cycle) > 1:
                means.append(sum(C[i, p[i]] - C[i, best[i]] for i in cycle) / len(cycle))
    return best, value[0], value[1] - value[0], min(means)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_vertex_gap_is_what_brute_force_finds(n):
    rng = np.random.default_rng(n)
    for _ in range(15):
        C = rng.normal(size=(n, n)) * 10.0 ** rng.uniform(-3, 3)
        found = vertex_gap(C)
        best, value, gap, mean = brute_force(C)
        assert tuple(found.columns) == best
        np.testing.assert_allclose(
            [found.value, found.gap, found.cycle_mean], [value, gap, mean], rtol=1e-9, atol=1e-13 * np.abs(C).max()
        )
        assert found.cycle_mean >= found.gap * (1 - 1e-12)


def test_vertex_gap_sees_ties_and_refuses_what_is_no_assignment_problem():
    assert vertex_gap(np.ones((3, 3))).gap == 0
    np.testing.assert_array_equal(vertex_gap([[0, 1], [1, 0]]).plan, np.eye(2) / 2)
    for bad in ([[1.0]], [[1.0, 2.0]], [[0.0, np.inf], [1.0, 0.0]], [[0.0, np.nan], [1.0, 0.0]],
                [[1e308, -1e308], [-1e308, 1e308]]):  # fmt: skip
        with pytest.raises(InvalidArgument, match="C"):
            vertex_gap(bad)


def test_exact_rounding_refuses_lengths_that_do_not_fit():
    for P, a, b in (([[1, 2]], [1, 2], [1, 2]), ([[1, 2]], [3], [1, 1, 1]), ([[1, 2], [3]], [1, 2], [1, 2])):
        with pytest.raises(InvalidArgument, match="P: expected"):
            round_exact(P, a, b)


def test_coupling_spectrum_of_known_couplings():
    np.testing.assert_allclose(coupling_spectrum(np.eye(3) / 3), 1)
    assert contraction_factor(np.outer([0.2, 0.8], [0.5, 0.3, 0.2])) == pytest.approx(0, abs=1e-15)
    assert contraction_factor([[0.3, 0.7]]) == 0
    padded = [[0.4, 0.1, 0], [0.1, 0.4, 0], [0, 0, 0]]
    assert contraction_factor(padded) == pytest.approx(0.36)
    assert contraction_factor(7 * np.array(padded)) == pytest.approx(0.36)
    for bad in ([[-1.0, 2.0]], [[np.inf, 1.0]], [[0.0, 0.0]]):
        with pytest.raises(InvalidArgument, match="P"):
            contraction_factor(bad)


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (5, 4), (7, 7)])
def test_round_plan_is_the_exact_algorithm_up_to_rounding(shape):
    rng = np.random.default_rng(shape)
    P = rng.random(shape) * (rng.random(shape) < 0.7)
    a, b = rng.dirichlet(np.ones(shape[0])), rng.dirichlet(np.ones(shape[1]))
    exact_P, exact_a, exact_b = (np.vectorize(Fraction, otypes=[object])(x) for x in (P, a, b))
    exact_b[0] += sum(exact_a) - sum(exact_b)
    exact = round_exact(exact_P, exact_a, exact_b)
    assert [sum(row) for row in exact] == list(exact_a)
    assert [sum(column) for column in zip(*exact)] == list(exact_b)
    np.testing.assert_allclose(ot.round_plan(P, a, b), np.array(exact, float), atol=4 * sum(shape) * 2.3e-16)


# -- what the claims say, measured apart from their studies ------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_the_exact_exponent_is_the_least_cycle_mean(n):
    rng = np.random.default_rng(40 + n)
    while (found := vertex_gap(C := rng.random((n, n)))).cycle_mean < 0.03:
        pass
    depth = np.linspace(12, 20, 5)
    plans = [ot.solve(C, reg=found.cycle_mean / d, tol=1e-15, on_failure="ignore").plan for d in depth]
    errors = [np.abs(plan - found.plan).sum() for plan in plans]
    slope = -np.polyfit(depth / found.cycle_mean, np.log(errors), 1)[0]
    assert slope == pytest.approx(found.cycle_mean, rel=0.01)


def vertices(a, b):
    """All vertices of the transport polytope: the feasible basic solutions, by brute force over the bases."""
    n, m = len(a), len(b)
    rows = np.kron(np.eye(n), np.ones(m))
    A = np.vstack([rows, np.kron(np.ones(n), np.eye(m))])[:-1]  # one constraint is redundant
    right = np.concatenate([a, b])[:-1]
    found = {}
    for basis in combinations(range(n * m), n + m - 1):
        square = A[:, basis]
        if abs(np.linalg.det(square)) > 0.5:  # unimodular: 0 or 1
            x = np.zeros(n * m)
            x[list(basis)] = np.linalg.solve(square, right)
            if x.min() > -1e-12:
                found[tuple(x.round(9))] = x.reshape(n, m)
    return list(found.values())


@pytest.mark.parametrize("shape", [(2, 2), (2, 4), (3, 3)])
def test_the_sharp_bound_holds_for_any_weights_and_needs_no_regime(shape):
    """The proof asks for unit mass only: random weights, ties now and then, eta from far below the threshold."""
    rng = np.random.default_rng(shape)
    largest = 0.0
    for trial in range(12):
        a, b = rng.dirichlet(np.full(shape[0], 3.0)), rng.dirichlet(np.full(shape[1], 3.0))
        C = rng.random(shape) if trial % 3 else rng.integers(0, 3, shape).astype(float)
        corners = vertices(a, b)
        values = np.array([(C * v).sum() for v in corners])
        optimal = values < values.min() + 1e-9
        if optimal.all():
            continue
        gap = values[~optimal].min() - values.min()
        for eta in (0.3 / gap, 1 / gap, 4 / gap, 12 / gap):
            P = ot.solve(C, a, b, reg=1 / eta, tol=1e-13, on_failure="ignore").plan
            distance = to_the_face(P, [v for v, best in zip(corners, optimal) if best])
            largest = max(largest, distance / (2 * min(shape) * np.exp(-eta * gap)))
            assert distance <= 2 * min(shape) * np.exp(-eta * gap) * (1 + 1e-9) + 1e-9
    assert largest > 0.01  # the control: a prefactor a hundred times smaller would be refuted


def to_the_face(P, corners):
    """L1 distance of a plan to the hull of some vertices: a small linear program."""
    V = np.array([v.ravel() for v in corners]).T
    k, size = V.shape[1], V.shape[0]
    above = np.hstack([V, -np.eye(size)])  # V w - t <= p and -V w - t <= -p
    below = np.hstack([-V, -np.eye(size)])
    return linprog(
        np.concatenate([np.zeros(k), np.ones(size)]), A_ub=np.vstack([above, below]),
        b_ub=np.concatenate([P.ravel(), -P.ravel()]), A_eq=[[1.0] * k + [0.0] * size], b_eq=[1.0],
    ).fun  # fmt: skip


def test_fifty_digits_agree_with_the_solver():
    _, _, study = files("ot.exponential_convergence")
    for atoms in (2, 4):
        instance = study.generate({"atoms": atoms, "progress": 0.6}, np.random.default_rng(atoms))
        result = study.run(instance, None)
        coarse, fine = study.measure(instance, result), study.recheck(instance, result)
        assert isinstance(fine, Measurement)
        assert abs(float(coarse.value) - float(fine.value)) <= float(coarse.floor)
        assert all(residual <= floor for residual, floor in fine.must_vanish.values())


# -- studies ---------------------------------------------------------------------------------------------------------


def measured(study, generate, run, cell, seed):
    instance = generate(cell, np.random.default_rng(seed))
    return study.measure(instance, run(instance, np.random.default_rng(seed)))


@pytest.mark.parametrize("id", IDS)
def test_study_measures_what_its_claim_binds(id):
    claim, _, module = files(id)
    assert isinstance(claim, Claim)
    study = module.STUDY
    grid = study.quick.grid
    for cell in range(0, len(grid), max(1, len(grid) // 5)):
        m = measured(study, study.generate, study.run, grid.cell(cell), cell)
        assert set(m.at) == set(claim.bound.symbols)
        assert np.isfinite(claim.bound(**m.at)).all()
        assert all(abs(residual) <= floor for residual, floor in m.must_vanish.values()), m.must_vanish
        if claim.kind == "upper":
            assert m.value <= claim.bound(**m.at) + m.floor


def test_extremal_matrices_attain_the_rounding_bound():
    claim, _, module = files("ot.rounding")
    for seed in range(20):
        m = measured(module.STUDY, module.generate, module.run, {"kind": "extremal", "n": 2 + seed}, seed)
        assert float(m.value) == pytest.approx(float(claim.bound(**m.at)), rel=1e-9)


def test_rounding_recheck_is_the_same_measurement():
    _, _, module = files("ot.rounding")
    for kind in module.KINDS:
        instance = module.generate({**kind, "n": 4}, np.random.default_rng(3))
        R = module.run(instance, None)
        coarse, fine = module.measure(instance, R), module.recheck(instance, R)
        assert abs(float(coarse.value) - fine.value) <= float(coarse.floor)
        assert coarse.at["err"] == pytest.approx(fine.at["err"], rel=1e-6, abs=float(coarse.floor))


@pytest.mark.parametrize("id", IDS)
def test_broken_variants_leave_the_bound(id):
    """Each planted defect moves the measurement somewhere: beyond the bound, off the ratio, or off a condition."""
    claim, _, module = files(id)
    study = module.STUDY
    for control in study.broken:
        off = []
        for cell in range(len(study.quick.grid)):
            m = measured(
                study, control.generate or study.generate, control.run or study.run, study.quick.grid.cell(cell), cell
            )
            ratio = float(m.value) / float(claim.bound(**m.at))
            breach = any(abs(residual) > floor for residual, floor in m.must_vanish.values())
            off.append(breach or ratio > 1.05 or (claim.kind == "tight" and id != "ot.rounding" and ratio < 0.95))
        assert any(off), control.name


@pytest.mark.slow
@pytest.mark.parametrize("id", IDS)
def test_quick_run_comes_out_as_declared(id, tmp_path):
    from sparsetheory.verify.runner import run_claim

    collection, claim = locate(id)
    outcome = run_claim(collection, claim, mode="quick", folder=tmp_path)
    assert outcome.as_declared, (str(outcome.raw), [(c.name, str(c.verdict)) for c in outcome.controls if not c.ok])
    assert outcome.proof_ok
