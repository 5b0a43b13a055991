"""The estimator: scikit-learn's own checks, the slow twin's numbers, symmetries of the problem."""

import importlib.util
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from sklearn.base import clone
from sklearn.datasets import make_regression
from sklearn.exceptions import ConvergenceWarning as SklearnWarning
from sklearn.exceptions import NotFittedError
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from sparsetheory import moe
from sparsetheory.errors import ConvergenceWarning, InvalidArgument
from sparsetheory.testing import strategies as S

_spec = importlib.util.spec_from_file_location(
    "moe_mixture_twin", Path(__file__).parents[1] / "reference" / "moe_mixture.py"
)
twin = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twin)

TRUTH = moe.MixingMeasure([0.3, 0], [2, 0], a=[1, -1], b=[2, -2], v=[0.25, 0.5])

NEEDS_Y = "score_samples(X, y) is the log density of y given X; both invariances are held in this file"
HAS_GATE = "predict_proba are the weights of the gate, as scikit-learn's GaussianMixture names them"
FEW_ROWS = "fewer rows than free parameters have no maximum likelihood fit"
#: Check -> why the estimator refuses what it asks for. One that passes makes the test fail.
REFUSED = {
    1: {"check_methods_sample_order_invariance": NEEDS_Y, "check_methods_subset_invariance": NEEDS_Y,
        "check_sample_weight_equivalence_on_dense_data": f"{FEW_ROWS}: 27 for 30 features",
        "check_regressor_multioutput": f"{FEW_ROWS}: 11 for 10 features and 5 responses",
        "check_regressors_no_decision_function": HAS_GATE},
    2: {"check_n_features_in_after_fitting": FEW_ROWS, "check_estimators_nan_inf": FEW_ROWS},
}  # fmt: skip
REFUSED[2] |= REFUSED[1]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (400, 1))
    return X, moe.simulate(TRUTH, X, rng)


@pytest.fixture(scope="module")
def model(data):
    return moe.GaussianMoE(2, random_state=0).fit(*data)


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [moe.GaussianMoE(1, n_init=1), moe.GaussianMoE(n_init=1)], xfail_strict=True,
    expected_failed_checks=lambda estimator: REFUSED[estimator.n_experts],
)  # fmt: skip
def test_scikit_learn_accepts_it(estimator, check):
    check(estimator)


def test_predictions_explain_a_regression():
    """What scikit-learn asks of a score that is a coefficient of determination, of the predictions."""
    X, y = make_regression(200, 10, n_informative=1, bias=5.0, noise=20, random_state=42)
    assert r2_score(y, moe.GaussianMoE(random_state=0, n_init=1).fit(X, y).predict(X)) > 0.5


