"""Everything that follows from a problem and two potentials, each quantity from its definition."""

import pickle

import numpy as np
import pytest
from scipy.optimize import linprog

from sparsetheory import ot
from sparsetheory.errors import InvalidArgument
from sparsetheory.ot.problem import random_costs

EPS = np.finfo(float).eps
REG = 0.05


def zero_mass(rng, n=7, m=9):
    """Random costs, one row and one column without mass."""
    M, a, b = random_costs(n, m, rng)
    a[2], b[4] = 0.0, 0.0
    return M, a / a.sum(), b / b.sum()


def forbidden(rng, n=7, m=9):
    """Random costs with a third of the edges forbidden, and the masses of a plan on the others."""
    M = rng.random((n, m))
    M[rng.random((n, m)) < 1 / 3] = np.inf
    P = rng.random((n, m)) * np.isfinite(M) + np.isfinite(M) * 1e-3
    return M, P.sum(axis=1) / P.sum(), P.sum(axis=0) / P.sum()


def scalable_in_the_limit(rng):
    """One forbidden edge that forces another one to carry nothing."""
    M = rng.random((4, 4))
    M[:2, 2:] = np.inf
    return M, np.full(4, 0.25), np.full(4, 0.25)


def heavy(rng):
    """Total mass 37."""
    M, a, b = random_costs(6, 5, rng)
    return M, 37 * a, 37 * b


CASES = [lambda rng: random_costs(8, 6, rng), zero_mass, forbidden, scalable_in_the_limit, heavy]
NAMES = ["plain", "zero mass", "forbidden edges", "limit of scalings", "mass 37"]


@pytest.fixture(params=CASES, ids=NAMES)
def case(request):
    return request.param(np.random.default_rng(11))


@pytest.fixture
def result(case):
    return ot.solve(*case, reg=REG, tol=1e-13, on_failure="ignore")


def linear_program(M, a, b):
    n, m = M.shape
    rows, columns = np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))
    edges = np.isfinite(M).ravel()
    A = np.vstack([rows, columns])[:, edges]
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    return linprog(M.ravel()[edges], A_eq=A, b_eq=np.concatenate([a, b]), options=tight).fun


def test_the_plan_is_a_plan(result, case):
    M, a, b = case
    P = result.plan
    assert P.shape == M.shape
    assert not P.flags.writeable
    assert (P >= 0).all()
    assert (P[np.isinf(M)] == 0).all()
    rounding = 8 * sum(M.shape) * EPS * a.sum()
    assert np.abs(P.sum(axis=1) - a).sum() + np.abs(P.sum(axis=0) - b).sum() <= result.marginal_error + rounding
    assert result.error == result.marginal_error <= 1e-12 * a.sum()


