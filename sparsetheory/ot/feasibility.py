"""Which edges can carry mass: a maximum flow says whether a plan exists, its residual graph says where plans go."""

from typing import Any

import numpy as np

from .._validation import check_histogram
from ..errors import InvalidArgument

__all__ = ["apart", "usable_edges"]

_TOLERANCE = 1e-12  # of the total mass: sums of masses that differ by less count as equal (they were rounded)
_CAPACITY = 2**29  # SciPy's flows are int32; twice this still fits
_ROUNDS = 4  # each gains about 20 bits, and double precision has 53


def usable_edges(allowed: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    r"""Find the edges that carry mass in at least one feasible transport plan.

    .. math:: \mathrm{usable}_{ij} \iff \exists P \ge 0:\; P1 = a,\; P^\top 1 = b,\; P_{ij} > 0,\;
              P_{kl} = 0 \text{ off the allowed edges}.

    The entropic plan is positive exactly there. An edge that is allowed but not usable is what makes Sinkhorn's
    iteration crawl like 1/k: its mass has to die out.

    1. A maximum flow from rows to columns over the allowed edges, in integers, repeated on what rounding left over.
    2. Mass left over: no plan exists, and the rows reachable in the residual graph are the cut that proves it.
    3. Otherwise an edge is usable iff its ends share a strongly connected component of the residual graph
       (row to column over allowed edges, column to row where mass flows).

    Parameters
    ----------
    allowed : array_like of bool, shape (n, m)
        Edges with a finite cost.
    a, b : array_like, shapes (n,) and (m,)
        Nonnegative masses of equal total.

    Returns
    -------
    ndarray of bool, shape (n, m)
        A subset of `allowed`. Masses are compared with a tolerance of 1e-12 of the total, so a set of rows whose mass
        fills its columns up to rounding leaves no room for others.

    Raises
    ------
    InvalidArgument
        Naming M, when no plan exists; the message names rows whose columns are too light.

    References
    ----------
    D. R. Fulkerson, "Hitchcock transportation problem", 1956 (flow); A. L. Dulmage and N. S. Mendelsohn, 1958
    (the decomposition); M. H. Schneider and S. A. Zenios, 1990 (scaling of patterns without total support).

    Examples
    --------
    >>> from sparsetheory.ot.feasibility import usable_edges
    >>> usable_edges([[True, True], [False, True]], [0.5, 0.5], [0.5, 0.5])
    array([[ True, False],
           [False,  True]])
    """
    allowed = np.asarray(allowed, dtype=bool)
    if allowed.ndim != 2:
        raise InvalidArgument("allowed", "a matrix", f"shape {allowed.shape}")
    a = check_histogram(a, "a", length=allowed.shape[0])
    b = check_histogram(b, "b", length=allowed.shape[1])
    allowed = allowed & (a > 0)[:, None] & (b > 0)
    tolerance = _TOLERANCE * float(a.sum())
    P = _flow(allowed, a, b, tolerance)
    left = a - P.sum(axis=1)
    if left.sum() > tolerance:
        _refuse(allowed, P, left, a, b)
    flowing = _flowing(P, allowed, a, b, tolerance)
    from scipy.sparse.csgraph import connected_components

    _, label = connected_components(_residual(allowed, flowing), directed=True, connection="strong")
    return allowed & (label[: len(a), None] == label[len(a) :])


def _flow(allowed: np.ndarray, a: np.ndarray, b: np.ndarray, tolerance: float) -> np.ndarray:
    """Maximum flow in floating point: integer flows on the residual network, each finer than the one before."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_flow

    n, m = allowed.shape
    source, sink = n + m, n + m + 1
    P = np.zeros((n, m))
    for _ in range(_ROUNDS):
        row_left, column_left = np.maximum(a - P.sum(axis=1), 0.0), np.maximum(b - P.sum(axis=0), 0.0)
        left = max(row_left.sum(), column_left.sum())
        if left <= 0.01 * tolerance:
            break
        scale = _CAPACITY / left
        capacity = np.zeros((n + m + 2, n + m + 2), dtype=np.int32)
        capacity[:n, n:sink - 1] = np.where(allowed, _CAPACITY, 0)  # fmt: skip
        capacity[n:sink - 1, :n] = np.minimum(P.T * scale, _CAPACITY)  # fmt: skip
        capacity[source, :n] = row_left * scale
        capacity[n:sink - 1, sink] = column_left * scale  # fmt: skip
        result = maximum_flow(csr_array(capacity), source, sink)
        if result.flow_value == 0:
            break
        P = np.maximum(P + result.flow[:n, n : n + m].toarray() / scale, 0.0)
    return P


def _flowing(P: np.ndarray, allowed: np.ndarray, a: np.ndarray, b: np.ndarray, tolerance: float) -> np.ndarray:
    """Edges whose flow is more than rounding; an atom lighter than that keeps the edges with a fair share of it.

    An atom whose mass the flow did not resolve at all is given to its heaviest neighbour: it has to go somewhere.
    """
    n, m = P.shape
    share = np.minimum(a[:, None] / (2 * m), b / (2 * n))
    flowing = np.minimum(tolerance, share) < P
    rows = np.flatnonzero((a > 0) & ~flowing.any(axis=1))
    flowing[rows, np.where(allowed[rows], b, -1.0).argmax(axis=1)] = True
    columns = np.flatnonzero((b > 0) & ~flowing.any(axis=0))
    flowing[np.where(allowed[:, columns], a[:, None], -1.0).argmax(axis=0), columns] = True
    return flowing & allowed


def _residual(allowed: np.ndarray, flowing: np.ndarray) -> Any:
    from scipy.sparse import bmat, csr_array

    return csr_array(bmat([[None, csr_array(allowed, dtype=np.int8)], [csr_array(flowing.T, dtype=np.int8), None]]))


def _refuse(allowed: np.ndarray, P: np.ndarray, left: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
    """Raise with the cut: the rows reachable in the residual graph from the row that has most mass left."""
    flowing = left.max() / (4 * P.size) < P  # all that this ignores is less than what is left
    rows = np.arange(len(a)) == np.argmax(left)
    while True:
        columns = allowed[rows].any(axis=0)
        reached = rows | flowing[:, columns].any(axis=1)
        if (reached == rows).all():
            break
        rows = reached
    named = np.flatnonzero(rows)
    shown = ", ".join(map(str, named[:8])) + (", ..." if len(named) > 8 else "")
    raise InvalidArgument(
        "M",
        "finite costs that admit a transport plan",
        f"rows [{shown}] of mass {a[rows].sum():.6g} whose finite-cost columns hold only {b[columns].sum():.6g}"
        f" ({a[rows].sum() - b[columns].sum():.2g} too little)",
    )


def apart(slack: np.ndarray, usable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find (s, t) such that (f + s, g + t) is feasible on every allowed edge, given (f, g) feasible on the usable ones.

    Parameters
    ----------
    slack : ndarray, shape (n, m)
        ``C - f - g``; ``+inf`` where an edge is not allowed.
    usable : ndarray of bool, shape (n, m)
        What `usable_edges` found.

    Returns
    -------
    (s, t) : ndarrays, shapes (n,) and (m,)
        Opposite to each other and constant on every component of the usable edges, whose two masses agree up to the
        tolerance of `usable_edges`: the dual value of the pair changes by what those differences are worth.

    Notes
    -----
    Allowed edges between components run one way only (the residual graph would otherwise join them), so moving the
    components apart along that order never meets itself: shortest paths in a graph without cycles.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    n, m = slack.shape
    rows, columns = np.nonzero(usable)
    k, label = connected_components(csr_array((np.ones(len(rows)), (rows, n + columns)), shape=(n + m, n + m)))
    rows, columns = np.nonzero(np.isfinite(slack) & ~usable)
    between = np.full((k, k), np.inf)
    np.minimum.at(between, (label[rows], label[n + columns]), slack[rows, columns])
    np.fill_diagonal(between, 0.0)
    moved = np.zeros(k)
    for _ in range(k):
        further = (between + moved).min(axis=1)
        if (further == moved).all():
            break
        moved = further
    return moved[label[:n]], -moved[label[n:]]
