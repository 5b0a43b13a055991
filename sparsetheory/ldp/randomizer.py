"""What the randomisers share: inputs clipped to a ball, reports on a grid, a promise for either way of drawing."""

import math
from typing import Any

import numpy as np

from .._validation import check_count, check_positive
from ..errors import InvalidArgument
from ._ball import clip_rows
from .csprng import SecureStream, Stream, open_stream
from .guarantee import PrivacyGuarantee, check_delta, check_epsilon

__all__ = ["Randomizer", "arithmetic_delta", "power_of_two", "sum_roundings"]

U = 2.0**-53
_CHUNK = 1 << 14  # values clipped and drawn at a time: they stay in the cache
_FINEST = 16.0  # steps of the grid in a standard deviation of the noise, at least: 0.07 % more variance at most
_RANGE = (1e-100, 1e100)  # of sensitivities: squares of reports have to be numbers
_LEAST_EPSILON = 1e-12  # below, the noise leaves nothing of an input in 53 bits
_DELTA_LIMIT = 1e-6  # more arithmetic delta than this, and than the caller's own, is refused in deployment


def power_of_two(value: float) -> float:
    """Return the largest power of two that is at most `value` > 0."""
    return math.ldexp(1.0, math.frexp(value)[1] - 1)


def sum_roundings(dim: int) -> float:
    """Return how many roundings a term of an inner product of `_ball.dot` meets at most."""
    return 22.0 + math.ceil(dim / 128)


def arithmetic_delta(epsilon: float, distance: float) -> float:
    """Return the delta that a total variation `distance` between the computed and the ideal report costs.

    P'(S|u) <= P(S|u) + t <= exp(epsilon) P(S|u') + delta + t <= exp(epsilon) (P'(S|u') + t) + delta + t.
    """
    return min((1.0 + math.exp(min(epsilon, 700.0))) * distance, 1.0)


class Randomizer:
    """Base of the randomisers of vectors: subclasses say how a unit-ball vector is drawn.

    Reports are integers: a floating-point draw r becomes floor(r/step + U) with U uniform and shared by the
    coordinates of a report, which leaves the mean as it is. Two draws that differ by e then differ after rounding with
    probability e/step at most, and so the errors of the arithmetic turn into a small delta that can be stated.
    """

    radius: float  # inputs of larger norm are shortened to it
    step: float  # reports are integer multiples of it, a power of two
    guarantee: PrivacyGuarantee  # what `privatize(V)` promises
    _slack = 0  # coordinates that lift the ball to a sphere
    _largest_epsilon = math.inf  # above it the law is that of no noise, and not computed

    def __init__(self, dim: int, epsilon: float, *, delta: float, sensitivity: Any) -> None:
        self.dim = check_count(dim, "dim")
        self.epsilon = check_epsilon(epsilon)
        self.delta = check_delta(delta)
        if sensitivity is None:
            raise InvalidArgument("sensitivity", "a positive number (twice the norm bound of what is sent)", None)
        self.sensitivity = check_positive(sensitivity, "sensitivity")
        if not _RANGE[0] <= self.sensitivity <= _RANGE[1]:
            raise InvalidArgument("sensitivity", f"a number between {_RANGE[0]} and {_RANGE[1]}", self.sensitivity)
        if not _LEAST_EPSILON <= self.epsilon <= self._largest_epsilon:
            expected = f"a number between {_LEAST_EPSILON} and {self._largest_epsilon}"
            raise InvalidArgument("epsilon", expected, self.epsilon)
        self.radius = self.sensitivity / 2.0

    def __repr__(self) -> str:
        delta = f", delta={self.delta:g}" if self.delta else ""
        return f"{type(self).__name__}({self.dim}, {self.epsilon:g}{delta}, sensitivity={self.sensitivity:g})"

    @property
    def simulated_guarantee(self) -> PrivacyGuarantee:
        """What the ideal mechanism would promise, for reports drawn from a NumPy generator."""
        return self.guarantee.as_simulated()

    def privatize(self, V: Any, rng: Any = None) -> np.ndarray:
        """Return a private, unbiased version of each vector.

        Parameters
        ----------
        V : array of shape (n, dim) or (dim,)
            One row a user, one call a user. Rows longer than `radius` are shortened to it; that part of a mean is lost.
        rng : numpy.random.Generator, optional
            Nothing: secure words and `guarantee`. A generator: a simulation, with `simulated_guarantee`.

        Returns
        -------
        ndarray
            float64 of the same shape, exact multiples of `step`.

        Raises
        ------
        InvalidArgument
            If the shape is wrong or an entry is not finite.
        """
        return self.decode(self.report(V, rng))

    def report(self, V: Any, rng: Any = None) -> np.ndarray:
        """Return the same as integers: what is sent, and what sums on a server without rounding.

        Parameters
        ----------
        V, rng
            As in `privatize`.

        Returns
        -------
        ndarray
            int64 of the shape of V; `decode` turns reports, and sums of reports, into vectors.
        """
        stream = open_stream(rng)
        if isinstance(stream, SecureStream):
            self._check_deployable()
        rows, shape = self._rows(V)
        if not np.isfinite(rows).all():
            bad = np.argwhere(~np.isfinite(rows))[0]
            raise InvalidArgument("V", "finite entries", f"{rows[tuple(bad)]} in row {bad[0]}, column {bad[1]}")
        out = np.empty((len(rows), self.dim), dtype=np.int64)
        count = max(_CHUNK // (self.dim + self._slack), 1)
        ball = np.empty((min(count, len(rows)), self.dim + self._slack))
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):  # where kernels run as plain Python
            for start in range(0, len(rows), count):
                part = rows[start : start + count]
                if clip_rows(part, self.radius, ball[: len(part)]):
                    raise AssertionError("entries changed while they were read")
                self._draw(ball[: len(part)], stream, out[start : start + count])
        return out.reshape(shape)

    def decode(self, report: Any) -> np.ndarray:
        """Return the vectors of integer reports, or the sum of the vectors of a sum of reports."""
        return np.asarray(report) * self.step

    def _rows(self, V: Any) -> tuple[np.ndarray, tuple[int, ...]]:
        try:
            raw = np.asarray(V)
            if np.ma.is_masked(V) or raw.dtype.kind not in "biuf":
                raise TypeError
        except (TypeError, ValueError):
            raise InvalidArgument("V", "an array of real numbers", type(V).__name__) from None
        if raw.ndim not in (1, 2) or raw.shape[-1] != self.dim:
            raise InvalidArgument("V", f"shape (n, {self.dim}) or ({self.dim},)", f"shape {raw.shape}")
        return np.ascontiguousarray(raw, dtype=np.float64).reshape(-1, self.dim), raw.shape

    def _check_deployable(self) -> None:
        cost = self.guarantee.delta_arithmetic
        if cost > max(_DELTA_LIMIT, self.delta):
            expected = f"a privacy that the arithmetic affords: it costs delta {cost:.1e} here; a smaller epsilon, a"
            raise InvalidArgument("epsilon", f"{expected} larger delta or a simulation (rng)", self.epsilon)

    def _grid(self, deviation: float) -> None:
        """Choose the step of reports whose noise has this standard deviation in every coordinate."""
        self.step = power_of_two(deviation / _FINEST)

    def _draw(self, ball: np.ndarray, stream: Stream, out: np.ndarray) -> None:
        """Write one report of each row of `ball`, vectors over `radius`, in units of `step`."""
        raise NotImplementedError

    def _normals(self, stream: Stream, ball: np.ndarray) -> np.ndarray:
        return stream.normals(ball.size).reshape(ball.shape)
