"""Worst cases against closed forms, against runs of the algorithms, and against each other."""

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify import certify
from sparsetheory.verify.certify import methods

MILLIONTH = Fraction(1, 10**6)


@pytest.fixture
def rng():
    return np.random.default_rng(20260)


def is_just_above(certificate, exact):
    """The certificate proves the exact rate up to twice the declared inflation, and no better than it."""
    return certificate.check() and exact <= certificate.value <= exact * (1 + 2 * MILLIONTH)


@pytest.mark.parametrize("N", [1, 2, 5, 10, 20])
def test_gradient_descent_is_certified_without_closed_forms(N):
    assert is_just_above(methods.gradient_descent(N).certify(), Fraction(1, 4 * N + 2))


@pytest.mark.parametrize("N", [1, 2, 5, 10, 20])
def test_the_multipliers_of_drori_and_teboulle_prove_the_exact_rate(N):
    problem = methods.gradient_descent(N, L=3)
    certificate = problem.certify(multipliers=methods.gradient_descent_multipliers(N, L=3))
    assert certificate.check()
    assert certificate.value == Fraction(3, 4 * N + 2)


def test_wrong_multipliers_are_refused():
    multipliers = methods.gradient_descent_multipliers(5)
    for name in multipliers:
        with pytest.raises(certify.NotCertified):
            methods.gradient_descent(5).certify(
                multipliers=multipliers | {name: multipliers[name] * Fraction(999, 1000)}
            )
    with pytest.raises(InvalidArgument, match="names of relations"):
        methods.gradient_descent(5).certify(multipliers={"f[7,8]": 1})


@pytest.mark.parametrize("N", [1, 2, 5])
def test_proximal_gradient(N):
    # the optimum itself is known to the accuracy of the solver only, a tenth of the inflation
    certificate = methods.proximal_gradient(N).certify()
    assert certificate.check()
    assert Fraction(1, 4 * N) < certificate.value <= Fraction(1, 4 * N) * (1 + 2 * MILLIONTH)


@pytest.mark.parametrize("mu", [Fraction(1, 10), Fraction(1, 2)])
@pytest.mark.parametrize("step", [1, Fraction(3, 2), Fraction(19, 10)])
@pytest.mark.parametrize("N", [1, 3])
def test_strongly_convex_distance(N, step, mu):
    problem = certify.Problem()
    f = problem.function(L=1, mu=mu)
    xs, x = problem.minimizer(f), problem.point("x0")
    problem.subject_to((x - xs) ** 2 <= 1)
    for _ in range(N):
        x = x - step * f.gradient(x)
    problem.maximize((x - xs) ** 2)
    assert is_just_above(problem.certify(), max(abs(1 - step * mu), abs(1 - step)) ** (2 * N))


@pytest.mark.parametrize("N", [1, 2, 3])
def test_smooth_nonconvex_functions(N):
    """Some gradient of N steps of length 1/L has a square of at most 4 L (f_0 - f_N) / (3 N); no minimiser needed."""
    problem = certify.Problem()
    f, x = problem.function(L=1, mu=-1), problem.point("x0")
    points = [x]
    for _ in range(N):
        points.append(points[-1] - f.gradient(points[-1]))
    problem.subject_to(f(points[0]) - f(points[-1]) <= 1)
    least = certify.Scalar(values={"least": Fraction(1)})  # an unknown of its own, below every square
    problem.subject_to(*(least <= f.gradient(x) ** 2 for x in points))
    problem.maximize(least)
    assert is_just_above(problem.certify(), Fraction(4, 3 * N))
    assert problem.attain().value < Fraction(4, 3 * N)


def test_cyclic_block_descent_has_the_published_value():
    certificate = methods.cyclic_descent(9, L=(1, 2, 10)).certify()
    assert certificate.check()
    # 1.4892766 by two independent floating-point programs; the certificate may be a millionth above, never below
    assert 1.4892766 < certificate.value < 1.4892766 * (1 + 2e-6)
    assert "necessary" in repr(certificate)
    assert "necessary" in certificate.report()[1]


