"""What an iteration removes: exact instances, runs of the solver against rational arithmetic, defects seen."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from sparsetheory import bcd
from sparsetheory.bcd.known_quadratics import (
    MATRICES,
    Majorised,
    block_diagonal,
    block_scales,
    cut,
    draw_matrix,
    draw_rows,
    pose,
    spread,
)
from sparsetheory.bcd.log_cosh import log_cosh
from sparsetheory.bcd.norm_constants import norm_constant
from sparsetheory.bcd.one_step import descend, expected_shares, off_candidates, shares
from sparsetheory.bcd.one_step_study import Smallest, Weighted, misjudged
from sparsetheory.bcd.rational_step import block_error, expected_share, fall, score, share, shares_of_run, solve, step

EXACT = np.vectorize(Fraction, otypes=[object])


def instance(seed, *, kind="families", n=6, size=2, start="random", metric="GSQ", bound=None):
    rng = np.random.default_rng(seed)
    Q = draw_matrix(rng, n, (kind,))
    blocks = cut(n, size)
    M = {"GSQ": block_diagonal(Q, blocks), "GSL": spread(block_scales(Q, blocks), blocks)}[metric]
    constant = norm_constant(Q, blocks=blocks, metric=M)
    return pose(rng, Q, blocks=blocks, step=M, constant=constant, start=start, bound=bound)


def run(case, *, select="gsq", update="exact", iterations=12, seed=0, pick=None):
    return descend(
        case, select=select, update=update, iterations=iterations, rng=np.random.default_rng(seed), pick=pick
    )


@pytest.mark.parametrize("kind", MATRICES)
def test_minimiser_is_exact(kind):
    for seed in range(5):
        case = instance(seed, kind=kind, n=8)
        c = EXACT(case.Q) @ EXACT(case.minimizer)
        assert (c == EXACT(np.asarray(case.problem.c))).all()
        assert np.abs(case.Q).max() < 256
        assert np.linalg.eigvalsh(case.Q)[0] > 0


@pytest.mark.parametrize("kind", MATRICES)
def test_shares_of_a_run_agree_with_rational_arithmetic_up_to_their_floor(kind):
    case = instance(1, kind=kind)
    points = run(case)
    removed = shares(case, points)
    Q = EXACT(case.Q).tolist()
    errors = [block_error(Q, (EXACT(x) - EXACT(case.minimizer)).tolist()) for x in points]
    exact = [float(1 - after / before) for before, after in pairwise(errors)]
    assert len(removed.share) >= 3
    np.testing.assert_array_less(np.abs(removed.share - exact[: len(removed.share)]), removed.floor)
    assert removed.floor.max() < 1e-6


def test_solver_takes_the_steps_of_the_rational_rule():
    """The same blocks, the same shares: the first iterations of the library against fractions."""
    for seed in range(5):
        case = instance(seed, metric="GSL")
        found = shares(case, run(case, select="gsl", update="gradient", iterations=4)).share
        away = (EXACT(case.start) - EXACT(case.minimizer)).tolist()
        exact = shares_of_run(EXACT(case.Q).tolist(), away, case.blocks, EXACT(case.step).tolist(), 4)
        np.testing.assert_allclose(found, [float(s) for s in exact], rtol=1e-9)


@pytest.mark.parametrize("metric", ["GSQ", "GSL"])
def test_extremal_start_makes_all_blocks_equal_and_attains_the_constant(metric):
    case = instance(2, metric=metric, start="extremal", size=1)
    Q, v = EXACT(case.Q).tolist(), (EXACT(case.start) - EXACT(case.minimizer)).tolist()
    scores = [float(score(Q, v, b, EXACT(case.step).tolist())) for b in case.blocks]
    np.testing.assert_allclose(scores, scores[0], rtol=1e-6)
    first = shares(case, run(case, iterations=1)).share[0]
    assert first == pytest.approx(case.constant.upper, rel=1e-6)


def test_expected_share_is_the_average_over_what_could_have_been_drawn():
    case = instance(3, metric="GSL")
    p = np.array([0.5, 0.3, 0.2])
    points = run(case, select="random", update="gradient", iterations=3)
    found = expected_shares(case, points, p).share
    Q, M = EXACT(case.Q).tolist(), EXACT(case.step).tolist()
    for value, x in zip(found, points):
        v = (EXACT(x) - EXACT(case.minimizer)).tolist()
        assert value == pytest.approx(float(expected_share(Q, v, case.blocks, M, EXACT(p).tolist())), rel=1e-9)


def test_steps_of_another_length_are_not_among_the_candidates():
    case = instance(4, metric="GSL")
    assert off_candidates(case, run(case, select="random", update="gradient")) < 1
    longer = misjudged(case, case.Q * 0.99)
    assert off_candidates(case, run(longer, select="random", update="gradient")) > 1e6
    points = run(case, select="random", update="gradient", iterations=2)
    assert off_candidates(case, points + np.arange(3)[:, None]) == np.inf  # more than one block moved


def test_rules_believe_the_bound_and_the_function_does_not_change():
    case = instance(5)
    H = case.Q + np.eye(6)
    problem = Majorised(case.Q, case.problem.c, bound=H)
    b, x = np.array([0, 1]), case.start
    np.testing.assert_array_equal(problem.curvature(b), H[:2, :2])
    np.testing.assert_array_equal(problem.hessian(x, problem.image(x), b), case.Q[:2, :2])
    np.testing.assert_array_equal(problem.lipschitz, np.diagonal(H))
    np.testing.assert_allclose(problem.row_sums, np.abs(H).sum(axis=1))
    np.testing.assert_allclose(problem.curvature_product(x), H @ x)
    np.testing.assert_allclose(problem.hessian_product(x, x, x), case.Q @ x)
    assert problem.total_lipschitz == pytest.approx(np.linalg.eigvalsh(H)[-1])
    plain = bcd.Quadratic(case.Q, case.problem.c)
    assert problem.value(x, problem.image(x)) == plain.value(x, plain.image(x))
    # one step of the matrix rule is -H_b^{-1} g_b
    moved = run(misjudged(case, H), update="matrix", iterations=1)
    g = case.Q @ (x - case.minimizer)
    best = max(case.blocks, key=lambda b: g[list(b)] @ np.linalg.solve(H[np.ix_(b, b)], g[list(b)]))
    expected = np.zeros(6)
    expected[list(best)] = -np.linalg.solve(H[np.ix_(best, best)], g[list(best)])
    np.testing.assert_allclose(moved[1] - moved[0], expected, atol=1e-12)


def test_planted_defects_pick_other_blocks():
    scores = np.array([3.0, 1.0, 2.0])
    assert Smallest().pick(scores, None) == 1
    assert Weighted(np.array([0.1, 1.0, 1.0])).pick(scores, None) == 2
    case = instance(6)
    assert shares(case, run(case, pick=Smallest())).share[0] < shares(case, run(case)).share[0]


def test_rational_steps_agree_with_linear_algebra():
    rng = np.random.default_rng(7)
    root = rng.integers(-3, 4, (4, 4))
    Q, v = root.T @ root + np.eye(4, dtype=int), rng.integers(-3, 4, 4)
    rational, away = EXACT(Q).tolist(), EXACT(v).tolist()
    np.testing.assert_allclose(np.array(solve(rational, away), float), np.linalg.solve(Q, v), rtol=1e-12)
    assert block_error(rational, away) == Fraction(int(v @ Q @ v), 2)
    b, g = [1, 3], Q @ v
    moved = v.astype(float)
    moved[b] -= np.linalg.solve(Q[np.ix_(b, b)], g[b])
    np.testing.assert_allclose(np.array(step(rational, away, b, rational), float), moved, atol=1e-12)
    gain = score(rational, away, b, rational)
    assert fall(rational, away, b, rational) == gain / 2  # exact minimisation gains half the score
    assert share(rational, away, b, rational) == gain / 2 / block_error(rational, away)
    assert shares_of_run(rational, [Fraction(0)] * 4, [[0, 1], [2, 3]], rational, 3) == []


def log_cosh_case(seed=8, n=5):
    rng = np.random.default_rng(seed)
    Q, blocks = draw_matrix(rng, n, ("families",)), cut(n, 2)
    rows = draw_rows(rng, Q)
    H = Q + rows.T @ rows
    constant = norm_constant(Q, blocks=blocks, metric=H)
    return pose(rng, Q, blocks=blocks, bound=H, step=H, constant=constant, start="random", rows=rows)


def test_log_cosh_is_a_consistent_problem_between_its_hessians():
    case = log_cosh_case()
    problem, rng = case.problem, np.random.default_rng(9)
    x, d, b = case.start, 1e-3 * rng.standard_normal(5), np.array([1, 3])
    z, every = problem.image(x), np.arange(5)
    assert np.abs(problem.gradient(case.minimizer, problem.image(case.minimizer))).max() == 0.0
    np.testing.assert_allclose(problem.image(x + d), z + problem.shift(every, d), atol=1e-12)
    np.testing.assert_array_equal(problem.partial(x, z, b), problem.gradient(x, z)[b])
    full = problem.hessian(x, z, every)
    ahead = problem.gradient(x + d, problem.image(x + d)) - problem.gradient(x - d, problem.image(x - d))
    np.testing.assert_allclose(ahead / 2, full @ d, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(problem.hessian_product(x, z, d), full @ d)
    np.testing.assert_array_equal(problem.hessian(x, z, b), full[np.ix_(b, b)])
    change = problem.change(x, z, b, d[b], problem.shift(b, d[b]))
    there = x.copy()
    there[b] += d[b]
    assert change == pytest.approx(problem.value(there, problem.image(there)) - problem.value(x, z), rel=1e-6)
    for between in (full - case.Q, problem.bound - full):
        assert np.linalg.eigvalsh(between)[0] > -1e-12
    bends = problem.hessian(x + d, problem.image(x + d), every) - full
    assert (np.abs(np.diagonal(bends)) <= problem.third.max() * np.abs(d).sum() * 5).all()
    np.testing.assert_allclose(problem.lipschitz, np.diagonal(problem.bound))
    np.testing.assert_allclose(problem.curvature_product(d), problem.bound @ d)
    assert problem.rounding(x) < 1e-12


def test_log_cosh_has_full_relative_accuracy():
    import mpmath

    for t in (1e-12, 1e-5, 0.3, 0.999999, 1.000001, 5.0, 300.0):
        with mpmath.workdps(50):
            exact = float(mpmath.log(mpmath.cosh(mpmath.mpf(t))))
        assert float(log_cosh(np.array(-t))) == pytest.approx(exact, rel=4e-16)


def test_shares_without_a_quadratic_are_measured_from_the_function():
    case = log_cosh_case()
    points = run(case, update="matrix", iterations=6)
    values = [case.problem.value(x, case.problem.image(x)) for x in (*points, case.minimizer)]
    errors = np.array(values[:-1]) - values[-1]
    np.testing.assert_allclose(shares(case, points).share, 1 - errors[1:] / errors[:-1], rtol=1e-6)
    halved = misjudged(case, case.step / 4)
    assert shares(case, run(halved, update="matrix", iterations=6)).share.min() < 0
