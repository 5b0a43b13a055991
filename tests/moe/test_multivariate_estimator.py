"""The estimator with several responses: predictions, joint distributions, criteria, standard errors."""

import importlib.util
import pickle
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from sparsetheory import moe
from sparsetheory.errors import InvalidArgument
from sparsetheory.moe.inference import RefusedWarning
from sparsetheory.moe.multivariate.predictive import MultivariateDistribution

_spec = importlib.util.spec_from_file_location(
    "moe_multivariate_twin", Path(__file__).parents[1] / "reference" / "moe_multivariate.py"
)
twin = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twin)

G = moe.MultivariateMeasure(
    [0.3, 0], [[3, 1], [0, 0]], A=[[[1, 0], [0.5, -1]], [[-1, 0.5], [1, 1]]], b=[[1, 0], [-1, 0.5]],
    covariance=[[[0.3, 0.1], [0.1, 0.2]], [[0.2, -0.15], [-0.15, 0.4]]],
)  # fmt: skip


def distribution(measure, X):
    scores = (X @ measure.beta1.T + measure.beta0) / measure.tau
    log_weights = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return MultivariateDistribution(log_weights, np.tensordot(X, measure.A, (1, 2)) + measure.b, measure.covariance)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (500, 2))
    return X, distribution(G, X).sample(rng)


@pytest.fixture(scope="module")
def model(data):
    return moe.GaussianMoE(2, random_state=0, n_init=3).fit(*data)


@pytest.mark.parametrize("options", [{}, {"covariance": "diagonal"}, {"top_k": 1}, {"gate": "laplace"}])
def test_every_answer_is_that_of_the_slow_twin(data, options):
    X, Y = data
    model = moe.GaussianMoE(2, random_state=0, n_init=2, **options).fit(X, Y)
    weights = model.predict_proba(X)
    joint = twin.log_joint(weights, model.expert_coef_, model.expert_intercept_, model.covariance_, X, Y)
    density = np.logaddexp.reduce(joint, axis=1)
    means = np.einsum("jab,ib->ija", model.expert_coef_, X) + model.expert_intercept_
    mean = np.einsum("ij,ija->ia", weights, means)
    second = np.einsum("ij,ijab->iab", weights, model.covariance_ + means[..., None] * means[:, :, None])
    found = model.predict_dist(X)
    np.testing.assert_allclose(model.score_samples(X, Y), density, atol=1e-10)
    np.testing.assert_allclose(model.responsibilities(X, Y), np.exp(joint - density[:, None]), rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(model.predict(X), mean, atol=1e-12)
    np.testing.assert_allclose(found.cov(), second - mean[:, :, None] * mean[:, None], atol=1e-11)
    np.testing.assert_allclose(model.predict(X, return_std=True)[1] ** 2, found.var(), atol=1e-12)
    np.testing.assert_allclose(found.logpdf(Y), density, atol=1e-10)
    assert model.score(X, Y) == pytest.approx(density.mean(), rel=1e-12)
    assert model.lower_bound_ == pytest.approx(density.mean(), rel=1e-12)
    assert model.converged_
    np.testing.assert_array_equal(model.variance_, np.diagonal(model.covariance_, axis1=1, axis2=2))


def test_order_and_company_of_samples_change_no_answer(data, model):
    X, Y = data
    order = np.random.default_rng(1).permutation(len(X))
    np.testing.assert_allclose(model.predict(X[order]), model.predict(X)[order], atol=1e-13)
    np.testing.assert_allclose(model.score_samples(X[order], Y[order]), model.score_samples(X, Y)[order], atol=1e-12)
    np.testing.assert_allclose(model.predict(X[:1]), model.predict(X)[:1], atol=1e-13)


def test_the_fit_is_no_less_likely_than_the_truth(data, model):
    X, Y = data
    truth = distribution(G, X).logpdf(Y).mean()
    assert truth < model.lower_bound_ < truth + 0.5 * 40 / len(Y)  # a chi square with 21 degrees of freedom


@pytest.mark.parametrize(
    ("options", "count"),
    [({}, 3 + 2 * (6 + 3)), ({"covariance": "diagonal"}, 3 + 2 * (6 + 2)), ({"variance": "tied"}, 3 + 12 + 3),
     ({"gate": "laplace"}, 5 + 2 * 9)],
)  # fmt: skip
def test_criteria_count_the_parameters(data, options, count):
    X, Y = data
    model = moe.GaussianMoE(2, random_state=0, n_init=1, **options).fit(X, Y)
    deviance = -2 * len(X) * model.score(X, Y)
    R = model.responsibilities(X, Y)
    entropy = -(R * np.log(np.maximum(R, 1e-300))).sum()
    assert model.aic(X, Y) == pytest.approx(deviance + 2 * count)
    assert model.bic(X, Y) == pytest.approx(deviance + np.log(len(X)) * count)
    assert model.icl(X, Y) == pytest.approx(deviance + np.log(len(X)) * count + 2 * entropy)


def test_the_number_of_experts_is_found(data):
    X, Y = data
    model = moe.GaussianMoE(3, random_state=0, n_init=2).fit(X, Y)
    assert model.select_order(X, Y) == 2
    with pytest.raises(InvalidArgument, match="one response"):
        model.merge_path(X, Y)


def test_marginals_are_those_of_samples(data, model):
    X, _ = data
    found = model.predict_dist(X[:3])
    draws = found.sample(np.random.default_rng(0), size=20_000)
    assert draws.shape == (20_000, 3, 2)
    np.testing.assert_allclose(draws.mean(axis=0), found.mean(), atol=0.05)
    for i in range(3):
        np.testing.assert_allclose(np.cov(draws[:, i].T), found.cov()[i], atol=0.05)
    for a in range(2):
        own = found.marginal(a)
        np.testing.assert_allclose((draws[:, :, a] <= own.ppf(0.3)).mean(axis=0), 0.3, atol=0.02)
        np.testing.assert_allclose(own.mean(), found.mean()[:, a])
        np.testing.assert_allclose(own.var(), found.var()[:, a])
    again = model.sample(X, random_state=3)
    assert again.shape == (len(X), 2)
    np.testing.assert_array_equal(again, model.sample(X, random_state=3))


def test_densities_integrate_to_one(model):
    found = model.predict_dist([[0.1, -0.2]])
    grid = np.linspace(-8, 8, 321)
    points = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 1, 2)
    assert found.pdf(points).sum() * 0.05**2 == pytest.approx(1.0, abs=1e-6)


