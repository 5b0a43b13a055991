"""Bilevel problems from a seed: closed forms against finite differences, the pseudo-inverse, and a minimiser."""

import numpy as np
import pytest
from hypothesis import assume, find, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, minimize

from sparsetheory.errors import InvalidArgument
from sparsetheory.testing import BilevelInstance
from sparsetheory.testing import strategies as S
from sparsetheory.testing.strategies.bilevel import BILEVEL_DECORATIONS

FIND = settings(database=None, derandomize=True, max_examples=500)
SIGMAS = (1e-1, 1e-3, 1e-5)
POINTS = st.integers(0, 20)


def point(problem, k):
    return np.random.default_rng((problem.seed, 77, k)).standard_normal(len(problem.p))


def differences(function, x, h=1e-5):
    return np.array([(function(x + h * e) - function(x - h * e)) / (2 * h) for e in np.eye(len(x))])


def penalty(problem, x, y, sigma):
    """f + (g - min g)/sigma, with min g at a solution that is not taken from the closed form of psi_sigma."""
    return problem.f(x, y) + (problem.g(x, y) - problem.g(x, problem.exact.solution(x))) / sigma


@given(S.bilevel_instances(), POINTS)
def test_gradients_are_those_of_the_values(problem, k):
    x, q = point(problem, k), problem.exact
    scale = 1 + np.abs(q.grad_psi(x)).max()
    assume(q.kink(x) > 1e-3)
    assert q.grad_psi(x) == pytest.approx(differences(q.psi, x), abs=1e-7 * scale)
    for sigma in (1.0, 1e-1):  # kinks of the derivative, at most, between the points of a difference
        central = differences(lambda v, s=sigma: q.psi_sigma(v, s), x)
        assert np.abs(q.grad_psi_sigma(x, sigma) - central).max() <= 1e-3 * scale
        if "constrained" not in problem.decorations:
            assert q.grad_psi_sigma(x, sigma) == pytest.approx(central, abs=1e-7 * scale)


@given(S.bilevel_instances(), POINTS)
def test_solutions_satisfy_the_conditions_of_a_minimum(problem, k):
    x, q = point(problem, k), problem.exact
    for y, gradient in [
        (q.solution(x), problem.grad_g(x, q.solution(x))[1]),
        *(
            (y, s * problem.grad_f(x, y)[1] + problem.grad_g(x, y)[1])
            for s in SIGMAS
            for y in [q.penalised_solution(x, s)]
        ),
    ]:
        assert (problem.low - 1e-12 <= y).all()
        assert (y <= problem.high + 1e-12).all()
        stepped = np.clip(y - gradient, problem.low, problem.high)
        assert np.abs(stepped - y).max() <= 1e-12 * (1 + np.abs(y).max())


@given(S.bilevel_instances(constrained=(False,)), POINTS)
def test_the_gradient_is_the_one_with_the_pseudo_inverse(problem, k):
    x = point(problem, k)
    y = problem.exact.solution(x)
    in_x, in_y = problem.grad_f(x, y)
    inverse = np.linalg.pinv(problem.H, rcond=1e-10, hermitian=True)
    mixed = -problem.A.T @ problem.H
    expected = in_x - mixed @ inverse @ in_y
    assert problem.exact.grad_psi(x) == pytest.approx(expected, abs=1e-8 * (1 + np.abs(expected).max()))
    # the optimistic member: the upper gradient has no part along the solutions
    across = in_y - problem.H @ inverse @ in_y
    assert np.abs(across).max() <= 1e-8 * (1 + np.abs(in_y).max())


@given(S.bilevel_instances(), POINTS)
def test_the_penalty_closes_linearly_in_sigma(problem, k):
    x, q = point(problem, k), problem.exact
    C = q.closeness(x)
    gaps = np.array([q.gap(x, s) for s in SIGMAS])
    assert (gaps >= -1e-15 * (1 + C)).all()
    assert (gaps <= C * np.array(SIGMAS) * (1 + 1e-9) + 1e-15).all()
    assert (np.diff(gaps) <= 1e-15 * (1 + C)).all()  # psi_sigma falls as sigma grows
    for sigma, gap in zip(SIGMAS, gaps, strict=True):
        direct = penalty(problem, x, q.penalised_solution(x, sigma), sigma)
        size = abs(q.psi(x)) + abs(problem.g(x, q.solution(x))) / sigma + 1
        assert q.psi(x) - gap == q.psi_sigma(x, sigma) == pytest.approx(direct, abs=1e-13 * size)
    if "constrained" not in problem.decorations:
        least = problem.curvature[problem.curvature > 0].min(initial=1.0)
        quotient = q.gap(x, 1e-6 * least) / (1e-6 * least)
        assert quotient == pytest.approx(C, rel=1e-5)


@given(S.bilevel_instances(), POINTS)
def test_gradients_close_linearly_too(problem, k):
    x, q = point(problem, k), problem.exact
    assume(q.kink(x) > 1e-2)
    # below the curvatures and the distance to a kink the active set is that of the limit
    first, second = (np.abs(q.grad_psi_sigma(x, s) - q.grad_psi(x)).max() for s in (1e-7, 1e-8))
    size = 1 + np.abs(q.grad_psi(x)).max()
    assert second == pytest.approx(first / 10, rel=1e-2, abs=1e-13 * size)


