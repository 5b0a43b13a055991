"""The integer Gaussian mechanism: its law to the last bit, its calibration against exact sums, its lattice."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sparsetheory.errors import InvalidArgument
from sparsetheory.ldp import (
    DiscreteGaussian,
    DiscreteGaussianVector,
    gdp_delta,
    lattice_mu,
    lattice_scale,
    lattice_sensitivity,
    lattice_step,
)
from sparsetheory.ldp._ball import clip_rows
from sparsetheory.ldp._discrete_gaussian import add_table_noise, onto_lattice
from sparsetheory.ldp.csprng import NumpyStream
from sparsetheory.ldp.gaussian_table import gaussian_table, split_tables
from tests.reference import ldp_privacy as slow


@pytest.mark.parametrize("scale", [0.3, 1.0, 7.25, 64.0, 333.3])
def test_the_table_has_the_law_it_states(scale):
    """Cell by cell the integers add up to the weights, and these to 2^64."""
    table = gaussian_table(scale)
    law = slow.alias_law(table.cells, table.bits, table.reach)
    half = table.weights
    assert law == {z: half[abs(z)] for z in range(-table.reach, table.reach + 1)}
    assert sum(law.values()) == 2**64


@pytest.mark.parametrize("scale", [0.3, 1.0, 7.25, 64.0, 333.3])
def test_the_distance_of_a_table_is_what_many_digits_say(scale):
    table = gaussian_table(scale)
    exact = slow.discrete_gaussian(scale, table.reach)
    drawn = [table.weights[abs(z)] for z in range(-table.reach, table.reach + 1)]
    distance = slow.distance(exact, drawn)
    assert distance <= table.distance <= float(distance) * 1.001 + 1e-20
    assert table.distance < 1e-16
    assert np.allclose(table.probabilities(), [float(p) for p in exact], rtol=1e-13, atol=1e-17)


@pytest.mark.parametrize("scale", [401.0, 1000.0, 2000.5])
def test_a_sum_of_two_draws_has_the_law_of_a_wide_one(scale):
    tables = split_tables(scale)
    law = tables.probabilities()
    exact = np.array([float(p) for p in slow.discrete_gaussian(scale, tables.reach)])
    assert tables.factor > 1
    assert 0.5 * np.abs(law - exact).sum() < 1e-13  # the additions of this test
    assert tables.distance < 1e-16
    values = np.arange(-tables.reach, tables.reach + 1)
    assert (law * values**2).sum() == pytest.approx(scale**2, rel=1e-12)


@pytest.mark.parametrize("scale", [3.0, 900.0])
@pytest.mark.parametrize("secure", [True, False])
def test_draws_follow_the_probabilities(scale, secure):
    noise = DiscreteGaussian(scale)
    draws = noise.sample(200_000, None if secure else np.random.default_rng(5))
    values, law = noise.probabilities()
    edges = np.searchsorted(np.cumsum(law), np.linspace(0.0, 1.0, 41)[1:-1])
    cuts = np.unique(np.concatenate([[0], edges, [len(law)]]))
    expected = np.add.reduceat(law, cuts[:-1]) * len(draws)
    counts = np.histogram(draws, bins=np.append(values, values[-1] + 1)[cuts])[0]
    assert counts.sum() == len(draws)
    assert stats.chisquare(counts, expected * len(draws) / expected.sum()).pvalue > 1e-6


def test_a_broken_table_fails_the_same_chi_square():
    """The control of the test above: cells whose thresholds are halved."""
    table = gaussian_table(3.0)
    cells = (((table.cells >> np.uint64(table.bits)) // np.uint64(2)) << np.uint64(table.bits)) | (
        table.cells & np.uint64(2**table.bits - 1)
    )
    out = np.zeros(200_000, dtype=np.int64)
    add_table_noise(NumpyStream(np.random.default_rng(0)).words(len(out)), cells, table.bits, table.reach, out)
    values = np.arange(-6, 7)
    law = table.probabilities()[table.reach - 6 : table.reach + 7]
    counts = np.array([(out == z).sum() for z in values])
    assert stats.chisquare(counts, law * counts.sum() / law.sum()).pvalue < 1e-12


@given(st.floats(2.5, 60.0), st.integers(1, 60), st.floats(0.05, 6.0))
def test_integer_noise_is_as_private_as_the_curve_says(scale, shift, epsilon):
    """Exact hockey-stick sums of shifted discrete Gaussians, at any scale and shift, stay below the Gaussian curve."""
    reach = int(40 * scale) + shift
    law = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2.0 * scale**2))
    law /= law.sum()
    moved = np.roll(law, shift)
    assert slow.hockey_stick(moved, law, epsilon) <= gdp_delta(epsilon, lattice_mu(shift, scale)) + 1e-13


def test_two_coordinates_are_as_private_as_the_curve_says():
    for scale, (a, b), epsilon in ((3.0, (2, 1), 0.4), (2.5, (1, 1), 1.0), (4.0, (5, 3), 2.0)):
        line = np.exp(-(np.arange(-60, 61) ** 2) / (2.0 * scale**2))
        law = np.outer(line, line) / line.sum() ** 2
        delta = slow.hockey_stick(np.roll(law, (a, b), (0, 1)), law, epsilon)
        assert delta <= gdp_delta(epsilon, lattice_mu(math.hypot(a, b), scale))
        assert delta > 0.5 * gdp_delta(epsilon, math.hypot(a, b) / scale)


def test_without_the_blur_the_curve_would_not_hold_for_narrow_noise():
    """The control: at scale 0.4 the curve of mu = shift/scale is exceeded, and `lattice_mu` refuses such scales."""
    law = np.exp(-(np.arange(-40, 41) ** 2) / (2.0 * 0.4**2))
    law /= law.sum()
    worst = max(
        slow.hockey_stick(np.roll(law, 1), law, epsilon) - gdp_delta(epsilon, 1 / 0.4) for epsilon in (0.5, 2, 3, 4)
    )
    assert worst > 0.0
    with pytest.raises(InvalidArgument, match="scale"):
        lattice_mu(1.0, 0.4)


@given(st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_two_rounded_vectors_are_as_far_apart_as_stated(dim, seed):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((40, dim)) * 10.0 ** rng.integers(-3, 4, (40, 1))
    ball = np.empty_like(rows)
    assert clip_rows(rows, 1.0, ball) == 0
    step = lattice_step(2.0, dim)
    sensitivity = lattice_sensitivity(2.0, dim, step=step)
    out = np.empty(rows.shape, dtype=np.int64)
    onto_lattice(ball, 1.0 / step, np.full(40, rng.random()), (sensitivity / 2.0) ** 2, out)
    assert np.abs(out * step - ball).max() < step
    apart = out[:, None, :] - out[None, :, :]
    assert (apart**2).sum(axis=2).max() <= sensitivity**2
    assert sensitivity <= 2.0 / step * 1.011


def test_what_is_longer_than_the_bound_is_not_sent():
    out = np.ones((1, 3), dtype=np.int64)
    onto_lattice(np.full((1, 3), 5.0), 1.0, np.array([0.5]), 9.0, out)
    assert not out.any()


@pytest.mark.parametrize("calibration", ["analytic", "zcdp"])
def test_the_guarantee_says_what_the_noise_gives(calibration):
    noise = DiscreteGaussianVector(20, 1.0, delta=1e-5, sensitivity=2.0, calibration=calibration)
    promise = noise.guarantee
    assert promise.numerics == "lattice"
    assert 1e-5 <= promise.delta <= 1e-5 * (1 + 1e-9)
    assert 0.0 < promise.delta_arithmetic < 1e-13
    assert gdp_delta(1.0, promise.mu) <= 1e-5
    assert noise.simulated_guarantee.numerics == "float-simulation"
    wide = 3.7306 if calibration == "analytic" else 1.0843 * 3.7306
    assert noise.sigma / 2.0 == pytest.approx(wide, rel=0.011)
    assert lattice_scale(1.0, 1e-5, noise.lattice_sensitivity, calibration=calibration) == noise.scale


def test_reports_are_unbiased_integers_within_the_bound():
    noise = DiscreteGaussianVector(4, 2.0, delta=1e-6, sensitivity=2.0)
    v = np.array([0.7, -0.1, 0.0, 0.003])
    reports = noise.privatize(np.tile(v, (100_000, 1)), np.random.default_rng(3))
    assert reports.dtype == np.int64
    assert np.abs(reports).max() <= noise.bound
    values = noise.decode(reports)
    assert np.all(np.abs(values.mean(axis=0) - v) < 5.0 * noise.sigma / math.sqrt(len(values)))
    assert np.allclose(values.var(axis=0), noise.variance, rtol=0.03)
    assert noise.decode(reports.sum(axis=0)) == pytest.approx(values.sum(axis=0))


def test_a_radius_keeps_what_the_caller_knows():
    """x x^T has norm r^2 and sensitivity sqrt(2) r^2: half the sensitivity would cut it."""
    noise = DiscreteGaussianVector(3, 1.0, delta=1e-5, sensitivity=math.sqrt(2.0), radius=1.0)
    reports = noise.decode(noise.privatize(np.tile(np.eye(3)[0], (200_000, 1)), np.random.default_rng(1)))
    assert abs(reports[:, 0].mean() - 1.0) < 5.0 * noise.sigma / math.sqrt(200_000)
    for radius in (0.5, 2.0):
        with pytest.raises(InvalidArgument, match="radius"):
            DiscreteGaussianVector(3, 1.0, delta=1e-5, sensitivity=math.sqrt(2.0), radius=radius)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"delta": 1e-5, "sensitivity": 1.0}, "epsilon"),
        ({"epsilon": 1.0, "sensitivity": 1.0}, "delta"),
        ({"epsilon": 1.0, "delta": 1e-5}, "sensitivity"),
        ({"epsilon": 1.0, "delta": 1e-5, "sensitivity": 1.0, "calibration": "classic"}, "calibration"),
    ],
)
def test_what_is_missing_is_named(arguments, name):
    with pytest.raises(InvalidArgument, match=name):
        DiscreteGaussianVector(3, **arguments)