def test_points_and_responses_that_do_not_fit_are_named(data, model):
    X, Y = data
    found = model.predict_dist(X)
    for y in (np.ones(3), np.ones((4, 2)), "x"):
        with pytest.raises(InvalidArgument, match=r"^y"):
            found.logpdf(y)
    with pytest.raises(InvalidArgument, match=r"^response"):
        found.marginal(2)
    with pytest.raises(InvalidArgument, match=r"^rng"):
        found.sample(0)
    for y in (Y[:, 0], np.column_stack([Y, Y])):
        with pytest.raises(InvalidArgument, match="as in the fit"):
            model.score(X, y)


def test_standard_errors_are_those_of_a_numerical_hessian(data):
    """In the form of the twin, with logs of Cholesky factors, for slopes, intercepts and gate: the same parameters."""
    X, Y = data
    model = moe.GaussianMoE(2, init=G, gate_ridge=0.0).fit(X, Y)
    found, at = model.standard_errors(X, Y), model.result_.parameters
    theta = twin.pack(at.gate, at.means, at.covariance)
    p, step = len(theta), 1e-4

    def value(*moves):
        return twin.mean_log_density(theta + step * sum(moves), 2, X, Y)

    E = np.eye(p)
    hessian = np.array(
        [[(value(a, b) - value(a, -b) - value(-a, b) + value(-a, -b)) / (4 * step**2) for a in E] for b in E]
    )
    errors = np.sqrt(np.diag(np.linalg.inv(-hessian)) / len(X))
    np.testing.assert_allclose(np.append(found.gate_coef[0], found.gate_intercept[0]), errors[:3], rtol=1e-4)
    means = np.concatenate([found.expert_coef, found.expert_intercept[..., None]], axis=2)
    np.testing.assert_allclose(means.ravel(), errors[3:15], rtol=1e-4)
    log_roots = errors[15:].reshape(2, 3)  # variance of the first response: exp(2 theta)
    np.testing.assert_allclose(
        found.expert_covariance[:, 0, 0], 2 * at.covariance[:, 0, 0] * log_roots[:, 0], rtol=1e-4
    )
    np.testing.assert_array_equal(found.expert_covariance, np.swapaxes(found.expert_covariance, 1, 2))
    sandwich = model.standard_errors(X, Y, kind="sandwich")
    ratio = sandwich.expert_covariance / found.expert_covariance
    assert (np.abs(np.log(ratio)) < 0.5).all()
    assert not (ratio == 1).all()


