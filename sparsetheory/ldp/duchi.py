"""The hemisphere mechanism of Duchi, Jordan and Wainwright, which the published interactive algorithm uses."""

import math
from typing import Any

import numpy as np

from ._ball import onto_grid, row_dots
from .csprng import NORMAL_ERROR, Stream
from .guarantee import PrivacyGuarantee
from .randomizer import Randomizer, U, arithmetic_delta, sum_roundings

__all__ = ["DuchiBall"]


class DuchiBall(Randomizer):
    """A point of a sphere, more often on the side of v: pure epsilon-privacy for vectors of a ball.

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
        B, the norm of every report before it is rounded to the grid.
    variance : float
        Of a coordinate whose value is zero, B^2/dim, its largest; see `variance_at`.
    second_moment : float
        E|report|^2 = B^2, whatever the input.
    step, radius : float
        Grid of the reports; bound on the norm.
    guarantee, simulated_guarantee : PrivacyGuarantee
        With rng=None, and with a generator.

    Raises
    ------
    InvalidArgument
        If an argument is missing or out of range.

    Notes
    -----
    u = +-v/|v|, plus with probability 1/2 + |v|/(2 radius); w uniform on the sphere, reflected so that <w, u> > 0 with
    probability exp(epsilon)/(1 + exp(epsilon)); the report is B w with
    B = radius sqrt(pi) Gamma((d + 1)/2)/Gamma(d/2) coth(epsilon/2). The variance does not vanish for large epsilon:
    `PrivUnitG` is the better choice from epsilon 1 on. Duchi, Jordan, Wainwright 2018.

    Examples
    --------
    >>> ball = DuchiBall(4, 1.0)
    >>> report = ball.privatize([0.6, 0.0, 0.8, 0.0], np.random.default_rng(0))
    >>> bool(abs(np.linalg.norm(report) / ball.norm - 1.0) < 0.1)
    True
    """

    def __init__(self, dim: int, epsilon: Any = None, *, delta: float = 0.0, sensitivity: float = 2.0) -> None:
        super().__init__(dim, epsilon, delta=delta, sensitivity=sensitivity)
        log_ratio = math.lgamma((self.dim + 1) / 2.0) - math.lgamma(self.dim / 2.0)
        self.norm = self.radius * math.sqrt(math.pi) * math.exp(log_ratio) / math.tanh(self.epsilon / 2.0)
        self._grid(self.norm / math.sqrt(self.dim))
        self.variance = self.variance_at(0.0)
        self.second_moment = self.norm**2 + self.dim * self.step**2 / 6.0
        cost = arithmetic_delta(self.epsilon, self._distance())
        self.guarantee = PrivacyGuarantee(self.epsilon, cost, delta_arithmetic=cost, numerics="rounded-float")

    def variance_at(self, value: float) -> float:
        """Return the variance of a coordinate of the report where the input has `value`."""
        return self.norm**2 / self.dim - value**2 + self.step**2 / 6.0

    def _distance(self) -> float:
        """Return a bound on the total variation between a computed report and the ideal one.

        A normal vector of error e has a direction of error 2 e/|w|; the mean of 1/|w| is below 2/sqrt(d) for d > 2, and
        for d <= 2 the mean of min(1, e/|w|) is below 40 e. The side of <w, u> is wrong with probability
        below its error, and the two coins are 64 bits long.
        """
        d = self.dim
        error = NORMAL_ERROR + sum_roundings(d) * U
        directions = d * (4.0 if d > 2 else 80.0) * error * (self.norm / math.sqrt(d)) / self.step
        return directions + 2.0 * math.sqrt(d) * error + d * 2.0**-52 + 2.0**-50

    def _draw(self, ball: np.ndarray, stream: Stream, out: np.ndarray) -> None:
        n = len(ball)
        noise, length, towards = self._normals(stream, ball), np.empty(n), np.empty(n)
        size = np.empty(n)
        row_dots(ball, ball, size)
        direction = np.where(size[:, None] > 0.0, ball, np.eye(1, self.dim))  # only its half-space counts
        row_dots(noise, direction, towards)
        row_dots(noise, noise, length)
        along = stream.uniforms(n) < 0.5 + 0.5 * np.minimum(np.sqrt(size), 1.0)
        near = stream.uniforms(n) < 1.0 / (1.0 + math.exp(-self.epsilon))
        flip = np.where((towards > 0.0) == (along == near), 1.0, -1.0)
        weight = flip * (self.norm / self.step) / np.sqrt(length)
        onto_grid(noise, weight, ball, np.zeros(n), stream.uniforms(n), out)
