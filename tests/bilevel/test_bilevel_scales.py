"""What a certificate is worth: units of either level, starts of sigma, sets in disguise, callables with habits."""

import numpy as np
import pytest

from sparsetheory import bilevel
from sparsetheory.errors import InvalidArgument

BEST = 1 / 1.1  # of 0.5 (y - 1)^2 + 0.05 x^2 with y = x


def follow(g=1.0, f=1.0, **more):
    """y follows x, in units of one's own on both levels."""
    given = {
        "f": lambda x, y: f * (0.5 * np.sum((y - 1) ** 2) + 0.05 * np.sum(x**2)),
        "g": lambda x, y: g * 0.5 * np.sum((y - x) ** 2),
        "grad_f": lambda x, y: (f * 0.1 * x, f * (y - 1)),
        "grad_g": lambda x, y: (g * (x - y), g * (y - x)),
    }
    return bilevel.Problem(**(given | more))


@pytest.mark.parametrize("unit", [1e-12, 1e-8, 1e-4, 0.01, 0.0101, 0.02, 1.0, 1e4, 1e8])
def test_the_unit_of_the_lower_level_changes_nothing(unit):
    found = bilevel.minimize(follow(g=unit), [0.3], [0.2])
    assert found.converged and found.x == pytest.approx([BEST], abs=1e-5)
    assert abs(found.lower_gap) <= 1e-12 * unit


@pytest.mark.parametrize("unit", [1e-12, 1e-8, 1e-4])
def test_nor_does_it_where_sigma_stays(unit):
    found = bilevel.minimize(follow(g=unit), [0.3], [0.2], method="f2ba")
    assert found.converged and found.x == pytest.approx([BEST], abs=1e-4)
    assert found.sigma == pytest.approx(1e-6 * unit)


@pytest.mark.parametrize("method", ["implicit", "penalty", "central"])
def test_nor_of_a_hypergradient(method):
    # d/dx of 0.5 (x - 1)^2 + 0.05 x^2
    found = bilevel.hypergradient(follow(g=1e-8), [0.3], [0.2], method=method, sigma=1e-12)
    assert found.gradient == pytest.approx([0.03 - 0.7], abs=1e-3)


@pytest.mark.parametrize("seed", range(8))
def test_weak_curvature_below(seed):
    """Errors of lower points are residuals over curvatures; the upper level does not run away on them."""
    rng = np.random.default_rng(seed)
    p, q = int(rng.integers(1, 4)), int(rng.integers(2, 6))
    A, B, t = 0.03 * rng.standard_normal((q - 1, q)), rng.standard_normal((q - 1, p)), rng.standard_normal(q)
    problem = bilevel.Problem(
        f=lambda x, y: 0.5 * (y - t) @ (y - t) + 0.05 * x @ x,
        g=lambda x, y: 0.5 * np.sum((A @ y - B @ x) ** 2),
        grad_f=lambda x, y: (0.1 * x, y - t),
        grad_g=lambda x, y: (-B.T @ (A @ y - B @ x), A.T @ (A @ y - B @ x)),
    )
    found = bilevel.minimize(problem, np.ones(p), np.zeros(q), on_failure="ignore")
    inverse = np.linalg.pinv(A)
    M, c = inverse @ B, (np.eye(q) - inverse @ A) @ t - t  # the solution best for f is off t by M x + c
    best = np.linalg.solve(M.T @ M + 0.1 * np.eye(p), -M.T @ c)
    psi = [0.5 * np.sum((M @ x + c) ** 2) + 0.05 * x @ x for x in (found.x, best)]
    assert psi[0] <= psi[1] + 1e-4 * (1 + psi[1])
    assert not found.converged or np.allclose(found.x, best, atol=1e-4)


def test_a_heavy_upper_level_is_not_taken_for_the_penalty():
    found = bilevel.minimize(follow(f=1e8, Y=lambda v: v), [0.3], [0.2], on_failure="ignore")
    assert not found.converged and "changes with sigma" in found.message


@pytest.mark.parametrize("sigma", [1e-300, 10.0])
def test_the_first_sigma_is_not_the_last(sigma):
    found = bilevel.minimize(follow(Y=lambda v: v), [0.3], [0.2], sigma=sigma)
    assert found.converged and found.x == pytest.approx([BEST], abs=1e-5)
    there = 1 / (1 + 0.1 * (1 + sigma))  # stationary for psi_sigma
    stopped = bilevel.minimize(
        follow(Y=lambda v: v), [there], [0.2], sigma=sigma, callback=lambda _: True, on_failure="ignore"
    )
    assert stopped.converged == (sigma < 1) and stopped.sigma <= 1e-6


