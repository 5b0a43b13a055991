"""The penalty of the group lasso, a weight for each group: values, conjugates, distances to stationarity."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from .._validation import check_count, check_nonnegative, check_vector
from ..errors import InvalidArgument

__all__ = ["GroupNorms", "group_labels", "group_norms"]


@dataclass(frozen=True, eq=False)
class GroupNorms:
    r"""``sum_G alpha_G |w_G|_2`` over disjoint groups that cover the coefficients."""

    alpha: np.ndarray  # one a group
    labels: np.ndarray  # the group of each coefficient

    lower: ClassVar[float] = -np.inf  # of every coefficient

    @cached_property
    def free(self) -> np.ndarray:
        """Which coefficients cost nothing."""
        return (self.alpha == 0)[self.labels]

    @cached_property
    def _sorted(self) -> tuple[np.ndarray, np.ndarray]:
        return np.argsort(self.labels, kind="stable"), np.cumsum(np.bincount(self.labels, minlength=len(self.alpha)))

    def columns(self, groups: np.ndarray) -> list[np.ndarray]:
        """Return the coefficients of each of the groups."""
        order, ends = self._sorted
        return [order[(ends[g - 1] if g else 0) : ends[g]] for g in groups]

    def norms(self, w: np.ndarray) -> np.ndarray:
        """Return the norm of every group; relative to the largest entry, which keeps squares in range."""
        scale = float(np.max(np.abs(w), initial=0.0))
        if not 0 < scale < np.inf:
            return np.full(len(self.alpha), scale)
        return scale * np.sqrt(np.bincount(self.labels, weights=(w / scale) ** 2, minlength=len(self.alpha)))

    def value(self, w: np.ndarray) -> float:
        """Return the penalty at w."""
        return float(self.alpha @ self.norms(w))

    def violation(self, w: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """Return by group the distance of slope, minus the gradient of the loss, to the subdifferential at w."""
        norms = self.norms(w)
        on = norms > 0
        pull = np.where(on, self.alpha, 0.0) / np.where(on, norms, 1.0)
        moved = self.norms(slope - pull[self.labels] * w)
        return np.where(on, moved, np.maximum(moved - self.alpha, 0.0))

    def slack(self, w: np.ndarray, c: np.ndarray) -> float:
        """Return ``penalty(w) + conjugate(c) - w'c >= 0`` over the penalised groups; inf outside the domain."""
        paid = self.alpha > 0
        if (self.norms(np.where(self.free, 0.0, c)) > self.alpha * (1 + 1e-12)).any():
            return float("inf")
        products = np.bincount(self.labels, weights=w * c, minlength=len(self.alpha))
        return float(np.sum(np.maximum(self.alpha * self.norms(w) - products, 0.0)[paid]))  # less is rounding

    def reach(self, c: np.ndarray) -> float:
        """Return the largest s <= 1 for which s c costs nothing in the conjugates of the penalised groups."""
        norms = self.norms(c)
        steep = (norms > self.alpha) & (self.alpha > 0)
        return float(np.min(self.alpha[steep] / norms[steep], initial=1.0))


def group_labels(groups: Any, p: int) -> np.ndarray:
    """Return the group 0, ..., G - 1 of each of p features from a size, labels, or lists of indices."""
    expected = f"a size, a label for each of {p} features, or disjoint lists of indices that cover 0, ..., {p - 1}"
    if not isinstance(groups, (list, tuple)) and np.ndim(groups) == 0:
        return np.arange(p) // check_count(groups, "groups")
    try:
        parts = [np.asarray(part) for part in groups]
    except TypeError:
        raise InvalidArgument("groups", expected, type(groups).__name__) from None
    if all(part.ndim == 0 for part in parts):
        labels = np.asarray(groups)
        if labels.shape != (p,) or labels.dtype.kind not in "biuSU":
            raise InvalidArgument("groups", expected, f"{labels.dtype} labels of shape {labels.shape}")
        return np.unique(labels, return_inverse=True)[1]
    if any(part.ndim != 1 or part.size == 0 or part.dtype.kind not in "iu" for part in parts):
        raise InvalidArgument("groups", expected, "a group that is empty or no list of integers")
    index = np.concatenate(parts)
    if len(index) != p or not np.array_equal(np.sort(index), np.arange(p)):
        raise InvalidArgument("groups", expected, f"{len(index)} indices, {len(np.unique(index))} of them distinct")
    labels = np.empty(p, dtype=np.intp)
    labels[index] = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return labels


def group_norms(alpha: Any, groups: Any, weights: Any, p: int) -> GroupNorms:
    """Return the penalty of p coefficients from what users pass, checked."""
    alpha, labels = check_nonnegative(alpha, "alpha"), group_labels(groups, p)
    count = int(labels.max()) + 1
    costs = np.ones(count) if weights is None else check_vector(weights, "weights", length=count)
    if (costs < 0).any():
        raise InvalidArgument("weights", "nonnegative weights", float(costs.min()))
    return GroupNorms(alpha * costs, labels)
