"""PrivUnitG: a normal vector tilted towards the input, the pure mechanism of choice for vectors of a ball."""

import math
from typing import Any, NamedTuple

import numpy as np

from ._ball import onto_grid, row_dots
from .csprng import NORMAL_ERROR, Stream
from .guarantee import PrivacyGuarantee
from .randomizer import Randomizer, U, arithmetic_delta, sum_roundings

__all__ = ["PrivUnitG", "Tilt", "best_tilt", "bernoulli"]

#: What rounding may add to the log-likelihood ratio; the tilt is computed for epsilon less this.
MARGIN = 1e-12


class Tilt(NamedTuple):
    """The density of alpha = <report, v>: a base law times `above` beyond the level, times `below` short of it."""

    level: float  # in standard deviations of the base law
    tail: float  # mass of the base law beyond the level, 1 - q
    above: float  # p/(1 - q)
    below: float  # (1 - p)/q = exp(-epsilon) above

    @property
    def p(self) -> float:
        """Probability of a draw from beyond the level."""
        return self.above * self.tail


def gaussian_tilt(level: float, epsilon: float) -> Tilt:
    """Return the tilt of N(0, 1) at a level, whose two densities stand exactly in the ratio exp(epsilon)."""
    tail = 0.5 * math.erfc(level / math.sqrt(2.0))
    above = 1.0 / (tail + (1.0 - tail) * math.exp(-epsilon))
    return Tilt(level, tail, above, above * math.exp(-epsilon))


def best_tilt(tilt_at: Any, moment: Any, top: float) -> Tilt:
    """Return the tilt at the level in [0, top] that makes `moment` least: a scan, then golden sections."""
    levels = [top * i / 64.0 for i in range(65)]
    values = [moment(tilt_at(x)) for x in levels]
    best = min(range(65), key=values.__getitem__)
    low, high = levels[max(best - 1, 0)], levels[min(best + 1, 64)]
    ratio = (math.sqrt(5.0) - 1.0) / 2.0
    for _ in range(60):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if moment(tilt_at(left)) < moment(tilt_at(right)):
            high = right
        else:
            low = left
    return tilt_at((low + high) / 2.0)


def bernoulli(stream: Stream, n: int, p: float) -> np.ndarray:
    """Return n coins that show True with probability p, to 2^-64."""
    return stream.words(n) < np.uint64(min(int(p * 2.0**64), 2**64 - 1))


class PrivUnitG(Randomizer):
    """A normal vector whose component along v is tilted: pure epsilon-privacy for vectors of a ball, unbiased.

    Parameters
    ----------
    dim : int
        Number of coordinates.
    epsilon : float
        Positive; there is no default.
    delta : float, default 0.0
        The mechanism needs none; what the arithmetic costs may go up to it (or 1e-6) before deployment is refused.
    sensitivity : float, default 2.0
        Twice the radius of the ball.

    Attributes
    ----------
    variance : float
        Of a coordinate whose value is zero; `variance_at` gives it for other values.
    second_moment : float
        Largest E|report|^2 over the ball, attained on its sphere.
    step, radius : float
        Grid of the reports; bound on the norm.
    tilt : Tilt
        Level and densities of the component along the input.
    scale : float
        Standard deviation of the noise across the input.
    guarantee, simulated_guarantee : PrivacyGuarantee
        With rng=None, and with a generator.

    Raises
    ------
    InvalidArgument
        If an argument is missing or out of range.

    Notes
    -----
    The input is lifted to the unit sphere of dim + 1 coordinates, v = (input/radius, slack); alpha is N(0, 1), beyond
    the level with probability p; W is N(0, I); the report is radius (W + (alpha - <W, v>) v)/m without the slack, with
    m = phi(level) (p/(1 - q) - (1 - p)/q). Its density is that of N(0, I) times one of two numbers in the ratio
    exp(epsilon). The level makes the variance least. Asi, Feldman, Talwar 2022.

    Examples
    --------
    >>> ball = PrivUnitG(32, 1.0)
    >>> report = ball.privatize(np.full((2, 32), 0.1), np.random.default_rng(0))
    >>> report.shape, round(ball.variance, 1)
    ((2, 32), 6.3)
    """

    _slack = 1
    _largest_epsilon = 500.0

    def __init__(self, dim: int, epsilon: Any = None, *, delta: float = 0.0, sensitivity: float = 2.0) -> None:
        super().__init__(dim, epsilon, delta=delta, sensitivity=sensitivity)
        inner = max(self.epsilon - MARGIN, 0.5 * self.epsilon)
        d = self.dim + 1
        self.tilt = best_tilt(
            lambda level: gaussian_tilt(level, inner),
            lambda tilt: (_square(tilt) + d - 1.0) / _mean(tilt) ** 2,
            math.sqrt(2.0 * inner) + 2.0,
        )
        self.scale = self.radius / _mean(self.tilt)  # of a report whose noise is N(0, 1)
        self._grid(self.scale)
        self.variance = self.variance_at(0.0)
        along = _square(self.tilt) - 1.0
        self.second_moment = self.scale**2 * (self.dim + max(along, 0.0)) + self.dim * self.step**2 / 6.0
        cost = arithmetic_delta(self.epsilon, self._distance())
        self.guarantee = PrivacyGuarantee(self.epsilon, cost, delta_arithmetic=cost, numerics="rounded-float")

    def variance_at(self, value: float) -> float:
        """Return the variance of a coordinate of the report where the input has `value`."""
        share = (value / self.radius) ** 2
        return self.scale**2 * (1.0 + (_square(self.tilt) - 1.0) * share) - value**2 + self.step**2 / 6.0

    def _distance(self) -> float:
        """Return a bound on the total variation between a computed report and the ideal one.

        The coordinates of W and of <W, v> v are off by NORMAL_ERROR and the roundings of the product; alpha by 30
        times the resolution 2^-52 of its uniform and by its quantile; v by its norm. All in units of the noise.
        """
        d = self.dim + 1
        roundings = sum_roundings(d) * U
        spread = math.sqrt(_square(self.tilt)) + 1.0
        normals = d * (2.0 * NORMAL_ERROR + roundings + 6.0 * U)
        along = math.sqrt(d) * (spread * (3.0 * roundings + 128.0 * U) + 30.0 * 2.0**-52)
        return (normals + along) * self.scale / self.step + d * 2.0**-52 + 2.0**-50

    def _draw(self, ball: np.ndarray, stream: Stream, out: np.ndarray) -> None:
        from scipy.special import ndtri

        n = len(ball)
        noise, towards = self._normals(stream, ball), np.empty(n)
        row_dots(noise, ball, towards)
        beyond, uniform = bernoulli(stream, n, self.tilt.p), stream.uniforms(n)
        mass = np.where(beyond, self.tilt.tail, 1.0 - self.tilt.tail) * uniform
        alpha = np.where(beyond, -1.0, 1.0) * ndtri(mass)
        scale = self.scale / self.step
        onto_grid(noise, np.full(n, scale), ball, scale * (alpha - towards), stream.uniforms(n), out)


def _density(level: float) -> float:
    return math.exp(-0.5 * level * level) / math.sqrt(2.0 * math.pi)


def _mean(tilt: Tilt) -> float:
    """Return E alpha."""
    return _density(tilt.level) * (tilt.above - tilt.below)


def _square(tilt: Tilt) -> float:
    """Return E alpha^2."""
    return 1.0 + tilt.level * _density(tilt.level) * (tilt.above - tilt.below)