@pytest.mark.parametrize(
    ("options", "name"),
    [({}, "softmax"), ({"gate": "temperature", "temperature": 0.5}, "temperature"), ({"top_k": 1}, "softmax"),
     ({"gate": "laplace", "tol": 1e-8}, "laplace"), ({"gate": "activation", "temperature": 0.5}, "activation")],
)  # fmt: skip
def test_every_answer_is_that_of_the_slow_twin(data, options, name):
    X, y = data
    model = moe.GaussianMoE(2, random_state=0, n_init=2, **options).fit(X, y)
    gate = np.column_stack([model.gate_coef_, model.gate_intercept_])
    expert = np.column_stack([model.expert_coef_, model.expert_intercept_])
    weights = twin.gate_weights(name, gate, model.temperature_, X, top_k=options.get("top_k"))
    joint = twin.log_joint(weights, expert, model.variance_, X, y)
    density = twin.log_density(weights, expert, model.variance_, X, y)
    means = X @ model.expert_coef_.T + model.expert_intercept_
    mean = (weights * means).sum(axis=1)
    second = (weights * (means**2 + model.variance_)).sum(axis=1)
    found_mean, found_std = model.predict(X, return_std=True)
    np.testing.assert_allclose(model.predict_proba(X), weights, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(model.responsibilities(X, y), np.exp(joint - density[:, None]), rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(model.score_samples(X, y), density, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(found_mean, mean, atol=1e-12)
    np.testing.assert_allclose(model.predict(X), mean, atol=1e-12)
    np.testing.assert_allclose(found_std, np.sqrt(second - mean**2), rtol=1e-9)
    np.testing.assert_allclose(model.predict_dist(X).logpdf(y), density, rtol=1e-10, atol=1e-10)
    np.testing.assert_array_equal(model.effective_gate_, gate / model.temperature_)
    assert model.lower_bound_ == pytest.approx(density.mean(), rel=1e-12)
    assert model.score(X, y) == pytest.approx(density.mean(), rel=1e-12)
    weight = np.arange(len(y)) % 3
    assert model.score(X, y, weight) == pytest.approx(weight @ density / weight.sum(), rel=1e-12)
    assert model.converged_
    assert model.penalty_ == 0
    assert model.grad_norm_ <= model.tol


def test_samples_are_taken_one_at_a_time(data, model):
    """Order and company of the samples change no answer."""
    X, y = data
    order = np.random.default_rng(1).permutation(len(y))
    for method in (model.predict, model.predict_proba):
        np.testing.assert_allclose(method(X[order]), method(X)[order], atol=1e-14)
        np.testing.assert_allclose(np.concatenate([method(row[None]) for row in X[:20]]), method(X[:20]), atol=1e-14)
    for method in (model.score_samples, model.responsibilities):
        np.testing.assert_allclose(method(X[order], y[order]), method(X, y)[order], atol=1e-13)
        rows = [method(X[i : i + 1], y[i : i + 1]) for i in range(20)]
        np.testing.assert_allclose(np.concatenate(rows), method(X[:20], y[:20]), atol=1e-13)


@settings(max_examples=15, deadline=None)
@given(S.moe_instances(samples=(100, 200), features=(1, 2), experts=(1, 2), over_specified=(0,), gate=("softmax",),
                       near_equal=(False,), collinear=(False,)))  # fmt: skip
def test_the_fit_is_no_less_likely_than_the_truth(instance):
    fit = moe.GaussianMoE(instance.exact.experts_to_fit, random_state=0, n_init=5).fit(instance.X, instance.y)
    assert fit.lower_bound_ >= instance.exact.log_likelihood / len(instance.y)


@pytest.mark.parametrize("gate", ["softmax", "laplace", "stablemax"])
def test_repeated_rows_are_sample_weights(data, gate):
    X, y = data
    times = np.random.default_rng(2).integers(0, 4, len(y))
    start = moe.GaussianMoE(gate=gate, random_state=0, n_init=2, tol=1e-8).fit(X, y).result_.measure
    options = {"gate": gate, "init": start, "tol": 1e-8}
    weighted = moe.GaussianMoE(2, **options).fit(X, y, times)
    repeated = moe.GaussianMoE(2, **options).fit(np.repeat(X, times, axis=0), np.repeat(y, times))
    np.testing.assert_allclose(weighted.expert_coef_, repeated.expert_coef_, atol=1e-7)
    np.testing.assert_allclose(weighted.variance_, repeated.variance_, rtol=1e-7)
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-7)
    for name in ("aic", "bic", "icl", "score"):
        own = getattr(weighted, name)(X, y, times)
        assert own == pytest.approx(getattr(repeated, name)(np.repeat(X, times, axis=0), np.repeat(y, times)))


def test_a_search_with_weights_finds_what_repeated_rows_find(data):
    X, y = data
    times = np.random.default_rng(2).integers(0, 4, len(y))
    weighted = moe.GaussianMoE(2, random_state=0).fit(X, y, times)
    repeated = moe.GaussianMoE(2, random_state=0).fit(np.repeat(X, times, axis=0), np.repeat(y, times))
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), atol=1e-6)