def test_primal_points_and_certificates_enclose_the_optimum():
    for problem in (
        methods.gradient_descent(5),
        methods.proximal_gradient(2),
        methods.cyclic_descent(4, L=(1, 1)),
        methods.cyclic_descent(9, L=(1, 2, 10)),
        methods.greedy_descent((0, 1, 0), L=(1, 1)),
    ):
        lower, upper = problem.attain(), problem.certify()
        assert lower.check()
        assert upper.check()
        assert lower.value < upper.value < lower.value * (1 + 13 * MILLIONTH)


def test_a_witness_that_violates_a_relation_does_not_check():
    witness = methods.gradient_descent(2).attain()
    for name in witness.values:
        shifted = certify.Witness(
            statement=witness.statement, values={**witness.values, name: witness.values[name] + 1}, gram=witness.gram
        )
        assert not shifted.check()
    for entry in witness.gram:
        bent = {**witness.gram, entry: witness.gram[entry] + 2}
        assert not certify.Witness(statement=witness.statement, values=witness.values, gram=bent).check()


@pytest.mark.parametrize("step", ["short", "exact"])
def test_greedy_descent_over_all_selections(step):
    bounds = {
        order: methods.greedy_descent(order, L=(1, 1), step=step).certify()
        for order in methods.selections(3, blocks=2, exact_steps=step == "exact")
    }
    assert all(certificate.check() for certificate in bounds.values())
    worst = max(certificate.value for certificate in bounds.values())
    assert worst < Fraction(1, 4)  # a run of one block alone, without the selection rule, is no better than that


def test_selection_rule_is_used():
    """Without it the repeated block of (0, 0, 0) leaves the other one where it started."""
    with_rule = methods.greedy_descent((0, 0, 0), L=(1, 1)).certify().value
    problem = certify.Problem(blocks=2)
    f = problem.function(L=(1, 1))
    xs, x = problem.minimizer(f), problem.point("x0")
    problem.subject_to((x - xs) ** 2 <= 1)
    for _ in range(3):
        x = x - f.gradient(x).block(0)
    problem.maximize(f(x) - f(xs))
    assert problem.certify().value > 2 * with_rule


def test_a_bound_that_is_asked_for():
    problem = methods.gradient_descent(3)
    certificate = problem.certify(bound="0.072")
    assert certificate.value == Fraction("0.072")
    assert certificate.check()
    with pytest.raises(certify.NotCertified):
        problem.certify(bound="0.0714")  # 1/14 = 0.0714285...
    assert certificate.proves("0.0714") == (False, f"{certificate.report()[1]}: above 0.0714")


# --- every relation of a statement against real runs -----------------------------------------------------------------


def evaluate(form, vectors, values):
    total = float(form.constant) + sum(float(c) * values[name] for name, c in form.values.items())
    return total + sum(float(c) * (vectors[k, a] @ vectors[k, b]) for (k, a, b), c in form.gram.items())


def worst(problem, vectors, values):
    return max(
        abs(v) if r.sense == "==" else v
        for r in problem.statement().relations
        for v in [evaluate(r.form, vectors, values)]
    )


def quadratic(rng, n, low, high):
    """A quadratic 1/2 x' Q x whose eigenvalues fill [low, high] and attain both ends."""
    basis, _ = np.linalg.qr(rng.normal(size=(n, n)))
    spectrum = np.concatenate([[low, high], rng.uniform(low, high, n - 2)])
    return basis * spectrum @ basis.T


