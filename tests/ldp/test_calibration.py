"""Privacy accounting against the definitions in many digits, and against what orders every curve."""

import itertools
import math
import sys

import mpmath as mp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsetheory.errors import InvalidArgument
from sparsetheory.ldp import (
    analytic_gaussian_sigma,
    classic_gaussian_sigma,
    gdp_delta,
    gdp_epsilon,
    gdp_mu,
    zcdp_delta,
    zcdp_rho,
)
from tests.reference import ldp_privacy as slow

EPSILONS = (1e-3, 0.1, 1.0, 8.0, 100.0, 700.0)
DELTAS = (1e-300, 1e-30, 1e-9, 1e-5, 0.01, 0.9)
epsilons = st.floats(1e-4, 200.0)
deltas = st.floats(-250.0, -0.01).map(lambda e: 10.0**e)


@pytest.mark.parametrize(("epsilon", "delta"), list(itertools.product(EPSILONS, DELTAS)))
def test_the_noise_keeps_its_promise_to_the_last_digit(epsilon, delta):
    """Certainly private, and not a millionth of a millionth more noise than needed."""
    mu = gdp_mu(epsilon, delta)
    assert slow.gaussian_delta(epsilon, mu) <= mp.mpf(delta)
    assert slow.gaussian_delta(epsilon, mu * (1.0 + 1e-10)) > mp.mpf(delta)
    sigma = analytic_gaussian_sigma(epsilon, delta, 3.0)
    with mp.workdps(40):
        assert 3 / mp.mpf(sigma) <= mu


def test_the_promise_holds_in_interval_arithmetic():
    mp.iv.dps = 60
    root = mp.iv.sqrt(mp.iv.mpf(2))

    def cdf(x):
        """Enclosure of the normal distribution function by its convergent series."""
        z, term, total = x / root, x / root, x / root
        for k in range(1, 400):
            term = -term * z * z / k
            total = total + term / (2 * k + 1)
        return mp.iv.mpf(1) / 2 + total / mp.iv.sqrt(mp.iv.pi)

    for epsilon, delta in ((0.5, 1e-5), (1.0, 1e-9), (4.0, 1e-5), (10.0, 1e-12)):
        mu = mp.iv.mpf(1) / mp.iv.mpf(analytic_gaussian_sigma(epsilon, delta, 1.0))
        e = mp.iv.mpf(epsilon)
        curve = cdf(mu / 2 - e / mu) - mp.iv.exp(e) * cdf(-mu / 2 - e / mu)
        assert curve.delta < 1e-20
        assert curve.b <= delta


@given(epsilons, st.floats(1e-3, 50.0))
def test_the_curve_agrees_with_its_definition(epsilon, mu):
    exact = slow.gaussian_delta(epsilon, mu)
    value = gdp_delta(epsilon, mu)
    if exact > mp.mpf("1e-300"):
        assert abs(mp.mpf(value) / exact - 1) < 1e-9
    else:
        assert value <= 1e-299


@given(epsilons, deltas)
def test_round_trips(epsilon, delta):
    mu = gdp_mu(epsilon, delta)
    assert gdp_delta(epsilon, mu) <= delta * (1 + 1e-12)
    assert gdp_delta(epsilon, mu) == pytest.approx(delta, rel=1e-10)
    assert gdp_epsilon(mu, delta) <= epsilon * (1 + 1e-12)


@given(epsilons, st.floats(1e-3, 20.0), st.floats(1.001, 3.0))
def test_the_curve_is_monotone(epsilon, mu, factor):
    assert gdp_delta(epsilon, mu) <= gdp_delta(epsilon, mu * factor)
    assert gdp_delta(epsilon * factor, mu) <= gdp_delta(epsilon, mu)


@given(st.floats(1e-3, 1.0), st.floats(-12.0, -1.0).map(lambda e: 10.0**e))
def test_the_classic_formula_asks_for_more(epsilon, delta):
    assert analytic_gaussian_sigma(epsilon, delta, 1.0) <= classic_gaussian_sigma(epsilon, delta, 1.0)


def test_the_classic_formula_fails_where_it_is_refused():
    """sqrt(2 log(1.25/delta))/epsilon at epsilon 16 and delta 1e-5 spends 34 times the delta."""
    sigma = math.sqrt(2.0 * math.log(1.25e5)) / 16.0
    assert gdp_delta(16.0, 1.0 / sigma) > 3e-4
    with pytest.raises(InvalidArgument, match="at most 1"):
        classic_gaussian_sigma(16.0, 1e-5, 1.0)


@pytest.mark.parametrize(("rho", "epsilon"), list(itertools.product((1e-4, 0.01, 0.3, 5.0), (0.01, 0.5, 2.0, 20.0))))
def test_zero_concentrated_privacy_agrees_with_the_infimum(rho, epsilon):
    exact = slow.zcdp_delta(rho, epsilon)
    value = zcdp_delta(rho, epsilon)
    assert mp.mpf(value) >= exact or exact > 1 - mp.mpf("1e-15")
    assert mp.mpf(value) <= max(exact * (1 + mp.mpf("1e-9")), mp.mpf(sys.float_info.min))


@given(epsilons, deltas)
def test_rho_is_rounded_down(epsilon, delta):
    rho = zcdp_rho(epsilon, delta)
    assert zcdp_delta(rho, epsilon) <= delta
    assert zcdp_delta(rho * (1 + 1e-9), epsilon) > delta * (1 - 1e-6)


@given(epsilons, deltas)
def test_the_curve_of_gaussian_noise_is_below_what_its_rho_implies(epsilon, delta):
    """A mu-GDP mechanism is mu^2/2-zCDP, and its own curve the tighter one."""
    mu = math.sqrt(2.0 * zcdp_rho(epsilon, delta))
    assert mu <= gdp_mu(epsilon, delta)


@pytest.mark.parametrize("epsilon", [None, 0.0, -1.0, math.nan, math.inf, "1", True])
def test_epsilon_has_no_default_and_is_positive(epsilon):
    for function in (gdp_mu, zcdp_rho):
        with pytest.raises(InvalidArgument, match="epsilon"):
            function(epsilon, 1e-5)


@pytest.mark.parametrize("delta", [0.0, 1.0, -1e-9, math.nan, 2.0, None])
def test_delta_is_inside_the_unit_interval(delta):
    for function in (gdp_mu, zcdp_rho):
        with pytest.raises(InvalidArgument, match="delta"):
            function(1.0, delta)
    with pytest.raises(InvalidArgument):
        analytic_gaussian_sigma(1.0, delta, 1.0)


@pytest.mark.parametrize("sensitivity", [0.0, -1.0, math.nan, math.inf, None])
def test_sensitivity_is_positive(sensitivity):
    with pytest.raises(InvalidArgument, match="sensitivity"):
        analytic_gaussian_sigma(1.0, 1e-5, sensitivity)
