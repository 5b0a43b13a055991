"""What coefficients of a sparse logistic fit prove of themselves: intercept, slopes, duality gap, from the data."""

import math

import numpy as np

from .covariates import Covariates
from .lasso_certificate import Optimality, orthonormal_span
from .shrinkage import Shrinkage

__all__ = ["LogisticFit", "probability"]

_LEFT = 1e-12  # of the length of u: slopes of unpenalised coefficients that are rounding
_STEPS = 200  # of the search for the intercept, which bisects where Newton leaves the bracket


def probability(z: np.ndarray) -> np.ndarray:
    """Return ``1 / (1 + exp(-z))``, accurate in both tails."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


class LogisticFit:
    r"""The problem ``min_{w,b} sum_i v_i log(1 + exp(-y_i (x_i'w + b))) + penalty(w)``, weights v that sum to 1.

    With probabilities p_i of the other label at the coefficients, any u in [0, 1]^n with ``sum_i v_i y_i u_i = 0``
    (where there is an intercept) bounds the minimum from below; the objective exceeds that bound by

    .. math:: \sum_i v_i\, \mathrm{KL}(u_i \,\|\, p_i)
              + \sum_j \big(\mathrm{pen}_j(w_j) + \mathrm{pen}_j^*(c_j) - w_j c_j\big), \qquad c = X^\top v y u,

    a sum of nonnegative terms. Here u is p, moved by a Newton step of the unpenalised coefficients until those leave no
    slope, and scaled until the conjugates are finite.
    """

    def __init__(
        self, covariates: Covariates, y: np.ndarray, v: np.ndarray, penalty: Shrinkage, *, intercept: bool
    ) -> None:
        self.covariates, self.y, self.v, self.penalty, self.has_intercept = covariates, y, v, penalty, intercept
        rows = covariates.rows(np.flatnonzero(penalty.free))
        if not np.isfinite(rows).all():
            covariates.refuse_nonfinite()
        basis = orthonormal_span(rows, v, centred=intercept) if len(rows) else rows
        self._free = np.vstack([np.ones((int(intercept), len(y))), basis])  # orthonormal in the metric v
        self.null_value = self.loss(np.full(len(y), self.best_intercept(np.zeros(len(y)))))

    def loss(self, z: np.ndarray) -> float:
        """Return the mean loss of the scores z."""
        return float(self.v @ np.logaddexp(0.0, -self.y * z))

    def change(self, z: np.ndarray, moved: np.ndarray) -> float:
        """Return by how much the loss changes from the scores z to z + moved, accurate for small moves."""
        if np.max(np.abs(moved)) > 1.0:
            return self.loss(z + moved) - self.loss(z)
        # (1 + e^-(m + t)) / (1 + e^-m) = 1 + (e^-t - 1) p
        return float(self.v @ np.log1p(probability(-self.y * z) * np.expm1(-self.y * moved)))

    def slope(self, z: np.ndarray) -> np.ndarray:
        """Return minus the derivative of each loss, ``y_i p_i``."""
        return self.y * probability(-self.y * z)

    def best_intercept(self, z: np.ndarray) -> float:
        """Return the b that minimises the loss of z + b, 0 where there is no intercept."""
        if not self.has_intercept:
            return 0.0
        odds = math.log(self.v[self.y > 0].sum()) - math.log(self.v[self.y < 0].sum())
        used = z[self.v > 0]
        low, high = odds - float(used.max()), odds - float(used.min())  # the slope changes sign between
        b = odds - float(self.v @ z)
        for _ in range(_STEPS):
            p = probability(-self.y * (z + b))
            slope = float(self.v @ (self.y * p))
            low, high = (b, high) if slope > 0 else (low, b)
            curvature = float(self.v @ (p * (1.0 - p)))
            step = slope / curvature if curvature > 0 else math.inf
            new = b + step
            if not low <= new <= high:
                new = 0.5 * (low + high)
            if new == b or abs(slope) <= 1e-17:
                break
            b = new
        return b

    def optimality(self, w: np.ndarray) -> Optimality:
        """Return the objective, the gap and the slopes at w, with the best intercept."""
        y, v, penalty = self.y, self.v, self.penalty
        scores = self.covariates.image(w)
        intercept = self.best_intercept(scores)
        scores += intercept
        p = probability(-y * scores)
        u = self._feasible(p)
        slopes = self.covariates.correlate(v * y * u)
        if not np.isfinite(slopes).all():
            self.covariates.refuse_nonfinite()
        objective = self.loss(scores) + penalty.value(w)  # is itself a gap, that to u = 0
        steps, q = {1.0, penalty.reach(slopes)} if self._bounds(u) else set(), probability(y * scores)
        gap = min([objective] + [self._divergence(s * u, p, q) + penalty.slack(w, s * slopes) for s in steps])
        if gap < 0:  # by rounding; a NaN stays
            gap = 0.0
        return Optimality(objective, gap, intercept, y * p, slopes)

    def _feasible(self, p: np.ndarray) -> np.ndarray:
        """Return p moved until the unpenalised coefficients leave no slope, by a Newton step that is refined once."""
        if len(self._free) == 0:
            return p
        hessian, u = (self._free * (self.v * p * (1.0 - p))) @ self._free.T, p
        for _ in range(2):
            step = np.linalg.lstsq(hessian, self._free @ (self.v * self.y * u), rcond=None)[0]
            u = u - self.y * p * (1.0 - p) * (step @ self._free)
        return u

    def _bounds(self, u: np.ndarray) -> bool:
        """Whether the unpenalised coefficients leave no slope at u, as they may where some are far on a flat side."""
        left = np.max(np.abs(self._free @ (self.v * self.y * u)), initial=0.0)
        return bool(left <= _LEFT * math.sqrt(self.v @ (u * u)))

    def _divergence(self, u: np.ndarray, p: np.ndarray, q: np.ndarray) -> float:
        """Return the mean of KL(u || p) with q = 1 - p; inf outside [0, 1]."""
        from scipy.special import kl_div

        counted = self.v > 0
        u, p, q, v = u[counted], p[counted], q[counted], self.v[counted]
        if (u < 0).any() or (u > 1).any():
            return math.inf
        return float(v @ (kl_div(u, p) + kl_div(q + (p - u), q)))