@pytest.mark.parametrize("mu", [Fraction(0), Fraction(1, 4), Fraction(-1, 2)])
def test_conditions_hold_on_quadratics(mu, rng):
    problem = certify.Problem()
    f = problem.function(L=2, mu=mu)
    zero, x = certify.Vector({}), problem.point("x0")
    f.declare(zero, gradient=zero, value=certify.Scalar(), label="*")  # stationary, and a minimiser where mu >= 0
    for _ in range(4):
        x = x - f.gradient(x) / 3
    f(x)
    problem.maximize(x @ x)
    violated = []
    for L in (2.0, 2.5):
        for _ in range(20):
            Q = quadratic(rng, 6, float(mu), L)
            z, vectors, values = rng.normal(size=6), {}, {}
            vectors[0, "x0"] = z
            for k in range(5):
                g = Q @ z
                vectors[0, f"f'{k}"], values[f"f{k}"], z = g, z @ Q @ z / 2, z - g / 3
            violated.append(worst(problem, vectors, values) > 1e-9)
    assert not any(violated[:20])
    assert any(violated[20:])  # curvature above the declared L shows


def test_block_conditions_hold_on_coupled_quadratics(rng):
    problem = methods.cyclic_descent(5, L=(1, 2))
    blocks = [slice(0, 3), slice(3, 6)]
    violated = []
    for factor in (1.0, 1.3):
        for _ in range(20):
            Q = quadratic(rng, 6, 0.0, 3.0)
            scale = np.repeat([np.sqrt(L / np.linalg.norm(Q[s, s], 2)) for L, s in zip((1, 2), blocks)], 3)
            Q = factor * scale[:, None] * Q * scale  # now the blocks have exactly these constants
            z = rng.normal(size=6)
            z /= np.linalg.norm(z) * (1 + 1e-12)
            vectors, values = {(k, "x0"): z[s] for k, s in enumerate(blocks)}, {}
            for step in range(6):
                g = Q @ z
                values[f"f{step}"] = z @ g / 2
                vectors |= {(k, f"f'{step}"): g[s] for k, s in enumerate(blocks)}
                b = step % 2
                z = z.copy()
                z[blocks[b]] -= g[blocks[b]] / (1, 2)[b]
            violated.append(worst(problem, vectors, values) > 1e-12)
    assert not any(violated[:20])
    assert any(violated[20:])


def test_composite_and_proximal_relations_hold_on_the_lasso(rng):
    problem = methods.proximal_gradient(4)
    for _ in range(10):
        Q, c = quadratic(rng, 6, 0.1, 1.0), rng.normal(size=6)

        def shrink(v):
            return np.sign(v) * np.maximum(np.abs(v) - 0.1, 0)

        xs = np.zeros(6)
        for _ in range(1000):
            xs = shrink(xs - (Q @ xs - c))
        z = rng.normal(size=6)
        z = xs + z / np.linalg.norm(z) * (1 - 1e-12)
        vectors, values = {(0, "x0"): z - xs, (0, "f'*"): Q @ xs - c}, {}

        def smooth(v, Q=Q, c=c, xs=xs):  # values are relative to the minimiser, where each function is zero
            return v @ Q @ v / 2 - c @ v - (xs @ Q @ xs / 2 - c @ xs)

        for k in range(5):
            vectors[0, f"f'{k}"], values[f"f{k}"] = Q @ z - c, smooth(z)
            moved = shrink(z - vectors[0, f"f'{k}"])
            vectors[0, f"h'{k}"] = z - vectors[0, f"f'{k}"] - moved
            values[f"h{k}"] = 0.1 * (np.abs(moved).sum() - np.abs(xs).sum())
            z = moved
        assert worst(problem, vectors, values) < 1e-9


