"""Group lasso: a slow twin and the Lasso agree, symmetries hold, degenerate groups and bad input are met."""

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.utils.estimator_checks import parametrize_with_checks

from sparsetheory import bcd
from sparsetheory.bcd._group_descent import norm_at_minimum
from sparsetheory.bcd.group_norms import group_labels
from sparsetheory.errors import ConvergenceError, ConvergenceWarning, InvalidArgument
from sparsetheory.result import Status

_spec = importlib.util.spec_from_file_location(
    "bcd_group_lasso_twin", Path(__file__).parents[1] / "reference" / "bcd_group_lasso.py"
)
twin = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twin)


def data(seed=0, n=25, sizes=(3, 1, 4, 2, 2), noise=0.3):
    """Return X, y and shuffled groups of these sizes, the first two of which matter."""
    rng = np.random.default_rng(seed)
    p = sum(sizes)
    X = rng.normal(size=(n, p)) + 0.5 * rng.normal(size=(n, 1)) + 1
    groups = np.split(rng.permutation(p), np.cumsum(sizes)[:-1])
    w = np.zeros(p)
    for g in groups[:2]:
        w[g] = rng.normal(size=len(g))
    return X, X @ w + 2 + noise * rng.normal(size=n), groups


def largest_alpha(X, y, groups, weights=None, intercept=True):
    """Where the solution becomes zero, for equal sample weights."""
    r = y - intercept * y.mean()
    costs = np.ones(len(groups)) if weights is None else weights
    return max(np.linalg.norm(X[:, g].T @ r) / len(y) / c for g, c in zip(groups, costs, strict=True))


def solve(X, y, **settings):
    return bcd.group_lasso(X, y, **{"tol": 1e-12, "on_failure": "raise", **settings})


@pytest.mark.parametrize("fraction", [0.5, 0.1, 0.01])
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("form", [np.asarray, np.asfortranarray, sparse.csc_matrix])
def test_agrees_with_the_slow_twin(fraction, intercept, form):
    X, y, groups = data()
    rng = np.random.default_rng(1)
    weights, sample_weight = rng.uniform(0.5, 2, len(groups)), rng.uniform(0, 3, len(y))
    alpha = fraction * largest_alpha(X, y, groups, weights, intercept)
    given_ = {"alpha": alpha, "weights": weights, "sample_weight": sample_weight}
    result = solve(form(X), y, groups=groups, fit_intercept=intercept, **given_)
    w, b = twin.minimise(X, y, groups, intercept=intercept, **given_)
    np.testing.assert_allclose(result.coef, w, atol=1e-10, rtol=0)
    assert result.intercept == pytest.approx(b, abs=1e-9)
    assert result.objective == pytest.approx(twin.objective(X, y, w, b, groups, **given_), rel=1e-13)
    zero = [not w[g].any() for g in groups]
    assert [not result.coef[g].any() for g in groups] == zero
    assert fraction < 0.5 or any(zero)


def test_more_coefficients_than_samples():
    X, y, groups = data(3, n=12, sizes=(5,) * 12)
    alpha = 0.05 * largest_alpha(X, y, groups)
    result = solve(X, y, groups=groups, alpha=alpha)
    w, b = twin.minimise(X, y, groups, alpha, intercept=True)
    assert np.count_nonzero(w) > len(y)
    assert result.objective == pytest.approx(twin.objective(X, y, w, b, groups, alpha), rel=1e-12)
    np.testing.assert_allclose(result.coef, w, atol=1e-6)


@given(seed=st.integers(0, 10**6), fraction=st.sampled_from([0.9, 0.3, 0.03]), intercept=st.booleans())
def test_the_gap_is_a_bound_that_the_data_confirm(seed, fraction, intercept):
    X, y, groups = data(seed, n=15)
    alpha = fraction * largest_alpha(X, y, groups, intercept=intercept)
    result = bcd.group_lasso(X, y, groups=groups, alpha=alpha, fit_intercept=intercept, tol=1e-9)
    # the dual at the rescaled residual, by differences: right to rounding of the objective
    r = y - X @ result.coef - result.intercept
    s = min(1.0, alpha / max(np.linalg.norm(X[:, g].T @ r) / len(y) for g in groups))
    target = y - intercept * y.mean()
    dual = (target @ target - (target - s * r) @ (target - s * r)) / (2 * len(y))
    primal = twin.objective(X, y, result.coef, result.intercept, groups, alpha)
    assert result.objective == pytest.approx(primal, rel=1e-12)
    assert result.gap == pytest.approx(primal - dual, abs=1e-13 * (target @ target))
    assert 0 <= result.gap <= 1e-9 * (target @ target) / (2 * len(y))


