"""PrivUnit: a point of the sphere, more often in a cap around the input."""

import math
from typing import Any

import numpy as np

from ._ball import onto_grid, orthogonal_rows, row_dots
from .csprng import NORMAL_ERROR, Stream
from .guarantee import PrivacyGuarantee
from .privunitg import MARGIN, Tilt, bernoulli, best_tilt
from .randomizer import Randomizer, U, arithmetic_delta, sum_roundings

__all__ = ["PrivUnit"]

_QUANTILE_ERROR = 1e-13  # of the component along the input, absolute: twenty times what tests find


class PrivUnit(Randomizer):
    """A point of a sphere in a cap around v, or outside it: pure epsilon-privacy for vectors of a ball, unbiased.

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
    norm : float
        Norm of a report with its slack coordinate.
    variance : float
        Of a coordinate whose value is zero; `variance_at` gives it for other values.
    second_moment : float
        Largest E|report|^2 over the ball.
    step, radius : float
        Grid of the reports; bound on the norm.
    tilt : Tilt
        Level of the cap, its mass and the two densities.
    guarantee, simulated_guarantee : PrivacyGuarantee
        With rng=None, and with a generator.

    Raises
    ------
    InvalidArgument
        If an argument is missing or out of range.

    Notes
    -----
    The input is lifted to the unit sphere of d = dim + 1 coordinates. The report is uniform on the cap
    {w: <w, v> >= gamma} with probability p, else on the rest, over m = E<w, v>. With q the mass of the rest,
    p/(1 - q) = exp(epsilon) (1 - p)/q: equality instead of the sufficient conditions of the original, and gamma makes
    the norm least. Better than `PrivUnitG` by a few per cent in low dimension. Bhowmick et al. 2018.

    Examples
    --------
    >>> ball = PrivUnit(8, 4.0)
    >>> report = ball.privatize(np.zeros(8), np.random.default_rng(0))
    >>> report.shape, ball.variance < 0.5
    ((8,), True)
    """

    _slack = 1
    _largest_epsilon = 500.0

    def __init__(self, dim: int, epsilon: Any = None, *, delta: float = 0.0, sensitivity: float = 2.0) -> None:
        super().__init__(dim, epsilon, delta=delta, sensitivity=sensitivity)
        inner = max(self.epsilon - MARGIN, 0.5 * self.epsilon)
        self._half = self.dim / 2.0  # (d - 1)/2, both shapes of the Beta law of (1 + <w, v>)/2
        self.tilt = best_tilt(lambda level: self._tilt_at(level, inner), lambda tilt: -self._mean(tilt), 1.0)
        self.norm = self.radius / self._mean(self.tilt)
        self._along = self._square(self.tilt)
        self._grid(math.sqrt(self._across()) * self.norm)
        self.variance = self.variance_at(0.0)
        most = self.dim * self._across() + max(self._along - self._across(), 0.0)
        self.second_moment = self.norm**2 * most + self.dim * self.step**2 / 6.0
        cost = arithmetic_delta(self.epsilon, self._distance())
        self.guarantee = PrivacyGuarantee(self.epsilon, cost, delta_arithmetic=cost, numerics="rounded-float")

    def variance_at(self, value: float) -> float:
        """Return the variance of a coordinate of the report where the input has `value`."""
        share = (value / self.radius) ** 2
        second = self._across() + (self._along - self._across()) * share
        return self.norm**2 * second - value**2 + self.step**2 / 6.0

    def _tilt_at(self, level: float, epsilon: float) -> Tilt:
        from scipy.special import betainc

        tail = float(betainc(self._half, self._half, (1.0 - level) / 2.0))
        above = 1.0 / (tail + (1.0 - tail) * math.exp(-epsilon))
        return Tilt(level, tail, above, above * math.exp(-epsilon))

    def _mean(self, tilt: Tilt) -> float:
        """Return m = E<w, v>: the first moment of the cap, (1 - gamma^2)^a/(2^(2a) a B(a, a)), times the gap."""
        from scipy.special import betaln

        a = self._half
        if tilt.level >= 1.0:
            return 0.0
        log_moment = a * math.log1p(-(tilt.level**2)) - 2.0 * a * math.log(2.0) - math.log(a) - float(betaln(a, a))
        return math.exp(log_moment) * (tilt.above - tilt.below)

    def _square(self, tilt: Tilt) -> float:
        """Return E<w, v>^2 = 1/d + (d - 1)/d gamma m, by parts."""
        return (1.0 + self.dim * tilt.level * self._mean(tilt)) / (self.dim + 1.0)

    def _across(self) -> float:
        """Return the mean square of a coordinate of w orthogonal to v."""
        return (1.0 - self._along) / self.dim

    def _distance(self) -> float:
        """Return a bound on the total variation between a computed report and the ideal one.

        A normal vector of error e has a direction of error 2 e/|w| once the part along v is gone; E 1/|w| is below
        2/sqrt(d) for d > 3, and E min(1, e/|w|) below 40 e for smaller d. The component along v
        and its complement are off by their quantile, and v by its norm; all over the norm of w, which is 1.
        """
        d = self.dim + 1
        roundings = sum_roundings(d) * U
        direction = 8.0 if d > 3 else 160.0
        errors = math.sqrt(d) * (direction * (NORMAL_ERROR + roundings) + 2.0 * _QUANTILE_ERROR + 4.0 * roundings)
        return errors * self.norm / self.step + d * 2.0**-52 + 2.0**-50

    def _draw(self, ball: np.ndarray, stream: Stream, out: np.ndarray) -> None:
        from scipy.special import betaincinv

        n, a = len(ball), self._half
        noise, length = self._normals(stream, ball), np.empty(n)
        orthogonal_rows(noise, ball)
        row_dots(noise, noise, length)
        beyond, uniform = bernoulli(stream, n, self.tilt.p), stream.uniforms(n)
        mass = np.where(beyond, self.tilt.tail, 1.0 - self.tilt.tail) * uniform
        from_end = 2.0 * betaincinv(a, a, mass)  # distance of <w, v> from the end of the sphere it is counted from
        across = np.sqrt(from_end * (2.0 - from_end))
        scale = self.norm / self.step
        weight = scale * across / np.sqrt(length)
        onto_grid(noise, weight, ball, scale * np.where(beyond, 1.0, -1.0) * (1.0 - from_end), stream.uniforms(n), out)
