"""Partitions of the graph of a sparse symmetric matrix into blocks solved in O(n): colour classes and forests."""

from typing import Any

import numpy as np
from scipy import sparse

from .._validation import check_choice, check_vector
from ..errors import InvalidArgument
from ._graph import colour_greedily, grow_forests
from .forest import check_symmetric

__all__ = ["check_partition", "colouring", "greedy_tree", "random_tree", "single_forest", "tree_partition"]

ORDERS = ("lipschitz", "natural")


def _visiting_order(matrix: sparse.csr_array, order: str) -> np.ndarray:
    if check_choice(order, "order", ORDERS) == "natural":
        return np.arange(matrix.shape[0])
    return np.argsort(-matrix.diagonal(), kind="stable")


def check_partition(value: Any, n: int, name: str = "partition") -> np.ndarray:
    """Return block numbers (n,) as int32: integers from 0 up, none of them left out."""
    label = np.asarray(value)
    if label.shape != (n,) or label.dtype.kind not in "iu":
        raise InvalidArgument(name, f"{n} block numbers (integers)", f"shape {label.shape}, dtype {label.dtype}")
    if label.min() < 0 or label.max() >= n or not np.bincount(label, minlength=1).all():
        raise InvalidArgument(name, "block numbers 0, 1, ..., all in use", f"from {label.min()} to {label.max()}")
    return label.astype(np.int32)


def colouring(A: Any, *, order: str = "lipschitz") -> np.ndarray:
    """Colour the graph of A greedily: no two neighbours share a block, so the blocks of A are diagonal.

    Nodes are visited in the given order; each gets the least-used colour that its neighbours do not have, else a new
    one. On a bipartite graph visited without jumps this is red-black; at most ``max degree + 1`` colours, O(edges).

    Parameters
    ----------
    A : scipy sparse matrix of shape (n, n)
        Symmetric; entries that are zero are no edges.
    order : {"lipschitz", "natural"}, default "lipschitz"
        By decreasing diagonal (the coordinate Lipschitz constants of a quadratic), ties by index; or by index.

    Returns
    -------
    ndarray of int32, shape (n,)
        The colour of each node.

    References
    ----------
    Nutini, Laradji, Schmidt, JMLR 23(131), 2022, section 5.

    Examples
    --------
    >>> from scipy.sparse import diags_array
    >>> from sparsetheory.bcd.graph import colouring
    >>> path = diags_array([-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(5, 5))
    >>> colouring(path).tolist()
    [0, 1, 0, 1, 0]
    """
    matrix = check_symmetric(A)
    colour = np.empty(matrix.shape[0], dtype=np.int32)
    colour_greedily(matrix.indptr, matrix.indices, _visiting_order(matrix, order), colour)
    return colour


def tree_partition(A: Any, *, order: str = "lipschitz") -> np.ndarray:
    """Cut the graph of A into few forests: each node joins the first one where it closes no cycle.

    O(edges α(n)) with union-find. See `sparsetheory.bcd.lattice.combs` for two trees on a lattice.

    Parameters
    ----------
    A : scipy sparse matrix of shape (n, n)
        Symmetric; entries that are zero are no edges.
    order : {"lipschitz", "natural"}, default "lipschitz"
        By decreasing diagonal, ties by index; or by index.

    Returns
    -------
    ndarray of int32, shape (n,)
        The forest of each node.

    References
    ----------
    Nutini, Laradji, Schmidt, JMLR 23(131), 2022, section 5.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from sparsetheory.bcd.graph import tree_partition
    >>> triangle = csr_array([[2.0, -1, -1], [-1, 2.0, -1], [-1, -1, 2.0]])
    >>> tree_partition(triangle).tolist()
    [0, 0, 1]
    """
    matrix = check_symmetric(A)
    label = np.empty(matrix.shape[0], dtype=np.int32)
    grow_forests(matrix.indptr, matrix.indices, _visiting_order(matrix, order), matrix.shape[0], label)
    return label


def single_forest(matrix: sparse.csr_array, order: np.ndarray) -> np.ndarray:
    """Return 0 for the nodes of a checked matrix that close no cycle when visited in this order, -1 for the others."""
    label = np.empty(matrix.shape[0], dtype=np.int32)
    grow_forests(matrix.indptr, matrix.indices, order, 1, label)
    return label


def random_tree(A: Any, rng: np.random.Generator) -> np.ndarray:
    """Return the nodes, in increasing order, of a forest grown in random order: a node joins if it closes no cycle.

    Parameters
    ----------
    A : scipy sparse matrix of shape (n, n)
        Symmetric; entries that are zero are no edges.
    rng : numpy.random.Generator
        The order of the nodes.

    Returns
    -------
    ndarray of int
        A maximal set of nodes that induces a forest.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from sparsetheory.bcd.graph import random_tree
    >>> len(random_tree(csr_array(np.ones((3, 3))), np.random.default_rng(0)))
    2
    """
    matrix = check_symmetric(A)
    return np.flatnonzero(single_forest(matrix, rng.permutation(matrix.shape[0])) == 0)


def greedy_tree(A: Any, gradient: Any, *, scale: Any = None) -> np.ndarray:
    r"""Return the nodes, in increasing order, of a forest grown in decreasing order of the gradient.

    The block of a variable-block greedy method: visiting by :math:`|\nabla_i f|` is the Gauss-Southwell rule under
    the constraint that the block be a forest, by :math:`|\nabla_i f| / \sqrt{D_i}` its diagonal version.

    Parameters
    ----------
    A : scipy sparse matrix of shape (n, n)
        Symmetric; entries that are zero are no edges.
    gradient : array_like of shape (n,)
        Gradient of the objective; ties go to the lower index.
    scale : array_like of shape (n,), optional
        The D above, positive (for instance the diagonal of A); None is 1.

    Returns
    -------
    ndarray of int
        A maximal set of nodes that induces a forest.

    References
    ----------
    Nutini, Laradji, Schmidt, JMLR 23(131), 2022, section 5.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csr_array
    >>> from sparsetheory.bcd.graph import greedy_tree
    >>> greedy_tree(csr_array(np.ones((3, 3))), [1.0, -3.0, 2.0]).tolist()
    [1, 2]
    """
    matrix = check_symmetric(A)
    score = np.abs(check_vector(gradient, "gradient", length=matrix.shape[0]))
    if scale is not None:
        d = check_vector(scale, "scale", length=len(score))
        if not (d > 0).all():
            raise InvalidArgument("scale", "positive entries", float(d.min()))
        score = score / np.sqrt(d)
    return np.flatnonzero(single_forest(matrix, np.argsort(-score, kind="stable")) == 0)