@given(seed=st.integers(0, 10**6), fraction=st.sampled_from([0.5, 0.1, 0.02]))
def test_groups_of_one_are_the_lasso(seed, fraction):
    X, y, _ = data(seed)
    costs = np.random.default_rng(seed).uniform(0.5, 2, X.shape[1])
    alpha = fraction * np.abs(X.T @ (y - y.mean())).max() / len(y)
    ours = solve(X, y, groups=1, alpha=alpha, weights=costs)
    lasso = bcd.lasso(X, y, alpha=alpha, weights=costs, tol=1e-12, on_failure="raise")
    np.testing.assert_allclose(ours.coef, lasso.coef, atol=1e-5)
    assert ours.objective == pytest.approx(lasso.objective, rel=1e-10)


@given(seed=st.integers(0, 10**6), fraction=st.sampled_from([0.4, 0.05]))
def test_symmetries(seed, fraction):
    X, y, groups = data(seed)
    rng = np.random.default_rng(seed)
    alpha = fraction * largest_alpha(X, y, groups)
    w = solve(X, y, groups=groups, alpha=alpha).coef
    order = rng.permutation(X.shape[1])
    back = np.argsort(order)
    moved = solve(X[:, order], y, groups=[back[g] for g in groups], alpha=alpha)
    np.testing.assert_allclose(moved.coef[back], w, atol=1e-5)
    np.testing.assert_allclose(solve(X, -8 * y, groups=groups, alpha=8 * alpha).coef, -8 * w, atol=1e-5)
    np.testing.assert_allclose(solve(X / 8, y, groups=groups, alpha=alpha / 8).coef, 8 * w, atol=1e-4)
    rotated, turns = X.copy(), {}
    for k, g in enumerate(groups):  # a rotation within a group rotates its coefficients
        turns[k] = np.linalg.qr(rng.normal(size=(len(g), len(g))))[0]
        rotated[:, g] = X[:, g] @ turns[k]
    turned = solve(rotated, y, groups=groups, alpha=alpha).coef
    for k, g in enumerate(groups):
        np.testing.assert_allclose(turns[k] @ turned[g], w[g], atol=1e-5)


def test_sample_weights_are_repetitions():
    X, y, groups = data()
    counts = np.random.default_rng(0).integers(0, 4, len(y))
    alpha = 0.1 * largest_alpha(X, y, groups)
    weighted = solve(X, y, groups=groups, alpha=alpha, sample_weight=counts)
    repeated = solve(np.repeat(X, counts, axis=0), np.repeat(y, counts), groups=groups, alpha=alpha)
    np.testing.assert_allclose(weighted.coef, repeated.coef, atol=1e-6)


@pytest.mark.parametrize("intercept", [False, True])
def test_zero_from_the_largest_alpha_on(intercept):
    X, y, groups = data()
    top = largest_alpha(X, y, groups, intercept=intercept)
    for factor in (1 + 1e-12, 2.0):
        result = solve(X, y, groups=groups, alpha=factor * top, fit_intercept=intercept)
        assert not result.coef.any()
        assert result.n_iter == 1
    assert solve(X, y, groups=groups, alpha=0.99 * top, fit_intercept=intercept).coef.any()


def test_targets_that_are_constant():
    X, y, groups = data()
    for target in (np.zeros_like(y), np.full_like(y, 5.0)):
        result = solve(X, target, groups=groups, alpha=0.1)
        assert result.converged
        assert not result.coef.any()
        assert result.intercept == pytest.approx(target[0], rel=1e-15)


def test_groups_without_a_weight_are_not_penalised():
    X, y, groups = data()
    weights = np.array([1.0, 1.0, 0.0, 1.0, 1.0])
    result = solve(X, y, groups=groups, alpha=1e9, weights=weights)
    free = groups[2]
    expected = np.linalg.lstsq(np.column_stack([X[:, free], np.ones(len(y))]), y)[0]
    np.testing.assert_allclose(result.coef[free], expected[:-1], atol=1e-9)
    assert np.count_nonzero(result.coef) == len(free)


