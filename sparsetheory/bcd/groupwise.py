"""Norms of groups, with absolute values on top or not: what the rules work with once n is known."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .separable import ALL, absolute_change, shrink

__all__ = ["Groupwise"]

_HALVINGS = 60  # of the interval that holds the largest feasible share: to rounding


def _over(values: np.ndarray, norms: np.ndarray) -> np.ndarray:
    return np.asarray(values / np.where(norms > 0, norms, 1.0))


@dataclass(frozen=True, eq=False)
class Groupwise:
    r"""``g(x) = sum_G alpha_G |x_G|_2 + sum_i l1_i |x_i|`` over disjoint groups that cover the variables."""

    alpha: np.ndarray  # one a group
    labels: np.ndarray  # the group of each variable
    l1: np.ndarray  # one a variable

    smooth: ClassVar[bool] = False
    convex: ClassVar[bool] = True
    separable: ClassVar[bool] = False

    def norms(self, x: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return the norm of every group; groups without a variable in b get 0."""
        return np.sqrt(np.bincount(self.labels[b], weights=x * x, minlength=len(self.alpha)))

    def entries(self, x: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return g, the norm of each group shared out over its variables in proportion to their squares."""
        labels = self.labels[b]
        return self.alpha[labels] * _over(x * x, self.norms(x, b)[labels]) + self.l1[b] * np.abs(x)

    def change(self, x: np.ndarray, d: np.ndarray, g: Any = 0.0, b: Any = ALL) -> np.ndarray:
        """Return ``g d + penalty(x + d) - penalty(x)``, each group shared out; its terms cancel near a solution."""
        labels = self.labels[b]
        both = (self.norms(x, b) + self.norms(x + d, b))[labels]  # |u| - |x| = (u - x).(u + x) / (|u| + |x|)
        return absolute_change(self.l1[b], x, d, g + self.alpha[labels] * _over(2.0 * x + d, both))

    def prox(self, v: np.ndarray, step: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return the proximal point; `step` is constant on each group and b a union of groups.

        That of the absolute values, then that of the norms: the subdifferential of a norm does not change where zeros
        and signs are kept.
        """
        labels, v = self.labels[b], shrink(v, step * self.l1[b])
        norms = self.norms(v, b)[labels]
        return _over(v * np.maximum(norms - step * self.alpha[labels], 0.0), norms)

    def steepest(self, x: np.ndarray, g: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return the element of least norm of ``g + subdifferential``; zero exactly at stationarity."""
        labels, l1 = self.labels[b], self.l1[b]
        norms, alpha = self.norms(x, b)[labels], self.alpha[labels]
        soft = shrink(g, l1)
        outside = np.where(x != 0, g + alpha * _over(x, norms) + l1 * np.sign(x), soft)
        inside = soft * np.maximum(1.0 - _over(alpha, self.norms(soft, b)[labels]), 0.0)
        return np.where(norms > 0, outside, inside)

    def pattern(self, x: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return whether the group of a variable is zero and, where it has a weight of its own, its sign."""
        return 3 * (self.norms(x, b)[self.labels[b]] > 0) + np.sign(x) * (self.l1[b] > 0)

    @property
    def coercive(self) -> bool:
        """Whether every variable has a weight: the conjugate is then zero near zero."""
        return bool(((self.alpha[self.labels] > 0) | (self.l1 > 0)).all())

    def share(self, p: np.ndarray) -> float:
        """Return the largest share of p, at most 1, at which the conjugate is finite, to rounding from below."""

        def feasible(share: np.ndarray) -> np.ndarray:
            return self.norms(shrink(share[self.labels] * p, self.l1)) <= self.alpha

        low, high = np.zeros(len(self.alpha)), np.ones(len(self.alpha))
        low[feasible(high)] = 1.0
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            inside = feasible(middle)
            low, high = np.where(inside, middle, low), np.where(inside, high, middle)
        return float(low.min())

    def conjugate(self, p: np.ndarray, l2: float) -> float:
        """Return ``sup_u p.u - g(u) - l2/2 |u|^2``, for p where that is finite."""
        if l2 == 0:
            return 0.0
        return 0.5 * float((np.maximum(self.norms(shrink(p, self.l1)) - self.alpha, 0.0) ** 2).sum()) / l2