BALL = bilevel.Ball(1.0)


class Disk:
    """A set of a user's own that cannot tell its faces."""

    def project(self, v):
        return BALL.project(v)


@pytest.mark.parametrize(
    "Y",
    [BALL, Disk(), bilevel.Product([BALL], [2]), bilevel.Product([BALL.project], [2]), bilevel.Product([Disk()], [2])],
    ids=["ball", "own", "product", "product of a projection", "product of one's own"],
)
def test_one_ball_in_five_disguises(Y):
    # y = (x, 1)/|(x, 1)| comes closest to (1/2, 1/5) at x = 5/2
    problem = bilevel.Problem(
        f=lambda x, y: 0.5 * np.sum((y - [0.5, 0.2]) ** 2),
        g=lambda x, y: 0.5 * np.sum((y - [x[0], 1.0]) ** 2),
        grad_f=lambda x, y: (0 * x, y - [0.5, 0.2]),
        grad_g=lambda x, y: (x - y[:1], y - [x[0], 1.0]),
        Y=Y,
    )
    found = bilevel.minimize(problem, [0.3], [0.0, 0.0])
    assert found.converged and found.x == pytest.approx([2.5], abs=1e-3)
    if Y is not BALL and found.kind == "penalty":
        with pytest.raises(InvalidArgument, match="method"):
            bilevel.hypergradient(problem, [0.3], [0.0, 0.0])


def test_products_of_curved_sets_have_the_derivatives_of_their_parts():
    Y = bilevel.Product([bilevel.Ball(1.0), bilevel.Ball(0.5), bilevel.Box(-9, 9)], [2, 3, 1])
    rng = np.random.default_rng(0)
    c, B = rng.standard_normal(6), 3 * rng.standard_normal((6, 2))
    problem = bilevel.Problem(
        f=lambda x, y: 0.5 * np.sum((y - c) ** 2), g=lambda x, y: 0.5 * np.sum((y - B @ x) ** 2),
        grad_f=lambda x, y: (0 * x, y - c), grad_g=lambda x, y: (-B.T @ (y - B @ x), y - B @ x), Y=Y,
    )  # fmt: skip

    def psi(x):
        return 0.5 * np.sum((Y.project(B @ x) - c) ** 2)

    x, t = np.array([1.0, 0.7]), 1e-5
    differences = [(psi(x + t * e) - psi(x - t * e)) / (2 * t) for e in np.eye(2)]
    assert bilevel.hypergradient(problem, x, np.zeros(6)).gradient == pytest.approx(differences, abs=1e-6)


@pytest.mark.parametrize(
    "Y",
    [None, [(0, None)], bilevel.Polyhedron([[-1.0]], [0.0]), bilevel.Product([bilevel.Box(0)], [1]), np.abs],
    ids=["free", "box", "polyhedron", "product", "projection"],
)
def test_rays_are_found_on_every_set(Y):
    problem = bilevel.Problem(
        f=lambda x, y: 0.5 * np.sum((x - 1) ** 2), g=lambda x, y: -y[0],
        grad_f=lambda x, y: (x - 1, 0 * y), grad_g=lambda x, y: (0 * x, -np.ones(1)), Y=Y,
    )  # fmt: skip
    found = bilevel.minimize(problem, [0.0], [1.0], on_failure="ignore")
    assert not found.converged and found.ray == pytest.approx([1.0]) and "without bound" in found.message


def test_answers_may_share_memory():
    in_x, in_y = np.empty(1), np.empty(1)

    def slopes(x, y):
        np.subtract(x, y, out=in_x)
        np.subtract(y, x, out=in_y)
        return in_x, in_y

    found = bilevel.minimize(follow(grad_g=slopes), [0.3], [0.2])
    assert found.converged and found.x == pytest.approx([BEST], abs=1e-5)


def nowhere(x, y):
    return np.full(1, np.nan), y


