"""What coefficients of a sparse least-squares fit prove of themselves: slopes and duality gap, from the data alone."""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np

from .covariates import Covariates

__all__ = ["LeastSquaresFit", "Optimality", "orthonormal_span"]

_DEPENDENT = 64 * np.finfo(float).eps  # relative to what a row was before: what of it is rounding


class SparsePenalty(Protocol):
    """What a certificate asks of a penalty."""

    @property
    def free(self) -> np.ndarray:
        """Which coefficients cost nothing."""
        ...

    def value(self, w: np.ndarray) -> float:
        """Return the penalty at w."""
        ...

    def slack(self, w: np.ndarray, c: np.ndarray) -> float:
        """Return ``penalty(w) + conjugate(c) - w'c >= 0`` over the penalised coefficients; inf outside the domain."""
        ...

    def reach(self, c: np.ndarray) -> float:
        """Return the largest s <= 1 for which the conjugate of s c is finite."""
        ...


P = TypeVar("P", bound=SparsePenalty)


@dataclass(frozen=True)
class Optimality:
    """Evidence at a point, from one pass over X.

    Attributes
    ----------
    objective, gap : float
    intercept : float
        The best one for the coefficients.
    residual : ndarray of shape (n,)
        y - Xw - intercept.
    slopes : ndarray of shape (p,)
        X'v theta, theta the residual off the span of the unpenalised columns.
    """

    objective: float
    gap: float
    intercept: float
    residual: np.ndarray
    slopes: np.ndarray


class LeastSquaresFit(Generic[P]):
    r"""The problem ``min_{w,b} sum_i v_i (y_i - x_i'w - b)^2 / 2 + penalty(w)``, with weights v that sum to 1.

    Any theta with ``sum_i v_i theta_i = 0`` (where there is an intercept) bounds the minimum from below; the objective
    exceeds that bound by

    .. math:: \tfrac12 \|r - \theta\|_v^2
              + \sum_j \big(\mathrm{pen}_j(w_j) + \mathrm{pen}_j^*(x_j^\top v\theta) - w_j x_j^\top v\theta\big),

    a sum of terms that are nonnegative (Fenchel and Young), free of cancellation. Here theta is the residual r, made
    orthogonal to unpenalised columns and scaled until the conjugates are finite.
    """

    def __init__(self, covariates: Covariates, y: np.ndarray, v: np.ndarray, penalty: P, *, intercept: bool) -> None:
        self.covariates, self.y, self.v, self.penalty, self.has_intercept = covariates, y, v, penalty, intercept
        self._basis = self._free_basis()
        centred = y - self._mean(y)
        self.null_value = 0.5 * float(v @ (centred * centred))

    def _mean(self, z: np.ndarray) -> float:
        return float(self.v @ z) if self.has_intercept else 0.0

    def _free_basis(self) -> np.ndarray:
        """Return rows, orthonormal in the metric v, that span the unpenalised columns without the intercept."""
        free = np.flatnonzero(self.penalty.free)
        if len(free) == 0:
            return np.empty((0, len(self.y)))
        rows = self.covariates.rows(free)
        if not np.isfinite(rows).all():
            self.covariates.refuse_nonfinite()
        return orthonormal_span(rows, self.v, centred=self.has_intercept)

    def optimality(self, w: np.ndarray) -> Optimality:
        """Return the objective, the gap and the slopes at w, with the best intercept."""
        v, penalty = self.v, self.penalty
        residual = self.y - self.covariates.image(w)
        intercept = self._mean(residual)
        residual -= intercept
        theta = residual
        if len(self._basis):
            theta = residual - (self._basis @ (v * residual)) @ self._basis
        slopes = self.covariates.correlate(v * theta)
        if not np.isfinite(slopes).all():
            self.covariates.refuse_nonfinite()
        objective = 0.5 * float(v @ (residual * residual)) + penalty.value(w)
        steps = {1.0, penalty.reach(slopes)}
        gap = min(0.5 * float(v @ (residual - s * theta) ** 2) + penalty.slack(w, s * slopes) for s in steps)
        if gap < 0:  # by rounding; a NaN stays
            gap = 0.0
        return Optimality(objective, gap, intercept, residual, slopes)


def orthonormal_span(rows: np.ndarray, v: np.ndarray, *, centred: bool) -> np.ndarray:
    """Return rows, orthonormal in the metric v, that span the given ones, less their weighted means if `centred`.

    The span does not depend on units: the rank is judged after every row has been brought to length one. A row that
    varies by no more than the rounding of its entries counts as constant. The rows are 0 where v is.
    """
    root = np.sqrt(v)
    peaks = np.abs(rows * root).max(axis=1, initial=0.0)
    rows = np.where(v > 0, rows, 0.0) / np.where(peaks > 0, peaks, 1.0)[:, None]
    before = np.linalg.norm(rows * root, axis=1)
    for _ in range(2 if centred else 0):  # the second time takes away what rounding left of a constant
        rows -= (rows @ v)[:, None]
    rows *= root
    lengths = np.linalg.norm(rows, axis=1)
    varied = lengths > _DEPENDENT * before
    if not varied.any():
        return rows[:0]
    _, s, basis = np.linalg.svd(rows[varied] / lengths[varied, None], full_matrices=False)
    basis = basis[s > _DEPENDENT * sum(rows.shape) * s[0]]
    return np.asarray(np.divide(basis, root, out=np.zeros_like(basis), where=v > 0))
