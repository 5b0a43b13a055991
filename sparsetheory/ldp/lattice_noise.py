"""Integer Gaussian noise by itself, and what it takes to be private on a lattice.

Why the exact curve of the continuous Gaussian may be used. Draw x from N(q, s^2 - b^2) and then an integer y with
probability proportional to exp(-(y - x)^2/(2 b^2)). The two exponents together are that of N(q, s^2) at y, and by
Poisson's formula the sums over the integers that normalise them depend on where they are centred by a factor
1 +- 2 exp(-2 pi^2 b^2) only. So the discrete Gaussian of deviation s around an integer q is, up to factors within 2e-34
of 1 for b = 2, what anyone can compute from a continuous Gaussian of deviation sqrt(s^2 - 4) around q, and as private.
"""

import math
from typing import Any

import numpy as np

from .._validation import check_choice, check_count, check_positive
from ..errors import InvalidArgument
from ._discrete_gaussian import add_split_noise, add_table_noise
from .calibration import gdp_mu, zcdp_rho
from .csprng import Stream, open_stream
from .gaussian_table import split_tables
from .randomizer import power_of_two

__all__ = ["DiscreteGaussian", "lattice_mu", "lattice_scale", "lattice_sensitivity", "lattice_step"]

_FRACTION = 0.01  # the step is at most this part of sensitivity/sqrt(dim): the lattice costs at most 1 % of noise
_ROUNDING = 1.0 + 2.0**-40  # for the rounding of the clip, and of the caller's own arithmetic
_BLUR = 4.0  # b^2 above
_BLUR_DISTANCE = 2e-33  # twice exp(kappa) - 1 for one coordinate, kappa the logarithm of the two factors above
_CHUNK = 1 << 14  # values for which words are made at a time: they stay in the cache
_UP = 1.0 + 2.0**-48


def lattice_step(sensitivity: float, dim: int) -> float:
    """Return the step of the lattice for a query: the largest power of two up to 0.01 sensitivity/sqrt(dim).

    Parameters
    ----------
    sensitivity : float
        l2 sensitivity of the query before rounding.
    dim : int
        Number of coordinates.

    Returns
    -------
    float
        Rounding to multiples of it makes the noise between half and one per cent larger.

    Examples
    --------
    >>> lattice_step(2.0, 4)
    0.0078125
    """
    return power_of_two(_FRACTION * check_positive(sensitivity, "sensitivity") / math.sqrt(check_count(dim, "dim")))


def lattice_sensitivity(sensitivity: float, dim: int, *, step: float) -> float:
    """Return the l2 sensitivity, in steps, of a query whose coordinates are rounded to neighbouring multiples of step.

    Parameters
    ----------
    sensitivity : float
        Before rounding.
    dim : int
        Number of coordinates.
    step : float
        Distance of the multiples.

    Returns
    -------
    float
        sensitivity/step + sqrt(dim): floor(v/step + U) with one U for both moves a difference by less than 1.

    Examples
    --------
    >>> round(lattice_sensitivity(2.0, 4, step=0.5), 6)
    6.0
    """
    steps = check_positive(sensitivity, "sensitivity") / check_positive(step, "step")
    return steps * _ROUNDING + math.sqrt(check_count(dim, "dim"))


def lattice_scale(epsilon: float, delta: float, sensitivity: float, *, calibration: str = "analytic") -> float:
    """Return the scale of the integer noise, rounded up, that makes an integer query (epsilon, delta)-private.

    Parameters
    ----------
    epsilon, delta : float
        Positive, and in (0, 1).
    sensitivity : float
        Of the integer query, as `lattice_sensitivity` gives it.
    calibration : {"analytic", "zcdp"}, default "analytic"
        The exact curve of Gaussian noise, or the conversion of zero-concentrated privacy (Canonne, Kamath, Steinke
        2020), which needs 6 to 9 % more noise and rests on a shorter proof.

    Returns
    -------
    float
        sqrt((sensitivity/mu)^2 + 4), or sensitivity/sqrt(2 rho).

    Raises
    ------
    InvalidArgument
        If an argument is out of range.

    Examples
    --------
    >>> round(lattice_scale(1.0, 1e-5, 100.0), 1)
    373.1
    """
    delta_z = check_positive(sensitivity, "sensitivity")
    if check_choice(calibration, "calibration", ("analytic", "zcdp")) == "zcdp":
        return delta_z / math.sqrt(2.0 * zcdp_rho(epsilon, delta)) * _UP
    return math.hypot(delta_z / gdp_mu(epsilon, delta) * _UP, math.sqrt(_BLUR)) * _UP


def lattice_mu(sensitivity: float, scale: float) -> float:
    """Return mu, rounded up, such that the integer mechanism is mu-GDP.

    Parameters
    ----------
    sensitivity : float
        Of the integer query.
    scale : float
        Of the integer noise, above 2.

    Returns
    -------
    float
        sensitivity/sqrt(scale^2 - 4).

    Raises
    ------
    InvalidArgument
        If scale is 2 or less.

    Examples
    --------
    >>> round(lattice_mu(100.0, 373.0697), 4)
    0.2681
    """
    if not check_positive(scale, "scale") > math.sqrt(_BLUR):
        raise InvalidArgument("scale", "a scale above 2 steps", scale)
    return check_positive(sensitivity, "sensitivity") / math.sqrt(scale * scale - _BLUR) * _UP


class DiscreteGaussian:
    """Independent integers with P(z) proportional to exp(-z^2/(2 scale^2)), drawn from tables of exactly known law.

    Parameters
    ----------
    scale : float
        Positive; for large scales the standard deviation, in steps.

    Attributes
    ----------
    reach : int
        Largest absolute value of a draw.
    distance : float
        Bound on what one draw adds to the total variation between computed and ideal mechanism.

    Raises
    ------
    InvalidArgument
        If scale is not positive and finite.

    Examples
    --------
    >>> noise = DiscreteGaussian(100.0)
    >>> noise.sample((2, 3), np.random.default_rng(0)).shape
    (2, 3)
    """

    def __init__(self, scale: float) -> None:
        self.scale = check_positive(scale, "scale")
        self._tables = split_tables(self.scale)
        self.reach = self._tables.reach
        self.distance = self._tables.distance + _BLUR_DISTANCE

    def probabilities(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the integers -reach, ..., reach and their probabilities: of the tables, as they are drawn from."""
        return np.arange(-self.reach, self.reach + 1), self._tables.probabilities()

    def sample(self, size: int | tuple[int, ...], rng: Any = None) -> np.ndarray:
        """Return draws as an int64 array: secure for rng=None, a simulation for a `numpy.random.Generator`."""
        out = np.zeros(size, dtype=np.int64)
        self.add(out, open_stream(rng))
        return out

    def add(self, out: np.ndarray, stream: Stream) -> None:
        """Add a draw to every entry of a C-contiguous int64 array, in place."""
        flat, (wide, factor, narrow) = out.reshape(-1), self._tables
        for start in range(0, len(flat), _CHUNK):
            part = flat[start : start + _CHUNK]
            if factor:
                words = stream.words(2 * len(part))
                add_split_noise(words, wide.cells, wide.bits, factor, narrow.cells, narrow.bits, self.reach, part)
            else:
                add_table_noise(stream.words(len(part)), narrow.cells, narrow.bits, narrow.reach, part)
