"""The predictive distribution: against scipy's normal, quadrature, and quantiles that bisection finds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import kstest, norm

from sparsetheory.errors import InvalidArgument
from sparsetheory.moe.multivariate.predictive import MultivariateDistribution
from sparsetheory.moe.predictive import PredictiveDistribution


def drawn(seed, n=4, k=3, *, far=1.0, idle=False):
    """A mixture a row; `far` spreads the means, `idle` switches experts off."""
    rng = np.random.default_rng(seed)
    scores = 3 * rng.standard_normal((n, k))
    if idle:
        scores[np.arange(n), rng.integers(k, size=n)] = -np.inf
    log_weights = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return PredictiveDistribution(log_weights, far * rng.standard_normal((n, k)), rng.uniform(0.01, 2.0, k))


def textbook(dist, row, y, what):
    terms = getattr(norm, what)(y, dist.means[row], np.sqrt(dist.variances))
    return np.exp(dist.log_weights[row]) @ terms


@pytest.mark.parametrize("idle", [False, True])
@pytest.mark.parametrize("what", ["pdf", "cdf", "sf"])
def test_values_are_the_textbook_sums(what, idle):
    dist = drawn(1, idle=idle)
    y = np.linspace(-4, 4, 9)
    found = getattr(dist, what)(y[:, None])
    expected = [[textbook(dist, i, value, what) for i in range(4)] for value in y]
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-300)
    np.testing.assert_allclose(np.exp(getattr(dist, f"log{what}")(y[:, None])), expected, rtol=1e-10, atol=1e-300)


def test_points_broadcast_against_rows():
    dist = drawn(2)
    assert dist.pdf(0.5).shape == dist.pdf(np.zeros(4)).shape == dist.ppf(0.5).shape == (4,)
    assert dist.pdf(np.zeros((7, 1))).shape == dist.pdf(np.zeros((7, 4))).shape == dist.ppf(np.full((7, 1), 0.3)).shape
    y = np.arange(4.0)
    np.testing.assert_array_equal(dist.pdf(y), np.diag(dist.pdf(y[:, None])))
    for method in (dist.pdf, dist.cdf, dist.ppf):
        with pytest.raises(InvalidArgument):
            method(np.full(3, 0.5))


@pytest.mark.parametrize("seed", range(2))
def test_it_integrates_to_one_and_has_the_moments_it_says(seed):
    dist = drawn(seed, far=3.0, idle=seed % 2 == 0)
    for i in range(4):
        ends = dist.means[i].min() - 20, dist.means[i].max() + 20

        def integral(function, i=i, ends=ends):
            places = sorted(dist.means[i])
            return quad(lambda y: function(y) * dist.pdf(y)[i], *ends, points=places, limit=300, epsabs=1e-12)[0]

        mean = dist.mean()[i]
        assert integral(lambda y: 1.0) == pytest.approx(1.0, abs=1e-9)
        assert integral(lambda y: y) == pytest.approx(mean, abs=1e-8)
        assert integral(lambda y, m=mean: (y - m) ** 2) == pytest.approx(dist.var()[i], rel=1e-8)
        assert dist.std()[i] ** 2 == pytest.approx(dist.var()[i])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.1, 1.0, 30.0, 1e4]), st.booleans())
def test_quantiles_invert_the_distribution(seed, far, idle):
    """Through the tail that is the smaller one: its probability to 1e-12, or y to rounding where it is steep."""
    dist = drawn(seed, far=far, idle=idle)
    q = np.array([1e-300, 1e-20, 1e-6, 0.03, 0.5, 0.500001, 0.9, 1 - 1e-9, 1 - 1e-15])[:, None]
    y = dist.ppf(q)
    assert np.isfinite(y).all()
    lower = q <= 0.5
    got = np.where(lower, dist.logcdf(y), dist.logsf(y))
    want = np.log(np.where(lower, q, 1 - q))
    steep = np.exp(dist.logpdf(y) - got) * 8 * np.spacing(np.abs(y))
    assert (np.abs(got - want) <= 1e-12 * np.maximum(1, np.abs(want)) + steep).all()
    assert (np.diff(y, axis=0) >= 0).all()


def test_quantiles_are_those_of_a_bracketing_root_finder():
    dist = drawn(5, far=5.0)
    for q in (1e-3, 0.2, 0.5, 0.77, 0.999):
        for i, y in enumerate(dist.ppf(q)):
            expected = brentq(lambda t, q=q, i=i: textbook(dist, i, t, "cdf") - q, -60, 60, xtol=1e-14, rtol=1e-15)
            assert y == pytest.approx(expected, abs=1e-10)


def test_quantiles_across_an_empty_gap():
    """Between two far experts the density underflows and Newton's steps are useless."""
    dist = PredictiveDistribution(np.log([[0.3, 0.7]]), np.array([[-1e6, 1e6]]), np.array([1.0, 1.0]))
    q = np.array([0.3 - 1e-9, 0.3 + 1e-9])
    y = dist.ppf(q[:, None])[:, 0]
    assert y[0] == pytest.approx(-1e6 + norm.isf(1e-9 / 0.3), abs=1e-2)
    assert y[1] == pytest.approx(1e6 + norm.ppf(1e-9 / 0.7), abs=1e-2)


def test_one_expert_is_the_normal_distribution():
    dist = PredictiveDistribution(np.zeros((2, 1)), np.array([[3.0], [-1.0]]), np.array([4.0]))
    q = np.linspace(0, 1, 11)[:, None]
    np.testing.assert_allclose(dist.ppf(q), norm.ppf(q, [3.0, -1.0], 2.0), rtol=1e-13)
    assert dist.ppf(0.0).tolist() == [-np.inf, -np.inf]
    assert dist.ppf(1.0).tolist() == [np.inf, np.inf]


@pytest.mark.parametrize("q", [-0.1, 1.1, np.nan, "half"])
def test_probabilities_are_checked(q):
    with pytest.raises(InvalidArgument, match="q"):
        drawn(0).ppf(q)


def test_samples_have_this_distribution():
    dist = drawn(3, far=2.0, idle=True)
    y = dist.sample(np.random.default_rng(0), size=4000)
    assert y.shape == (4000, 4)
    assert dist.sample(np.random.default_rng(0)).shape == (4,)
    for i in range(4):
        assert kstest(y[:, i], lambda t, i=i: dist.cdf(t[:, None])[:, i]).pvalue > 1e-3
    # neighbours in a draw share nothing
    uniform = dist.cdf(y) - 0.5
    assert np.abs(12 * uniform.T @ uniform / 4000 - np.eye(4)).max() < 0.08


def test_samples_need_a_generator():
    with pytest.raises(InvalidArgument, match="rng"):
        drawn(0).sample(0)


@pytest.mark.parametrize("responses", [1, 2])
def test_an_expert_without_weight_adds_no_spread_however_far_it_lies(responses):
    log_weights = np.array([[0.0, -1500.0, -np.inf]])
    far = np.array([[1.0, 1e200, -1e300]])
    if responses == 1:
        variances = PredictiveDistribution(log_weights, far, np.ones(3)).var()
    else:
        means = np.repeat(far[:, :, None], responses, axis=2)
        variances = MultivariateDistribution(log_weights, means, np.array([np.eye(responses)] * 3)).cov()
    np.testing.assert_allclose(variances[0], np.eye(responses) if responses > 1 else 1.0, atol=1e-12)
