"""bcd.sparse_logistic against an interior-point witness and against what mathematics says of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from sparsetheory import bcd
from sparsetheory.errors import ConvergenceWarning, InvalidArgument

SEEDS = st.integers(0, 2**32 - 1)


def draw(seed, n=None, p=None):
    """X with scales over a decade and labels of a noisy linear rule, both present."""
    rng = np.random.default_rng(seed)
    n, p = n or int(rng.integers(4, 40)), p or int(rng.integers(1, 30))
    X = rng.normal(size=(n, p)) * 10.0 ** rng.uniform(-0.5, 0.5, p) + rng.normal(size=p)
    if p > 3:
        X[:, 1], X[:, 3] = 0.0, X[:, 2]
    y = np.where(X @ (rng.normal(size=p) * (rng.random(p) < 0.3)) + rng.normal(size=n) + rng.normal() > 0, 1.0, -1.0)
    y[:2] = 1, -1
    return X, y, rng


def top(X, y, v=None):
    v = np.full(len(y), 1 / len(y)) if v is None else v / v.sum()
    return np.abs(X.T @ (v * (y - v @ y))).max() / 2


def objective(X, y, w, b, *, alpha, l1_ratio=1.0, weights=None, sample_weight=None):
    v = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    c = np.ones(len(w)) if weights is None else weights
    cost = alpha * (c @ (l1_ratio * np.abs(w) + 0.5 * (1 - l1_ratio) * w**2))
    return (v @ np.logaddexp(0, -y * (X @ w + b))) / v.sum() + cost


def witness(X, y, *, alpha, l1_ratio=1.0, weights=None, sample_weight=None, positive=False, fit_intercept=True):
    import cvxpy as cp

    w, b = cp.Variable(X.shape[1]), cp.Variable()
    v = np.ones(len(y)) if sample_weight is None else sample_weight
    c = np.ones(X.shape[1]) if weights is None else weights
    loss = (v / v.sum()) @ cp.logistic(cp.multiply(-y, X @ w + b))
    cost = alpha * (l1_ratio * (c @ cp.abs(w)) + 0.5 * (1 - l1_ratio) * (c @ cp.square(w)))
    rules = ([w >= 0] if positive else []) + ([] if fit_intercept else [b == 0])
    return cp.Problem(cp.Minimize(loss + cost), rules).solve(solver=cp.CLARABEL)


@given(seed=SEEDS, l1_ratio=st.sampled_from([1.0, 0.5]), positive=st.booleans(), intercept=st.booleans(),
       free=st.booleans(), weighted=st.booleans(), depth=st.sampled_from([0.5, 0.1]))  # fmt: skip
@settings(max_examples=25)
def test_nothing_is_lower_than_what_the_gap_allows(seed, l1_ratio, positive, intercept, free, weighted, depth):
    X, y, rng = draw(seed)
    n, p = X.shape
    weights = rng.uniform(0.5, 2, p)
    if free and not positive and n > 12:
        weights[0] = 0.0
        y[rng.random(n) < 0.3] *= -1  # no plane separates by that column alone
        y[:2] = 1, -1
        X[:2, 0] = X[2:4, 0] = 0, 1
        y[2:4] = -1, 1
    problem = {
        "alpha": depth * top(X, y), "l1_ratio": l1_ratio, "weights": weights,
        "sample_weight": np.where(np.arange(n) % 7 != 6, rng.uniform(0.5, 2, n), 0.0) if weighted else None,
    }  # fmt: skip
    result = bcd.sparse_logistic(X, y, positive=positive, fit_intercept=intercept, tol=1e-9, **problem)
    assert result.converged and result.gap >= 0
    own = objective(X, y, result.coef, result.intercept, **problem)
    assert own == pytest.approx(result.objective, rel=1e-12)
    least = witness(X, y, positive=positive, fit_intercept=intercept, **problem)
    assert own - least <= result.gap + 1e-6
    assert not positive or (result.coef >= 0).all()
    assert intercept or result.intercept == 0


@given(seed=SEEDS)
def test_rounds_never_raise_the_objective(seed):
    X, y, rng = draw(seed)
    start = rng.normal(size=X.shape[1])
    result = bcd.sparse_logistic(X, y, alpha=0.05 * top(X, y), init=start, tol=1e-12, on_failure="ignore")
    values = result.trace.objective
    assert (np.diff(values) <= 1e-13).all()


@given(seed=SEEDS, form=st.sampled_from([np.asarray, sparse.csc_array]))
def test_integer_weights_are_repetitions(seed, form):
    X, y, rng = draw(seed)
    times = rng.integers(0, 4, len(y))
    times[:2] = 1, 2
    alpha = 0.1 * top(X, y)
    weighted = bcd.sparse_logistic(form(X), y, alpha=alpha, sample_weight=times, tol=1e-11, on_failure="ignore")
    Xr, yr = np.repeat(X, times, axis=0), np.repeat(y, times)
    repeated = bcd.sparse_logistic(form(Xr), yr, alpha=alpha, tol=1e-11, on_failure="ignore")
    assert abs(weighted.objective - repeated.objective) <= weighted.gap + repeated.gap + 1e-13


@given(seed=SEEDS)
def test_order_signs_labels_and_memory_do_not_matter(seed):
    X, y, rng = draw(seed)
    X = X.astype(np.float32).astype(np.float64)
    alpha, order, signs = 0.1 * top(X, y), rng.permutation(X.shape[1]), rng.choice([-1.0, 1.0], X.shape[1])
    plain = bcd.sparse_logistic(X, y, alpha=alpha, tol=1e-11, on_failure="ignore")
    for other in ((X * signs)[:, order], sparse.csc_array(X), X.astype(np.float32), np.asfortranarray(X)):
        result = bcd.sparse_logistic(other, y, alpha=alpha, tol=1e-11, on_failure="ignore")
        assert abs(result.objective - plain.objective) <= result.gap + plain.gap + 1e-13
    turned = bcd.sparse_logistic(X, -y, alpha=alpha, tol=1e-11, on_failure="ignore")
    assert abs(turned.objective - plain.objective) <= turned.gap + plain.gap + 1e-13


@given(seed=SEEDS)
def test_zero_from_the_largest_alpha_on(seed):
    X, y, _ = draw(seed)
    alpha = top(X, y)
    above = bcd.sparse_logistic(X, y, alpha=alpha * (1 + 1e-9))
    assert not above.coef.any() and above.n_iter == 1
    assert above.intercept == pytest.approx(np.log((y > 0).sum() / (y < 0).sum()), abs=1e-12)
    assert bcd.sparse_logistic(X, y, alpha=0.99 * alpha, tol=1e-12, on_failure="ignore").coef.any()


@given(seed=SEEDS)
def test_any_start_leads_to_the_same_certificate_and_is_left_alone(seed):
    X, y, rng = draw(seed)
    start = 30 * rng.normal(size=X.shape[1])
    kept, alpha = start.copy(), 0.1 * top(X, y)
    result = bcd.sparse_logistic(X, y, alpha=alpha, init=start, tol=1e-8)
    np.testing.assert_array_equal(start, kept)
    cold = bcd.sparse_logistic(X, y, alpha=alpha, tol=1e-8)
    assert abs(result.objective - cold.objective) <= result.gap + cold.gap + 1e-13


def test_separable_labels_and_a_small_alpha():
    X, _, _ = draw(3, 30, 60)
    y = np.where(X[:, 0] > X[:, 0].mean(), 1.0, -1.0)
    result = bcd.sparse_logistic(X, y, alpha=1e-5 * top(X, y), tol=1e-8)
    assert result.converged


def test_the_intercept_of_rare_classes_and_large_scores():
    from sparsetheory.bcd.covariates import Covariates
    from sparsetheory.bcd.logistic_certificate import LogisticFit
    from sparsetheory.bcd.shrinkage import shrinkage

    rng = np.random.default_rng(0)
    y = np.where(np.arange(1000) < 2, 1.0, -1.0)
    fit = LogisticFit(Covariates(np.ones((1000, 1))), y, np.full(1000, 1e-3), shrinkage(1, 1, None, False, 1),
                      intercept=True)  # fmt: skip
    for scale in (0.0, 1.0, 100.0, 1e4):
        z = scale * rng.normal(size=1000)
        b = fit.best_intercept(z)
        slope = fit.v @ fit.slope(z + b)
        curvature = fit.v @ (np.abs(fit.slope(z + b)) * (1 - np.abs(fit.slope(z + b))))
        assert abs(slope) <= 1e-14 + 8 * np.spacing(abs(b) + scale) * curvature


def test_one_bad_entry_is_found():
    X, y, _ = draw(17, 8, 9)
    for value in (np.nan, np.inf):
        bad = X.copy()
        bad[5, 6] = value
        with pytest.raises(InvalidArgument, match=r"^X: expected finite"):
            bcd.sparse_logistic(bad, y, alpha=0.1)


def test_the_iteration_limit_is_told():
    X, y, _ = draw(19, 40, 60)
    with pytest.warns(ConvergenceWarning, match="iteration limit"):
        result = bcd.sparse_logistic(X, y, alpha=0.01 * top(X, y), max_iter=1)
    assert not result.converged


@pytest.mark.parametrize(("name", "value"), [
    ("y", [1, 0, 1, 1]), ("y", [1, 1, 1, 1]), ("alpha", -1.0), ("sample_weight", [1, -1, 1, 1]), ("init", [0, 0]),
])  # fmt: skip
def test_bad_arguments_are_named(name, value):
    X, _, _ = draw(23, 4, 3)
    given = {"X": X, "y": [1, -1, 1, 1], "alpha": 0.1, name: value}
    with pytest.raises(InvalidArgument, match=f"^{name}: expected"):
        bcd.sparse_logistic(given.pop("X"), given.pop("y"), **given)


def test_both_classes_need_weight():
    X, _, _ = draw(23, 4, 3)
    with pytest.raises(InvalidArgument, match="two classes"):
        bcd.sparse_logistic(X, [1, -1, 1, 1], alpha=0.1, sample_weight=[1, 0, 1, 1])


@pytest.mark.parametrize("unit", [1.0, 1e8, 1e12])
def test_the_gap_holds_whatever_the_units_of_unpenalised_columns(unit):
    X, y, _ = draw(41, 60, 3)
    y[2::7] *= -1
    least = bcd.sparse_logistic(X, y, alpha=5.0, weights=[0, 0, 1], tol=1e-12, on_failure="raise").objective
    alone = bcd.sparse_logistic(X[:, :1], y, alpha=0.0, on_failure="raise").coef
    start = [alone[0] / unit, 0, 0]  # misses the second column, which is what a rank in the given units may lose
    X[:, 0] *= unit
    for init in (start, None):
        result = bcd.sparse_logistic(X, y, alpha=5.0, weights=[0, 0, 1], init=init, on_failure="ignore")
        assert result.objective - result.gap <= least + 1e-12
        assert result.converged or init is not None


@pytest.mark.parametrize("start", [-36.0, -40.0, -100.0])
def test_a_start_far_on_the_wrong_side_is_no_solution(start):
    X, y, _ = draw(43, 60, 2)
    X[:, 0], y[:10] = np.arange(60) < 10, 1.0
    y[9] = -1.0
    least = bcd.sparse_logistic(X, y, alpha=1.0, weights=[0, 1], tol=1e-12, on_failure="raise").objective
    result = bcd.sparse_logistic(X, y, alpha=1.0, weights=[0, 1], init=[start, 0], max_iter=1, on_failure="ignore")
    assert result.objective - result.gap <= least + 1e-12 and not result.converged


@pytest.mark.parametrize("label", [1.0, -1.0])
def test_a_class_whose_weight_is_lost_in_the_sum_still_counts(label):
    X, y, _ = draw(47, 30, 3)
    v = np.where(y == label, 1e-20, 1.0)
    result = bcd.sparse_logistic(X, y, alpha=1.0, sample_weight=v, on_failure="raise")
    odds = np.log(v[y > 0].sum()) - np.log(v[y < 0].sum())
    assert result.intercept == pytest.approx(odds, rel=1e-12)


def test_a_start_worse_than_zero_costs_no_more_than_none():
    X, y, rng = draw(53, 60, 200)
    settings = {"alpha": 1e-4 * top(X, y), "on_failure": "raise"}
    far = bcd.sparse_logistic(X, y, init=1e3 * rng.normal(size=200), max_iter=20, **settings)
    np.testing.assert_array_equal(far.coef, bcd.sparse_logistic(X, y, **settings).coef)