@pytest.mark.parametrize("constrained", [False, True])
@pytest.mark.parametrize("multi_solution", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_a_minimiser_finds_the_same_values(seed, constrained, multi_solution):
    problem = BilevelInstance.build(seed=seed, n=2, m=2, constrained=constrained, multi_solution=multi_solution)
    x, q, sigma = point(problem, 0), problem.exact, 0.1
    bounds = Bounds(problem.low, problem.high)
    options = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 1000}

    def least(value, gradient):
        return minimize(value, np.zeros(2), jac=gradient, bounds=bounds, method="L-BFGS-B", options=options).fun

    bottom = least(lambda y: problem.g(x, y), lambda y: problem.grad_g(x, y)[1])
    assert problem.g(x, q.solution(x)) == pytest.approx(bottom, abs=1e-9)
    lowest = least(
        lambda y: problem.f(x, y) + problem.g(x, y) / sigma,
        lambda y: problem.grad_f(x, y)[1] + problem.grad_g(x, y)[1] / sigma,
    )
    assert q.psi_sigma(x, sigma) == pytest.approx(lowest - bottom / sigma, abs=1e-8)
    # no solution of the lower level is better for the upper one
    rng = np.random.default_rng(seed)
    kernel = np.linalg.svd(problem.H)[2][np.linalg.matrix_rank(problem.H) :]
    for step in rng.standard_normal((20, len(kernel))):
        y = q.solution(x) + step @ kernel
        if (problem.low <= y).all() and (y <= problem.high).all():
            assert problem.f(x, y) >= q.psi(x) - 1e-12


@given(S.bilevel_instances())
def test_the_rank_of_the_lower_level_is_exact(problem):
    flint = pytest.importorskip("flint")
    whole = problem.H * 2.0**26
    assert np.array_equal(whole, np.rint(whole))
    m = len(whole)
    rank = flint.fmpz_mat(m, m, [int(v) for v in whole.ravel()]).rank()
    assert rank == (problem.curvature > 0).sum()
    assert rank == (m // 2 if "multi_solution" in problem.decorations else m)


def same(one, two):
    names = ("P", "p", "R", "c", "A", "a", "T", "curvature", "low", "high")
    return all(np.array_equal(getattr(one, name), getattr(two, name)) for name in names)


@given(S.bilevel_instances())
def test_every_bilevel_problem_builds_itself_again(problem):
    assert "\n" not in repr(problem)
    assert same(eval(repr(problem), {"BilevelInstance": BilevelInstance}), problem)


def test_a_bilevel_problem_shrinks_to_off():
    simple = find(S.bilevel_instances(), lambda problem: True, settings=FIND)
    assert repr(simple) == "BilevelInstance.build(seed=0, n=1, m=1)"


@pytest.mark.parametrize("name", BILEVEL_DECORATIONS)
def test_every_decoration_of_a_bilevel_problem_is_drawn_and_changes_it(name):
    on = find(S.bilevel_instances(lower=(2, 6)), lambda problem: name in problem.decorations, settings=FIND)
    off = {k: v for k, v in on.decorations.items() if k != name}
    n, m = on.R.shape
    plain = BilevelInstance.build(seed=on.seed, n=n, m=m, **off)
    assert not same(on, plain)
    assert np.array_equal(on.A, plain.A)


def test_the_box_is_active_at_some_points_and_not_at_others():
    problem = BilevelInstance.build(seed=1, n=2, m=4, constrained=True)
    active = [np.isclose(np.abs(problem.exact.solution(point(problem, k))), problem.high).sum() for k in range(30)]
    assert min(active) < 4
    assert max(active) > 0


@pytest.mark.parametrize(
    "make",
    [
        lambda: BilevelInstance.build(seed=0, n=0, m=1), lambda: BilevelInstance.build(seed=0, n=1, m=1, cond=1e5),
        lambda: BilevelInstance.build(seed=0, n=1, m=1, convex=True), lambda: S.bilevel_instances(convex=(True,)),
        lambda: BilevelInstance.build(seed=0, n=1, m=1).exact.psi_sigma(np.ones(1), 0.0),
    ],
)  # fmt: skip
def test_what_is_no_bilevel_problem_is_refused(make):
    with pytest.raises(InvalidArgument):
        make()


@given(S.bilevel_instances(), POINTS)
def test_the_lower_gap_is_the_difference_of_two_values(problem, k):
    x, q = point(problem, k), problem.exact
    for y in (np.clip(point(problem, k + 1)[:1].repeat(len(problem.c)), problem.low, problem.high), q.solution(x)):
        direct = problem.g(x, y) - problem.g(x, q.solution(x))
        size = 1 + abs(problem.g(x, y)) + abs(problem.g(x, q.solution(x)))
        assert q.lower_gap(x, y) == pytest.approx(direct, abs=1e-12 * size)
    assert abs(q.lower_gap(x, q.solution(x))) <= 1e-24 * size


@given(S.bilevel_instances(constrained=(True,)), POINTS)
def test_the_pieces_of_the_gradient_are_those_beside_a_kink(problem, k):
    x, q = point(problem, k), problem.exact
    assume(q.kink(x) > 1e-6)
    fixed, through = q.pieces(x, 1e-12)
    assert through.shape[1] == 0
    assert fixed == pytest.approx(q.grad_psi(x), abs=1e-12 * (1 + np.abs(fixed).max()))
    # from x to where the first coordinate of the lower solution meets a bound, and to both sides of it
    _, t, _, _, high = q._place(x)
    assume(problem.curvature[0] > 0)
    row = (problem.T.T @ problem.A)[0]
    assume(np.linalg.norm(row) > 0.1)
    at = x + (high - t)[0] * row / (row @ row)
    sides = [q.grad_psi(at + h * row / np.linalg.norm(row)) for h in (-1e-9, 1e-9)]
    fixed, through = q.pieces(at, 1e-12)
    assume(through.shape[1] == 1)
    ends = [fixed + through[:, 0], fixed]  # the first coordinate is free below its bound
    assert np.allclose(sides, ends, rtol=0, atol=1e-6 * (1 + np.abs(sides).max()))
