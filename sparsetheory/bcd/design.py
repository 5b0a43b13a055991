"""The matrix of a problem, dense or CSC: checked once, kept with a variable a row so that blocks are gathered fast."""

from typing import Any

import numpy as np
import scipy.sparse as sp

from .._validation import check_cost
from ..errors import InvalidArgument

__all__ = ["Matrix", "absolute", "check_columns", "check_matrix", "gram", "readonly"]

#: Dense array or sparse CSR with a row for each variable.
Matrix = Any


def readonly(array: np.ndarray) -> np.ndarray:
    """Return a read-only copy of its own."""
    array = np.array(array)
    array.flags.writeable = False
    return array


def check_matrix(value: Any, name: str) -> Matrix:
    """Return finite float64 data, C-ordered dense or canonical CSR, that is not the caller's memory."""
    if not is_sparse(value):
        array = check_cost(value, name)
        if not np.isfinite(array).all():
            raise InvalidArgument(name, "finite entries", "inf")
        return readonly(array)
    if value.ndim != 2 or 0 in value.shape:
        raise InvalidArgument(name, "a matrix with at least one entry", f"shape {value.shape}")
    if value.dtype.kind not in "biuf":
        raise InvalidArgument(name, "a matrix of real numbers", f"dtype {value.dtype}")
    matrix: Matrix = sp.csr_matrix(value, dtype=np.float64, copy=True)
    matrix.sum_duplicates()
    if not np.isfinite(matrix.data).all():
        raise InvalidArgument(name, "finite entries", "nan or inf")
    return matrix


def check_columns(value: Any, name: str) -> Matrix:
    """Return the checked matrix with its columns as rows, each contiguous in memory."""
    matrix = check_matrix(value, name)
    if is_sparse(matrix):
        return matrix.T.tocsr()
    rows = np.ascontiguousarray(matrix.T)
    rows.flags.writeable = False
    return rows


def is_sparse(matrix: Matrix) -> bool:
    """Return whether the matrix is stored sparse."""
    return bool(sp.issparse(matrix))


def gram(rows: Matrix, weights: Any = 1.0) -> np.ndarray:
    """Return the dense ``R diag(w) R^T`` of gathered rows; `weights` is a number or a vector, one a column."""
    if is_sparse(rows):
        if np.ndim(weights) == 0:
            return np.asarray((rows @ rows.T).toarray() * weights)
        weighted = rows.multiply(np.broadcast_to(weights, rows.shape[1])[None, :]).tocsr()
        return np.asarray((weighted @ rows.T).toarray())
    return np.asarray((rows * weights) @ rows.T)


def absolute(matrix: Matrix) -> Matrix:
    """Return the matrix of absolute values."""
    return abs(matrix)


def squared_rows(matrix: Matrix) -> np.ndarray:
    """Return the squared norm of every row."""
    if is_sparse(matrix):
        return np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel()
    return np.einsum("ij,ij->i", matrix, matrix)


def absolute_power(matrix: Matrix, power: int) -> np.ndarray:
    """Return ``sum_i |a_ji|^power`` for every row."""
    return np.asarray(absolute(matrix).power(power).sum(axis=1) if is_sparse(matrix) else
                      (np.abs(matrix) ** power).sum(axis=1)).ravel()  # fmt: skip


def gram_row_sums(matrix: Matrix) -> np.ndarray:
    """Return the row sums of ``|R R^T|``, a slab of rows at a time so that the product is never held whole."""
    n = matrix.shape[0]
    sums = np.empty(n)
    for start in range(0, n, 256):
        slab = matrix[start : start + 256] @ matrix.T
        sums[start : start + 256] = np.asarray(abs(slab).sum(axis=1)).ravel()
    return sums
