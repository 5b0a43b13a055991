"""Gaussian noise on the integers: the noise to deploy when a delta is allowed.

Why the exact curve of the continuous Gaussian may be used. Draw x from N(q, s^2 - b^2) and then an integer y with
probability proportional to exp(-(y - x)^2/(2 b^2)). The two exponents together are that of N(q, s^2) at y, and by
Poisson's formula the sums over the integers that normalise them depend on where they are centred by a factor
1 +- 2 exp(-2 pi^2 b^2) only. So the discrete Gaussian of deviation s around an integer q is, up to factors within 2e-34
of 1 for b = 2, what anyone can compute from a continuous Gaussian of deviation sqrt(s^2 - 4) around q: it is as private.
"""

import math
from typing import Any

import numpy as np

from .._validation import check_choice
from ._discrete_gaussian import add_split_noise, add_table_noise, onto_lattice
from .calibration import gdp_mu, zcdp_rho
from .csprng import Stream
from .gaussian import check_radius
from .gaussian_table import split_tables
from .guarantee import PrivacyGuarantee, check_delta
from .randomizer import Randomizer, arithmetic_delta, power_of_two

__all__ = ["DiscreteGaussianVector"]

_FRACTION = 0.01  # the step is at most this part of sensitivity/sqrt(dim): the lattice costs at most 1 % of noise
_BLUR = 4.0  # b^2 above
_BLUR_DISTANCE = 2e-33  # twice exp(kappa) - 1 for one coordinate, kappa the logarithm of the two factors above
_CHUNK = 1 << 14  # values for which words are made at a time: they stay in the cache


