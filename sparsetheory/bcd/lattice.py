"""Lattices: their Laplacian and the two partitions that need no search, red-black and interlocking combs."""

from typing import Any

import numpy as np
from scipy import sparse

from .._validation import check_count
from ..errors import InvalidArgument

__all__ = ["combs", "lattice_weights", "red_black"]


def _check_shape(shape: Any) -> tuple[int, int]:
    try:
        rows, columns = shape
    except (TypeError, ValueError):
        raise InvalidArgument("shape", "a pair (rows, columns)", repr(shape)) from None
    return check_count(rows, "shape"), check_count(columns, "shape")


def lattice_weights(shape: Any, *, weight: float = 1.0) -> sparse.csr_array:
    """Weights of the edges between horizontal and vertical neighbours, nodes numbered row by row.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns.
    weight : float, default 1.0
        Weight of every edge.

    Returns
    -------
    scipy.sparse.csr_array of shape (rows * columns, rows * columns)

    Examples
    --------
    >>> from sparsetheory.bcd.lattice import lattice_weights
    >>> lattice_weights((2, 2)).toarray().tolist()
    [[0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0]]
    """
    rows, columns = _check_shape(shape)
    node = np.arange(rows * columns).reshape(rows, columns)
    i = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    j = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    half = sparse.coo_array((np.full(len(i), float(weight)), (i, j)), shape=(node.size, node.size))
    return sparse.csr_array(half + half.T)


def red_black(shape: Any) -> np.ndarray:
    """Label nodes by the parity of row + column: neighbours differ, so the blocks of a lattice system are diagonal.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns.

    Returns
    -------
    ndarray of int32, shape (rows * columns,)

    Examples
    --------
    >>> from sparsetheory.bcd.lattice import red_black
    >>> red_black((2, 3)).tolist()
    [0, 1, 0, 1, 0, 1]
    """
    rows, columns = _check_shape(shape)
    return ((np.arange(rows)[:, None] + np.arange(columns)) % 2).astype(np.int32).ravel()


def combs(shape: Any) -> np.ndarray:
    """Label nodes by the comb they are in: two interlocking trees that cover the lattice.

    Comb 0 is the first row with the even columns hanging from it, comb 1 the last row with the odd columns standing
    on it. Any subset of a comb, such as its unlabelled nodes, still induces a forest.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns.

    Returns
    -------
    ndarray of int32, shape (rows * columns,)

    References
    ----------
    Nutini, Laradji, Schmidt, JMLR 23(131), 2022, section 5.

    Examples
    --------
    >>> from sparsetheory.bcd.lattice import combs
    >>> combs((3, 4)).reshape(3, 4).tolist()
    [[0, 0, 0, 0], [0, 1, 0, 1], [1, 1, 1, 1]]
    """
    rows, columns = _check_shape(shape)
    label = np.tile(np.arange(columns, dtype=np.int32) % 2, (rows, 1))
    label[-1] = 1
    label[0] = 0
    return label.ravel()