def test_alpha_zero_is_least_squares():
    X, y, groups = data()
    result = solve(X, y, groups=groups, alpha=0.0)
    expected = np.linalg.lstsq(np.column_stack([X, np.ones(len(y))]), y)[0]
    np.testing.assert_allclose(result.coef, expected[:-1], atol=1e-8)


def degenerate(kind):
    """Return X, y, groups whose blocks of the Gram matrix are singular, or nearly so."""
    X, y, groups = data()
    a, b = groups[0], groups[2]
    if kind == "zero columns":
        X[:, a[0]] = 0.0
        X[:, groups[1]] = 0.0  # a whole group
    elif kind == "duplicate columns in a group":
        X[:, a[1]] = X[:, a[0]]
    elif kind == "duplicate groups":
        X[:, b[:3]] = X[:, a]
        X[:, b[3]] = 0.0
    elif kind == "constant columns":
        X[:, a[:2]] = 3.0
    elif kind == "scales":
        X *= 10.0 ** np.random.default_rng(0).uniform(-4, 4, X.shape[1])
    elif kind == "more columns than samples in a group":
        X, y = X[:3], y[:3]
    return X, y, groups


@pytest.mark.parametrize(
    "kind",
    ["zero columns", "duplicate columns in a group", "duplicate groups", "constant columns", "scales",
     "more columns than samples in a group"],
)  # fmt: skip
@pytest.mark.parametrize("free", [False, True])
def test_singular_groups(kind, free):
    X, y, groups = degenerate(kind)
    weights = np.ones(len(groups))
    weights[0] = 0.0 if free else 1.0
    alpha = 0.05 * largest_alpha(X, y, groups)
    result = solve(X, y, groups=groups, alpha=alpha, weights=weights, tol=1e-9)
    assert np.isfinite(result.coef).all()
    w, b = twin.minimise(X, y, groups, alpha, weights, intercept=True, n_iter=20_000)
    slow = twin.objective(X, y, w, b, groups, alpha, weights)
    assert result.objective <= slow + 1e-9 * result.objective
    if not free:
        assert not result.coef[np.flatnonzero(~X.any(axis=0))].any()


def test_the_norm_of_a_group_is_the_root():
    rng = np.random.default_rng(0)
    for _ in range(200):
        values = 10.0 ** rng.uniform(-6, 3, 4) * (rng.random(4) < 0.8)
        values[0] = 1.0
        pull = rng.normal(size=4) * (values > 0)
        alpha = np.linalg.norm(pull) * rng.choice([1 - 1e-9, 0.9, 0.1, 1e-6])
        start = rng.choice([0.0, 1e-3, 1e6])
        t = norm_at_minimum(values, pull, alpha, start)
        assert np.sum((pull / (values * t + alpha)) ** 2) == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize("kind", ["labels", "strings", "lists", "size"])
def test_forms_of_groups(kind):
    labels = np.array([0, 0, 0, 1, 1, 1, 2])
    forms = {
        "labels": 7 - 2 * labels[::-1], "strings": np.array(["a", "b", "c"])[labels],
        "lists": [[0, 1, 2], (3, 4, 5), np.array([6])], "size": 3,
    }  # fmt: skip
    expected = [0, 1, 1, 1, 2, 2, 2] if kind == "labels" else labels
    found = group_labels(forms[kind], 7)
    np.testing.assert_array_equal(found, expected if kind != "labels" else 2 - labels[::-1])


@pytest.mark.parametrize(
    "groups",
    [0, -1, 2.5, None, [[0, 1], [1, 2]], [[0], [2]], [[0, 1, 2], []], [0, 1], [0.5, 1.5, 2.5], [[0, 1], [2, 3]],
     [[0, 1], 2], "abc"],
)  # fmt: skip
def test_groups_that_are_refused(groups):
    with pytest.raises(InvalidArgument, match="groups"):
        bcd.group_lasso(np.eye(3), np.ones(3), groups=groups, alpha=0.1)


