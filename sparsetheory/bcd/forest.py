"""Systems whose graph is a forest: Cholesky without fill, two sweeps, O(n)."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy import sparse

from .._validation import check_nonnegative, check_vector
from ..errors import InvalidArgument
from ..result import OnFailure, Result, Status, Trace, check_on_failure, conclude
from ._forest import eliminate, mirrored, root, substitute

__all__ = ["ForestFactor", "ForestResult", "backward_error", "check_symmetric", "solve_forest"]

_UNIT = float(np.finfo(np.float64).eps)
_ASYMMETRY = 1e-12  # of sqrt(A_ii A_jj): what products such as X'X leave by rounding passes, anything else is refused


def check_symmetric(A: Any, name: str = "A") -> sparse.csr_array:
    """Return a finite symmetric matrix as canonical CSR (float64, int32, no zeros stored).

    Entries that differ from their mirror by at most 1e-12 ``sqrt(A_ii A_jj)`` pass.
    """
    is_sparse: bool = sparse.issparse(A)
    if not is_sparse:
        raise InvalidArgument(name, "a scipy sparse matrix", type(A).__name__)
    if A.ndim != 2 or A.shape[0] != A.shape[1] or A.shape[0] == 0:
        raise InvalidArgument(name, "a square matrix with at least one row", f"shape {A.shape}")
    if A.dtype.kind not in "biuf":
        raise InvalidArgument(name, "a matrix of real numbers", f"dtype {A.dtype}")
    matrix = sparse.csr_array(A, dtype=np.float64)  # on the arrays of A where it can be: they are only read
    if matrix.nnz > np.iinfo(np.int32).max:
        raise InvalidArgument(name, "fewer than 2**31 entries", matrix.nnz)
    if not (matrix.has_canonical_format and matrix.data.all()):
        matrix = matrix.copy()
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
    if not np.isfinite(matrix.data).all():
        raise InvalidArgument(name, "finite entries", f"{int((~np.isfinite(matrix.data)).sum())} that are not")
    # one index type, the one that kernels are compiled for
    matrix.indptr = matrix.indptr.astype(np.int32, copy=False)
    matrix.indices = matrix.indices.astype(np.int32, copy=False)
    if not mirrored(matrix.indptr, matrix.indices, matrix.data, np.empty(matrix.shape[0], dtype=np.int32)):
        _refuse_asymmetry(matrix, (matrix - matrix.T).tocoo(), name)
    return matrix


def _refuse_asymmetry(matrix: sparse.csr_array, difference: sparse.coo_array, name: str) -> None:
    rows, columns = difference.row, difference.col
    scale = np.sqrt(np.maximum(matrix.diagonal(), 0.0))
    bad = np.flatnonzero(np.abs(difference.data) > _ASYMMETRY * scale[rows] * scale[columns])
    if len(bad):
        i, j = int(rows[bad[0]]), int(columns[bad[0]])
        raise InvalidArgument(name, "a symmetric matrix", f"{matrix[i, j]} at {i, j} and {matrix[j, i]} at {j, i}")


def backward_error(A: sparse.csr_array, x: np.ndarray, r: np.ndarray) -> float:
    """Return ``|A x - r| / (|A| |x| + |r|)`` in the maximum norm, the largest over the columns; 0 for r = x = 0."""
    x, r = x.reshape(len(x), -1), r.reshape(len(r), -1)
    residual = np.abs(A @ x - r).max(axis=0, initial=0.0)
    starts = A.indptr[:-1][np.diff(A.indptr) > 0]
    norm = np.add.reduceat(np.abs(A.data), starts).max(initial=0.0) if len(starts) else 0.0
    scale = norm * np.abs(x).max(axis=0) + np.abs(r).max(axis=0)
    return float(np.max(np.where(residual == 0, 0.0, residual / np.where(scale == 0, 1.0, scale)), initial=0.0))


@dataclass(frozen=True, kw_only=True, eq=False)
class ForestFactor:
    r"""``L D L'`` of a symmetric positive definite matrix whose graph is a forest: factor once, solve many.

    Attributes
    ----------
    order : ndarray of int32, shape (n,)
        Node at each position, parents before children.
    parent : ndarray of int32, shape (n,)
        Position of the parent, -1 at a root.
    pivot, factor : ndarray of shape (n,)
        D, and the entry of L between a position and its parent.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from sparsetheory.bcd.forest import ForestFactor
    >>> factor = ForestFactor.of(csr_array([[2.0, -1.0], [-1.0, 2.0]]))
    >>> factor.solve([3.0, 0.0]).tolist(), factor.n_trees
    ([2.0, 1.0], 1)
    """

    order: np.ndarray
    parent: np.ndarray
    pivot: np.ndarray
    factor: np.ndarray

    @classmethod
    def of(cls, A: Any) -> Self:
        """Factor a scipy sparse matrix; see `solve_forest` for what is refused."""
        matrix = check_symmetric(A)
        label = np.zeros(matrix.shape[0], dtype=np.int32)
        return cls.of_blocks(matrix, label)

    @classmethod
    def of_blocks(cls, matrix: sparse.csr_array, label: np.ndarray) -> Self:
        """Factor the block-diagonal part of a checked matrix: entries between nodes of one label >= 0.

        Blocks stand one after another in `order`, by label.
        """
        n = len(label)
        roots = np.argsort(label, kind="stable").astype(np.int32)
        order, position, parent = (np.empty(n, dtype=np.int32) for _ in range(3))
        weight, pivot = np.empty(n), np.empty(n)
        size, i, j = root(
            matrix.indptr, matrix.indices, matrix.data, label, roots, order, position, parent, weight, pivot
        )
        if i >= 0:
            raise InvalidArgument("A", "a matrix whose graph is a forest", f"a cycle through the edge {int(i), int(j)}")
        order, parent, weight, pivot = order[:size], parent[:size], weight[:size], pivot[:size]
        factor = np.empty(size)
        # a pivot within one rounding of zero is one that exact arithmetic may have made zero
        bad = eliminate(parent, weight, _UNIT * np.abs(pivot), pivot, factor)
        if bad >= 0:
            raise InvalidArgument("A", "a positive definite matrix", f"pivot {pivot[bad]:.3g} at node {order[bad]}")
        return cls(order=order, parent=parent, pivot=pivot, factor=factor)

    @property
    def n_trees(self) -> int:
        """Number of trees, single nodes included."""
        return int((self.parent < 0).sum())

    @property
    def logdet(self) -> float:
        """Logarithm of the determinant."""
        return float(np.log(self.pivot).sum())

    def solve(self, r: Any) -> np.ndarray:
        """Solve for one right-hand side (n,) or several (n, k) in O(n) each."""
        r = np.asarray(r, dtype=np.float64)
        x = np.zeros(r.shape)  # nodes left out of every block stay zero
        for out, rhs in [(x, r)] if r.ndim == 1 else zip(x.T, r.T):
            work = rhs[self.order]
            substitute(0, len(work), self.parent, self.pivot, self.factor, work)
            out[self.order] = work
        return x


@dataclass(frozen=True, kw_only=True, repr=False)
class ForestResult(Result):
    """Solution of a forest system.

    Attributes
    ----------
    x : ndarray of shape (n,) or (n, k)
        The solution.
    factor : ForestFactor
        For further right-hand sides.
    """

    x: np.ndarray
    factor: ForestFactor

    error_name = "backward error"

    def _headline(self) -> str:
        return f"({len(self.x)} unknowns, {self.factor.n_trees} trees)"


def solve_forest(A: Any, r: Any, *, tol: float = 1e-12, on_failure: OnFailure = "warn") -> ForestResult:
    r"""Solve ``A x = r`` for a symmetric positive definite matrix whose graph is a forest.

    .. math:: d_p \leftarrow d_p - a_{ip}^2 / d_i, \quad r_p \leftarrow r_p - (a_{ip} / d_i) r_i
              \quad\text{from the leaves,}\qquad x_i = (r_i - a_{ip} x_p) / d_i \quad\text{from the roots.}

    This is Cholesky in an order without fill, and what Gaussian belief propagation converges to on a tree.

    Parameters
    ----------
    A : scipy sparse matrix of shape (n, n)
        Symmetric positive definite; the pattern off the diagonal is a forest (stored zeros are no edges).
    r : array_like of shape (n,) or (n, k)
        Right-hand sides.
    tol : float, default 1e-12
        Bound on the normwise backward error ``|A x - r| / (|A| |x| + |r|)`` (maximum norm), recomputed from x.
        How close x itself is depends on the condition of A.
    on_failure : {"warn", "raise", "ignore"}, default "warn"
        What to do when the tolerance was not met.

    Returns
    -------
    ForestResult
        Solution, backward error, and the factor for further right-hand sides.

    Raises
    ------
    InvalidArgument
        If A is not sparse, square, finite and symmetric; if its graph has a cycle (one edge of it is named); if a
        pivot is not positive; if r has the wrong shape.

    References
    ----------
    J. Nutini, I. Laradji, M. Schmidt, "Let's Make Block Coordinate Descent Converge Faster", JMLR 23(131), 2022,
    section 5; D. Rose, "Triangulated graphs and the elimination process", 1970.

    Examples
    --------
    >>> from scipy.sparse import diags_array
    >>> from sparsetheory.bcd.forest import solve_forest
    >>> path = diags_array([-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(3, 3))
    >>> solve_forest(path, [1.0, 0.0, 1.0]).x.round(12).tolist()
    [1.0, 1.0, 1.0]
    """
    matrix = check_symmetric(A)
    n = matrix.shape[0]
    factor = ForestFactor.of_blocks(matrix, np.zeros(n, dtype=np.int32))
    rhs = _check_right_hand_sides(r, n)
    tol, on_failure = check_nonnegative(tol, "tol"), check_on_failure(on_failure)
    x = factor.solve(rhs)
    error = backward_error(matrix, x, rhs)
    if error <= tol:
        status = Status.CONVERGED
    else:
        status = Status.FLOOR if np.isfinite(error) else Status.NONFINITE
    result = ForestResult(
        status=status, n_iter=1, error=error, tol=tol, trace=Trace.from_rows([]), floor=_UNIT, x=x, factor=factor
    )
    return conclude(result, on_failure)


def _check_right_hand_sides(r: Any, n: int) -> np.ndarray:
    array = np.asarray(r)
    if array.ndim != 2:
        return check_vector(r, "r", length=n)
    if len(array) != n:
        raise InvalidArgument("r", f"{n} rows", f"shape {array.shape}")
    return np.column_stack([check_vector(column, "r", length=n) for column in array.T])
