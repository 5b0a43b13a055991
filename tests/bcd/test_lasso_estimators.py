"""The estimators: scikit-learn's own checks, scikit-learn's answers, and failures that must not be silent."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning as SklearnWarning
from sklearn.utils.estimator_checks import parametrize_with_checks

from sparsetheory import bcd
from sparsetheory.errors import ConvergenceWarning

REGRESSORS = (bcd.Lasso, bcd.ElasticNet)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 100)) + 2.0
    y = X[:, :5] @ [3, -2, 1, 1, 1] + rng.normal(size=60)
    return X, y, rng


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks([bcd.Lasso(), bcd.ElasticNet(), bcd.SparseLogisticRegression()])
def test_scikit_learn_accepts_it(estimator, check):
    check(estimator)


@pytest.mark.parametrize("sparse_X", [False, True])
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_regressions_agree_with_scikit_learn(data, sparse_X, intercept, positive, weighted):
    from sklearn.linear_model import ElasticNet, Lasso

    X, y, _ = data
    X = sparse.csc_matrix(np.where(X > 1.5, X, 0)) if sparse_X else X
    weight = np.linspace(0, 3, len(y)) if weighted else None
    for ours, theirs, options in ((bcd.Lasso, Lasso, {}), (bcd.ElasticNet, ElasticNet, {"l1_ratio": 0.7})):
        own = ours(0.1, fit_intercept=intercept, positive=positive, tol=1e-12, **options).fit(X, y, weight)
        peer = theirs(0.1, fit_intercept=intercept, positive=positive, tol=1e-11, max_iter=10**6, **options)
        peer.fit(X, y, weight)
        np.testing.assert_allclose(own.coef_, peer.coef_, atol=1e-6)
        assert own.intercept_ == pytest.approx(peer.intercept_, abs=1e-5)
        np.testing.assert_allclose(own.predict(X), peer.predict(X), atol=1e-5)


def test_logistic_regression_agrees_with_scikit_learn(data):
    from sklearn.linear_model import LogisticRegression

    X, y, _ = data
    X, labels = X[:, :20], np.where(y > np.median(y), "yes", "no")
    own = bcd.SparseLogisticRegression(0.05, fit_intercept=False, tol=1e-12).fit(X, labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # how a penalty is asked for changed its name
        peer = LogisticRegression(penalty="l1", C=1 / (0.05 * 60), solver="liblinear", fit_intercept=False, tol=1e-10,
                                  max_iter=10**5).fit(X, labels)  # fmt: skip
    np.testing.assert_allclose(own.coef_, peer.coef_, atol=1e-5)
    np.testing.assert_allclose(own.predict_proba(X), peer.predict_proba(X), atol=1e-5)
    np.testing.assert_array_equal(own.predict(X), peer.predict(X))
    np.testing.assert_allclose(np.exp(own.predict_log_proba(X)), own.predict_proba(X), rtol=1e-12)
    assert own.classes_.tolist() == ["no", "yes"]


def test_the_gap_is_that_of_the_coefficients(data):
    """Recomputed here from its definition, primal minus dual, in double precision."""
    X, y, _ = data
    alpha, n = 0.1, len(y)
    for tol in (1e-1, 1e-3, 1e-6):
        model = bcd.Lasso(alpha, tol=tol).fit(X, y)
        r = y - X @ model.coef_ - model.intercept_
        theta = r * min(1.0, alpha * n / np.abs(X.T @ r).max())
        primal = r @ r / (2 * n) + alpha * np.abs(model.coef_).sum()
        dual = (theta @ (y - y.mean()) - theta @ theta / 2) / n
        assert model.dual_gap_ == pytest.approx(primal - dual, abs=1e-13 * primal)
        assert model.dual_gap_ <= tol * np.var(y) / 2


@pytest.mark.parametrize("kind", [*REGRESSORS, bcd.SparseLogisticRegression])
def test_a_foreign_warm_start_is_harmless(data, kind):
    """Coefficients that fit nothing are a start like any other: right certificate, caller's array unmodified."""
    X, y, rng = data
    y = (y > 0).astype(float) if kind is bcd.SparseLogisticRegression else y
    cold = kind(0.05, tol=1e-10).fit(X, y)
    model = kind(0.05, tol=1e-10, warm_start=True).fit(X[:, ::-1], y[::-1])
    foreign = 10 * rng.normal(size=model.coef_.shape)
    model.coef_, kept = foreign, foreign.copy()
    model.fit(X, y)
    np.testing.assert_array_equal(foreign, kept)
    assert not np.shares_memory(model.coef_, foreign)
    np.testing.assert_allclose(model.predict(X), cold.predict(X), atol=1e-4)
    np.testing.assert_allclose(model.coef_, cold.coef_, atol=1e-4)
    again = clone(model).set_params(warm_start=True)
    again.coef_ = model.coef_
    assert again.fit(X, y).n_iter_ == 1  # at the solution there is nothing to do
    again.coef_ = np.ones(3)  # of another problem altogether
    np.testing.assert_allclose(again.fit(X, y).coef_, cold.coef_, atol=1e-4)


@pytest.mark.parametrize("kind", [*REGRESSORS, bcd.SparseLogisticRegression])
@pytest.mark.parametrize("form", [np.asarray, sparse.csc_matrix, sparse.csr_array, np.float32])
def test_one_nan_is_an_error(data, kind, form):
    X, y, _ = data
    y = (y > 0).astype(float) if kind is bcd.SparseLogisticRegression else y
    bad = X.copy()
    bad[31, 77] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        kind(0.1).fit(form(bad), y)
    model = kind(0.1).fit(X, y)
    with pytest.raises(ValueError, match="NaN"):
        model.predict(form(bad))


@pytest.mark.parametrize("kind", [*REGRESSORS, bcd.SparseLogisticRegression])
@pytest.mark.parametrize("category", [ConvergenceWarning, SklearnWarning])
def test_a_fit_that_stops_short_warns(data, kind, category):
    X, y, _ = data
    y = (y > 0).astype(float) if kind is bcd.SparseLogisticRegression else y
    with pytest.warns(category, match=f"{kind.__name__}: The iteration limit") as caught:
        model = kind(0.01, max_iter=1).fit(X, y)
    assert caught[0].filename == __file__
    assert model.dual_gap_ > 0 and model.n_iter_ == 1


def test_names_of_features_are_kept(data):
    pandas = pytest.importorskip("pandas")
    X, y, _ = data
    frame = pandas.DataFrame(X[:, :3], columns=["a", "b", "c"])
    model = bcd.Lasso(0.1).fit(frame, y)
    assert model.feature_names_in_.tolist() == ["a", "b", "c"] and model.n_features_in_ == 3


def test_more_than_two_classes_are_refused(data):
    X, _, _ = data
    with pytest.raises(ValueError, match="binary"):
        bcd.SparseLogisticRegression().fit(X, np.arange(60) % 3)


def test_a_first_small_fit_waits_for_neither_scikit_learn_nor_numba():
    code = (
        "import sys; from sparsetheory import bcd; bcd.lasso([[1.0, 2.0], [0.0, 1.0]], [1.0, 0.0], alpha=0.1);"
        "bcd.sparse_logistic([[1.0, 2.0], [0.0, 1.0]], [1.0, -1.0], alpha=0.1);"
        "print({'sklearn', 'numba'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "set()"
