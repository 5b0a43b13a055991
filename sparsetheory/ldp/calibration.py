"""How much Gaussian noise a promise needs: the exact curve, the classic formula, and zero-concentrated privacy.

Adding N(0, sigma^2 I) to a query of l2 sensitivity Delta is (epsilon, delta)-private exactly when, mu = Delta/sigma,

    delta >= Phi(mu/2 - epsilon/mu) - exp(epsilon) Phi(-mu/2 - epsilon/mu)

(Balle and Wang 2018). Every solution is rounded to the private side: the curve comes with a bound on its own rounding
error, which counts against the budget.
"""

import math
import sys
from collections.abc import Callable

from .._validation import check_nonnegative, check_positive
from ..errors import InvalidArgument
from .gaussian_curve import log_delta
from .guarantee import check_delta, check_epsilon

__all__ = [
    "analytic_gaussian_sigma",
    "classic_gaussian_sigma",
    "gdp_delta",
    "gdp_epsilon",
    "gdp_mu",
    "zcdp_delta",
    "zcdp_rho",
]

_U = 2.0**-53


def gdp_delta(epsilon: float, mu: float) -> float:
    """Return the least delta of a mu-GDP mechanism, such as Gaussian noise of standard deviation Delta/mu.

    Parameters
    ----------
    epsilon : float
        Nonnegative.
    mu : float
        Sensitivity over standard deviation, nonnegative.

    Returns
    -------
    float
        Phi(mu/2 - epsilon/mu) - exp(epsilon) Phi(-mu/2 - epsilon/mu), to about twelve digits; zero only where it is
        below the smallest float.

    Raises
    ------
    InvalidArgument
        If an argument is negative or not finite.

    Notes
    -----
    Dong, Roth, Su 2022, Corollary 2.13.

    Examples
    --------
    >>> round(gdp_delta(1.0, 1.0), 6)
    0.126937
    """
    epsilon, mu = check_nonnegative(epsilon, "epsilon"), check_nonnegative(mu, "mu")
    if mu == 0.0:
        return 0.0
    return min(math.exp(log_delta(epsilon, mu)[0]), 1.0) if epsilon / mu < math.inf else 0.0


def _private(epsilon: float, mu: float, delta: float) -> bool:
    """Whether the curve is certainly at most delta."""
    if epsilon / mu > 1e150:  # the curve is below exp(-1e300)
        return True
    value, error = log_delta(epsilon, mu)
    return value + error <= math.log(delta) - 4.0 * _U * abs(math.log(delta))


def _last(holds: Callable[[float], bool], start: float) -> float:
    """Return nearly the largest positive x at which a property of an initial segment holds: it does hold there."""
    low = high = start
    while not holds(low):
        low /= 2.0
        if low == 0.0:
            raise InvalidArgument("delta", "a budget that floating-point numbers can meet", "one too small")
    while holds(high):
        low, high = high, high * 2.0
    while True:
        middle = low + (high - low) / 2.0
        if not low < middle < high or high - low <= 4.0 * _U * low:
            return low
        low, high = (middle, high) if holds(middle) else (low, middle)


def gdp_mu(epsilon: float, delta: float) -> float:
    """Return the largest mu, rounded down, whose Gaussian mechanism is (epsilon, delta)-private.

    Parameters
    ----------
    epsilon : float
        Positive.
    delta : float
        In (0, 1), down to 1e-300.

    Returns
    -------
    float
        The root of ``gdp_delta(epsilon, mu) = delta``, below it by no more than the rounding of the curve.

    Raises
    ------
    InvalidArgument
        If epsilon is not positive or delta not in (0, 1).

    Examples
    --------
    >>> round(gdp_mu(1.0, 1e-5), 4)
    0.2681
    """
    epsilon, delta = check_epsilon(epsilon), check_delta(delta, positive=True)
    return _last(lambda mu: _private(epsilon, mu, delta), min(1.0, math.sqrt(epsilon)))


def gdp_epsilon(mu: float, delta: float) -> float:
    """Return the least epsilon, rounded up, at which a mu-GDP mechanism spends no more than delta.

    Parameters
    ----------
    mu : float
        Positive.
    delta : float
        In (0, 1).

    Returns
    -------
    float
        Nonnegative; zero where delta alone already covers the mechanism.

    Raises
    ------
    InvalidArgument
        If mu is not positive or delta not in (0, 1).

    Examples
    --------
    >>> round(gdp_epsilon(0.268, 1e-5), 3)
    1.0
    """
    mu, delta = check_positive(mu, "mu"), check_delta(delta, positive=True)
    low, high = 0.0, 1.0
    if _private(low, mu, delta):
        return 0.0
    while not _private(high, mu, delta):
        low, high = high, 2.0 * high
    while high - low > 4.0 * _U * high:
        middle = low + (high - low) / 2.0
        low, high = (low, middle) if _private(middle, mu, delta) else (middle, high)
    return high


def _scale(sensitivity: float, mu: float) -> float:
    """Return sensitivity / mu rounded up."""
    return math.nextafter(check_positive(sensitivity, "sensitivity") / mu, math.inf)