@pytest.mark.parametrize("step", ["short", "exact"])
def test_greedy_relations_hold_on_greedy_runs(step, rng):
    seen = set()
    for _ in range(20):
        Q = quadratic(rng, 2, 0.05, 3.0)
        Q = Q / np.sqrt(np.outer(np.diag(Q), np.diag(Q)))  # coordinate constants 1, so that both steps coincide
        z = rng.normal(size=2)
        z /= np.linalg.norm(z) * (1 + 1e-12)
        vectors, values, order = {(k, "x0"): z[k : k + 1] for k in range(2)}, {}, []
        for k in range(4):
            g = Q @ z
            values[f"f{k}"] = z @ g / 2
            vectors |= {(b, f"f'{k}"): g[b : b + 1] for b in range(2)}
            if k == 3:
                break
            b = int(np.argmax(np.abs(g)))
            order.append(b)
            z = z.copy()
            z[b] -= g[b]
            vectors[b, f"f-{k + 1}"] = -g[b : b + 1]
        problem = methods.greedy_descent(order, L=(1, 1), step=step)
        assert worst(problem, vectors, values) < 1e-12
        swapped = methods.greedy_descent([1 - b for b in order], L=(1, 1))
        assert worst(swapped, vectors, values) > 1e-6  # the same run did not select the other blocks
        seen.add(tuple(order))
    assert len(seen) > 1


# --- the language ----------------------------------------------------------------------------------------------------


def test_vectors_are_what_mathematics_means():
    problem = certify.Problem(blocks=2)
    x, y = problem.point("x"), problem.point("y")
    assert (x + y) ** 2 - (x - y) ** 2 == 4 * (x @ y)
    assert x.block(0) @ y.block(1) == certify.Scalar()
    assert x.block(0) + x.block(1) == x
    assert (2 * x - x / 2) == Fraction(3, 2) * x
    assert hash(x + y) == hash(y + x)
    assert -(y - x) == x - y


def test_floats_and_relations_used_as_truth_are_refused():
    problem = certify.Problem()
    f, x = problem.function(L=1), problem.point("x")
    with pytest.raises(InvalidArgument, match="exact number"):
        0.1 * x
    with pytest.raises(InvalidArgument, match="exact number"):
        problem.function(L=0.5)
    with pytest.raises(TypeError, match="subject_to"):
        bool(x**2 <= 1)
    with pytest.raises(InvalidArgument, match="squared norm"):
        x**3
    f.declare(x)
    with pytest.raises(InvalidArgument, match="not sampled"):
        f.declare(x)


@pytest.mark.parametrize("constants", [{"L": 0}, {"L": 1, "mu": 1}, {"L": 1, "mu": -2}, {"L": (1, 2)}])
def test_impossible_classes_are_refused(constants):
    with pytest.raises(InvalidArgument):
        certify.Problem().function(**constants)


def test_stationary_points_are_no_minimisers():
    problem = certify.Problem()
    f, h = problem.function(L=1, mu=-1), problem.function(mu=1)
    with pytest.raises(InvalidArgument, match="convex sum"):
        problem.minimizer(f)
    problem.minimizer(f, h)  # convex together


def test_problems_without_functions_and_without_constants():
    problem = certify.Problem()
    x, y = problem.point("x"), problem.point("y")
    problem.subject_to(x**2 <= 1, y**2 <= 4)
    problem.maximize(x @ y)
    assert is_just_above(problem.certify(), 2)
    homogeneous = certify.Problem()
    x, y = homogeneous.point("x"), homogeneous.point("y")
    homogeneous.subject_to(x**2 <= y**2)
    homogeneous.maximize(x**2 - 2 * y**2 + 5)
    assert homogeneous.certify().value == 5
    assert homogeneous.certify(bound=6).proves(6)[0]
    with pytest.raises(certify.NotCertified):
        homogeneous.certify(bound=4)


def test_values_below_and_at_zero():
    problem = certify.Problem()
    f = problem.function(L=1)
    xs, x = problem.minimizer(f), problem.point("x0")
    problem.subject_to((x - xs) ** 2 <= 1)
    problem.maximize(f(xs) - f(x))
    with pytest.raises(certify.NotCertified, match="a bound above it"):
        problem.certify()  # the optimum is 0, of which a millionth is nothing
    assert problem.certify(bound="1/1000").value == Fraction(1, 1000)
    problem.maximize(f(xs) - f(x) - 1)
    assert -1 < problem.certify().value < -1 + 2 * MILLIONTH


