"""Standard errors: closed forms of one regression, differences of the slow twin, coverage, and refusals."""

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest

from sparsetheory import moe
from sparsetheory.errors import InvalidArgument
from sparsetheory.moe.gate import make_gate
from sparsetheory.moe.inference import RefusedWarning, parameter_errors
from sparsetheory.moe.parameters import Layout, Parameters

_spec = importlib.util.spec_from_file_location(
    "moe_mixture_twin", Path(__file__).parents[1] / "reference" / "moe_mixture.py"
)
twin = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twin)

TRUTH = moe.MixingMeasure([0.3, 0], [2, 0], a=[1, -1], b=[2, -2], v=[0.25, 0.5])

PLANE = moe.MixingMeasure([0.3, 0], [[1, 0.5], [0, 0]], a=[[1, 1], [-1, 1]], b=[2, -2], v=[0.25, 0.5])


def drawn(n=400, seed=0, truth=TRUTH, *, reach=1.0, gate="softmax"):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-reach, reach, (n, truth.n_features)) + 0.3
    return X, moe.simulate(truth, X, rng, gate=gate)


def every(errors):
    return [errors.gate_coef, errors.gate_intercept, errors.expert_coef, errors.expert_intercept, errors.variance]


@pytest.fixture
def regression():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(80, 3)) * [1, 10, 0.1] + [0, 5, 0]
    y = X @ [1, 0.2, -3] + 4 + (1 + 2 * (X[:, 0] > 0)) * rng.normal(size=80)
    return X, y, np.column_stack([X, np.ones(80)])


def test_one_expert_has_the_errors_of_least_squares(regression):
    X, y, design = regression
    model = moe.GaussianMoE(1, random_state=0).fit(X, y)
    errors = model.standard_errors(X, y)
    expected = np.sqrt(model.variance_[0] * np.diag(np.linalg.inv(design.T @ design)))
    np.testing.assert_allclose(errors.expert_coef[0], expected[:3], rtol=1e-7)
    np.testing.assert_allclose(errors.expert_intercept, expected[3:], rtol=1e-7)
    np.testing.assert_allclose(errors.variance, model.variance_ * np.sqrt(2 / 80), rtol=1e-7)
    assert errors.gate_coef.tolist() == [[0.0] * 3]
    assert errors.refused == ""


def test_one_expert_has_the_robust_errors_of_white(regression):
    X, y, design = regression
    model = moe.GaussianMoE(1, random_state=0).fit(X, y)
    errors = model.standard_errors(X, y, kind="sandwich")
    bread, residuals = np.linalg.inv(design.T @ design), y - model.predict(X)
    expected = np.sqrt(np.diag(bread @ (design.T * residuals**2) @ design @ bread))
    fourth = np.mean(residuals**4) - np.mean(residuals**2) ** 2
    np.testing.assert_allclose(np.append(errors.expert_coef[0], errors.expert_intercept), expected, rtol=1e-6)
    np.testing.assert_allclose(errors.variance, np.sqrt(fourth / 80), rtol=1e-6)
    assert (np.abs(expected / model.standard_errors(X, y).expert_coef[0].mean() - 1) > 0.05).any()


def _log_densities(name, k, free, tau, X, y):
    """The slow twin as a function of gate rows, expert rows and log variances."""
    q = X.shape[1] + 1
    rows = k if name == "laplace" else k - 1
    gate = np.zeros((k, q))
    if name == "laplace":  # the last intercept is the reference
        gate[:, :-1] = np.insert(free[: rows * q - 1], rows * q - 1, 0).reshape(rows, q)[:, :-1]
        gate[:-1, -1] = free[: rows * q - 1][q - 1 :: q]
        at = rows * q - 1
    else:
        gate[:rows] = free[: rows * q].reshape(rows, q)
        at = rows * q
    expert, variance = free[at : at + k * q].reshape(k, q), np.exp(free[at + k * q :])
    return twin.log_density(twin.gate_weights(name, gate, tau, X), expert, variance, X, y)


