"""Answers of `bcd.minimize` against independent solvers, certificates, bad data, invariances."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from sparsetheory import bcd
from sparsetheory.bcd.certificate import kkt_residual
from sparsetheory.bcd.penalty import bind
from sparsetheory.errors import ConvergenceError, ConvergenceWarning, InvalidArgument
from sparsetheory.result import Status


def data(seed=0, samples=40, n=9):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(samples, n)) + 0.5
    w = rng.normal(size=n) * (np.arange(n) % 3 == 0)
    return X, X @ w + 0.3 * rng.normal(size=samples)


def judged(kind, penalty):
    """Return the optimal value by an interior point method."""
    import cvxpy as cp

    X, y = data()
    x = cp.Variable(9)
    f = {
        "least_squares": lambda: 0.5 * cp.sum_squares(X @ x - y),
        "logistic": lambda: cp.sum(cp.logistic(cp.multiply(-np.sign(y), X @ x))),
    }[kind]()
    extra, constraints = {
        "L1": (5.0 * cp.norm1(x), []),
        "L1L2": (3.0 * cp.norm1(x) + 1.0 * cp.sum_squares(x), []),
        "Box": (0, [x >= -0.1, x <= 0.3]),
        "BoxL1": (2.0 * cp.norm1(x), [x >= 0]),
        "GroupL1": (sum(4.0 * cp.norm(x[k : k + 3]) for k in (0, 3, 6)), []),
    }[penalty]
    return cp.Problem(cp.Minimize(f + extra), constraints).solve(solver="CLARABEL")


PENALTIES = {
    "L1": bcd.L1(5.0),
    "L1L2": bcd.L1L2(3.0, 2.0),
    "Box": bcd.Box(-0.1, 0.3),
    "BoxL1": bcd.Box(alpha=2.0),
    "GroupL1": bcd.GroupL1(4.0, 3),
}


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("kind", ["least_squares", "logistic"])
def test_penalised_values_are_those_of_an_interior_point_method(kind, penalty):
    X, y = data()
    problem = bcd.LeastSquares(X, y) if kind == "least_squares" else bcd.Logistic(X, np.sign(y))
    best = judged(kind, penalty)
    groups = penalty == "GroupL1"
    for update in ["prox-gradient"] if groups else ["prox-gradient", "prox-newton", "two-metric"]:
        result = bcd.minimize(problem, penalty=PENALTIES[penalty], update=update, block_size=4,
                              partition="groups" if groups else "sort", max_iter=20_000)  # fmt: skip
        assert result.converged
        assert abs(result.objective - best) <= 1e-6 * abs(best)


def test_logistic_and_softmax_agree_with_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    X, y = data()
    for labels, problem in (
        (np.sign(y), bcd.Logistic(X, np.sign(y), l2=0.5)),
        (np.digitize(y, [-1, 1]), bcd.Softmax(X, np.digitize(y, [-1, 1]), l2=0.5)),
    ):
        result = bcd.minimize(problem, tol=1e-10, max_iter=5000, block_size=9)
        peer = LogisticRegression(C=2.0, fit_intercept=False, tol=1e-12, max_iter=10_000).fit(X, labels)
        assert_allclose(result.x.reshape(9, -1), peer.coef_.T, atol=2e-6)


def test_lasso_agrees_with_scikit_learn_after_its_scaling():
    from sklearn.linear_model import Lasso

    X, y = data()
    result = bcd.minimize(bcd.LeastSquares(X, y), penalty=bcd.L1(0.1 * len(y)), tol=1e-10)
    assert_allclose(result.x, Lasso(0.1, fit_intercept=False, tol=1e-14).fit(X, y).coef_, atol=1e-8)


def test_least_squares_and_quadratics_agree_with_linear_algebra():
    X, y = data()
    expected = np.linalg.lstsq(X, y)[0]
    A, c = X.T @ X, X.T @ y
    for problem in (bcd.LeastSquares(X, y), bcd.Quadratic(A, c), bcd.Quadratic(sp.csc_array(A), c)):
        result = bcd.minimize(problem, update="exact", block_size=4, tol=1e-10)
        assert_allclose(result.x, expected, atol=1e-7)


def test_singular_blocks_zero_columns_and_duplicates_reach_the_optimum():
    X, y = data(n=4)
    X = np.column_stack([X, X[:, 0], np.zeros(len(y)), X[:, 1]])
    best = 0.5 * np.sum((X @ np.linalg.lstsq(X, y)[0] - y) ** 2)
    for update in ("matrix", "newton", "exact", "gradient", "adaptive", "prox-newton", "two-metric"):
        result = bcd.minimize(bcd.LeastSquares(X, y), update=update, block_size=7, max_iter=20_000)
        assert_allclose(result.objective, best, rtol=1e-9)
        assert result.x[5] == 0.0
    result = bcd.minimize(bcd.LeastSquares(X, y), penalty=bcd.L1(1.0), init=np.ones(7), update="prox-newton")
    assert result.x[5] == 0.0
    classes = np.arange(len(y)) % 3
    softmax = bcd.minimize(bcd.Softmax(X[:, :4], classes), update="newton", block_size=6)  # shifts are singular
    assert softmax.converged


def test_gap_bounds_the_distance_to_the_optimum():
    X, y = data()
    for problem in (bcd.LeastSquares(X, y), bcd.Logistic(X, np.sign(y)), bcd.LeastSquares(X, y, l2=1.0)):
        for penalty in (bcd.L1(5.0), bcd.GroupL1(4.0, 3), bcd.L1L2(3.0, 1.0)):
            partition = "groups" if isinstance(penalty, bcd.GroupL1) else "sort"
            best = bcd.minimize(problem, penalty=penalty, partition=partition, tol=1e-10, max_iter=50_000)
            rough = bcd.minimize(problem, penalty=penalty, partition=partition, max_iter=2, on_failure="ignore")
            assert rough.gap >= rough.objective - best.objective - 1e-12 * best.objective
            assert best.gap <= 1e-7 * best.objective
    assert np.isnan(bcd.minimize(bcd.LeastSquares(X, y), penalty=bcd.Box()).gap)


def test_a_wrong_point_has_no_certificate():
    X, y = data()
    problem, bound = bind(bcd.LeastSquares(X, y), bcd.L1(5.0))
    x = np.array(bcd.minimize(problem, penalty=bcd.L1(5.0), tol=1e-10).x)
    assert kkt_residual(problem, bound, x) < 1e-7
    for i in range(9):
        moved = x.copy()
        moved[i] += 1e-3
        assert kkt_residual(problem, bound, moved) > 1e-3
    assert kkt_residual(*bind(problem, bcd.Box(0, 1)), -np.ones(9)) == np.inf
    assert np.isnan(kkt_residual(problem, bound, np.full(9, np.nan)))


def test_alpha_at_its_maximum_gives_exact_zeros_and_below_it_does_not():
    X, y = data()
    problem = bcd.LeastSquares(X, y)
    top = np.abs(problem.gradient(np.zeros(9), np.zeros(40))).max()
    assert not bcd.minimize(problem, penalty=bcd.L1(top)).support.size
    assert not bcd.minimize(problem, penalty=bcd.L1(1.0001 * top), init=np.ones(9)).support.size
    assert bcd.minimize(problem, penalty=bcd.L1(0.99 * top)).support.size == 1


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-6, 1e-2, 3.0, 1e5]))
def test_scaling_permuting_and_flipping_change_the_answer_as_they_should(seed, scale):
    X, y = data(seed, samples=15, n=5)
    rng = np.random.default_rng(seed)
    order, signs = rng.permutation(5), rng.choice([-1.0, 1.0], 5)
    base = bcd.minimize(bcd.LeastSquares(X, y), penalty=bcd.L1(1.0), block_size=2, tol=1e-10)
    scaled = bcd.minimize(bcd.LeastSquares(X, scale * y), penalty=bcd.L1(scale), block_size=2, tol=1e-10)
    assert_allclose(scaled.x, scale * base.x, atol=1e-6 * scale)
    moved = bcd.minimize(bcd.LeastSquares((X * signs)[:, order], y), penalty=bcd.L1(1.0), block_size=2, tol=1e-10)
    assert [set(order[b]) for b in moved.visited] == [set(b) for b in base.visited]  # the same blocks, renamed
    assert_allclose(moved.x, (signs * base.x)[order], atol=1e-6)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_duplicated_rows_are_a_doubled_objective_and_csc_is_dense(seed):
    X, y = data(seed, samples=12, n=5)
    base = bcd.minimize(bcd.LeastSquares(X, y), penalty=bcd.L1(1.0), tol=1e-10)
    double = bcd.minimize(bcd.LeastSquares(np.vstack([X, X]), np.r_[y, y]), penalty=bcd.L1(2.0), tol=1e-10)
    assert_allclose(double.x, base.x, atol=1e-6)
    sparse = bcd.minimize(bcd.LeastSquares(sp.csc_matrix(X), y), penalty=bcd.L1(1.0), tol=1e-10)
    assert_allclose(sparse.x, base.x, atol=1e-8)


def test_the_same_generator_gives_the_same_run():
    X, y = data()
    runs = [
        bcd.minimize(bcd.LeastSquares(X, y), partition="random", select="random", block_size=2, max_iter=50,
                     rng=np.random.default_rng(7), on_failure="ignore")
        for _ in range(2)
    ]  # fmt: skip
    assert_array_equal(runs[0].x, runs[1].x)
    assert_array_equal(runs[0].objectives, runs[1].objectives)


def test_history_support_and_identification():
    X, y = data()
    result = bcd.minimize(bcd.LeastSquares(X, y), penalty=bcd.L1(20.0), block_size=2)
    assert len(result.objectives) == result.n_iter + 1 == len(result.visited) + 1
    assert len(result.trace) == result.n_iter
    settled = result.identified_at
    assert 0 < settled <= result.n_iter
    supports = result.trace.extra["support"]
    assert (supports[settled - 1 :] == len(result.support)).all()
    assert_allclose(result.trace.objective, result.objectives[1:])
    again = bcd.minimize(bcd.LeastSquares(X, y), penalty=bcd.L1(20.0), init=result.x)
    assert again.identified_at == 0
    assert pickle.loads(pickle.dumps(result)).objective == result.objective


def test_finite_termination_once_the_block_holds_the_support():
    X, y = data()
    problem, penalty = bcd.LeastSquares(X, y), bcd.L1(20.0)
    result = bcd.minimize(problem, penalty=penalty, partition="variable", block_size=9, update="two-metric", tol=1e-13)
    assert result.error <= 1e-13
    assert result.n_iter <= result.identified_at + 1
    slow = bcd.minimize(problem, penalty=penalty, partition="variable", block_size=9, update="prox-gradient", tol=1e-13)
    assert slow.n_iter > slow.identified_at + 5  # the control: a gradient step does not end


def test_status_is_decided_by_the_certificate():
    X, y = data()
    problem = bcd.LeastSquares(X, y)
    with pytest.warns(ConvergenceWarning):
        short = bcd.minimize(problem, block_size=2, max_iter=2)
    assert short.status is Status.MAX_ITER
    with pytest.raises(ConvergenceError):
        bcd.minimize(problem, block_size=2, max_iter=2, on_failure="raise")
    floor = bcd.minimize(problem, tol=0.0, on_failure="ignore")
    assert floor.status is Status.FLOOR
    assert floor.error < 1e-13
    stopped = bcd.minimize(problem, block_size=1, callback=lambda p: True, on_failure="ignore")
    assert (stopped.status, stopped.n_iter) == (Status.STOPPED, 1)


def test_a_callback_cannot_change_the_run():
    X, y = data()

    def spoil(progress):
        progress.solution[:] = 1e9

    problem = bcd.LeastSquares(X, y)
    assert_array_equal(bcd.minimize(problem, callback=spoil).x, bcd.minimize(problem).x)


def test_zero_target_and_separable_classes():
    X, y = data()
    zero = bcd.minimize(bcd.LeastSquares(X, 0 * y), penalty=bcd.L1(1.0))
    assert zero.converged
    assert not zero.support.size
    labels = np.sign(X[:, 0])
    separable = bcd.minimize(bcd.Logistic(X, labels), block_size=9, max_iter=300, on_failure="ignore")
    assert np.isfinite(separable.x).all()
    assert np.diff(separable.objectives).max() <= 0.0


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"partition": "sorted"}, "partition"),
        ({"partition": [[0, 1], [1, 2]]}, "partition"),
        ({"partition": "variable", "penalty": bcd.GroupL1(1.0, 3)}, "partition"),
        ({"partition": "order", "penalty": bcd.GroupL1(1.0, 3), "block_size": 2}, "partition"),
        ({"select": "best"}, "select"),
        ({"select": "cyclic", "partition": "variable"}, "select"),
        ({"select": "gs", "penalty": bcd.L1(1.0)}, "select"),
        ({"select": "random"}, "rng"),
        ({"update": "newton", "penalty": bcd.L1(1.0)}, "update"),
        ({"block_size": 0}, "block_size"),
        ({"block_size": 10}, "block_size"),
        ({"penalty": bcd.L1(-1.0)}, "alpha"),
        ({"penalty": bcd.L1([1.0])}, "alpha"),
        ({"penalty": bcd.Box(1.0, 0.0)}, "lower"),
        ({"penalty": bcd.Box(np.nan, 0.0)}, "lower"),
        ({"penalty": bcd.GroupL1(1.0, [0, 2] * 4 + [0])}, "groups"),
        ({"penalty": 3.0}, "penalty"),
        ({"tol": np.nan}, "tol"),
        ({"max_iter": 0}, "max_iter"),
        ({"init": [0.0]}, "init"),
        ({"approximate": bcd.Sampled(2), "select": "cyclic", "rng": np.random.default_rng(0)}, "approximate"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(given, name):
    X, y = data()
    with pytest.raises(InvalidArgument) as caught:
        bcd.minimize(bcd.LeastSquares(X, y), **given)
    assert caught.value.name == name


def test_problems_can_be_changed_a_field_at_a_time():
    X, y = data()
    problem = replace(bcd.LeastSquares(X, y), l2=2.0)
    assert_allclose(problem.lipschitz, (X**2).sum(axis=0) + 2.0)
