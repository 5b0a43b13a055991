"""The point with the least weighted sum of powers of distances, which a translation of the gate is chosen by."""

import numpy as np

__all__ = ["Powers"]

_MAX_ITER = 100
_HALVINGS = 60
_TOL = 1e-14  # predicted decrease, relative to the value, at which an iteration ends


class Powers:
    r"""A convex function of a point, and its minimiser by Newton's method with a line search.

    .. math:: f(t) = \sum_i w_i (\|s_i - t\|^2 + c_i)^{e_i / 2}

    Parameters
    ----------
    points : ndarray of shape (k, d)
        s
    heights, exponents, weights : ndarray of shape (k,)
        c >= 0, e >= 1 and w >= 0.

    Notes
    -----
    With c = 0 and e = 1 a term has a kink at its point. The iteration starts at the best of the points: if that is the
    minimiser, the condition on subgradients says so; if not, values only fall, and no kink is met again.
    """

    def __init__(self, points: np.ndarray, heights: np.ndarray, exponents: np.ndarray, weights: np.ndarray) -> None:
        self.points, self.heights, self.exponents, self.weights = points, heights, exponents, weights

    def terms(self, t: np.ndarray) -> np.ndarray:
        """Return the terms of the sum at a point, or at many: (..., k) for (..., d)."""
        away = self.points - np.asarray(t)[..., None, :]
        return self.weights * ((away**2).sum(axis=-1) + self.heights) ** (0.5 * self.exponents)

    def minimiser(self) -> np.ndarray:
        """Return a minimiser; where the iterations run out, the best point seen."""
        values = self.terms(self.points).sum(axis=-1)
        t, value = self.points[np.argmin(values)], float(values.min())
        for _ in range(_MAX_ITER):
            step, slope = self._direction(t)
            if not slope < -_TOL * value:
                break
            t, lower = self._search(t, value, step, slope)
            if not lower < value:
                break
            value = lower
        return t

    def _direction(self, t: np.ndarray) -> tuple[np.ndarray, float]:
        """Return a step and the derivative along it, which is zero at a minimiser."""
        away = t - self.points
        squares = (away**2).sum(axis=1) + self.heights
        kinked = (squares == 0) & (self.exponents == 1)
        squares = np.where(squares > 0, squares, 1.0)  # other terms without a distance have no slope
        pull = self.weights * self.exponents * squares ** (0.5 * self.exponents - 1) * ~kinked
        gradient = pull @ away
        if kinked.any():
            size = float(np.sqrt(gradient @ gradient))
            return -gradient, min(size * (float(self.weights[kinked].sum()) - size), 0.0)
        curved = pull * (self.exponents - 2) / squares
        hessian = np.eye(len(t)) * pull.sum() + (away.T * curved) @ away
        damping = 1e-14 * np.trace(hessian) + np.finfo(float).tiny
        step = -np.linalg.solve(hessian + damping * np.eye(len(t)), gradient)
        return step, float(gradient @ step)

    def _search(self, t: np.ndarray, value: float, step: np.ndarray, slope: float) -> tuple[np.ndarray, float]:
        """Return the first point of a halving step that is lower by a tenth of what the slope promises."""
        length = 1.0
        for _ in range(_HALVINGS):
            there = t + length * step
            lower = float(self.terms(there).sum())
            if lower <= value + 0.1 * length * slope:
                return there, lower
            length *= 0.5
        return t, value