def test_standard_errors_of_one_response_are_the_univariate_ones():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (400, 1))
    truth = moe.MixingMeasure([0.3, 0], [2, 0], a=[1, -1], b=[2, -2], v=[0.25, 0.5])
    y = moe.simulate(truth, X, rng)
    one = moe.GaussianMoE(2, init=truth).fit(X, y)
    same = moe.GaussianMoE(2, random_state=0, n_init=2).fit(X, y[:, None])
    own, other = one.standard_errors(X, y), same.standard_errors(X, y[:, None])
    order, back = np.argsort(one.variance_), np.argsort(same.variance_[:, 0])
    np.testing.assert_allclose(other.expert_coef[back, 0], own.expert_coef[order], rtol=1e-5)
    np.testing.assert_allclose(other.expert_covariance[back, 0, 0], own.variance[order], rtol=1e-5)
    assert same.predict(X).shape == (400, 1)
    np.testing.assert_allclose(same.predict(X)[:, 0], one.predict(X), atol=1e-6)
    assert same.bic(X, y[:, None]) == pytest.approx(one.bic(X, y), abs=1e-6)


def test_standard_errors_of_units_map_back_and_are_refused_for_spare_experts(data, model):
    X, Y = data
    units = np.array([1e3, 1e-2])
    own = moe.GaussianMoE(2, init=G).fit(X, Y).standard_errors(X, Y)
    scaled = moe.MultivariateMeasure(
        G.beta0, G.beta1, A=G.A * units[:, None], b=G.b * units, covariance=G.covariance * np.outer(units, units)
    )
    other = moe.GaussianMoE(2, init=scaled).fit(X, Y * units).standard_errors(X, Y * units)
    np.testing.assert_allclose(other.expert_covariance, own.expert_covariance * np.outer(units, units), rtol=1e-5)
    np.testing.assert_allclose(other.expert_intercept, own.expert_intercept * units, rtol=1e-5)
    spare = moe.GaussianMoE(3, random_state=0, n_init=2).fit(X, Y)
    with pytest.warns(RefusedWarning, match="no standard errors"):
        refused = spare.standard_errors(X, Y)
    assert np.isnan(refused.expert_covariance).all()
    assert refused.refused


def test_tied_and_diagonal_covariances_have_errors(data):
    X, Y = data
    tied = moe.GaussianMoE(2, variance="tied", random_state=0, n_init=2).fit(X, Y)
    found = tied.standard_errors(X, Y)
    np.testing.assert_allclose(tied.covariance_[0], tied.covariance_[1], rtol=1e-12)
    np.testing.assert_allclose(found.expert_covariance[0], found.expert_covariance[1], rtol=1e-9)
    diagonal = moe.GaussianMoE(2, covariance="diagonal", random_state=0, n_init=2).fit(X, Y)
    errors = diagonal.standard_errors(X, Y).expert_covariance
    assert (errors[:, 0, 1] == 0).all()
    assert (errors[:, [0, 1], [0, 1]] > 0).all()


def test_it_pickles_clones_starts_warm_and_scores(data, model):
    X, Y = data
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    warm = clone(model).set_params(warm_start=True).fit(X, Y)
    before = warm.result_.n_passes
    warm.fit(X, Y)
    assert warm.result_.n_passes < 0.3 * before
    assert warm.lower_bound_ == pytest.approx(model.lower_bound_, abs=1e-10)
    warm.fit(X, Y[:, 0])  # of another shape: a search
    assert warm.predict(X).shape == (500,)
    assert not hasattr(warm, "covariance_")
    scores = [cross_val_score(moe.GaussianMoE(k, random_state=0, n_init=1), X, Y, cv=3).mean() for k in (1, 2)]
    assert scores[1] > scores[0] + 0.2
