"""Absolute values and bounds, coordinate by coordinate: what the rules work with once n is known."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

__all__ = ["ALL", "Separable", "absolute_change", "shrink", "unpenalised"]

ALL = slice(None)


def shrink(v: np.ndarray, by: Any) -> np.ndarray:
    """Return v moved towards zero, not beyond it."""
    return np.asarray(np.sign(v) * np.maximum(np.abs(v) - by, 0.0))


def absolute_change(alpha: np.ndarray, x: np.ndarray, d: np.ndarray, g: Any = 0.0) -> np.ndarray:
    """Return ``g d + alpha (|x + d| - |x|)`` by coordinate; its terms cancel near a solution."""
    new = x + d
    slope = alpha * np.where(x != 0, np.sign(x), np.sign(d))
    return np.where(x * new >= 0, (g + slope) * d, g * d + alpha * (np.abs(new) - np.abs(x)))


@dataclass(frozen=True, eq=False)
class Separable:
    r"""``g(x) = sum_i alpha_i |x_i|`` on ``lower <= x <= upper``; no penalty at all is a member."""

    alpha: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    convex: ClassVar[bool] = True
    separable: ClassVar[bool] = True

    @cached_property
    def smooth(self) -> bool:
        """Whether g is zero everywhere."""
        return not self.alpha.any() and not self.bounded

    @property
    def bounded(self) -> bool:
        """Whether there is any finite bound."""
        return bool(np.isfinite(self.lower).any() or np.isfinite(self.upper).any())

    def entries(self, x: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return g by coordinate, for x within the bounds."""
        return np.asarray(self.alpha[b] * np.abs(x))

    def change(self, x: np.ndarray, d: np.ndarray, g: Any = 0.0, b: Any = ALL) -> np.ndarray:
        """Return ``g d + penalty(x + d) - penalty(x)`` by coordinate; its terms cancel near a solution."""
        return absolute_change(self.alpha[b], x, d, g)

    def prox(self, v: np.ndarray, step: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return ``argmin_u |u - v|^2 / 2 + step g(u)``, coordinates b of it."""
        return np.asarray(np.clip(shrink(v, step * self.alpha[b]), self.lower[b], self.upper[b]))

    def interval(self, x: np.ndarray, b: Any = ALL) -> tuple[np.ndarray, np.ndarray]:
        """Return the ends of the subdifferential of g at x."""
        alpha, sign = self.alpha[b], np.sign(x)
        low = np.where(x <= self.lower[b], -np.inf, np.where(sign == 0, -alpha, alpha * sign))
        high = np.where(x >= self.upper[b], np.inf, np.where(sign == 0, alpha, alpha * sign))
        return low, high

    def steepest(self, x: np.ndarray, g: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return the element of least norm of ``g + subdifferential``; zero exactly at stationarity."""
        if self.smooth:
            return g
        low, high = self.interval(x, b)
        return np.clip(0.0, g + low, g + high)

    def pattern(self, x: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return the face of g that x lies on: the sign, plus 3 at a finite bound."""
        return np.sign(x) + 3 * ((x == self.lower[b]) | (x == self.upper[b]))

    @property
    def coercive(self) -> bool:
        """Whether every variable has a weight or two finite bounds: the conjugate is then finite near zero."""
        return bool(((self.alpha > 0) | (np.isfinite(self.lower) & np.isfinite(self.upper))).all())

    def share(self, p: np.ndarray) -> float:
        """Return the largest share of p, at most 1, at which the conjugate is finite."""
        free = np.where(p > 0, np.isinf(self.upper), np.isinf(self.lower)) & (np.abs(p) > self.alpha)
        return float(np.min(self.alpha[free] / np.abs(p[free]), initial=1.0))

    def conjugate(self, p: np.ndarray, l2: float) -> float:
        """Return ``sup_u p.u - g(u) - l2/2 |u|^2``, for p where that is finite."""
        push = shrink(p, self.alpha)
        if l2 > 0:
            best = push / l2
        else:
            best = np.where(push > 0, np.where(np.isinf(self.upper), 0.0, np.inf), 0.0)
            best = np.where(push < 0, np.where(np.isinf(self.lower), 0.0, -np.inf), best)
        best = np.clip(best, self.lower, self.upper)
        return float((p * best - self.alpha * np.abs(best) - 0.5 * l2 * best * best).sum())


def unpenalised(n: int) -> Separable:
    """Return the penalty that is zero."""
    return Separable(alpha=np.zeros(n), lower=np.full(n, -np.inf), upper=np.full(n, np.inf))
