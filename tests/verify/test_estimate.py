"""Intervals cover what they promise; the pieces agree with slow and obvious twins."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sparsetheory.verify.estimate import (
    Estimate,
    column_medians,
    mean_estimate,
    median_estimate,
    replicate_slopes,
    slope_weights,
    violation_limit,
    wilson,
)

NOISES = {
    "half-normal": lambda rng, shape: np.log(np.abs(rng.standard_normal(shape))),
    "lognormal": lambda rng, shape: 0.5 * rng.standard_normal(shape),
    "cauchy": lambda rng, shape: np.log(np.abs(rng.standard_cauchy(shape))),
    "shared": lambda rng, shape: rng.standard_normal((shape[0], 1)) + 0.3 * rng.standard_normal(shape),
}
T = np.log(np.geomspace(100, 10_000, 7))


def covers(estimator, truth, noise, studies, rng, replicates=50):
    """Share of studies whose 95% interval holds the truth."""
    hits = 0
    for _ in range(studies):
        low, high = estimator(truth * T + NOISES[noise](rng, (replicates, len(T)))).interval(0.95)
        hits += low <= truth <= high
    return hits / studies


def mean_of_slopes(values):
    return mean_estimate(replicate_slopes(values, [np.broadcast_to(T, values.shape)], least=4))


def log_median(values):
    return median_estimate(values, slope_weights(T))


@pytest.mark.parametrize("noise", NOISES)
def test_the_t_interval_covers(noise):
    # 400 studies at 95%: three Monte Carlo standard errors are 0.033
    assert abs(covers(mean_of_slopes, -0.5, noise, 400, np.random.default_rng(1)) - 0.95) < 0.033


def test_the_median_companion_covers():
    # the bootstrap errs on the wide side: 93.8 to 97% measured over many noises
    assert 0.91 < covers(log_median, -0.5, "half-normal", 150, np.random.default_rng(2)) <= 1.0


@pytest.mark.slow
@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(("estimator", "lowest", "highest"), [(mean_of_slopes, 0.94, 0.96), (log_median, 0.93, 0.98)])
def test_both_intervals_cover_at_length(estimator, lowest, highest, noise):
    studies = 4000 if estimator is mean_of_slopes else 1000
    slack = 2 * math.sqrt(0.95 * 0.05 / studies)
    assert lowest - slack < covers(estimator, -0.5, noise, studies, np.random.default_rng(3)) < highest + slack


def test_intervals_against_scipy():
    values = np.random.default_rng(4).standard_normal(12)
    low, high = mean_estimate(values).interval(0.9)
    expected = stats.t.interval(0.9, 11, loc=values.mean(), scale=stats.sem(values))
    assert (low, high) == pytest.approx(expected, rel=1e-12)
    for count, n in [(0, 10), (3, 17), (17, 17)]:
        expected = stats.binomtest(count, n).proportion_ci(method="wilson")
        assert wilson(count, n) == pytest.approx((expected.low, expected.high), abs=1e-12)
        # a one-sided 95% limit is the upper end of the two-sided 90% interval
        exact = stats.binomtest(count, n).proportion_ci(confidence_level=0.9, method="exact").high
        assert violation_limit(n, count) == pytest.approx(exact, rel=1e-9)
    assert violation_limit(1000) == pytest.approx(1 - 0.05 ** (1 / 1000), rel=1e-12)
    assert violation_limit(0) == 1.0


def test_without_degrees_of_freedom_nothing_is_known():
    for estimate in (mean_estimate(np.array([1.0])), mean_estimate(np.array([])), Estimate(1.0, math.nan, 5)):
        assert estimate.interval(0.9) == (-math.inf, math.inf)
    assert median_estimate(np.array([[1.0, 2.0]]), np.array([0.0, 1.0])).interval(0.9) == (-math.inf, math.inf)
    assert math.isnan(median_estimate(np.full((3, 2), np.nan), np.ones(2)).value)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**16), st.integers(1, 9), st.floats(0, 0.9))
def test_medians_and_slopes_against_slow_twins(seed, rows, missing):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((rows, 6))
    values[rng.random(values.shape) < missing] = np.nan
    places = rng.random((rows, 6)) + np.arange(6)
    medians, slopes = column_medians(values.T), replicate_slopes(values, [places, places**2], least=4)
    for j, column in enumerate(values.T):
        kept = column[~np.isnan(column)]
        assert medians[j] == np.median(kept) if len(kept) else np.isnan(medians[j])
    for x, y, slope in zip(places, values, slopes, strict=True):
        kept = ~np.isnan(y)
        if kept.sum() < 4:
            assert np.isnan(slope)
        else:
            design = np.column_stack([x, x**2, np.ones(6)])[kept]
            expected = np.linalg.lstsq(design, y[kept], rcond=None)[0][0]
            assert slope == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_a_column_that_the_others_explain_has_no_slope():
    assert np.isnan(slope_weights(T, 2 * T - 1)).all()
    assert np.isnan(slope_weights(np.full(5, 3.0))).all()
    assert np.isfinite(slope_weights(T, np.exp(-0.5 * T))).all()
    assert np.isfinite(slope_weights(1e9 + np.arange(5.0))).all()


def test_the_median_companion_forgets_order_and_scale():
    rng = np.random.default_rng(5)
    values, weights = rng.standard_normal((40, 7)), slope_weights(T)
    plain, shuffled = median_estimate(values, weights), median_estimate(rng.permutation(values), weights)
    assert plain == shuffled
    moved = median_estimate(values + 8.0, weights)  # exactly the same roundings are not to be had
    assert moved.standard_error == pytest.approx(plain.standard_error, rel=1e-12)
    assert moved.value == pytest.approx(plain.value, abs=1e-12)
