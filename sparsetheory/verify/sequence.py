"""Sequences: intervals that hold at every number of replicates at once, so that looking often costs no error."""

import math
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import betainc, betaln

from .._validation import check_vector
from ..errors import InvalidArgument

__all__ = ["BURN_IN", "bernoulli_interval", "bernoulli_limit", "confidence_sequence", "normal_mixture"]

#: Before so many replicates a sequence says nothing: it is asymptotic, with the standard deviation estimated.
BURN_IN = 20
_TUNED_FOR, _TUNED_AT = 0.10, 100
#: Variance of the mixture, which makes the sequence of level 90% about as narrow as it can be at 100 replicates.
_VARIANCE = (-2 * math.log(_TUNED_FOR) + math.log1p(-2 * math.log(_TUNED_FOR))) / _TUNED_AT


def _boundary(n: Any, level: float) -> Any:
    r"""Return the half-width in standard errors at n replicates.

    With :math:`S_n` the sum of n standardised terms, :math:`e^{\lambda S_n - n\lambda^2/2}` averaged over
    :math:`\lambda \sim N(0, r)` is :math:`M_n = (1 + nr)^{-1/2} \exp\frac{r S_n^2}{2(1 + nr)}`, a martingale of mean 1.
    By Ville's inequality it ever reaches :math:`1/\alpha` with probability at most :math:`\alpha`; solved for
    :math:`|S_n|/\sqrt n` that is the boundary.
    """
    spread = 1 + n * _VARIANCE
    return np.sqrt(2 * spread / (spread - 1) * np.log(np.sqrt(spread) / (1 - level)))


def normal_mixture(df: int, level: float) -> float:
    """Return how many standard errors wide a sequence is to either side; the counterpart of a t quantile.

    Parameters
    ----------
    df : int
        Degrees of freedom, one less than the replicates.
    level : float
        Probability that the sequence holds the truth at all times at once.

    Returns
    -------
    float
        Infinite before `BURN_IN` replicates.

    Examples
    --------
    >>> round(normal_mixture(99, 0.9), 2)  # a t interval at one declared time has 1.66
    2.76

    References
    ----------
    Robbins (1970), the normal mixture; Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024), its asymptotic form.
    """
    return float(_boundary(df + 1, level)) if df + 1 >= BURN_IN else math.inf


def confidence_sequence(values: Any, *, level: float = 0.90) -> tuple[np.ndarray, np.ndarray]:
    r"""Return intervals around the running mean that hold the expectation at every time at once.

    .. math:: \bar x_n \pm s_n \sqrt{\frac{2(nr + 1)}{n^2 r} \log\frac{\sqrt{nr + 1}}{\alpha}}

    Parameters
    ----------
    values : array_like, shape (R,)
        Independent values of one law, in the order in which they came.
    level : float, default 0.90
        Probability, asymptotically in R, that all R intervals hold the expectation.

    Returns
    -------
    lower, upper : ndarray, shape (R,)
        Entry n - 1 belongs to the first n values; the whole line before `BURN_IN` values.

    Raises
    ------
    InvalidArgument
        If a value is not finite or the level not in (0, 1).

    Examples
    --------
    >>> lower, upper = confidence_sequence(np.random.default_rng(0).standard_normal(400))
    >>> bool((lower < 0).all() and (0 < upper).all())
    True
    >>> round(float(upper[-1] - lower[-1]), 2)
    0.29
    """
    x = check_vector(values, "values")
    if not 0 < level < 1:
        raise InvalidArgument("level", "a probability in (0, 1)", level)
    n = np.arange(1.0, len(x) + 1)
    shifted = x - x.mean()  # the running sums of squares then cancel little
    mean = np.cumsum(shifted) / n
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.maximum(np.cumsum(shifted**2) - n * mean**2, 0) / (n - 1)
    early = n < BURN_IN
    half = np.where(early, np.inf, _boundary(n, level) * np.sqrt(np.where(early, 0.0, variance) / n))
    return x.mean() + mean - half, x.mean() + mean + half


def _log_mixture(p: float, n: int, violations: int) -> float:
    r"""Return the logarithm of the evidence against a probability of p or more.

    The likelihood ratio of q to p, averaged over q from Beta(1/2, 1/2) cut off at p: for a truth of at least p every
    factor has a mean of at most 1, hence it is a supermartingale.
    """
    a, b = 0.5 + violations, 0.5 + n - violations
    averaged = float(betaln(a, b)) + math.log(betainc(a, b, p))
    prior = float(betaln(0.5, 0.5)) + math.log(betainc(0.5, 0.5, p))
    return averaged - prior - violations * math.log(p) - (n - violations) * math.log1p(-p)


def bernoulli_limit(n: int, violations: int = 0, level: float = 0.95) -> float:
    """Return the upper limit of a probability that holds at all numbers of trials at once.

    Exact for every n, without an asymptotic argument; the counterpart of `violation_limit`.

    Parameters
    ----------
    n, violations : int
        Trials so far, and events among them.
    level : float, default 0.95
        Probability that no limit on the way lies below the truth.

    Examples
    --------
    >>> round(bernoulli_limit(299), 4)  # looked at once, at 299: 0.01
    0.0126

    References
    ----------
    Howard, Ramdas, McAuliffe and Sekhon (2021), the one-sided beta-binomial mixture.
    """
    if violations >= n:
        return 1.0
    lowest = max(violations / n, 1e-12)  # at the observed share no ratio exceeds 1
    highest = 1 - 1e-12

    def excess(p: float) -> float:
        return _log_mixture(p, n, violations) + math.log1p(-level)

    return float(brentq(excess, lowest, highest, xtol=1e-14)) if excess(highest) > 0 else 1.0


def bernoulli_interval(count: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the two-sided interval of a proportion that holds at all times; the counterpart of `wilson`."""
    side = 0.5 + level / 2
    return 1 - bernoulli_limit(n, n - count, side), bernoulli_limit(n, count, side)
