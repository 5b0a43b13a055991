"""bcd.lasso against an interior-point witness, against scikit-learn, and against what mathematics says of it."""

import warnings
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from sparsetheory import bcd
from sparsetheory.errors import ConvergenceError, ConvergenceWarning, InvalidArgument

U = 2.0**-53
SEEDS = st.integers(0, 2**32 - 1)


def draw(seed, n=None, p=None, *, duplicates=False):
    """X with scales over two decades, a zero column where there is room for one, and y."""
    rng = np.random.default_rng(seed)
    n, p = n or int(rng.integers(2, 25)), p or int(rng.integers(1, 40))
    X = rng.normal(size=(n, p)) * 10.0 ** rng.uniform(-1, 1, p) + rng.normal(size=p)
    if p > 3:
        X[:, 1] = 0.0
    if duplicates and p > 5:
        X[:, 3], X[:, 4] = X[:, 2], -2 * X[:, 2]
    y = X @ (rng.normal(size=p) * (rng.random(p) < 0.3)) + rng.normal(size=n) + rng.normal()
    return X, y, rng


def top(X, y, v=None):
    """The least alpha with a zero solution, intercept included."""
    v = np.full(len(y), 1 / len(y)) if v is None else v / v.sum()
    return np.abs(X.T @ (v * (y - v @ y))).max() or 1.0


def objective(X, y, w, b, *, alpha, l1_ratio=1.0, weights=None, sample_weight=None):
    v = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
    c = np.ones(len(w)) if weights is None else weights
    r = y - X @ w - b
    return 0.5 * (v @ r**2) / v.sum() + alpha * (c @ (l1_ratio * np.abs(w) + 0.5 * (1 - l1_ratio) * w**2))


def witness(X, y, *, alpha, l1_ratio=1.0, weights=None, sample_weight=None, positive=False, fit_intercept=True):
    """The least objective by an interior-point method."""
    import cvxpy as cp

    w, b = cp.Variable(X.shape[1]), cp.Variable()
    v = np.ones(len(y)) if sample_weight is None else sample_weight
    c = np.ones(X.shape[1]) if weights is None else weights
    loss = cp.sum_squares(cp.multiply(np.sqrt(v / v.sum()), y - X @ w - b)) / 2
    cost = alpha * (l1_ratio * (c @ cp.abs(w)) + 0.5 * (1 - l1_ratio) * (c @ cp.square(w)))
    rules = ([w >= 0] if positive else []) + ([] if fit_intercept else [b == 0])
    return cp.Problem(cp.Minimize(loss + cost), rules).solve(solver=cp.CLARABEL, tol_gap_abs=1e-11, tol_gap_rel=1e-11)


@given(seed=SEEDS, l1_ratio=st.sampled_from([1.0, 0.5]), positive=st.booleans(), intercept=st.booleans(),
       free=st.booleans(), weighted=st.booleans(), depth=st.sampled_from([0.5, 0.05]))  # fmt: skip
@settings(max_examples=40)
def test_nothing_is_lower_than_what_the_gap_allows(seed, l1_ratio, positive, intercept, free, weighted, depth):
    X, y, rng = draw(seed, duplicates=True)
    n, p = X.shape
    weights = rng.uniform(0.5, 2, p)
    if free and not positive:
        weights[: min(3, p)] = 0.0
    problem = {
        "alpha": depth * top(X, y), "l1_ratio": l1_ratio, "weights": weights,
        "sample_weight": np.where(np.arange(n) % 3, rng.uniform(0.5, 2, n), 0.0) if weighted and n > 3 else None,
    }  # fmt: skip
    result = bcd.lasso(X, y, positive=positive, fit_intercept=intercept, tol=1e-9, **problem)
    assert result.converged and result.gap >= 0
    own = objective(X, y, result.coef, result.intercept, **problem)
    unit = np.mean(y**2) / 2
    assert abs(own - result.objective) <= 64 * n * p * U * (own + unit)
    least = witness(X, y, positive=positive, fit_intercept=intercept, **problem)
    assert own - least <= result.gap + 1e-7 * unit
    assert not positive or (result.coef >= 0).all()
    assert intercept or result.intercept == 0


