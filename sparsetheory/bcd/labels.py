"""Label propagation: the smoothest values on a graph that agree with the labels."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from .._validation import check_count, check_nonnegative, check_vector
from ..errors import InvalidArgument
from ..result import OnFailure, Result, Status, Trace, check_on_failure, conclude
from .block_cg import solve_blocks
from .forest import check_symmetric
from .graph import check_partition, tree_partition
from .graph_result import attainable_residual, relative_residual
from .reduced import solve_two_blocks

__all__ = ["LabelResult", "propagate_labels"]


@dataclass(frozen=True, kw_only=True, repr=False)
class LabelResult(Result):
    """Values on every node.

    Attributes
    ----------
    y : ndarray of shape (n,) or (n, k)
        The labels where they were given, their smooth continuation elsewhere, inside the range of the labels of the
        component. The error is the largest relative residual over the columns.
    """

    y: np.ndarray

    error_name = "relative residual"

    def _headline(self) -> str:
        return f"({len(self.y)} nodes)"


def propagate_labels(
    W: Any,
    nodes: Any,
    values: Any,
    *,
    partition: Any = None,
    tol: float = 1e-8,
    max_iter: int = 10_000,
    on_failure: OnFailure = "warn",
) -> LabelResult:
    r"""Extend labels to all nodes of a weighted graph.

    .. math:: \min_y \tfrac12 \sum_{i < j} w_{ij} (y_i - y_j)^2 \quad\text{with } y \text{ given on } \texttt{nodes}.

    The free nodes are cut into forests; with two of them, conjugate gradients run on the reduced system
    (`sparsetheory.bcd.reduced.solve_two_blocks`), else they are preconditioned by the symmetric block sweep
    (`sparsetheory.bcd.block_cg.solve_blocks`). A one-hot `values` classifies by the largest column.

    Parameters
    ----------
    W : scipy sparse matrix of shape (n, n)
        Symmetric nonnegative weights; the diagonal does not matter.
    nodes : array_like of int, shape (l,)
        Labelled nodes, each once, at least one in every connected component.
    values : array_like of shape (l,) or (l, k)
        Their labels.
    partition : array_like of int, shape (n,), optional
        Block of each node, each inducing a forest, blocks numbered from 0 (for instance
        `sparsetheory.bcd.lattice.combs`); None finds one by `sparsetheory.bcd.graph.tree_partition`.
    tol : float, default 1e-8
        Bound on the relative residual ``|A y - c| / |c|`` of the system of the free nodes, for every column.
    max_iter : int, default 10000
        Most iterations for a column.
    on_failure : {"warn", "raise", "ignore"}, default "warn"
        What to do when the tolerance was not met.

    Returns
    -------
    LabelResult
        Its ``n_iter`` adds the columns.

    Raises
    ------
    InvalidArgument
        Also if a connected component has no labelled node (one of its nodes is named): nothing would determine the
        values there.

    References
    ----------
    X. Zhu, Z. Ghahramani, J. Lafferty, "Semi-supervised learning using Gaussian fields and harmonic functions", 2003.

    Examples
    --------
    >>> from sparsetheory.bcd.labels import propagate_labels
    >>> from sparsetheory.bcd.lattice import lattice_weights
    >>> propagate_labels(lattice_weights((1, 5)), [0, 4], [0.0, 1.0]).y.round(6).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    weights = check_symmetric(W, "W")
    n = weights.shape[0]
    if (weights.data < 0).any():
        raise InvalidArgument("W", "nonnegative weights", float(weights.data.min()))
    nodes = _check_nodes(nodes, weights)
    labels = np.asarray(values)
    columns = labels.T if labels.ndim == 2 and labels.shape[1] else [labels]
    given = np.column_stack([check_vector(column, "values", length=len(nodes)) for column in columns])
    tol, max_iter = check_nonnegative(tol, "tol"), check_count(max_iter, "max_iter")
    on_failure = check_on_failure(on_failure)
    if partition is not None:
        partition = check_partition(partition, n)

    y = np.zeros((n, given.shape[1]))
    y[nodes] = given
    free = np.setdiff1d(np.arange(n), nodes)
    n_iter, error, floor, spent = 0, 0.0, 0.0, False
    if len(free):
        laplacian = (sparse.diags_array(weights.sum(axis=1)) - weights).tocsr()[free]
        A = check_symmetric(laplacian[:, free])
        C = -(laplacian[:, nodes] @ given)
        solve = _solver(A, None if partition is None else partition[free], tol, max_iter)
        for k, c in enumerate(C.T):
            c = np.ascontiguousarray(c)
            y[free, k], done = solve(c)
            n_iter, spent = n_iter + done, spent or done >= max_iter
            error = np.maximum(error, relative_residual(A, y[free, k], c))  # keeps NaN
            floor = max(floor, attainable_residual(A, y[free, k], c))
    status = _verdict(float(error), tol, floor, spent)
    result = LabelResult(
        status=status, n_iter=n_iter, error=float(error), tol=tol, floor=floor, trace=Trace.from_rows([]),
        y=y if labels.ndim == 2 else y[:, 0],
    )  # fmt: skip
    return conclude(result, on_failure)


def _verdict(error: float, tol: float, floor: float, out_of_budget: bool) -> Status:
    if error <= tol:
        return Status.CONVERGED
    if not np.isfinite(error):
        return Status.NONFINITE
    if error <= 4 * floor:
        return Status.FLOOR
    return Status.MAX_ITER if out_of_budget else Status.STALLED


def _check_nodes(value: Any, weights: sparse.csr_array) -> np.ndarray:
    """Return distinct node numbers that meet every component."""
    n, nodes = weights.shape[0], np.asarray(value)
    if nodes.ndim != 1 or nodes.dtype.kind not in "iu" or len(nodes) == 0:
        raise InvalidArgument("nodes", "a vector of node numbers", f"shape {nodes.shape}, dtype {nodes.dtype}")
    if nodes.min() < 0 or nodes.max() >= n or len(np.unique(nodes)) < len(nodes):
        raise InvalidArgument("nodes", f"distinct numbers from 0 to {n - 1}", f"{len(np.unique(nodes))} distinct of "
                              f"{len(nodes)}, from {nodes.min()} to {nodes.max()}")  # fmt: skip
    count, component = connected_components(weights, directed=False)
    seen = np.zeros(count, dtype=bool)
    seen[component[nodes]] = True
    if not seen.all():
        lost = np.flatnonzero(component == np.flatnonzero(~seen)[0])
        raise InvalidArgument(
            "nodes", "a labelled node in every connected component",
            f"none in the component of node {lost[0]} (of size {len(lost)}; {int((~seen).sum())} such components)",
        )  # fmt: skip
    return nodes.astype(np.int64)


def _solver(
    A: sparse.csr_array, partition: np.ndarray | None, tol: float, max_iter: int
) -> Callable[[np.ndarray], tuple[np.ndarray, int]]:
    """Return c -> (x, iterations) for the system of the free nodes."""
    label = tree_partition(A) if partition is None else np.unique(partition, return_inverse=True)[1].astype(np.int32)
    method = solve_two_blocks if label.max() == 1 else solve_blocks

    def solve(c: np.ndarray) -> tuple[np.ndarray, int]:
        result = method(A, c, partition=label, tol=tol, max_iter=max_iter, on_failure="ignore")
        return result.x, result.n_iter

    return solve