@pytest.mark.parametrize(
    ("name", "tau"), [("softmax", 1.0), ("temperature", 0.5), ("activation", 0.5), ("laplace", 1.0)]
)
@pytest.mark.parametrize("kind", ["observed", "sandwich"])
def test_the_covariance_is_that_of_the_slow_twin(name, tau, kind):
    """Hessian and scores by central differences, in the units of the data."""
    X, y = drawn(seed=1, truth=PLANE, reach=3.0, gate="laplace" if name == "laplace" else "softmax")
    model = moe.GaussianMoE(2, gate=name, temperature=tau, random_state=0, n_init=3, tol=1e-8).fit(X, y)
    errors = model.standard_errors(X, y, kind=kind)
    at = model.result_.parameters
    gate = at.gate.ravel()[:-1] if name == "laplace" else at.gate[:-1].ravel()
    free = np.concatenate([gate, at.expert.ravel(), np.log(at.variance)])
    p, step = len(free), 1e-4 * np.eye(len(free))

    def value(move):
        return _log_densities(name, 2, free + move, tau, X, y)

    hessian = np.array(
        [[(value(a + b) - value(a - b) - value(b - a) + value(-a - b)).sum() for a in step] for b in step]
    )
    covariance = np.linalg.inv(-hessian / 4e-8)
    if kind == "sandwich":
        scores = np.array([(value(a) - value(-a)) / 2e-4 for a in step])
        covariance = covariance @ scores @ scores.T @ covariance
    assert errors.covariance.shape == (p, p)
    scale = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(
        errors.covariance / np.outer(scale, scale), covariance / np.outer(scale, scale), atol=2e-3
    )
    np.testing.assert_allclose(
        errors.expert_coef.ravel(), scale[len(gate) : len(gate) + 6].reshape(2, 3)[:, :2].ravel(), rtol=1e-3
    )
    np.testing.assert_allclose(errors.variance, model.variance_ * scale[-2:], rtol=1e-3)


def test_intervals_cover_the_truth():
    """95 percent intervals of ten parameters in 150 samples: within four standard errors of 95 percent."""
    hits = []
    for seed in range(150):
        X, y = drawn(500, seed)
        model = moe.GaussianMoE(2, init=TRUTH).fit(X, y)
        at = model.result_.parameters
        errors = parameter_errors(model._layout, at, X, y, np.ones(500), kind="observed")
        assert errors.refused == ""
        z = [
            (model.gate_coef_[0] - 2) / errors.gate_coef[0],
            (model.gate_intercept_[:1] - 0.3) / errors.gate_intercept[:1],
        ]
        z += [(model.expert_coef_[:, 0] - [1, -1]) / errors.expert_coef[:, 0]]
        z += [(model.expert_intercept_ - [2, -2]) / errors.expert_intercept]
        z += [(model.variance_ - [0.25, 0.5]) / errors.variance]
        hits.append(np.abs(np.concatenate(z)) < 1.96)
    rate = np.mean(hits, axis=0)
    assert (np.abs(rate - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 150)).all()
    assert rate.mean() == pytest.approx(0.95, abs=0.02)


def test_repeated_rows_are_sample_weights():
    X, y = drawn()
    times = np.random.default_rng(0).integers(1, 4, len(y))
    model = moe.GaussianMoE(2, init=TRUTH).fit(X, y, times)
    for kind in ("observed", "sandwich"):
        weighted = model.standard_errors(X, y, times, kind=kind)
        repeated = model.standard_errors(np.repeat(X, times, axis=0), np.repeat(y, times), kind=kind)
        np.testing.assert_allclose(weighted.covariance, repeated.covariance, rtol=1e-9, atol=1e-15)


def test_errors_follow_the_units():
    X, y = drawn()
    scaled = moe.MixingMeasure([0.3, 0], [2e-4, 0], a=[1e-7, -1e-7], b=[2e-3, -2e-3], v=[0.25e-6, 0.5e-6])
    first = moe.GaussianMoE(2, init=TRUTH).fit(X, y)
    other = moe.GaussianMoE(2, init=scaled).fit(1e4 * X, 1e-3 * y)  # starts that agree: labels do
    one, two = first.standard_errors(X, y), other.standard_errors(1e4 * X, 1e-3 * y)
    np.testing.assert_allclose(1e7 * two.expert_coef, one.expert_coef, rtol=1e-6)
    np.testing.assert_allclose(1e3 * two.expert_intercept, one.expert_intercept, rtol=1e-6)
    np.testing.assert_allclose(1e6 * two.variance, one.variance, rtol=1e-6)
    np.testing.assert_allclose(1e4 * two.gate_coef, one.gate_coef, rtol=1e-6)
    assert two.least_eigenvalue == pytest.approx(one.least_eigenvalue, rel=1e-6)


@pytest.mark.parametrize("variance", ["tied", 0.3])
def test_variances_that_are_not_free(variance):
    X, y = drawn()
    errors = moe.GaussianMoE(2, variance=variance, random_state=0).fit(X, y).standard_errors(X, y)
    assert errors.refused == ""
    assert errors.variance[0] == errors.variance[1]
    assert (errors.variance[0] == 0) == (variance == 0.3)


