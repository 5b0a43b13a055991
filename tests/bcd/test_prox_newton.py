"""The kernel of the prox-Newton step against enumeration, and the two Newton-like steps on one orthant."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sparsetheory import bcd
from sparsetheory.bcd import _prox_newton
from sparsetheory.bcd.penalty import bind
from sparsetheory.bcd.prox_newton import model_step
from sparsetheory.bcd.search import backtrack
from sparsetheory.bcd.state import State


def enumerated(H, g, alpha, lower, upper, x):
    """Best of all faces: every variable at zero, at a bound, or free with either sign."""
    best = np.inf
    for face in product("0lu+-", repeat=len(x)):
        fixed = {"0": np.zeros(len(x)), "l": lower, "u": upper}
        free = np.array([f in "+-" for f in face])
        point = np.array([fixed[f][i] if f in fixed else 0.0 for i, f in enumerate(face)])
        if not np.isfinite(point).all():
            continue
        sign = np.array([1.0 if f == "+" else -1.0 for f in face])
        d = point - x
        if free.any():
            right = -(g + alpha * sign)[free] - H[np.ix_(free, ~free)] @ d[~free]
            d[free] = np.linalg.solve(H[np.ix_(free, free)], right)
        u = x + d
        if ((u >= lower - 1e-12) & (u <= upper + 1e-12)).all():
            best = min(best, g @ d + 0.5 * d @ H @ d + alpha @ np.abs(u))
    return best


@pytest.mark.parametrize("seed", range(6))
def test_the_model_is_minimised_over_all_faces(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(12, 4)) + 1.0
    lower, upper = rng.choice([-np.inf, -0.5, 0.0], 4), rng.choice([np.inf, 0.7, 0.1], 4)
    penalty = bcd.Box(lower, upper, alpha=rng.choice([0.0, 0.5, 3.0], 4))
    _, bound = bind(bcd.LeastSquares(X, np.ones(12)), penalty)
    x = np.clip(rng.normal(size=4), lower, upper)
    H, g = X.T @ X, 10 * rng.normal(size=4)
    d = model_step(bound, np.arange(4), x, g, H)
    value = g @ d + 0.5 * d @ H @ d + bound.alpha @ np.abs(x + d)
    assert_allclose(value, enumerated(H, g, bound.alpha, lower, upper, x), rtol=1e-9)


def test_variables_without_curvature_go_where_the_penalty_wants_them():
    H, g, x = np.zeros((3, 3)), np.zeros(3), np.array([2.0, 2.0, 2.0])
    problem = bcd.LeastSquares(np.ones((1, 3)), [0.0])
    _, bound = bind(problem, bcd.Box([-1.0, 1.0, -5.0], 5.0, alpha=[1.0, 1.0, 0.0]))
    assert (x + model_step(bound, np.arange(3), x, g, H)).tolist() == [0.0, 1.0, 2.0]


def test_the_kernel_has_the_signature_that_its_twin_declares():
    X = np.random.default_rng(0).normal(size=(20, 6))
    for problem in (bcd.LeastSquares(X, X[:, 0]), bcd.Logistic(X, np.sign(X[:, 0]))):
        for partition in ("order", "variable"):
            bcd.minimize(problem, penalty=bcd.Box(alpha=0.5), partition=partition, block_size=4)
    bcd.minimize(problem, penalty=bcd.L1(0.5), select="gsq-q", block_size=4)
    compiled = getattr(_prox_newton.descend, "signatures", [None])
    assert len(compiled) == len(_prox_newton.SIGNATURES[_prox_newton.descend]) == 1


def test_two_metric_is_newton_on_the_support_once_signs_are_right():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60, 8))
    labels = np.sign(X[:, 0] - X[:, 4] + 0.5 * rng.normal(size=60))
    run = bcd.minimize(bcd.Logistic(X, labels), penalty=bcd.L1(4.0), update="two-metric", block_size=8, tol=1e-13)
    after = run.trace.error[run.identified_at - 1 :]
    assert run.converged
    assert len(after) <= 6
    ratios = np.log(after[1:-1]) / np.log(after[:-2])
    assert (ratios[after[:-2] < 1e-2] > 1.6).all()  # the digits all but double


def test_backtracking_refuses_a_fall_that_is_too_small_and_a_direction_that_rises():
    state = State(*bind(bcd.Quadratic([[1.0]], [0.0]), None), None, 1, np.ones(1), np.random.default_rng(0))
    b, overshoot = np.array([0]), np.array([-2.0 + 1e-4])  # f falls by 1e-4 of the 2 that the slope promises

    def path(share):
        return state.x[b] + share * overshoot

    point = backtrack(state, b, path, lambda share, new: share * float(overshoot[0]))
    assert_allclose(point, path(0.5), atol=1e-4)  # interpolation finds the minimiser
    assert backtrack(state, b, path, lambda share, new: 0.0) is None
    assert backtrack(state, b, lambda share: state.x[b] + share, lambda share, new: -share) is None


def test_newton_from_far_away_is_cut_back_and_arrives():
    X = np.random.default_rng(2).normal(size=(30, 3))
    labels = np.sign(X[:, 0] + np.random.default_rng(3).normal(size=30))
    problem = bcd.Logistic(X, labels, l2=0.01)
    run = bcd.minimize(problem, init=[8.0, -8.0, 8.0], block_size=3)
    assert run.converged
    assert np.diff(run.objectives).max() <= 1e-13 * run.objectives[0]
