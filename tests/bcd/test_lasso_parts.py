"""The parts of the sparse solvers against textbook twins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from sparsetheory import bcd
from sparsetheory.bcd._column_descent import sweep_columns
from sparsetheory.bcd._gram_descent import sweep
from sparsetheory.bcd.column_descent import minimise_by_columns
from sparsetheory.bcd.covariates import Covariates
from sparsetheory.bcd.gram_descent import minimise_model
from sparsetheory.bcd.gram_sweep import plain_sweep
from sparsetheory.bcd.shrinkage import Shrinkage
from sparsetheory.bcd.support_newton import newton_step
from sparsetheory.bcd.working_set import WorkingSet

SEEDS = st.integers(0, 2**32 - 1)


def model(seed, k=None, n=30, *, positive=False):
    rng = np.random.default_rng(seed)
    k = k or int(rng.integers(1, 12))
    A = rng.normal(size=(n, k)) * 10.0 ** rng.uniform(-1, 1, k)
    if k > 2:
        A[:, 1] = 0.0
    q = A.T @ rng.normal(size=n)
    penalty = Shrinkage(rng.uniform(0, 5, k), rng.choice([0.0, 1.0], k), 0.0 if positive else -np.inf)
    w = rng.normal(size=k) * (rng.random(k) < 0.7)
    return A, A.T @ A, q, penalty, np.abs(w) if positive else w


def value(G, q, penalty, w):
    return 0.5 * w @ G @ w - q @ w + penalty.value(w)


def textbook_sweep(G, q, penalty, w):
    """One coordinate after the other, each to its minimiser."""
    w = w.copy()
    for j in range(len(w)):
        curvature = G[j, j] + penalty.l2[j]
        if curvature == 0:
            w[j] = 0.0 if penalty.l1[j] > 0 else w[j]
            continue
        pull = q[j] - G[j] @ w + G[j, j] * w[j]
        w[j] = max(np.sign(pull) * max(abs(pull) - penalty.l1[j], 0.0) / curvature, penalty.lower)
    return w


@given(seed=SEEDS, positive=st.booleans())
def test_a_sweep_minimises_one_coordinate_after_the_other(seed, positive):
    _, G, q, penalty, w = model(seed, positive=positive)
    expected = textbook_sweep(G, q, penalty, w)
    room = np.full((len(w) + 3, len(w) + 3), np.nan)  # the Gram matrix stands in a larger array
    room[: len(w), : len(w)] = G
    for run in (sweep, getattr(sweep, "py_func", sweep)):
        own, slope = w.copy(), q - G @ w
        run(room, penalty.l1, penalty.l2, penalty.lower, own, slope, 1)
        np.testing.assert_allclose(own, expected, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(slope, q - G @ own, atol=1e-9 * (1 + np.abs(q).max()))


@given(seed=SEEDS, positive=st.booleans(), n_sweeps=st.integers(1, 30))
def test_plain_sweeps_are_those_of_the_kernel_to_the_bit(seed, positive, n_sweeps):
    _, G, q, penalty, w = model(seed, positive=positive)
    answers = []
    for run in (sweep, plain_sweep):
        own, slope = w.copy(), q - G @ w
        done = run(G, penalty.l1, penalty.l2, penalty.lower, own, slope, n_sweeps)
        answers.append((done, own, slope))
    assert answers[0][0] == answers[1][0]
    np.testing.assert_array_equal(answers[0][1], answers[1][1])
    np.testing.assert_array_equal(answers[0][2], answers[1][2])


@given(seed=SEEDS, positive=st.booleans())
def test_a_sweep_over_sparse_columns_is_one_over_their_gram_matrix(seed, positive):
    A, _, _, penalty, w = model(seed, positive=positive)
    rng = np.random.default_rng(seed)
    A = A * (rng.random(A.shape) < 0.3) + 1.0 * (rng.random(A.shape) < 0.1)
    y, v = rng.normal(size=len(A)), rng.uniform(0.1, 1, len(A))
    means = v @ A / v.sum()
    C = A - means
    G, q = (C.T * v) @ C, (C.T * v) @ y
    w[np.diagonal(G) < 1e-12] = 0.0
    expected = textbook_sweep(G, q, penalty, w)
    block, residual = sparse.csc_array(A), y - C @ w
    for run in (sweep_columns, getattr(sweep_columns, "py_func", sweep_columns)):
        own, left, shift = w.copy(), residual.copy(), np.zeros(1)
        run(block.data, block.indices.astype(np.int32), block.indptr.astype(np.int32), v, means, v.sum(), v @ residual,
            np.where(np.diagonal(G) < 1e-12, 0.0, np.diagonal(G)), penalty.l1, penalty.l2, penalty.lower,
            np.arange(len(w)), own, left, shift, 1)  # fmt: skip
        np.testing.assert_allclose(own, expected, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(left + shift, y - C @ own, atol=1e-8)


@given(seed=SEEDS)
def test_a_newton_step_descends_and_ends_at_the_minimiser_of_its_signs(seed):
    _, G, q, penalty, w = model(seed)
    before, slope, start = value(G, q, penalty, w), q - G @ w, w.copy()
    whole = newton_step(G, penalty, w, slope)
    np.testing.assert_allclose(slope, q - G @ w, atol=1e-9 * (1 + np.abs(q).max()))
    assert value(G, q, penalty, w) <= before + 1e-9 * (1 + abs(before))
    assert (np.sign(w) * np.sign(start) >= 0).all()
    if whole:
        support = w != 0
        left = slope - penalty.l1 * np.sign(w) - penalty.l2 * w
        assert np.abs(left[support]).max(initial=0.0) <= 1e-8 * (1 + np.abs(q).max())


@given(seed=SEEDS)
def test_a_square_alone_has_no_kink_to_stop_at(seed):
    _, G, q, _, w = model(seed)
    ridge = Shrinkage(np.zeros_like(w), np.ones_like(w), -np.inf)
    w = w + (w == 0)
    assert newton_step(G, ridge, w, q - G @ w)
    np.testing.assert_allclose(w, np.linalg.solve(G + np.eye(len(w)), q), rtol=1e-8, atol=1e-8 * np.abs(q).max())


@given(seed=SEEDS, positive=st.booleans())
def test_the_model_is_minimised_to_rounding(seed, positive):
    _, G, q, penalty, w = model(seed, positive=positive)
    slope = q - G @ w
    minimise_model(G, penalty, w, slope, 1e-13 * np.abs(q).max())
    alive = np.diagonal(G) + penalty.l2 > 0
    assert penalty.violation(w, q - G @ w)[alive].max() <= 1e-10 * np.abs(q).max()


@given(seed=SEEDS, centred=st.booleans(), form=st.sampled_from([np.asarray, sparse.csc_array]))
def test_a_working_set_knows_the_weighted_covariances(seed, centred, form):
    rng = np.random.default_rng(seed)
    X, v = rng.normal(size=(9, 12)), rng.uniform(0, 1, 9) * (rng.random(9) < 0.8) + 1e-3
    working = WorkingSet(Covariates(form(X)), v, centred=centred)
    for new in ([3], [7, 1, 0], [], [11, 5]):
        working.extend(np.array(new, dtype=np.intp))
        own = X[:, working.members]
        own = own - (v @ own / v.sum() if centred else 0)
        k, d, weighted = len(working), rng.normal(size=len(working)), v * rng.normal(size=9)
        np.testing.assert_allclose(working.gram[:k, :k], (own.T * v) @ own, atol=1e-12)
        np.testing.assert_allclose(working.correlate(weighted), own.T @ weighted, atol=1e-12)
        np.testing.assert_allclose(working.image(d), own @ d, atol=1e-12)
    np.testing.assert_array_equal(np.sort(working.members), np.flatnonzero(working.inside))


@pytest.mark.parametrize("form", [np.asarray, np.asfortranarray, sparse.csc_array])
def test_single_precision_is_accumulated_in_double(form):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 40)).astype(np.float32)
    r = rng.normal(size=3000)
    exact = X.astype(np.float64).T @ r
    covariates = Covariates(form(X))
    assert covariates.X.dtype == np.float32
    np.testing.assert_allclose(covariates.correlate(r), exact, rtol=0, atol=1e-11)


def scattered(n, p, per_column, seed=0):
    rng = np.random.default_rng(seed)
    rows = np.concatenate([rng.choice(n, per_column, replace=False) for _ in range(p)])
    pointers = np.arange(0, p * per_column + 1, per_column)
    X = sparse.csc_array((rng.normal(size=p * per_column) + 0.5, rows, pointers), shape=(n, p))
    y = X[:, :50] @ rng.normal(size=50) + 0.3 * rng.normal(size=n) + 2.0
    return X, y, rng


@pytest.mark.parametrize(("positive", "l1_ratio"), [(False, 1.0), (True, 0.8)])
def test_many_sparse_columns_need_no_gram_matrix(positive, l1_ratio, monkeypatch):
    X, y, rng = scattered(600, 1500, 5)
    weight = rng.integers(0, 3, 600)
    options = {"alpha": 1e-4, "l1_ratio": l1_ratio, "positive": positive, "sample_weight": weight, "tol": 1e-10}
    dense = bcd.lasso(X.toarray(), y, **options)
    calls = []

    def counted(*arguments):
        calls.append(None)
        minimise_by_columns(*arguments)

    monkeypatch.setattr("sparsetheory.bcd.working_model.minimise_by_columns", counted)
    result = bcd.lasso(X, y, **options)
    assert calls and result.converged
    assert abs(result.objective - dense.objective) <= result.gap + dense.gap + 1e-13 * dense.objective
    labels = np.where(y > 2, 1.0, -1.0)
    options["alpha"] = 3e-4
    dense = bcd.sparse_logistic(X.toarray(), labels, **options)
    result = bcd.sparse_logistic(X, labels, **options)
    assert abs(result.objective - dense.objective) <= result.gap + dense.gap + 1e-13