class DiscreteGaussianVector(Randomizer):
    """Integers round(v/step) + N_Z(0, scale^2): exact arithmetic, exactly known noise, as fast as normals.

    Parameters
    ----------
    dim : int
        Number of coordinates.
    epsilon : float
        Positive; there is no default.
    delta : float
        In (0, 1); the tables add less than 1e-12 for a thousand coordinates, see `guarantee`.
    sensitivity : float
        l2 distance of the two farthest vectors that users may hold; for all vectors of norm C that is 2 C.
    radius : float, optional
        Bound on the norm of the vectors, in [sensitivity/2, sensitivity]; default sensitivity/2, for which the
        sensitivity holds whatever comes in. A larger radius is the caller's word that no two inputs are farther apart
        than `sensitivity`, as for x x^T with |x|^2 <= radius and sensitivity sqrt(2) radius.
    calibration : {"analytic", "zcdp"}, default "analytic"
        The exact curve of Gaussian noise, or the conversion of zero-concentrated privacy, which needs 6 to 9 % more
        noise and rests on a shorter proof.

    Attributes
    ----------
    step : float
        Unit of the reports, a power of two and at most 0.01 sensitivity/sqrt(dim).
    scale, sigma : float
        Deviation of the noise in steps, and in the units of the input.
    variance, second_moment : float
        Of a coordinate of a decoded report; E|decoded report|^2 at an input of norm `radius`.
    bound : int
        No coordinate of a report is larger: what is, was made up.
    guarantee, simulated_guarantee : PrivacyGuarantee
        With rng=None, and with a generator.

    Raises
    ------
    InvalidArgument
        If an argument is missing or out of range.

    Notes
    -----
    Rounding is floor(v/step + U) with one uniform U a report: unbiased, and two vectors are at most
    sensitivity/step + sqrt(dim) apart after it, whatever U. Discrete Gaussian noise of deviation s then is
    (that)^2/(2 s^2)-zCDP (Canonne, Kamath, Steinke 2020) and, by the argument at the head of this module,
    (that)/sqrt(s^2 - 4)-GDP.

    Examples
    --------
    >>> noise = DiscreteGaussianVector(3, 1.0, delta=1e-5, sensitivity=2.0)
    >>> report = noise.privatize([1.0, 0.0, 0.0], np.random.default_rng(0))
    >>> report.dtype, noise.decode(report).shape, round(noise.sigma, 2)
    (dtype('int64'), (3,), 7.5)
    """

    def __init__(
        self,
        dim: int,
        epsilon: Any = None,
        *,
        delta: float = 0.0,
        sensitivity: Any = None,
        radius: float | None = None,
        calibration: str = "analytic",
    ) -> None:
        super().__init__(dim, epsilon, delta=check_delta(delta, positive=True), sensitivity=sensitivity)
        self.radius = check_radius(radius, self.sensitivity)
        self.calibration = check_choice(calibration, "calibration", ("analytic", "zcdp"))
        root = math.sqrt(self.dim)
        self.step = power_of_two(_FRACTION * self.sensitivity / root)
        slack = 1.0 + 2.0**-40  # for the rounding of the clip, and of the caller's own arithmetic
        self.lattice_sensitivity = self.sensitivity / self.step * slack + root
        self._reach = self.radius / self.step * slack + root / 2.0
        self.scale = self._calibrate()
        self.sigma = self.scale * self.step
        self._tables = split_tables(self.scale)
        self.bound = math.ceil(self.radius / self.step) + 2 + self._tables.reach
        self.variance = self.sigma**2
        self.second_moment = self.dim * (self.variance + self.step**2 / 6.0) + self.radius**2
        spent = arithmetic_delta(self.epsilon, self.dim * (self._tables.distance + _BLUR_DISTANCE))
        mu = math.nextafter(self.lattice_sensitivity / math.sqrt(self.scale**2 - _BLUR) * (1.0 + 2.0**-48), math.inf)
        total = min(self.delta + spent, 1.0)
        self.guarantee = PrivacyGuarantee(self.epsilon, total, mu=mu, delta_arithmetic=min(spent, total))

    def _calibrate(self) -> float:
        up = 1.0 + 2.0**-48
        if self.calibration == "zcdp":
            return self.lattice_sensitivity / math.sqrt(2.0 * zcdp_rho(self.epsilon, self.delta)) * up
        return math.hypot(self.lattice_sensitivity / gdp_mu(self.epsilon, self.delta) * up, math.sqrt(_BLUR)) * up

    def probabilities(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the integers that the noise of a coordinate can be and their probabilities.

        Returns
        -------
        values : ndarray of int64
            -reach, ..., reach.
        probabilities : ndarray of float64
            Of the tables as they are drawn from, not of the ideal law.
        """
        reach = self._tables.reach
        return np.arange(-reach, reach + 1), self._tables.probabilities()

    def privatize(self, V: Any, rng: Any = None) -> np.ndarray:
        """Return the integer report of each vector: `decode` turns it into an unbiased version of the vector.

        Parameters
        ----------
        V : array of shape (n, dim) or (dim,)
            One row a user, one call a user. Rows longer than `radius` are shortened to it; that part of a mean is lost.
        rng : numpy.random.Generator, optional
            Nothing: secure words and `guarantee`. A generator: a simulation, with `simulated_guarantee`.

        Returns
        -------
        ndarray
            int64 of the same shape, none larger than `bound`.

        Raises
        ------
        InvalidArgument
            If the shape is wrong or an entry is not finite.
        """
        return self.report(V, rng)

    def _draw(self, ball: np.ndarray, stream: Stream, out: np.ndarray) -> None:
        onto_lattice(ball, self.radius / self.step, stream.uniforms(len(ball)), self._reach**2, out)
        flat, (wide, factor, narrow) = out.reshape(-1), self._tables
        for start in range(0, len(flat), _CHUNK):
            part = flat[start : start + _CHUNK]
            if factor:
                words, reach = stream.words(2 * len(part)), self._tables.reach
                add_split_noise(words, wide.cells, wide.bits, factor, narrow.cells, narrow.bits, reach, part)
            else:
                add_table_noise(stream.words(len(part)), narrow.cells, narrow.bits, narrow.reach, part)
