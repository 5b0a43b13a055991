"""What coefficients of a sparse least-squares fit prove of themselves: slopes and duality gap, from the data alone."""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np

from .covariates import Covariates

__all__ = ["LeastSquaresFit", "Optimality"]


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
        if self.has_intercept:
            rows -= (rows @ self.v)[:, None]
        _, s, basis = np.linalg.svd(rows * np.sqrt(self.v), full_matrices=False)
        return np.asarray(basis[s > 64 * np.finfo(float).eps * sum(rows.shape) * s.max(initial=0.0)])

    def optimality(self, w: np.ndarray) -> Optimality:
        """Return the objective, the gap and the slopes at w, with the best intercept."""
        v, penalty = self.v, self.penalty
        residual = self.y - self.covariates.image(w)
        intercept = self._mean(residual)
        residual -= intercept
        theta = residual
        if len(self._basis):
            root = np.sqrt(v)
            spanned = (self._basis @ (root * residual)) @ self._basis
            theta = residual - np.divide(spanned, root, out=np.zeros_like(root), where=root > 0)
        slopes = self.covariates.correlate(v * theta)
        if not np.isfinite(slopes).all():
            self.covariates.refuse_nonfinite()
        objective = 0.5 * float(v @ (residual * residual)) + penalty.value(w)
        steps = {1.0, penalty.reach(slopes)}
        gap = min(0.5 * float(v @ (residual - s * theta) ** 2) + penalty.slack(w, s * slopes) for s in steps)
        if gap < 0:  # by rounding; a NaN stays
            gap = 0.0
        return Optimality(objective, gap, intercept, residual, slopes)