def test_callables_that_are_not_finite_are_named_everywhere():
    bad, rng = follow(grad_f=nowhere), np.random.default_rng(0)
    for ask in (bilevel.hypergradient, bilevel.minimize, lambda *at: bilevel.check_gradients(*at, rng=rng)):
        with pytest.raises(InvalidArgument, match="grad_f"):
            ask(bad, [0.3], [0.2])
    half = follow(g=1.0)
    late = follow(g=1.0, f=1.0)
    object.__setattr__(late, "g", lambda x, y: np.nan if y[0] > 0.5 else half.g(x, y))
    found = bilevel.minimize(late, [0.3], [0.2], on_failure="ignore")  # values of g are asked for at the end alone
    assert not found.converged and "g returned" in found.message


def changes_y(x, y):
    y -= 1
    return 0.5 * float(y @ y)


@pytest.mark.parametrize(
    ("ask", "name"),
    [
        (lambda: bilevel.minimize(follow(grad_f_at=lambda x, y, key: (0.1 * x, y - 1)), [0.0], [0.0], rng=0), "rng"),
        (lambda: bilevel.minimize(follow(), [0.0], [0.0], options=5), "options"),
        (lambda: bilevel.minimize(follow(), [0.0], [0.0], method="f2sa", options={"exponents": 3}), "exponents"),
        (lambda: bilevel.minimize(follow(), [0.0], [0.0], method="f2sa", options={"exponents": (1,)}), "exponents"),
        (lambda: bilevel.minimize(bilevel.Problem(f=changes_y, g=follow().g), [0.0], [0.0]), "f"),
        (lambda: bilevel.minimize(follow(grad_f=lambda x, y: (["a"], y)), [0.0], [0.0]), "grad_f"),
        (lambda: bilevel.minimize(follow(X=bilevel.Box), [0.0], [0.0]), "X"),
        (lambda: bilevel.check_gradients(follow(), [0.0], [0.0], rng=None), "rng"),
        (lambda: bilevel.check_gradients(None, [0.0], [0.0], rng=np.random.default_rng(0)), "problem"),
        (lambda: search(follow(X=[(0, 1)]), [5.0]), "x0"),
        (lambda: search(follow(Y=[(-1, 0)]), [5.0]), "y0"),
        (lambda: search(follow(), [0.0], around="ab"), "around"),
        (lambda: search(follow(), [0.0], around=5), "around"),
        (lambda: search(follow(), [0.0], around=([0, 0], [1, 1])), "around"),
        (lambda: bilevel.Box("a", 1), "lower"),
        (lambda: bilevel.Ball(1, "a"), "center"),
    ],
)  # fmt: skip
def test_bad_input_is_named(ask, name):
    with pytest.raises(InvalidArgument) as caught:
        ask()
    assert str(caught.value).startswith(name + ":")


def search(problem, x0, **more):
    return bilevel.search_from_many_starts(problem, x0, [0.5], rng=np.random.default_rng(0), n_starts=2, **more)


def test_a_search_goes_on_where_some_starts_have_no_values():
    problem = follow(g=1.0)
    object.__setattr__(problem, "g", lambda x, y: np.sqrt(x[0]) * 0 + 0.5 * (y[0] - x[0]) ** 2 if x[0] > 0 else np.nan)
    found = search(problem, [1.0])
    assert found.converged and found.n_broken > 0 and found.x == pytest.approx([BEST], abs=1e-5)


def test_a_tolerance_of_nothing_is_met_by_nothing():
    found = bilevel.minimize(follow(), [0.3], [0.2], tol=1e-300, max_iter=200, on_failure="ignore")
    assert found.x == pytest.approx([BEST], abs=1e-8) and found.converged == (found.error == 0)


@pytest.mark.parametrize("v", [[1e17, 0.0], [1e300, 1e300], [0.2, 0.2]])
def test_simplices_from_afar(v):
    found = bilevel.Simplex().project(np.array(v))
    assert found.sum() == pytest.approx(1.0) and found.min() >= 0


def test_penalties_of_data_in_any_unit():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 3))
    y = X @ [1.0, 2.0, 0.0] + rng.standard_normal(40)
    plain = bilevel.tune(X[:20], y[:20], X[20:], y[20:], on_failure="ignore")
    small = bilevel.tune(1e-20 * X[:20], 1e-20 * y[:20], 1e-20 * X[20:], 1e-20 * y[20:], on_failure="ignore")
    assert small.converged and small.theta == pytest.approx(plain.theta, abs=1e-5)
    with pytest.raises(InvalidArgument, match="X"), np.errstate(over="ignore"):
        bilevel.tune(1e200 * X, y, X, y)