@pytest.mark.parametrize("scale", [-3.0, 1e-6, 1e5])
def test_an_affine_response_maps_back(data, model, scale):
    X, y = data
    other = moe.GaussianMoE(2, random_state=0).fit(X, scale * y + 7 * abs(scale))
    order, back = np.argsort(model.variance_), np.argsort(other.variance_)
    np.testing.assert_allclose(other.predict(X), scale * model.predict(X) + 7 * abs(scale), rtol=1e-7)
    np.testing.assert_allclose(other.expert_coef_[back], scale * model.expert_coef_[order], rtol=1e-6)
    np.testing.assert_allclose(other.variance_[back], scale**2 * model.variance_[order], rtol=1e-6)
    assert other.lower_bound_ == pytest.approx(model.lower_bound_ - np.log(abs(scale)), abs=1e-9)


def test_units_of_covariates_map_back(data, model):
    X, y = data
    other = moe.GaussianMoE(2, random_state=0).fit(1e3 * X - 5e3, y)
    order, back = np.argsort(model.variance_), np.argsort(other.variance_)
    np.testing.assert_allclose(1e3 * other.expert_coef_[back], model.expert_coef_[order], rtol=1e-6)
    np.testing.assert_allclose(other.predict_proba(1e3 * X - 5e3)[:, back], model.predict_proba(X)[:, order], atol=1e-7)


@pytest.mark.parametrize("scale", [1e-250, 1e-30, 1e30, 1e140])
def test_no_covariate_is_too_small_or_too_large(data, model, scale):
    X, y = data
    other = moe.GaussianMoE(2, random_state=0).fit(scale * X, y)
    assert other.lower_bound_ == pytest.approx(model.lower_bound_, abs=1e-9)
    np.testing.assert_allclose(other.predict(scale * X), model.predict(X), rtol=1e-6)


@pytest.mark.parametrize("constant", [0.1, 1e8 / 3])
def test_a_constant_covariate_says_nothing(data, model, constant):
    X, y = data
    other = moe.GaussianMoE(2, random_state=0).fit(np.column_stack([X, np.full(len(y), constant)]), y)
    assert other.lower_bound_ == pytest.approx(model.lower_bound_, abs=1e-8)
    assert np.abs(other.expert_coef_[:, 1] * constant).max() < 10


def test_weights_that_are_shares_are_refused(data):
    X, y = data
    with pytest.raises(InvalidArgument, match=r"sample_weight.*row twice"):
        moe.GaussianMoE(2, random_state=0).fit(X, y, np.full(len(y), 1 / len(y)))


def test_repeated_points_do_not_collapse_a_variance(data):
    X, y = data
    X, y = np.vstack([X, np.full((12, 1), 0.25)]), np.append(y, np.full(12, 0.7))
    found = moe.GaussianMoE(3, random_state=0).fit(X, y)
    assert np.isfinite(found.lower_bound_)
    assert found.variance_.min() > 1e-6 * y.var()


@pytest.mark.parametrize(
    "state", [3, np.random.RandomState(3), np.random.default_rng(3)], ids=lambda s: type(s).__name__
)
def test_a_random_state_decides_everything(data, state):
    X, y = data
    first, second = (moe.GaussianMoE(2, n_init=1, random_state=pickle.loads(pickle.dumps(state))) for _ in range(2))
    np.testing.assert_array_equal(first.fit(X, y).predict(X), second.fit(X, y).predict(X))
    np.testing.assert_array_equal(first.start_lls_, second.start_lls_)
    draws = [first.sample(X, random_state=pickle.loads(pickle.dumps(state))) for _ in range(2)]
    np.testing.assert_array_equal(*draws)
    assert not np.array_equal(draws[0], first.sample(X, random_state=4))


def test_samples_come_from_the_predictive_distribution(data, model):
    X, _ = data
    levels = model.predict_dist(np.repeat(X[:4], 3000, axis=0)).cdf(
        model.sample(np.repeat(X[:4], 3000, axis=0), random_state=0)
    )
    counts = np.histogram(levels, bins=20, range=(0, 1))[0]
    assert ((counts - 600) ** 2 / 600).sum() < 50  # chi square with 19 degrees of freedom, 1e-4


