"""The quadratic model on many sparse columns, without their Gram matrix: sweeps and conjugate gradients."""

import numpy as np

from .shrinkage import Shrinkage
from .support_newton import stop_at_signs
from .working_set import WorkingSet

__all__ = ["minimise_by_columns"]

_OUTER_SWEEPS = 2  # over the working set, before each search on the support
_SWEEPS = 20  # over the support, before each Newton step
_ROUNDS = 200
_FORCING = 0.1  # of the tolerance: what conjugate gradients may leave of the slope of a Newton step
_RIDGE = 1e-12  # of the diagonal: turns a step along the null space, where it ends at a change of sign
_CURVED = 1e-12  # least curvature, relative to the square of the column, that is more than rounding


class _Columns:
    """Coefficients of sparse columns in the making, with the residual that they leave."""

    def __init__(self, columns: WorkingSet, penalty: Shrinkage, w: np.ndarray, weighted: np.ndarray) -> None:
        self.columns, self.penalty, self.w, self.v = columns, penalty, w, columns.v
        block = columns.block
        self._entries = block.data, block.indices.astype(np.int32), block.indptr.astype(np.int32)
        self.residual = np.divide(weighted, self.v, out=np.zeros_like(weighted), where=self.v > 0)
        self.shift = np.zeros(1)
        self._total, self._pull = float(self.v.sum()), float(weighted.sum())
        squares = np.asarray(block.multiply(block).T @ self.v)
        curvature = squares - self._total * columns.means**2
        self.curvature = np.where(curvature > _CURVED * squares, curvature, 0.0)
        w[(self.curvature == 0) & (penalty.l1 + penalty.l2 > 0)] = 0.0

    def sweep(self, visit: np.ndarray, n_sweeps: int) -> None:
        from ._column_descent import sweep_columns

        own = self.penalty
        sweep_columns(*self._entries, self.v, self.columns.means, self._total, self._pull, self.curvature, own.l1,
                      own.l2, own.lower, visit, self.w, self.residual, self.shift, n_sweeps)  # fmt: skip

    def slopes(self) -> np.ndarray:
        return self.columns.correlate(self.v * (self.residual + self.shift[0]))

    def newton(self, slopes: np.ndarray, tol: float) -> None:
        """Move to the minimiser on the support with the signs held, or to where one would change."""
        from scipy.sparse.linalg import LinearOperator, cg

        active = np.flatnonzero((self.w != 0) & (self.curvature > 0))
        own, old = self.penalty.at(active), self.w[active]
        block, means = self.columns.block[:, active], self.columns.means[active]

        def curve(d: np.ndarray) -> np.ndarray:
            return np.asarray(block.T @ (self.v * (block @ d))) - self._total * (means @ d) * means

        diagonal = self.curvature[active] + own.l2
        size = (len(active), len(active))
        bend = own.l2 + _RIDGE * diagonal
        hessian = LinearOperator(size, matvec=lambda d: curve(d) + bend * d, dtype=np.float64)
        jacobi = LinearOperator(size, matvec=lambda d: d / diagonal, dtype=np.float64)
        slope = slopes[active] - own.l1 * np.sign(old) - own.l2 * old
        d, _ = cg(hessian, slope, rtol=1e-14, atol=_FORCING * tol, maxiter=len(active), M=jacobi)
        new, _ = stop_at_signs(curve, own, old, slopes[active], d)
        self.w[active] = new
        self.residual -= block @ (new - old)
        self.shift += means @ (new - old)


def minimise_by_columns(
    columns: WorkingSet, penalty: Shrinkage, w: np.ndarray, weighted: np.ndarray, tol: float
) -> None:
    """Minimise the model of `sparsetheory.bcd.gram_descent` over w (k,), in place; columns of a sparse design.

    `weighted` is v times the residual at w. A Newton step costs some products with the support, a sweep one.
    """
    model, everything = _Columns(columns, penalty, w, weighted), np.arange(len(w))
    for _ in range(_ROUNDS):
        before = w.copy()
        model.sweep(everything, _OUTER_SWEEPS)
        model.sweep(np.flatnonzero(w), _SWEEPS)
        slopes = model.slopes()
        if not _worst(penalty, w, slopes) > tol:
            return
        model.newton(slopes, tol)
        if np.array_equal(before, w):
            return


def _worst(penalty: Shrinkage, w: np.ndarray, slopes: np.ndarray) -> float:
    return float(np.max(penalty.violation(w, slopes), initial=0.0))  # keeps NaN