def test_a_free_temperature_has_an_error():
    truth = moe.MixingMeasure([0.3, 0], [1.5, 0], a=[1, -1], b=[1, -1], v=[0.1, 0.1], tau=0.3)
    rng = np.random.default_rng(0)
    X = rng.uniform(-3, 3, (4000, 1))
    y = moe.simulate(truth, X, rng, gate="activation")
    model = moe.GaussianMoE(2, gate="activation", temperature=0.3, fit_temperature=True, init=truth).fit(X, y)
    errors = model.standard_errors(X, y)
    # the design's asymptotic value, computed from the exact information
    information = moe.information(truth, X[::8], gate="activation", fit_temperature=True)
    assert errors.temperature == pytest.approx(0.3 * np.sqrt(np.linalg.inv(information)[-1, -1] / 4000), rel=0.25)
    assert abs(model.temperature_ - 0.3) < 4 * errors.temperature


def refused(model, X, y, why):
    with pytest.warns(RefusedWarning, match=why):
        errors = model.standard_errors(X, y)
    assert all(np.isnan(part[:-1]).all() for part in every(errors))
    assert np.isnan(errors.covariance).all()
    assert why in errors.refused


def test_two_copies_of_an_expert_are_refused():
    """A stationary point whose information is singular; the rule that needs no other fit, and the one that does."""
    X, y = drawn()
    options = {"variance_penalty": 0.0, "gate_ridge": 0.0, "tol": 1e-8}
    start = moe.GaussianMoE(2, init=TRUTH, **options).fit(X, y).result_.measure.split(0, 0.4)
    model = moe.GaussianMoE(3, init=start, **options).fit(X, y)
    refused(model, X, y, "one expert less")
    with pytest.warns(RefusedWarning, match="least eigenvalue"):
        errors = parameter_errors(model._layout, model.result_.parameters, X, y, np.ones(len(y)), kind="observed")
    assert errors.least_eigenvalue < 1e-8


def test_experts_that_lie_within_their_errors_are_refused():
    """Away from a maximum, because that is where the rule can be seen alone."""
    layout = Layout(make_gate("softmax", 2), 1)
    at = Parameters(np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[1.5, 0.0], [1.4, 0.1]]), np.array([4.0, 4.2]))
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (300, 1))
    y = 1.45 * X[:, 0] + 2 * rng.normal(size=300)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RefusedWarning)
        errors = parameter_errors(layout, at, X, y, np.ones(300), kind="observed")
    assert "not further apart" in errors.refused or "least eigenvalue" in errors.refused


@pytest.mark.parametrize(("true", "k", "least"), [(1, 2, 8), (2, 3, 7)])
def test_too_many_experts_are_refused(true, k, least):
    """Of eight samples; with the right number there is no refusal."""
    said = []
    for seed in range(8):
        X, y = drawn(500, seed, TRUTH if true == 2 else moe.MixingMeasure([0], [0], a=[1], b=[0], v=[1]))
        for experts in (true, k):
            model = moe.GaussianMoE(experts, random_state=0, n_init=2).fit(X, y)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RefusedWarning)
                said.append((experts, bool(model.standard_errors(X, y).refused)))
    assert (true, True) not in said
    assert said.count((k, True)) >= least


def test_a_thin_expert_is_refused():
    X, y = drawn()
    X, y = np.append(X, [[0.0], [0.1]], axis=0), np.append(y, [40.0, 40.5])
    start = moe.MixingMeasure([0.3, 0, -4], [2, 0, 0], a=[1, -1, 0], b=[2, -2, 40], v=[0.25, 0.5, 1])
    refused(moe.GaussianMoE(3, init=start, variance_penalty=0.01).fit(X, y), X, y, "expected samples")


def test_sparse_gates_are_refused():
    X, y = drawn()
    refused(moe.GaussianMoE(2, top_k=1, random_state=0, n_init=2).fit(X, y), X, y, "sparse gate")


def test_a_fit_that_did_not_settle_is_refused():
    X, y = drawn()
    with pytest.warns(UserWarning, match="GaussianMoE"):
        model = moe.GaussianMoE(2, solver="em", max_iter=1, init=TRUTH).fit(X, y)
    refused(model, X, y, "tolerance")


def test_a_gate_centre_on_a_sample_is_refused():
    """Distances have a kink at the samples; where the maximum lies on one there is no gradient to be zero."""
    X, y = drawn(truth=PLANE, reach=3.0, gate="laplace")
    with pytest.warns(UserWarning, match="GaussianMoE"):
        model = moe.GaussianMoE(2, gate="laplace", gate_ridge=1e-6, random_state=0, n_init=3, tol=1e-8).fit(X, y)
    assert min(np.abs(X - centre).max(axis=1).min() for centre in model.gate_coef_) < 1e-6
    refused(model, X, y, "tolerance")


def test_kinds_are_checked():
    X, y = drawn(100)
    with pytest.raises(InvalidArgument, match="kind"):
        moe.GaussianMoE(1).fit(X, y).standard_errors(X, y, kind="bootstrap")
