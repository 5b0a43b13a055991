"""Penalties that flatten out, coordinate by coordinate: what the rules work with once n is known."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .separable import ALL, shrink

__all__ = ["Folded"]

_LONGEST = 1e150  # a step for variables without curvature, short enough that its products are finite


@dataclass(frozen=True, eq=False)
class Folded:
    r"""``g(x) = sum_i g_i(|x_i|)`` whose slope is alpha up to ``start alpha``, falls to 0 at ``end alpha``, stays 0.

    MCP has start 0, SCAD start 1. Away from zero g is differentiable, at zero its Frechet subdifferential is
    ``[-alpha, alpha]``; a zero of ``g + subdifferential`` is a stationary point and need not be a minimum.
    """

    alpha: np.ndarray
    start: float
    end: float

    convex: ClassVar[bool] = False
    separable: ClassVar[bool] = True
    coercive: ClassVar[bool] = False

    @property
    def smooth(self) -> bool:
        """Whether g is zero everywhere."""
        return not self.alpha.any()

    @property
    def width(self) -> float:
        """Length over which the slope falls, in units of alpha; the second derivative there is ``-1 / width``."""
        return self.end - self.start

    def slope(self, size: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return the derivative of g_i at ``|x_i| = size``, on the right at zero."""
        return np.clip((self.end * self.alpha[b] - size) / self.width, 0.0, self.alpha[b])

    def entries(self, x: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return g by coordinate."""
        alpha = self.alpha[b]
        size = np.minimum(np.abs(x), self.end * alpha)
        bent = np.maximum(size - self.start * alpha, 0.0)
        return np.asarray(alpha * size - 0.5 * bent * bent / self.width)

    def _piece(self, size: np.ndarray, b: Any) -> np.ndarray:
        return (size >= self.start * self.alpha[b]).astype(int) + (size > self.end * self.alpha[b])

    def change(self, x: np.ndarray, d: np.ndarray, g: Any = 0.0, b: Any = ALL) -> np.ndarray:
        """Return ``g d + penalty(x + d) - penalty(x)`` by coordinate; its terms cancel near a solution."""
        new = x + d
        sign = np.where(x != 0, np.sign(x), np.sign(new))
        before, after = self._piece(np.abs(x), b), self._piece(np.abs(new), b)
        bend = np.where((before == 1) & (after == 1), -1.0 / self.width, 0.0)
        within = (g + sign * self.slope(np.abs(x), b) + 0.5 * bend * d) * d
        across = g * d + self.entries(new, b) - self.entries(x, b)
        return np.where((before == after) & (x * new >= 0), within, across)

    def prox(self, v: np.ndarray, step: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return ``argmin_u |u - v|^2 / 2 + step g(u)``, coordinates b of it: the global minimum, 0 among equals.

        With a step below the width the problem is convex. Else there are two candidates, the soft threshold on the
        first piece and v on the last, and the better one is taken.
        """
        alpha, size, step = self.alpha[b], np.abs(v), np.minimum(step, _LONGEST)
        near = np.abs(shrink(v, step * alpha))
        gentle = step < self.width
        rest = np.where(gentle, 1.0 - step / self.width, 1.0)
        middle = (size - step * alpha * self.end / self.width) / rest
        convex = np.where(size <= (self.start + step) * alpha, near, np.where(size <= self.end * alpha, middle, size))
        first = np.minimum(near, self.start * alpha)
        stay = 0.5 * step * alpha * alpha * (self.start + self.end)
        jump = (size > self.end * alpha) & (stay < 0.5 * (first - size) ** 2 + step * alpha * first)
        return np.asarray(np.sign(v) * np.where(gentle, convex, np.where(jump, size, first)))

    def interval(self, x: np.ndarray, b: Any = ALL) -> tuple[np.ndarray, np.ndarray]:
        """Return the ends of the Frechet subdifferential of g at x."""
        slope = self.slope(np.abs(x), b)
        return np.where(x == 0, -slope, np.sign(x) * slope), np.where(x == 0, slope, np.sign(x) * slope)

    def steepest(self, x: np.ndarray, g: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return the element of least norm of ``g + subdifferential``; zero exactly at stationarity."""
        low, high = self.interval(x, b)
        return np.clip(0.0, g + low, g + high)

    def pattern(self, x: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return the piece of g that x lies on: the sign, and whether the slope there is full, falling or zero."""
        return np.sign(x) * (1 + self._piece(np.abs(x), b))