@given(seed=SEEDS, depth=st.sampled_from([0.5, 0.1, 0.01]))
@settings(max_examples=15)
def test_scikit_learn_finds_no_better_objective(seed, depth):
    from sklearn.linear_model import Lasso

    X, y, _ = draw(seed)
    alpha = depth * top(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = Lasso(alpha, tol=1e-12, max_iter=100_000).fit(X, y)
    result = bcd.lasso(X, y, alpha=alpha, tol=1e-12)
    theirs = objective(X, y, peer.coef_, peer.intercept_, alpha=alpha)
    ours = objective(X, y, result.coef, result.intercept, alpha=alpha)
    assert ours <= theirs * (1 + 1e-10)


@given(seed=SEEDS, positive=st.booleans(), depth=st.sampled_from([0.3, 0.03]))
def test_rounds_never_raise_the_objective(seed, positive, depth):
    X, y, rng = draw(seed)
    start = rng.normal(size=X.shape[1])
    result = bcd.lasso(X, y, alpha=depth * top(X, y), positive=positive, init=start, tol=1e-12, on_failure="ignore")
    values = result.trace.objective
    assert (np.diff(values) <= 1e-12 * values[:-1]).all()


def fits_agree(X, y, alpha, one, other, *, tol):
    """Gaps bound the distance of fits: |Xw - Xw'|^2 / n <= 2 (sqrt(gap) + sqrt(gap'))^2."""
    allowed = np.sqrt(2 * one.gap) + np.sqrt(2 * other.gap) + tol * np.sqrt(np.mean(y**2))
    return lambda z, z_other: np.sqrt(np.mean((z - z_other) ** 2)) <= allowed


@given(seed=SEEDS)
def test_order_and_signs_of_the_columns_do_not_matter(seed):
    X, y, rng = draw(seed)
    alpha, order = 0.1 * top(X, y), rng.permutation(X.shape[1])
    signs = rng.choice([-1.0, 1.0], X.shape[1])
    plain = bcd.lasso(X, y, alpha=alpha, tol=1e-12, on_failure="ignore")
    turned = bcd.lasso((X * signs)[:, order], y, alpha=alpha, tol=1e-12, on_failure="ignore")
    back = np.zeros_like(plain.coef)
    back[order] = turned.coef
    close = fits_agree(X, y, alpha, plain, turned, tol=1e-10)
    assert close(X @ plain.coef + plain.intercept, X @ (signs * back) + turned.intercept)


@given(seed=SEEDS, form=st.sampled_from([np.asarray, sparse.csc_array]))
def test_integer_weights_are_repetitions(seed, form):
    X, y, rng = draw(seed)
    times = rng.integers(0, 4, len(y))
    times[0] = 1
    alpha = 0.1 * top(X, y)
    weighted = bcd.lasso(form(X), y, alpha=alpha, sample_weight=times, tol=1e-12, on_failure="ignore")
    Xr, yr = np.repeat(X, times, axis=0), np.repeat(y, times)
    repeated = bcd.lasso(form(Xr), yr, alpha=alpha, tol=1e-12, on_failure="ignore")
    close = fits_agree(Xr, yr, alpha, weighted, repeated, tol=1e-9)
    assert close(Xr @ weighted.coef + weighted.intercept, Xr @ repeated.coef + repeated.intercept)


@given(seed=SEEDS, c=st.sampled_from([2.0**-30, 2.0**40]))
def test_powers_of_two_scale_exactly(seed, c):
    X, y, _ = draw(seed)
    alpha = 0.1 * top(X, y)
    plain = bcd.lasso(X, y, alpha=alpha, on_failure="ignore")
    scaled = bcd.lasso(X, c * y, alpha=c * alpha, on_failure="ignore")
    np.testing.assert_array_equal(scaled.coef, c * plain.coef)


@given(seed=SEEDS, intercept=st.booleans())
def test_memory_does_not_matter(seed, intercept):
    X, y, rng = draw(seed)
    X *= rng.random(X.shape) < 0.5
    X = X.astype(np.float32).astype(np.float64)
    alpha = 0.1 * top(X, y)
    options = {"alpha": alpha, "fit_intercept": intercept, "tol": 1e-12, "on_failure": "ignore"}
    plain = bcd.lasso(X, y, **options)
    forms = [np.asfortranarray(X), X.astype(np.float32), X[:, ::-1][:, ::-1], sparse.csc_array(X), sparse.csr_matrix(X),
             sparse.csc_array(X.astype(np.float32)), sparse.coo_array(X), X.tolist()]  # fmt: skip
    for form in forms:
        other = bcd.lasso(form, y, **options)
        close = fits_agree(X, y, alpha, plain, other, tol=1e-9)
        assert close(X @ plain.coef + plain.intercept, X @ other.coef + other.intercept), type(form)


@given(seed=SEEDS, form=st.sampled_from([np.asarray, sparse.csc_array]))
def test_zero_from_the_largest_alpha_on(seed, form):
    X, y, _ = draw(seed)
    alpha = top(X, y)
    above = bcd.lasso(form(X), y, alpha=alpha * (1 + 1e-9))
    assert not above.coef.any() and above.gap <= 1e-12 * np.var(y) + U and above.n_iter == 1
    assert bcd.lasso(form(X), y, alpha=0.99 * alpha, tol=1e-12, on_failure="ignore").coef.any()


def test_a_sparse_design_is_centred_without_being_filled():
    X, y, _ = draw(3, 30, 20)
    X[np.abs(X) < 1] = 0
    X[:, 5] += 1e4
    dense = bcd.lasso(X - X.mean(axis=0), y - y.mean(), alpha=0.2, fit_intercept=False, tol=1e-13, on_failure="ignore")
    implicit = bcd.lasso(sparse.csc_array(X), y, alpha=0.2, tol=1e-13, on_failure="ignore")
    # the Gram matrix of a column with mean 1e4 loses 8 digits, which the rounds make good
    np.testing.assert_allclose(implicit.coef, dense.coef, atol=1e-8)


@pytest.mark.parametrize("form", [np.asarray, sparse.csc_array])
def test_degenerate_data(form):
    X, y, _ = draw(5, 12, 30)
    for targets in (np.zeros(12), np.full(12, 3.7)):
        result = bcd.lasso(form(X), targets, alpha=0.1)
        assert result.converged and not result.coef.any() and result.gap == 0
        assert result.intercept == pytest.approx(targets[0])
    assert not bcd.lasso(form(np.zeros((12, 3))), y, alpha=0.1).coef.any()
    same = bcd.lasso(form(np.repeat(X[:, :1], 7, axis=1)), y, alpha=0.1 * top(X[:, :1], y), tol=1e-12)
    one = bcd.lasso(form(X[:, :1]), y, alpha=0.1 * top(X[:, :1], y), tol=1e-12)
    assert same.objective == pytest.approx(one.objective, rel=1e-11)
    assert bcd.lasso(form(X[:1]), y[:1], alpha=0.1).converged


def test_without_penalty_it_is_least_squares():
    X, y, _ = draw(7, 30, 6)
    X[:, 1] = X[:, 0] + X[:, 2]
    result = bcd.lasso(X, y, alpha=0.0, tol=1e-12)
    A = np.column_stack([np.ones(30), X])
    np.testing.assert_allclose(X @ result.coef + result.intercept, A @ np.linalg.lstsq(A, y)[0], atol=1e-9)


def test_a_start_on_dependent_columns_with_opposite_signs():
    X, y, _ = draw(11, 15, 6)
    X[:, 3] = X[:, 2]
    start = np.array([0, 0, 1e3, -1e3, 0, 0.0])
    result = bcd.lasso(X, y, alpha=0.1 * top(X, y), init=start, tol=1e-11)
    assert result.objective == pytest.approx(bcd.lasso(X, y, alpha=0.1 * top(X, y), tol=1e-12).objective, rel=1e-10)


@pytest.mark.parametrize("form", [np.asarray, sparse.csc_array])
def test_a_support_as_large_as_the_sample(form):
    X, y, _ = draw(13, 20, 200)
    result = bcd.lasso(form(X), y, alpha=1e-5 * top(X, y), tol=1e-10)
    assert result.converged and len(result.support) <= 20


@given(seed=SEEDS, scale=st.sampled_from([1.0, 1e3]))
def test_any_start_leads_to_the_same_certificate_and_is_left_alone(seed, scale):
    X, y, rng = draw(seed)
    start = scale * rng.normal(size=X.shape[1])
    kept = start.copy()
    alpha = 0.1 * top(X, y)
    result = bcd.lasso(X, y, alpha=alpha, init=start, tol=1e-8)
    np.testing.assert_array_equal(start, kept)
    assert not np.shares_memory(result.coef, start)
    cold = bcd.lasso(X, y, alpha=alpha, tol=1e-8)
    own = objective(X, y, result.coef, result.intercept, alpha=alpha)
    assert own - cold.objective <= result.gap + 1e-12 * cold.objective


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("form", [np.asarray, sparse.csc_array, lambda x: x.astype(np.float32)])
@pytest.mark.parametrize("where", [(0, 0), (4, 7)])
def test_one_bad_entry_is_found_wherever_it_is(value, form, where):
    X, y, _ = draw(17, 8, 9)
    X[where] = value
    y[:] -= y.mean()
    y[where[0]] = 0.0  # a residual of zero hides nothing
    with pytest.raises(InvalidArgument, match=r"^X: expected finite"):
        bcd.lasso(form(X), y, alpha=0.1)
    with pytest.raises(InvalidArgument, match=r"^X: expected finite"):
        bcd.lasso(form(X), y, alpha=1e9, weights=np.r_[0.0, np.ones(8)])
    with pytest.raises(InvalidArgument, match=r"^X: expected finite"):
        bcd.lasso(form(X), y, alpha=0.1, sample_weight=np.arange(8) != where[0])


def test_the_iteration_limit_is_told():
    X, y, _ = draw(19, 40, 60)
    with pytest.warns(ConvergenceWarning, match="iteration limit"):
        result = bcd.lasso(X, y, alpha=0.01 * top(X, y), max_iter=1)
    assert not result.converged and result.gap > 0
    with pytest.raises(ConvergenceError):
        bcd.lasso(X, y, alpha=0.01 * top(X, y), max_iter=1, on_failure="raise")


def test_a_callback_sees_and_stops():
    X, y, _ = draw(19, 40, 60)
    seen = []
    result = bcd.lasso(X, y, alpha=0.01 * top(X, y), callback=lambda p: seen.append(p) or len(seen) == 2,
                       tol=0.0, on_failure="ignore")  # fmt: skip
    assert len(seen) == result.n_iter == 2 and result.status.code == "stopped"
    assert seen[0].solution.shape == (60,) and result.error <= seen[0].error


@pytest.mark.parametrize(("name", "value"), [
    ("alpha", -1.0), ("alpha", np.nan), ("l1_ratio", 1.5), ("weights", [1.0, -1.0, 1.0]), ("weights", [1.0]),
    ("sample_weight", [1, 1, 1, -1]), ("sample_weight", [0, 0, 0, 0]), ("init", [np.nan, 0, 0]), ("tol", -1.0),
    ("max_iter", 0), ("positive", 2), ("y", [1, 2, np.nan, 0]), ("y", [1, 2]), ("X", np.ones((4, 3)) * 1j),
    ("X", np.ones(4)), ("X", np.ma.masked_greater(np.ones((4, 3)), 0)), ("X", sparse.csc_array((4, 0))),
    ("on_failure", "stop"),
])  # fmt: skip
def test_bad_arguments_are_named(name, value):
    X, y, _ = draw(23, 4, 3)
    given = {"X": X, "y": y, "alpha": 0.1, name: value}
    with pytest.raises(InvalidArgument, match=f"^{name}: expected"):
        bcd.lasso(given.pop("X"), given.pop("y"), **given)


def test_unpenalised_coefficients_have_no_bound_to_rest_on():
    X, y, _ = draw(23, 4, 3)
    with pytest.raises(InvalidArgument, match=r"^weights"):
        bcd.lasso(X, y, alpha=0.1, weights=[0, 1, 1], positive=True)


def test_overflow_is_no_answer():
    X, y, _ = draw(29, 6, 4)
    with pytest.raises(InvalidArgument, match="rescale"), np.errstate(over="ignore"):
        bcd.lasso(1e200 * X, 1e200 * y, alpha=0.1)


@pytest.mark.parametrize("unit", [1.0, 1e12, 1e15])
@pytest.mark.parametrize("solver", [bcd.lasso, partial(bcd.group_lasso, groups=1)])
def test_the_gap_holds_whatever_the_units_of_unpenalised_columns(solver, unit):
    X, y, _ = draw(41, 60, 4)
    X[:, 3] = 7.0  # free as well: constant but for the rounding of its mean
    A = np.column_stack([np.ones(60), X[:, 0], X[:, 2]])
    least = 0.5 * np.mean((y - A @ np.linalg.lstsq(A, y)[0]) ** 2)
    start = np.zeros(4)  # misses the third column, which is what a rank in the given units may lose
    start[0] = np.cov(X[:, 0], y, bias=True)[0, 1] / np.var(X[:, 0]) / unit
    X[:, 0] *= unit
    for init in (start, None):
        result = solver(X, y, alpha=100.0, weights=[0, 1, 0, 0], init=init, on_failure="raise")
        assert result.objective - result.gap <= least * (1 + 1e-12)


def test_many_sparse_columns_of_three_samples():
    rng = np.random.default_rng(101)
    X, init = rng.normal(size=(3, 700)) * (rng.random((3, 700)) < 0.3), rng.normal(size=700)
    for depth in (1e-2, 1e-3, 1e-4):
        for intercept in (True, False):
            y = X @ init + rng.normal(size=3)
            bcd.lasso(sparse.csc_array(X), y, alpha=depth * top(X, y), fit_intercept=intercept, init=init,
                      on_failure="raise")  # fmt: skip


@pytest.mark.parametrize("seed", [11, 13, 15])  # the first: a Newton step along the null space
def test_groups_of_few_samples_go_on_while_the_objective_falls(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(5, 60)) * 10.0 ** rng.uniform(-1, 1, 60)
    y = X @ (rng.normal(size=60) * (rng.random(60) < 0.2)) + rng.normal(size=5)
    bcd.group_lasso(X, y, groups=5, alpha=1e-4 * top(X, y), on_failure="raise")