def analytic_gaussian_sigma(epsilon: float, delta: float, sensitivity: float) -> float:
    """Return the least standard deviation, rounded up, that makes Gaussian noise (epsilon, delta)-private.

    Parameters
    ----------
    epsilon : float
        Positive; unlike in the classic formula as large as you like.
    delta : float
        In (0, 1).
    sensitivity : float
        l2 distance of the two farthest values of the query. If only |q| <= C is known, that is 2 C.

    Returns
    -------
    float
        Standard deviation of every coordinate, in units of the sensitivity.

    Raises
    ------
    InvalidArgument
        If epsilon or sensitivity is not positive, or delta not in (0, 1).

    Notes
    -----
    Balle and Wang 2018, Theorem 8.

    Examples
    --------
    >>> round(analytic_gaussian_sigma(1.0, 1e-5, 1.0), 3)
    3.731
    """
    return _scale(sensitivity, gdp_mu(epsilon, delta))


def classic_gaussian_sigma(epsilon: float, delta: float, sensitivity: float) -> float:
    """Return sqrt(2 log(1.25/delta)) sensitivity / epsilon, which published algorithms use.

    Parameters
    ----------
    epsilon : float
        In (0, 1]: beyond, the formula is not proven, and from about 8 on it is wrong.
    delta : float
        In (0, 1).
    sensitivity : float
        l2 sensitivity.

    Returns
    -------
    float
        Standard deviation of every coordinate; larger than `analytic_gaussian_sigma` by 30 % at epsilon 1.

    Raises
    ------
    InvalidArgument
        If epsilon is outside (0, 1], delta outside (0, 1) or the sensitivity not positive.

    Examples
    --------
    >>> round(classic_gaussian_sigma(1.0, 1e-5, 1.0), 3)
    4.845
    """
    epsilon, delta = check_epsilon(epsilon), check_delta(delta, positive=True)
    if epsilon > 1.0:
        raise InvalidArgument("epsilon", "at most 1, where the classic formula is proven", epsilon)
    root = math.sqrt(2.0 * math.log(1.25 / delta))
    return math.nextafter(root * check_positive(sensitivity, "sensitivity") / epsilon * (1.0 + 8.0 * _U), math.inf)


def _zcdp_log_delta(rho: float, epsilon: float) -> float:
    """Return an upper bound, close to the least one, of the logarithm of delta.

    Any order alpha = 1 + b gives a bound (Canonne, Kamath, Steinke 2020, Proposition 12). Its logarithm is convex in
    alpha with derivative (2 b + 1) rho - epsilon - log(1 + 1/b), so bisection finds the best.
    """
    low, high = -750.0, 700.0
    for _ in range(80):
        middle = (low + high) / 2.0
        b = math.exp(middle)
        if (2.0 * b + 1.0) * rho - epsilon - (math.log1p(b) - middle) < 0.0:
            low = middle
        else:
            high = middle
    b = math.exp(low)
    terms = (b * (b + 1.0) * rho, -b * epsilon, -(b + 1.0) * (math.log1p(b) - low), -low)
    return sum(terms) + 8.0 * _U * sum(map(abs, terms)) + 2e-15 * (1.0 + abs(low))


def zcdp_delta(rho: float, epsilon: float) -> float:
    """Return the delta, rounded up, of a rho-zCDP mechanism at epsilon.

    Parameters
    ----------
    rho : float
        Positive; Delta^2/(2 sigma^2) for Gaussian noise, on the integers as well as on the line.
    epsilon : float
        Nonnegative.

    Returns
    -------
    float
        Infimum over alpha > 1 of exp((alpha - 1)(alpha rho - epsilon)) (1 - 1/alpha)^alpha / (alpha - 1), at most 1.

    Raises
    ------
    InvalidArgument
        If rho is not positive or epsilon negative.

    Notes
    -----
    Canonne, Kamath, Steinke 2020, Proposition 12.

    Examples
    --------
    >>> zcdp_delta(0.03, 1.0) < 1e-4
    True
    """
    rho, epsilon = check_positive(rho, "rho"), check_nonnegative(epsilon, "epsilon")
    bound = math.exp(min(_zcdp_log_delta(rho, epsilon), 0.0)) * (1.0 + 4.0 * _U)
    return min(max(bound, sys.float_info.min), 1.0)  # below the least normal number rounding up is that number


def zcdp_rho(epsilon: float, delta: float) -> float:
    """Return the largest rho, rounded down, at which rho-zCDP implies (epsilon, delta)-privacy.

    Parameters
    ----------
    epsilon : float
        Positive.
    delta : float
        In (0, 1).

    Returns
    -------
    float
        The root of ``zcdp_delta(rho, epsilon) = delta``.

    Raises
    ------
    InvalidArgument
        If epsilon is not positive or delta not in (0, 1).

    Examples
    --------
    >>> round(zcdp_rho(1.0, 1e-5), 4)
    0.0306
    """
    epsilon, delta = check_epsilon(epsilon), check_delta(delta, positive=True)
    target = math.log(delta) - 4.0 * _U * abs(math.log(delta))
    return _last(lambda rho: _zcdp_log_delta(rho, epsilon) <= target, min(epsilon, epsilon**2))