@pytest.mark.parametrize(
    ("name", "value"),
    [("alpha", -1.0), ("alpha", np.nan), ("weights", [1.0, -1.0]), ("weights", [1.0]), ("weights", [1.0, np.nan]),
     ("sample_weight", np.zeros(4)), ("sample_weight", -np.ones(4)), ("tol", -1.0), ("max_iter", 0),
     ("init", np.zeros(3)), ("on_failure", "shout")],
)  # fmt: skip
def test_bad_arguments_are_named(name, value):
    X = np.random.default_rng(0).normal(size=(4, 4))
    with pytest.raises(InvalidArgument, match=name):
        bcd.group_lasso(X, np.ones(4), **{"groups": 2, "alpha": 0.1, name: value})


@pytest.mark.parametrize("form", [np.asarray, sparse.csc_matrix])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_entries_that_are_not_finite_are_refused(form, value):
    X, y, groups = data()
    X[3, 2] = value
    with pytest.raises(InvalidArgument, match="X"):
        bcd.group_lasso(form(X), y, groups=groups, alpha=0.1)
    X[3, 2] = 1.0
    with pytest.raises(InvalidArgument, match="y"):
        bcd.group_lasso(form(X), np.where(np.arange(len(y)) == 1, value, y), groups=groups, alpha=0.1)


def test_inputs_are_not_modified():
    X, y, groups = data()
    init, weights = np.ones(X.shape[1]), np.ones(len(groups))
    given_ = (X, y, init, weights, *groups)
    before = [a.copy() for a in given_]
    for a in given_:
        a.flags.writeable = False
    solve(X, y, groups=groups, alpha=0.05, init=init, weights=weights)
    assert all(np.array_equal(a, b) for a, b in zip(given_, before, strict=True))


def test_a_start_at_the_solution_needs_one_pass():
    X, y, groups = data()
    first = solve(X, y, groups=groups, alpha=0.05, tol=1e-10)
    again = solve(X, y, groups=groups, alpha=0.05, tol=1e-9, init=first.coef)
    assert again.n_iter == 1
    np.testing.assert_array_equal(again.coef, first.coef)


def test_failure_is_never_silent():
    X, y, groups = data()
    settings = {"groups": groups, "alpha": 0.01, "max_iter": 1}
    with pytest.warns(ConvergenceWarning, match="relative duality gap"):
        result = bcd.group_lasso(X, y, **settings)
    assert result.status is Status.MAX_ITER
    with pytest.raises(ConvergenceError):
        bcd.group_lasso(X, y, on_failure="raise", **settings)
    stopped = bcd.group_lasso(X, y, groups=groups, alpha=0.01, callback=lambda _: True, on_failure="ignore")
    assert stopped.status is Status.STOPPED


def test_a_tolerance_below_rounding_ends():
    X, y, groups = data()
    result = bcd.group_lasso(X, y, groups=groups, alpha=0.01, tol=0.0, on_failure="ignore")
    assert result.error < 1e-14
    assert result.n_iter < 50


def test_single_precision_is_read_as_it_is():
    X, y, groups = data()
    single = np.asfortranarray(X, dtype=np.float32)
    ours = solve(single, y, groups=groups, alpha=0.05)
    np.testing.assert_allclose(ours.coef, solve(single.astype(float), y, groups=groups, alpha=0.05).coef, atol=1e-8)


def test_the_estimator_is_the_solver():
    X, y, groups = data()
    model = bcd.GroupLasso(alpha=0.05, groups=groups, tol=1e-9).fit(X, y)
    result = solve(X, y, groups=groups, alpha=0.05, tol=1e-9)
    np.testing.assert_array_equal(model.coef_, result.coef)
    np.testing.assert_allclose(model.predict(X), X @ result.coef + result.intercept)
    warm = bcd.GroupLasso(alpha=0.05, groups=groups, tol=1e-9, warm_start=True).fit(X, y)
    rounds = warm.n_iter_
    assert rounds > warm.fit(X, y).n_iter_ == 1


def test_the_estimator_warns():
    X, y, groups = data()
    with pytest.warns(ConvergenceWarning, match="GroupLasso"):
        bcd.GroupLasso(alpha=0.01, groups=groups, max_iter=1).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bcd.GroupLasso(alpha=0.01, groups=groups).fit(X, y)


@parametrize_with_checks([bcd.GroupLasso(alpha=0.01)])
def test_scikit_learn_contract(estimator, check):
    check(estimator)