def test_what_a_result_keeps_is_read_only(result):
    for array in (result.f, result.g, *result.marginals, result.plan, *result.trace.extra.values()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


def test_the_potentials_give_the_plan_in_cost_units(result, case):
    M, _, b = case
    f, g = result.potentials
    assert abs(g @ b) <= 8 * len(b) * EPS * (np.abs(g) @ b)
    positive = result.plan > 0
    # exponents of size up to (|f| + |g| + |C|)/reg, each rounded a few times
    size = (np.abs(f).max() + np.abs(g).max() + M[np.isfinite(M)].max()) / REG
    np.testing.assert_allclose(
        np.exp((f[:, None] + g - M) / REG)[positive], result.plan[positive], rtol=8 * EPS * (1 + size)
    )


def test_products_with_the_plan(result):
    rng = np.random.default_rng(0)
    n, m = result.plan.shape
    for shape in [(m,), (m, 3)]:
        v = rng.standard_normal(shape)
        np.testing.assert_allclose(result.apply(v), result.plan @ v, rtol=0, atol=1e3 * EPS * result.plan.sum())
    w = rng.standard_normal(n)
    np.testing.assert_allclose(result.apply(w, transposed=True), result.plan.T @ w, rtol=0, atol=1e3 * EPS * 37)


@pytest.mark.parametrize("v", [np.zeros(5), np.zeros((5, 2)), 1.0, np.zeros((6, 1, 1))])
def test_a_factor_of_the_wrong_shape_is_refused(v):
    result = ot.solve(np.eye(6), reg=1.0)
    with pytest.raises(InvalidArgument, match="v: expected a vector of length 6 or a matrix of 6 rows"):
        result.apply(v)


@pytest.mark.parametrize("v", [1j * np.ones(6), "abcdef", ["1"] * 6])
def test_a_factor_that_is_not_real_is_refused(v):
    with pytest.raises(InvalidArgument, match="v: expected real numbers"):
        ot.solve(np.eye(6), reg=1.0).apply(v)


def test_the_sparse_plan_drops_what_it_says(result, case):
    _, a, b = case
    n, m = result.plan.shape
    np.testing.assert_array_equal(result.sparse_plan(0.0).toarray(), result.plan)
    sparse = result.sparse_plan(1e-3)
    assert sparse.format == "csr"
    lost = result.plan - sparse.toarray()
    assert ((lost == 0) | (lost == result.plan)).all()
    assert (lost.sum(axis=1) <= 1e-3 * m * a).all()
    assert (lost.sum(axis=0) <= 1e-3 * n * b).all()


def test_values_in_three_conventions(result, case):
    M, a, b = case
    P = result.plan
    used = P > 0
    p, outer = P[used], np.outer(a, b)[used]
    linear = (M[used] * p).sum()
    # values come from marginals and potentials: off by the marginal error times the potentials
    atol = 1e-12 * (1 + a.sum()) ** 2
    np.testing.assert_allclose(result.value_linear, linear, atol=atol)
    np.testing.assert_allclose(result.value_entropic, linear + REG * (p * (np.log(p) - 1)).sum(), atol=atol)
    np.testing.assert_allclose(result.value, linear + REG * (p * np.log(p / outer)).sum(), atol=atol)


def test_the_certificate_brackets_the_linear_program(result, case):
    lower, upper = result.certificate()
    value = linear_program(*case)
    slack = 1e-9 * case[1].sum()  # the tolerance HiGHS was asked for, with its scaling
    assert lower - slack <= value <= upper + slack
    assert 0 <= upper - lower <= REG * case[1].sum() * 10


def test_the_gap_is_the_divergence_to_a_feasible_plan(result, case):
    _, a, _ = case
    # Pinsker backwards: the gap is of second order in the marginal error, up to 1/(least mass) and the spectral gap
    assert 0 <= result.gap <= 1e-20 * a.sum()


@pytest.mark.parametrize("max_iter", [1, 3, 10])
def test_the_gap_bounds_the_distance_to_the_optimum(max_iter):
    M, a, b = random_costs(12, 9, np.random.default_rng(5))
    best = ot.solve(M, a, b, reg=REG, tol=1e-13, on_failure="ignore")
    rough = ot.sinkhorn(M, a, b, reg=REG, max_iter=max_iter, tol=0.0, on_failure="ignore")
    f, g = rough.potentials
    dual = a @ f + b @ g - REG * rough.plan.sum()
    missing = best.value_entropic - dual  # D* - D, and D* is the optimal value
    assert missing > 1e-9
    assert rough.gap >= missing - 1e-13
    # weak duality with the very plan: value at the rounded plan minus the dual
    Q = ot.round_plan(rough.plan, a, b)
    np.testing.assert_allclose(rough.gap, (M * Q + REG * Q * (np.log(Q) - 1)).sum() - dual, atol=1e-13)


def test_an_iterate_far_from_a_forbidding_polytope_has_no_upper_bound():
    M, a, b = forbidden(np.random.default_rng(2))
    rough = ot.sinkhorn(M, a, b, reg=REG, max_iter=1, tol=0.0, on_failure="ignore")
    lower, upper = rough.certificate()
    assert lower <= linear_program(M, a, b) + 1e-9
    assert upper == np.inf or upper >= linear_program(M, a, b) - 1e-9
    assert rough.gap >= 0


def directional(M, a, b, h, da=0.0, db=0.0, dM=0.0):
    """Central difference of the value; its error is of order h^2 (third derivative) plus rounding over h."""
    solve = lambda s: ot.solve(M + s * dM, a + s * da, b + s * db, reg=REG, tol=1e-13, on_failure="ignore").value  # noqa: E731
    return (solve(h) - solve(-h)) / (2 * h)


def tangent(rng, mass, size):
    """A direction that keeps the total and moves no atom by more than its own mass."""
    d = rng.standard_normal(len(mass)) * mass
    return size * (d - d.sum() * mass / mass.sum())


def test_gradients_by_finite_differences():
    rng = np.random.default_rng(6)
    for build in (CASES[0], zero_mass, heavy):
        M, a, b = build(rng)
        result = ot.solve(M, a, b, reg=REG, tol=1e-13, on_failure="ignore")
        da, db, dM = tangent(rng, a, 1.0), tangent(rng, b, 1.0), rng.standard_normal(M.shape)
        mass = a.sum()
        # steps of 1e-4 relative: truncation about 1e-8 relative, rounding 1e-12 / 1e-4
        for slope, change in [
            (directional(M, a, b, 1e-4, da=da), result.grad_a @ da),
            (directional(M, a, b, 1e-4, db=db), result.grad_b @ db),
            (directional(M, a, b, 1e-5, dM=dM), (result.grad_cost * dM).sum()),
        ]:
            np.testing.assert_allclose(slope, change, atol=2e-7 * mass)
        assert abs(result.grad_a[a > 0].sum()) < 1e-12 * len(a)


def test_the_gradient_at_an_empty_atom_is_the_one_sided_slope():
    M, a, b = zero_mass(np.random.default_rng(7))
    result = ot.solve(M, a, b, reg=REG, tol=1e-13, on_failure="ignore")
    for name, grad in (("a", result.grad_a), ("b", result.grad_b)):
        mass = {"a": a, "b": b}[name]
        d = np.where(mass == 0, 1.0, 0.0)
        d[0] = -1.0
        slopes = []
        for h in (1e-6, 1e-7):
            moved = {"a": a, "b": b, name: mass + h * d}
            slopes.append((ot.solve(M, **moved, reg=REG, tol=1e-13, on_failure="ignore").value - result.value) / h)
        slope = slopes[1] - (slopes[0] - slopes[1]) / 9  # Richardson: the one-sided error is of order h
        np.testing.assert_allclose(slope, grad @ d, atol=1e-5)


def test_a_plan_of_several_blocks_of_rows_is_the_same_plan(monkeypatch):
    M, a, b = forbidden(np.random.default_rng(8))
    whole = ot.solve(M, a, b, reg=REG)
    expected = (whole.plan, whole.gap, whole.certificate(), whole.value, whole.value_linear)
    monkeypatch.setattr("sparsetheory.ot.result._BLOCK", 2 * len(b))
    split = pickle.loads(pickle.dumps(whole))
    np.testing.assert_array_equal(split.plan, expected[0])
    np.testing.assert_allclose([split.gap, *split.certificate(), split.value, split.value_linear],
                               [expected[1], *expected[2], *expected[3:]], rtol=1e-13, atol=1e-25)  # fmt: skip


def test_only_the_problem_and_the_potentials_are_pickled(result):
    small = len(pickle.dumps(result))
    plan = result.plan
    again = pickle.loads(pickle.dumps(result))
    assert len(pickle.dumps(result)) == small
    np.testing.assert_array_equal(again.plan, plan)
    assert again.status is result.status


def test_three_lines_say_what_it_is(result, case):
    lines = repr(result).splitlines()
    n, m = case[0].shape
    assert len(lines) == 3
    assert f"n={n} m={m} reg=0.05" in lines[0]
    assert "marginal error" in lines[1]


def test_underflow_in_the_plan_is_no_error_and_no_setting_leaks():
    M, a, b = random_costs(12, 9, np.random.default_rng(9))
    with np.errstate(over="raise", under="raise"):
        result = ot.solve(M, a, b, reg=1e-3)
        assert (result.plan == 0).any()
        for _ in result._plan_blocks():
            assert np.geterr()["over"] == np.geterr()["under"] == "raise"
