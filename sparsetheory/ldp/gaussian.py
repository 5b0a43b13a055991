"""Gaussian noise in floating point, rounded to a coarse grid: for comparison with the integer noise."""

import dataclasses
import math
from typing import Any

import numpy as np

from .._validation import check_positive
from ..errors import InvalidArgument
from ._ball import onto_grid
from .calibration import analytic_gaussian_sigma
from .csprng import NORMAL_ERROR, Stream
from .guarantee import PrivacyGuarantee, check_delta
from .randomizer import Randomizer, U, arithmetic_delta

__all__ = ["GaussianVector"]


class GaussianVector(Randomizer):
    """v + N(0, sigma^2 I), with sigma from the exact curve; reports rounded to a grid of a sixteenth of sigma or less.

    Parameters
    ----------
    dim : int
        Number of coordinates.
    epsilon : float
        Positive; there is no default.
    delta : float
        In (0, 1); the arithmetic adds a little, see `guarantee`.
    sensitivity : float
        l2 distance of the two farthest vectors that users may hold; for all vectors of norm C that is 2 C.
    radius : float, optional
        Bound on the norm of the vectors, in [sensitivity/2, sensitivity]; default sensitivity/2, for which the
        sensitivity holds whatever comes in. A larger radius is the caller's word that no two inputs are farther apart
        than `sensitivity`, as for x x^T with |x|^2 <= radius and sensitivity sqrt(2) radius.

    Attributes
    ----------
    sigma : float
        Standard deviation of the noise.
    variance, second_moment : float
        Of a coordinate of a report; E|report|^2 at an input of norm `radius`.
    step : float
        Reports are multiples of it.
    guarantee, simulated_guarantee : PrivacyGuarantee
        With rng=None, and with a generator.

    Raises
    ------
    InvalidArgument
        If an argument is missing or out of range.

    Notes
    -----
    Balle and Wang 2018. `DiscreteGaussianVector` adds noise of exactly known law, is as fast, and is what to deploy.

    Examples
    --------
    >>> noise = GaussianVector(3, 1.0, delta=1e-5, sensitivity=2.0)
    >>> report = noise.privatize([1.0, 0.0, 0.0], np.random.default_rng(0))
    >>> report.shape, round(noise.sigma, 3)
    ((3,), 7.461)
    """

    def __init__(
        self,
        dim: int,
        epsilon: Any = None,
        *,
        delta: float = 0.0,
        sensitivity: Any = None,
        radius: float | None = None,
    ) -> None:
        super().__init__(dim, epsilon, delta=check_delta(delta, positive=True), sensitivity=sensitivity)
        self.radius = check_radius(radius, self.sensitivity)
        self.sigma = analytic_gaussian_sigma(self.epsilon, self.delta, self.sensitivity)
        self._grid(self.sigma)
        self.variance = self.sigma**2 + self.step**2 / 6.0
        self.second_moment = self.dim * self.variance + self.radius**2
        ideal = PrivacyGuarantee(self.epsilon, self.delta, mu=self.sensitivity / self.sigma)
        spent = arithmetic_delta(self.epsilon, self._error() / self.step + self.dim * 2.0**-52)
        self.guarantee = dataclasses.replace(
            ideal, delta=min(self.delta + spent, 1.0), delta_arithmetic=spent, numerics="rounded-float"
        )

    def _error(self) -> float:
        """Return a bound on the sum over coordinates of E|computed - ideal|, in the units of the report.

        The clipped vector may be longer than the radius by its rounding: that counts as an error of the report too.
        """
        noise = self.dim * self.sigma * (NORMAL_ERROR + 8.0 * U)
        return noise + math.sqrt(self.dim) * self.radius * U * (24.0 + self.dim / 128)

    def _draw(self, ball: np.ndarray, stream: Stream, out: np.ndarray) -> None:
        n = len(ball)
        scale, shift = np.full(n, self.sigma / self.step), np.full(n, self.radius / self.step)
        onto_grid(self._normals(stream, ball), scale, ball, shift, stream.uniforms(n), out)


def check_radius(radius: float | None, sensitivity: float) -> float:
    """Return a norm bound that is compatible with the sensitivity; half of it by default."""
    if radius is None:
        return sensitivity / 2.0
    radius = check_positive(radius, "radius")
    if not sensitivity / 2.0 <= radius <= sensitivity:
        raise InvalidArgument("radius", f"a number in [{sensitivity / 2.0}, {sensitivity}]", radius)
    return radius
