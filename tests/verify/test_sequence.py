"""Intervals that hold at every time: the boundary is the martingale's, and they cover as often as they say."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from sparsetheory import verify
from sparsetheory.errors import InvalidArgument
from sparsetheory.verify.estimate import mean_estimate, violation_limit
from sparsetheory.verify.sequence import (
    _VARIANCE,
    BURN_IN,
    _log_mixture,
    bernoulli_interval,
    bernoulli_limit,
    confidence_sequence,
    normal_mixture,
)


@pytest.mark.parametrize("n", [20, 100, 1000])
@pytest.mark.parametrize("level", [0.8, 0.9, 0.99])
def test_on_the_boundary_the_mixture_is_one_over_alpha(n, level):
    total = normal_mixture(n - 1, level) * math.sqrt(n)  # of n standardised terms
    density = norm(scale=math.sqrt(_VARIANCE)).pdf
    peak = total * _VARIANCE / (1 + n * _VARIANCE)
    mixture = quad(lambda x: math.exp(x * total - n * x * x / 2) * density(x), peak - 3, peak + 3, points=[peak])[0]
    assert mixture == pytest.approx(1 / (1 - level), rel=1e-6)


def test_the_half_width_is_the_formula_of_the_design():
    alpha, n, s = 0.10, 137, 1.7
    r = (-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))) / 100
    half = s * math.sqrt(2 * (n * r + 1) / (n**2 * r) * math.log(math.sqrt(n * r + 1) / alpha))
    assert normal_mixture(n - 1, 1 - alpha) * s / math.sqrt(n) == pytest.approx(half, rel=1e-12)


def test_the_mixture_is_nearly_the_narrowest_at_a_hundred():
    def half(r, n=100, alpha=0.10):
        return math.sqrt(2 * (n * r + 1) / (n**2 * r) * math.log(math.sqrt(n * r + 1) / alpha))

    best = min(half(r) for r in np.geomspace(1e-3, 1, 2000))
    assert half(_VARIANCE) <= 1.01 * best


def test_the_sequence_agrees_with_the_estimate_at_every_time():
    x = 3 + np.random.default_rng(1).standard_normal(60)
    lower, upper = confidence_sequence(x, level=0.95)
    assert np.isinf(lower[: BURN_IN - 1]).all()
    assert np.isinf(upper[: BURN_IN - 1]).all()
    for n in (BURN_IN, 37, 60):
        expected = mean_estimate(x[:n]).read(normal_mixture).interval(0.95)
        assert (lower[n - 1], upper[n - 1]) == pytest.approx(expected, rel=1e-12)
    assert mean_estimate(x[: BURN_IN - 1]).read(normal_mixture).interval(0.95) == (-math.inf, math.inf)


def test_far_from_the_origin_and_for_constants_nothing_cancels():
    x = np.random.default_rng(2).standard_normal(300)
    near, far = confidence_sequence(x), confidence_sequence(x + 1e8)
    np.testing.assert_allclose(np.subtract(far, 1e8), near, atol=1e-6)
    lower, upper = confidence_sequence(np.full(30, 0.1))
    assert lower[-1] == pytest.approx(0.1, abs=1e-15)
    assert upper[-1] == pytest.approx(0.1, abs=1e-15)


@pytest.mark.parametrize("draw", ["half-normal", "exponential"])
def test_it_holds_the_mean_at_all_times_at_once(draw):
    rng = np.random.default_rng(3)
    missed = missed_t = 0
    for _ in range(400):
        if draw == "half-normal":
            x = np.log(np.abs(rng.standard_normal(800))) + 0.6351814227307391  # E log|N| = -(gamma + log 2) / 2
        else:
            x = rng.exponential(size=800) - 1
        lower, upper = confidence_sequence(x)
        missed += bool(((lower > 0) | (upper < 0)).any())
        n = np.arange(BURN_IN, 801, 20)
        se = np.array([x[:k].std(ddof=1) for k in n]) / np.sqrt(n)
        missed_t += bool((np.abs(np.cumsum(x)[n - 1] / n) > 1.66 * se).any())
    assert missed <= 400 * 0.10 + 3 * math.sqrt(400 * 0.09)
    assert missed_t > 400 * 0.30  # which is what it is for


@pytest.mark.parametrize(("n", "violations"), [(30, 0), (200, 3), (200, 150)])
def test_the_bernoulli_mixture_is_the_averaged_likelihood_ratio(n, violations):
    p = violations / n + 0.5 * (1 - violations / n)

    def ratio(u):  # q = u**2 takes the singularity of Beta(1/2, 1/2) at 0 away
        q = u * u
        s, rest = violations, n - violations
        return 2 * math.exp(s * math.log(q / p) + rest * (math.log1p(-q) - math.log1p(-p))) / math.sqrt(1 - q)

    mass = quad(lambda u: 2 / math.sqrt(1 - u * u), 0, math.sqrt(p))[0]
    mixture = quad(ratio, 1e-12, math.sqrt(p), points=[math.sqrt(max(violations / n, 1e-3))], limit=200)[0] / mass
    assert math.log(mixture) == pytest.approx(_log_mixture(p, n, violations), rel=1e-6)


@pytest.mark.parametrize(("n", "violations"), [(1, 0), (20, 0), (100, 3), (1000, 100), (50, 49), (100_000, 1)])
def test_the_evidence_grows_with_the_probability_so_the_limit_is_where_it_crosses(n, violations):
    limit = bernoulli_limit(n, violations)
    grid = np.linspace(max(violations / n, 1e-9), 1 - 1e-9, 400)
    assert (np.diff([_log_mixture(p, n, violations) for p in grid]) > -1e-9).all()
    assert _log_mixture(limit, n, violations) == pytest.approx(math.log(20), abs=1e-6)
    assert limit > violation_limit(n, violations)  # the price of all times


def test_limits_at_the_ends():
    assert bernoulli_limit(0) == bernoulli_limit(5, 5) == 1.0
    assert bernoulli_limit(400, level=0.99) > bernoulli_limit(400, level=0.95)
    lower, upper = bernoulli_interval(3, 100)
    assert 0 < lower < 0.03 < upper < 0.2
    assert bernoulli_interval(0, 100)[0] == 0
    assert bernoulli_interval(100, 100)[1] == 1


@pytest.mark.parametrize("p", [0.01, 0.2])
def test_the_bernoulli_limit_holds_at_all_times_at_once(p):
    rng, horizon = np.random.default_rng(4), 600
    limits = {}
    missed = 0
    for _ in range(400):
        counts = np.cumsum(rng.random(horizon) < p)
        for n in range(10, horizon + 1, 10):
            key = (n, int(counts[n - 1]))
            if key[1] / n >= p:
                continue  # the limit lies above the observed share
            if key not in limits:
                limits[key] = bernoulli_limit(*key)
            if limits[key] < p:
                missed += 1
                break
    assert missed <= 400 * 0.05 + 3 * math.sqrt(400 * 0.05 * 0.95)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [({"values": [[1.0]]}, "values"), ({"values": [1, np.nan]}, "values"), ({"level": 1}, "level")],
)
def test_bad_input_is_refused_by_name(arguments, name):
    with pytest.raises(InvalidArgument) as info:
        verify.confidence_sequence(**({"values": [1.0, 2.0]} | arguments))
    assert info.value.name == name