def test_the_subgradient_method():
    """The best of N + 1 points with steps 1 / sqrt(N + 1) is within 1 / sqrt(N + 1) for Lipschitz functions (tight)."""
    problem = certify.Problem()
    f = problem.function()
    xs, x = problem.minimizer(f), problem.point("x0")
    problem.subject_to((x - xs) ** 2 <= 1)
    best = certify.Scalar(values={"best": Fraction(1)})
    for _ in range(4):
        problem.subject_to(f.gradient(x) ** 2 <= 1, best <= f(x) - f(xs))
        x = x - f.gradient(x) / 2
    problem.maximize(best)
    assert is_just_above(problem.certify(), Fraction(1, 2))


def test_a_problem_says_what_is_missing():
    problem = certify.Problem()
    with pytest.raises(InvalidArgument, match="maximize"):
        problem.certify()
    f, x = problem.function(L=1), problem.point("x")
    problem.minimizer(f)
    problem.maximize(f(x))
    with pytest.raises(certify.NotCertified, match="bounded"):
        problem.certify()
    with pytest.raises(InvalidArgument, match="once"):
        problem.minimizer(f)
    with pytest.raises(InvalidArgument, match="in use"):
        problem.point("x")


def test_the_kit_loads_its_tools_when_they_are_used():
    code = "import sys; from sparsetheory.verify import certify; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert not {"cvxpy", "flint", "sympy", "scipy", "numba"} & set(done.stdout.split())


# --- what must not change --------------------------------------------------------------------------------------------


def test_one_block_is_no_block():
    assert float(methods.cyclic_descent(3, L=(2,)).certify().value) == pytest.approx(2 / 14, rel=3e-6)


def test_bounds_scale_with_the_constant_and_the_start():
    base = float(methods.cyclic_descent(3, L=(1, 3)).certify().value)
    assert float(methods.cyclic_descent(3, L=(5, 15)).certify().value) == pytest.approx(5 * base, rel=3e-6)
    problem = certify.Problem()
    f = problem.function(L=1)
    xs, x = problem.minimizer(f), problem.point("x0")
    problem.subject_to((x - xs) ** 2 <= 9)
    x = x - f.gradient(x)
    problem.maximize(f(x) - f(xs) + 7)
    assert float(problem.certify().value) == pytest.approx(9 / 6 + 7, rel=3e-6)


def test_the_same_problem_written_needlessly_complicated():
    """Averages, sums of functions, equations in place of substitution, a point of its own for every step."""
    problem = certify.Problem()
    f = problem.function(L=1)
    xs, x0 = problem.minimizer(f), problem.point("x0")
    problem.subject_to((2 * x0 - 2 * xs) ** 2 / 4 + 3 <= 4)
    x = x0
    for k in range(2):
        step = problem.point(f"step{k}")
        g = f.gradient(x)
        problem.subject_to(((step - g) ** 2).equals(0), name=f"equal{k}")
        x = x - (step + g) / 2
    problem.maximize((f(x) + f(x)) / 2 - f(xs))
    with pytest.raises(certify.NotCertified, match="room"):
        problem.certify()  # an equation between squares takes the interior away; substitution is the way
    with_slack = certify.Problem()
    f = with_slack.function(L=1)
    xs, x0 = with_slack.minimizer(f), with_slack.point("x0")
    mean = with_slack.point("mean")
    with_slack.subject_to((x0 - xs) ** 2 <= 1, (mean @ (x0 - xs)).equals(0), mean**2 <= 1)
    x = x0 - f.gradient(x0)
    with_slack.maximize((f(x) + f(x)) / 2 - f(xs))
    assert float(with_slack.certify().value) == pytest.approx(1 / 6, rel=3e-6)
