"""Symmetric matrices as vectors: the upper triangle row by row, an isometry once off-diagonals carry sqrt(2)."""

import math
from typing import Any

import numpy as np

from ..errors import InvalidArgument

__all__ = ["packed_length", "pack", "side_of", "svec", "unpack", "unsvec"]

_ROOT2 = math.sqrt(2.0)


def packed_length(d: int) -> int:
    """Return the number of entries of the upper triangle of a d by d matrix, diagonal included."""
    return d * (d + 1) // 2


def side_of(length: int) -> int:
    """Return d of a packed length d (d + 1) / 2."""
    d = (math.isqrt(8 * length + 1) - 1) // 2
    if d < 1 or packed_length(d) != length:
        raise InvalidArgument("v", "a length d (d + 1) / 2 in the last axis", length)
    return d


def pack(A: Any) -> np.ndarray:
    """Return the upper triangle of symmetric matrices (..., d, d) row by row, (..., d (d + 1) / 2)."""
    A = np.asarray(A, dtype=np.float64)
    if A.ndim < 2 or A.shape[-1] != A.shape[-2] or A.shape[-1] == 0:
        raise InvalidArgument("A", "square matrices (..., d, d)", f"shape {A.shape}")
    return np.asarray(A[(..., *np.triu_indices(A.shape[-1]))])


def unpack(v: Any) -> np.ndarray:
    """Return the symmetric matrices (..., d, d) of upper triangles (..., d (d + 1) / 2)."""
    v = np.asarray(v, dtype=np.float64)
    d = side_of(v.shape[-1] if v.ndim else 0)
    A = np.empty((*v.shape[:-1], d, d))
    rows, columns = np.triu_indices(d)
    A[..., rows, columns] = v
    A[..., columns, rows] = v
    return A


def _weights(d: int) -> np.ndarray:
    rows, columns = np.triu_indices(d)
    return np.where(rows == columns, 1.0, _ROOT2)


def svec(A: Any) -> np.ndarray:
    r"""Return the vector of a symmetric matrix whose Euclidean norm is the Frobenius norm of the matrix.

    .. math:: \operatorname{svec}(A) = (A_{11}, \sqrt2 A_{12}, \dots, \sqrt2 A_{1d}, A_{22}, \dots, A_{dd})

    Equal noise on all entries of ``svec(A)`` is noise of half the variance on every off-diagonal entry of ``A``.

    Parameters
    ----------
    A : (..., d, d) array
        Symmetric matrices; only the upper triangle is read.

    Returns
    -------
    (..., d (d + 1) / 2) array

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory.ldp import svec, unsvec
    >>> A = np.array([[1.0, 2.0], [2.0, 5.0]])
    >>> bool(np.isclose(svec(A) @ svec(A), np.sum(A * A)))
    True
    >>> unsvec(svec(A))
    array([[1., 2.],
           [2., 5.]])
    """
    upper = pack(A)
    return upper * _weights(np.shape(A)[-1])


def unsvec(v: Any) -> np.ndarray:
    """Return the symmetric matrices of vectors made by `svec`, (..., d (d + 1) / 2) to (..., d, d)."""
    v = np.asarray(v, dtype=np.float64)
    return unpack(v / _weights(side_of(v.shape[-1] if v.ndim else 0)))
