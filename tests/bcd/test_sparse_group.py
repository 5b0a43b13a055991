"""Sparse group norms, and the prox-Newton step for groups, against an interior point method."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sparsetheory import bcd
from sparsetheory.bcd.group_newton import group_model_step
from sparsetheory.bcd.penalty import bind
from sparsetheory.errors import InvalidArgument

LABELS = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2])
PENALTY = bcd.SparseGroupL1([1.0, 3.0, 0.0], [0.5] * 5 + [0.0, 2.0, 1.0, 1.0], LABELS)


def bound(penalty=PENALTY):
    return bind(bcd.LeastSquares(np.ones((2, 9)), [1.0, 2.0]), penalty)[1]


def written(cp, u):
    """The penalty as cvxpy has it."""
    weights = np.array([0.5] * 5 + [0.0, 2.0, 1.0, 1.0])
    return cp.norm(u[:3]) + 3.0 * cp.norm(u[3:5]) + weights @ cp.abs(u)


def data(seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, 9)) + 0.5
    return X, X @ (rng.normal(size=9) * (LABELS == 2) * 0.5) + 0.3 * rng.normal(size=40)


@pytest.mark.parametrize("seed", range(5))
def test_the_prox_is_that_of_an_interior_point_method(seed):
    import cvxpy as cp

    v, u = 2.0 * np.random.default_rng(seed).normal(size=9), cp.Variable(9)
    steps = np.array([0.7, 2.0, 0.2])[LABELS]
    objective = 0.5 * cp.sum(cp.multiply(1 / steps, cp.square(u - v))) + written(cp, u)
    cp.Problem(cp.Minimize(objective)).solve(solver="CLARABEL")
    got = bound().prox(v, steps)
    assert_allclose(got, u.value, atol=2e-5)

    def value(point):
        return 0.5 * np.sum((point - v) ** 2 / steps) + bound().entries(point).sum()

    assert value(got) <= value(u.value) + 1e-12


@pytest.mark.parametrize("seed", range(5))
def test_the_least_subgradient_is_that_of_an_interior_point_method(seed):
    import cvxpy as cp

    rng = np.random.default_rng(seed)
    x, g = rng.normal(size=9) * (rng.random(9) < 0.5), 3 * rng.normal(size=9)
    x[3:5] = 0.0
    v, s = cp.Variable(9), cp.Variable(9)  # subgradients of the norms and of the absolute values
    norm = np.linalg.norm(x[:3])
    rules = [cp.norm(v[3:5]) <= 3.0, v[5:] == 0.0]
    rules += [v[:3] == x[:3] / norm] if norm > 0 else [cp.norm(v[:3]) <= 1.0]
    weights = np.array([0.5] * 5 + [0.0, 2.0, 1.0, 1.0])
    rules += [s[i] == weights[i] * np.sign(x[i]) if x[i] else cp.abs(s[i]) <= weights[i] for i in range(9)]
    best = cp.Problem(cp.Minimize(cp.norm(g + v + s)), rules).solve(solver="CLARABEL")
    assert_allclose(np.linalg.norm(bound().steepest(x, g)), best, rtol=1e-6, atol=1e-6)


def test_changes_are_differences_and_keep_their_digits():
    rng = np.random.default_rng(0)
    for scale in (1.0, 1e-9):
        x = rng.normal(size=9) * (rng.random(9) < 0.7)
        d = scale * rng.normal(size=9) * np.where(x == 0, rng.random(9) < 0.5, 1.0)
        got = bound().change(x, d).sum()
        exact = bound().entries(x + d).sum() - bound().entries(x).sum()
        assert_allclose(got, exact, atol=1e-14, rtol=1e-12 if scale == 1.0 else 1e-4)


def test_without_one_weight_it_is_the_other_penalty():
    X, y = data()
    problem = bcd.LeastSquares(X, y)
    runs = {
        name: bcd.minimize(problem, penalty=penalty, partition="groups" if name != "L1" else "sort", tol=1e-10)
        for name, penalty in {
            "L1": bcd.L1(3.0), "no norms": bcd.SparseGroupL1(0.0, 3.0, LABELS),
            "GroupL1": bcd.GroupL1(3.0, LABELS), "no absolute values": bcd.SparseGroupL1(3.0, 0.0, LABELS),
        }.items()
    }  # fmt: skip
    assert_allclose(runs["no norms"].x, runs["L1"].x, atol=1e-7)
    assert_allclose(runs["no absolute values"].x, runs["GroupL1"].x, atol=1e-7)


@pytest.mark.parametrize("update", ["prox-gradient", "prox-newton", "adaptive", "exact"])
@pytest.mark.parametrize("kind", ["least_squares", "logistic"])
def test_minima_are_those_of_an_interior_point_method(kind, update):
    import cvxpy as cp

    X, y = data()
    w = cp.Variable(9)
    f = 0.5 * cp.sum_squares(X @ w - y)
    problem = bcd.LeastSquares(X, y)
    if kind == "logistic":
        f, problem = cp.sum(cp.logistic(cp.multiply(-np.sign(y), X @ w))), bcd.Logistic(X, np.sign(y))
    best = cp.Problem(cp.Minimize(f + written(cp, w))).solve(solver="CLARABEL")
    run = bcd.minimize(problem, penalty=PENALTY, partition="groups", update=update, max_iter=20_000)
    assert run.converged
    assert abs(run.objective - best) <= 1e-6 * abs(best)
    assert run.gap <= 1e-5 * abs(best) or not bound().coercive
    groups = [run.x[k == LABELS] for k in range(3)]
    if kind == "least_squares":
        assert not groups[1].any()  # a whole group is zero, and single variables of another are
        assert 0 < np.count_nonzero(run.x) < 7


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("scales", [0.0, 3.0])
def test_the_block_model_is_minimised_to_the_last_digits(seed, scales):
    rng = np.random.default_rng(seed)
    X = (rng.normal(size=(20, 9)) + 0.5) * 10.0 ** rng.uniform(-scales / 2, scales / 2, 9)
    H, g = X.T @ X, 5 * rng.normal(size=9) * 10.0 ** rng.uniform(-scales / 2, scales / 2, 9)
    x = rng.normal(size=9) * (rng.random(9) < 0.5)
    penalty, b = bound(), np.arange(9)
    d = group_model_step(penalty, b, x, g, H)
    left = penalty.steepest(x + d, g + H @ d)
    assert np.abs(left).max() <= 1e-9 * np.abs(g).max()


def test_prox_newton_ends_where_prox_gradient_does_and_sooner():
    X, y = data(1)
    problem = bcd.LeastSquares(X * 10.0 ** np.linspace(-1, 1, 9), y)
    rules = {"penalty": bcd.GroupL1(2.0, LABELS), "partition": [np.arange(9)], "tol": 1e-10, "max_iter": 200_000}
    newton = bcd.minimize(problem, update="prox-newton", **rules)
    gradient = bcd.minimize(problem, update="prox-gradient", **rules)
    assert newton.n_iter <= 2 < 50 < gradient.n_iter  # one block: the model is F
    assert_allclose(newton.x, gradient.x, atol=1e-6)


def test_patterns_tell_zero_groups_from_zeros_inside():
    penalty = bound()
    x = np.array([1.0, 0.0, -1.0, 0.0, 0.0, 2.0, 0.0, 0.0, -3.0])
    assert penalty.pattern(x).tolist() == [4, 3, 2, 0, 0, 3, 3, 3, 2]


@pytest.mark.parametrize("groups", ["a", None, np.nan, np.inf, 2.5, 0, True, [[0, 1], [2]]])
def test_groups_that_are_none_are_refused_by_name(groups):
    with pytest.raises(InvalidArgument, match=r"^groups"):
        bcd.SparseGroupL1(1.0, 1.0, groups).bind(bcd.LeastSquares(np.eye(3), np.ones(3)))
