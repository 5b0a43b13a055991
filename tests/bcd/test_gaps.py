"""Duality gaps: never below the distance to the optimum, zero in the limit, NaN where no dual point is known."""

import numpy as np
import pytest
import scipy.sparse as sp

from sparsetheory import bcd
from sparsetheory.bcd.certificate import duality_gap
from sparsetheory.bcd.penalty import bind

LABELS = np.array([0, 0, 1, 1, 1, 2])


def problems():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 6)) + 0.5
    y = X @ rng.normal(size=6) + 0.3 * rng.normal(size=30)
    classes = np.digitize(y, [-1, 1])
    return {
        "least_squares": lambda l2: bcd.LeastSquares(X, y, l2=l2),
        "sparse": lambda l2: bcd.LeastSquares(sp.csc_array(X), y, l2=l2),
        "logistic": lambda l2: bcd.Logistic(X, np.sign(y), l2=l2),
        "softmax": lambda l2: bcd.Softmax(X[:, :2], classes, l2=l2),
        "quadratic": lambda l2: bcd.Quadratic(X.T @ X, X.T @ y, l2=l2),
        "singular": lambda l2: bcd.Quadratic(X[:4].T @ X[:4], X[:4].T @ y[:4], l2=l2),
    }


#: penalty -> whether there is a gap without l2
PENALTIES = {
    "none": (None, False),
    "L1": (bcd.L1(2.0), True),
    "weights": (bcd.L1([1.0, 2.0, 0.5, 3.0, 1.0, 4.0]), True),
    "a weight 0": (bcd.L1([1.0, 2.0, 0.0, 3.0, 1.0, 4.0]), False),
    "nonnegative": (bcd.Box(), False),
    "nonnegative L1": (bcd.Box(alpha=2.0), True),
    "box": (bcd.Box(-0.2, 0.3), True),
    "box off zero": (bcd.Box(0.1, 0.5), True),
    "box L1": (bcd.Box(-0.1, np.inf, alpha=1.0), True),
    "group": (bcd.GroupL1(2.0, LABELS), True),
    "sparse group": (bcd.SparseGroupL1([1.0, 2.0, 0.0], [0.0, 0.0, 1.0, 0.0, 1.0, 1.0], LABELS), True),
    "sparse group, free": (bcd.SparseGroupL1([0.0, 2.0, 0.0], [1.0, 0.0, 1.0, 0.0, 1.0, 1.0], LABELS), False),
}


@pytest.mark.parametrize("l2", [0.0, 0.7])
@pytest.mark.parametrize("kind", problems())
@pytest.mark.parametrize("name", PENALTIES)
def test_the_gap_holds_the_optimum_and_closes(kind, name, l2):
    penalty, without_l2 = PENALTIES[name]
    problem = problems()[kind](l2)
    partition = "groups" if "group" in name else "sort"
    best = bcd.minimize(problem, penalty=penalty, partition=partition, block_size=2, tol=1e-9, max_iter=20_000)
    assert best.converged
    if l2 == 0.0 and not without_l2:
        assert np.isnan(best.gap)
        return
    scale = max(1.0, abs(best.objective))
    assert best.gap <= 1e-6 * scale
    bound_problem, bound = bind(problem, penalty)
    for seed in range(10):  # anywhere, not only along a run
        x = bound.prox(np.random.default_rng(seed).normal(size=problem.n) * 10.0 ** (seed % 3 - 1), np.zeros(problem.n))
        z = problem.image(x)
        above = bound_problem.value(x, z) + bound.entries(x).sum() - best.objective
        gap = duality_gap(bound_problem, bound, x)
        assert gap >= above - 1e-9 * scale
    assert best.gap >= 0.0


def test_there_is_none_for_penalties_that_are_not_convex_and_for_large_quadratics_that_need_scaling():
    problem = problems()["least_squares"](0.7)
    assert np.isnan(bcd.minimize(problem, penalty=bcd.MCP(2.0)).gap)
    n = 1200
    rng = np.random.default_rng(0)
    large = bcd.Quadratic(sp.diags_array(rng.uniform(1, 2, n)).tocsr(), rng.normal(size=n))
    rough = {"block_size": 5, "max_iter": 20, "on_failure": "ignore"}
    assert np.isnan(bcd.minimize(large, penalty=bcd.L1(0.1), **rough).gap)
    assert bcd.minimize(large, penalty=bcd.Box(-1.0, 1.0), **rough).gap > 0.0


def test_a_quadratic_without_a_minimum_has_no_infimum():
    falling = bcd.Quadratic([[1.0, 1.0], [1.0, 1.0]], [1.0, -1.0])
    assert falling.infimum == -np.inf
    assert bcd.Quadratic([[1.0, 1.0], [1.0, 1.0]], [2.0, 2.0]).infimum == pytest.approx(-2.0)