def test_it_survives_pickling_and_cloning(data, model):
    X, y = data
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(again.standard_errors(X, y).covariance, model.standard_errors(X, y).covariance)
    fresh = clone(model)
    assert not hasattr(fresh, "result_")
    assert fresh.get_params() == model.get_params()
    np.testing.assert_array_equal(fresh.fit(X, y).predict(X), model.predict(X))


def test_a_warm_start_begins_where_the_last_fit_ended(data, model):
    X, y = data
    warm = clone(model).set_params(warm_start=True).fit(X, y)
    np.testing.assert_array_equal(warm.predict(X), model.predict(X))
    before = warm.lower_bound_
    warm.fit(X, y)
    assert warm.result_.n_passes < 0.2 * model.result_.n_passes
    assert warm.lower_bound_ == pytest.approx(before, abs=1e-9)
    warm.set_params(n_experts=3).fit(X, y)  # of another shape: a search
    assert warm.expert_coef_.shape == (3, 1)
    assert warm.lower_bound_ > before


@pytest.mark.parametrize("category", [ConvergenceWarning, SklearnWarning])
def test_a_fit_that_stops_early_says_so(data, category):
    with pytest.warns(category, match=r"GaussianMoE.*iteration limit"):
        found = moe.GaussianMoE(2, solver="em", max_iter=1, init=TRUTH).fit(*data)
    assert not found.converged_


def test_thin_experts_are_named(data):
    X, y = data
    X, y = np.append(X, [[0.0], [0.0]], axis=0), np.append(y, [40.0, 40.5])
    start = moe.MixingMeasure([0.3, 0, -4], [2, 0, 0], a=[1, -1, 0], b=[2, -2, 40], v=[0.25, 0.5, 1])
    found = moe.GaussianMoE(3, init=start, variance_penalty=0.01).fit(X, y)
    assert found.boundary_atoms_.tolist() == np.flatnonzero(found.responsibilities(X, y).sum(axis=0) < 3).tolist()
    assert len(found.boundary_atoms_) == 1
    assert moe.GaussianMoE(2, random_state=0).fit(*data).boundary_atoms_.size == 0


def test_names_of_features_are_kept(data):
    pandas = pytest.importorskip("pandas")
    X, y = data
    frame = pandas.DataFrame({"age": X[:, 0]})
    found = moe.GaussianMoE(2, n_init=1, random_state=0).fit(frame, y)
    assert found.feature_names_in_.tolist() == ["age"]
    with pytest.raises(ValueError, match="feature names"):
        found.predict(frame.rename(columns={"age": "height"}))


def test_the_score_serves_cross_validation(data):
    """The right number of experts has the best likelihood out of sample."""
    X, y = data
    scores = [cross_val_score(moe.GaussianMoE(k, n_init=2, random_state=0), X, y, cv=3).mean() for k in (1, 2)]
    assert scores[1] > scores[0] + 0.1


def test_what_is_wrong_is_refused(data, model):
    X, y = data
    for method in (moe.GaussianMoE().predict, moe.GaussianMoE().predict_proba, moe.GaussianMoE().predict_dist):
        with pytest.raises(NotFittedError):
            method(X)
    with pytest.raises(NotFittedError):
        moe.GaussianMoE().score(X, y)
    for options in (
        {"n_experts": 0},
        {"gate": "probit"},
        {"top_k": 3},
        {"variance": -1.0},
        {"tol": -1},
        {"init": "no"},
        {"init": np.zeros(3)},
    ):
        with pytest.raises(InvalidArgument):
            moe.GaussianMoE(**options).fit(X, y)
    with pytest.raises(InvalidArgument, match="varies"):
        moe.GaussianMoE().fit(X, np.ones(len(y)))
    with pytest.raises(ValueError, match=r"[Nn]egative"):
        moe.GaussianMoE().fit(X, y, -np.ones(len(y)))
    with pytest.raises(ValueError, match="features"):
        model.predict(np.ones((3, 2)))
    with pytest.raises(ValueError, match="NaN"):
        model.score(X, np.where(np.arange(len(y)) == 3, np.nan, y))
