"""The penalty of sparse regressions, a weight for each coefficient: values, conjugates, distances to stationarity."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._validation import check_nonnegative, check_vector
from ..errors import InvalidArgument

__all__ = ["Shrinkage", "shrinkage"]


@dataclass(frozen=True)
class Shrinkage:
    r"""``sum_j l1_j |w_j| + l2_j w_j^2 / 2``, and ``w >= lower`` with lower 0 or minus infinity."""

    l1: np.ndarray
    l2: np.ndarray
    lower: float

    def at(self, j: Any) -> "Shrinkage":
        """Return the penalty of the coefficients j."""
        return Shrinkage(self.l1[j], self.l2[j], self.lower)

    @property
    def free(self) -> np.ndarray:
        """Which coefficients cost nothing."""
        return (self.l1 == 0) & (self.l2 == 0)

    def value(self, w: np.ndarray) -> float:
        """Return the penalty at w."""
        return float(np.sum(self.l1 * np.abs(w) + 0.5 * self.l2 * w * w))

    def change(self, w: np.ndarray, d: np.ndarray) -> float:
        """Return the penalty at w + d less that at w."""
        return float(np.sum(self.l1 * (np.abs(w + d) - np.abs(w)) + self.l2 * d * (w + 0.5 * d)))

    def excess(self, c: np.ndarray) -> np.ndarray:
        """Return by how much a slope c exceeds what l1 absorbs at w = 0."""
        return np.maximum((c if self.lower == 0 else np.abs(c)) - self.l1, 0.0)

    def violation(self, w: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """Return the distance of each slope, minus the gradient of the loss, to the subdifferential at w."""
        moved = np.abs(slope - self.l1 * np.sign(w) - self.l2 * w)
        return np.where(w == 0, self.excess(slope), moved)

    def slack(self, w: np.ndarray, c: np.ndarray) -> float:
        """Return ``penalty(w) + conjugate(c) - w'c >= 0`` over the penalised coefficients; inf outside the domain."""
        excess = self.excess(c)
        curved = self.l2 > 0
        if (excess[~curved & ~self.free] > 1e-12 * self.l1[~curved & ~self.free]).any():
            return float("inf")
        conjugate = 0.5 * excess[curved] ** 2 / self.l2[curved]
        terms = self.l1 * np.abs(w) + 0.5 * self.l2 * w * w - w * c
        return float(np.sum(terms[~self.free]) + np.sum(conjugate))

    def reach(self, c: np.ndarray) -> float:
        """Return the largest s <= 1 for which s c costs a finite conjugate in the penalised coefficients."""
        steep = self.excess(c) > 0
        steep &= (self.l2 == 0) & ~self.free
        return float(np.min(self.l1[steep] / np.abs(c[steep]), initial=1.0))


def shrinkage(alpha: Any, l1_ratio: Any, weights: Any, positive: bool, p: int) -> Shrinkage:
    """Return the penalty of p coefficients from what users pass, checked."""
    alpha, l1_ratio = check_nonnegative(alpha, "alpha"), check_nonnegative(l1_ratio, "l1_ratio")
    if l1_ratio > 1:
        raise InvalidArgument("l1_ratio", "a number in [0, 1]", l1_ratio)
    if not isinstance(positive, (bool, np.bool_)):
        raise InvalidArgument("positive", "True or False", repr(positive))
    costs = np.ones(p) if weights is None else check_vector(weights, "weights", length=p)
    if (costs < 0).any():
        raise InvalidArgument("weights", "nonnegative weights", float(costs.min()))
    if positive and not (alpha * costs > 0).all():
        raise InvalidArgument("weights", "positive weights and alpha where positive=True", "zero")
    return Shrinkage(alpha * l1_ratio * costs, alpha * (1 - l1_ratio) * costs, 0.0 if positive else -np.inf)
