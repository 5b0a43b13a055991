"""The gap of an assignment problem: how far the second-best vertex is, and how fast entropic plans find the best."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._validation import check_cost
from ..errors import InvalidArgument

__all__ = ["AssignmentGap", "vertex_gap"]


@dataclass(frozen=True, kw_only=True)
class AssignmentGap:
    """The best vertex of a uniform assignment problem and the distance to the others, in units of the cost.

    Attributes
    ----------
    columns : ndarray of int, shape (n,)
        The optimal assignment: row ``i`` goes to column ``columns[i]``.
    value : float
        Its cost as a plan of mass 1: the mean of the assigned costs.
    gap : float
        Value of the second-best vertex minus `value`; zero, up to rounding, when the optimum is not unique.
    cycle_mean : float
        The least mean cost of an alternating cycle, which is the exact exponential rate of entropic plans: at least
        `gap`, equal to it for ``n = 2``.
    """

    columns: np.ndarray
    value: float
    gap: float
    cycle_mean: float

    @property
    def plan(self) -> np.ndarray:
        """The optimal vertex as a plan of mass 1."""
        n = len(self.columns)
        plan = np.zeros((n, n))
        plan[np.arange(n), self.columns] = 1.0 / n
        return plan


def _shortest_cycle(arcs: np.ndarray) -> float:
    """Return the least total weight of a cycle: all-pairs shortest paths by Floyd and Warshall."""
    distance = arcs.copy()
    for k in range(len(arcs)):
        np.minimum(distance, distance[:, k, None] + distance[k], out=distance)
    return float(distance.diagonal().min())


def _least_cycle_mean(arcs: np.ndarray) -> float:
    """Return the least mean weight of a cycle by Karp's formula over walks of 0 to n arcs from node 0."""
    n = len(arcs)
    walks = np.full((n + 1, n), np.inf)
    walks[0, 0] = 0.0
    for k in range(n):
        walks[k + 1] = (walks[k][:, None] + arcs).min(axis=0)
    ends = np.isfinite(walks[n])
    lengths = n - np.arange(n)
    with np.errstate(invalid="ignore"):
        means = (walks[n, ends] - walks[:n, ends]) / lengths[:, None]
    return float(np.where(np.isfinite(means), means, -np.inf).max(axis=0).min())


def vertex_gap(C: Any) -> AssignmentGap:
    r"""Find the best assignment, the gap to the second best, and the least mean alternating cycle.

    .. math:: \Delta = \min_{v \ne v^*} \langle C, v - v^* \rangle, \qquad
              \mu^* = \min_{\text{cycles } z} \frac{1}{|z|} \sum_{i \in z} ( C_{i, \pi(z(i))} - C_{i, \pi(i)} ),

    over the vertices :math:`v` of the plans with uniform marginals ``1/n``. Every other assignment differs from the
    best, :math:`\pi`, by alternating cycles (rows that hand on their columns), so the second best is the shortest one:

    1. an assignment solve;
    2. arcs ``i -> k`` of weight ``C[i, pi(k)] - C[i, pi(i)]``, without negative cycles since ``pi`` is optimal;
    3. the shortest cycle divided by ``n`` is :math:`\Delta`, the least cycle mean is :math:`\mu^*`.

    Takes O(n^3) time and O(n^2) memory.

    Parameters
    ----------
    C : array_like, shape (n, n)
        Finite costs, ``n >= 2``.

    Returns
    -------
    AssignmentGap

    Raises
    ------
    InvalidArgument
        If `C` is not square, has a non-finite entry or a single row, or differences that overflow.

    Notes
    -----
    Entropic plans satisfy :math:`\|P_\eta - P^*\|_1 \le 6 n^2 e^{-\eta \Delta}` for
    :math:`\eta > (1 + 2 \log n)/\Delta` (claim ``ot.exponential_convergence``), and in truth decay like
    :math:`e^{-\eta \mu^*}`. Rounding makes both figures uncertain by about ``n * eps * max|C|``.

    References
    ----------
    Karp, A characterization of the minimum cycle mean in a digraph, Discrete Math. 23 (1978).

    Examples
    --------
    >>> found = vertex_gap([[0.0, 1.0], [0.5, 0.0]])
    >>> found.columns, found.value, found.gap, found.cycle_mean
    (array([0, 1]), 0.0, 0.75, 0.75)
    """
    from scipy.optimize import linear_sum_assignment

    cost = check_cost(C, "C")
    n = len(cost)
    if cost.shape[1] != n or n < 2:
        raise InvalidArgument("C", "a square matrix of at least two rows", f"shape {cost.shape}")
    if not np.isfinite(cost).all():
        raise InvalidArgument("C", "finite costs", "+inf")
    if math.isinf(n * (float(cost.max()) - float(cost.min()))):
        raise InvalidArgument("C", "costs whose differences can be added", "differences that overflow")
    columns = linear_sum_assignment(cost)[1]
    arcs = cost[:, columns] - cost[np.arange(n), columns][:, None]
    np.fill_diagonal(arcs, np.inf)  # a row that keeps its column makes no cycle
    return AssignmentGap(
        columns=columns,
        value=float(cost[np.arange(n), columns].mean()),
        gap=max(_shortest_cycle(arcs), 0.0) / n,
        cycle_mean=max(_least_cycle_mean(arcs), 0.0),
    )
