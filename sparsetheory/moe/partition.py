"""The best gate of given experts, one of which is active at a time, in one dimension: a partition into intervals."""

from dataclasses import replace

import numpy as np

from ._intervals import best_intervals
from .likelihood import Likelihood
from .parameters import Parameters

__all__ = ["best_partition", "lines_of"]

_MOST = 8  # experts beyond which the sets of used experts are too many


def best_partition(likelihood: Likelihood, at: Parameters, log_f: np.ndarray) -> Parameters | None:
    r"""Return the parameters with the best gate rows there are, given the experts; None where that is not this problem.

    .. math:: \max_{\pi, c_1 \le \dots \le c_{k-1}} \sum_{p} \sum_{c_{p-1} < x_i \le c_p} s_i \log f_{\pi(p)}(y_i)

    Scores are lines, the largest one is active: every sequence of experts, each at most once, and all breakpoints
    belong to some lines, with slopes that increase along the sequence. Dynamic programming over the sorted samples
    and the sets of experts used so far takes ``O(n k 2^k)`` after the sort; `_MOST` experts at most.
    """
    gate = likelihood.gate
    if gate.top_k > 1 or gate.slopes_only or likelihood.layout.d > 1 or not 1 < gate.n_experts <= _MOST:
        return None
    places, group = np.unique(likelihood.Z[0], return_inverse=True)
    terms = np.column_stack([np.bincount(group, likelihood.weight * column) for column in log_f.T])
    order, cuts = np.empty(gate.n_experts, dtype=np.int64), np.empty(gate.n_experts, dtype=np.int64)
    best_intervals(np.ascontiguousarray(terms), order, cuts)
    count = int(np.count_nonzero(order >= 0))
    gaps = 0.5 * (places[cuts[1:count] - 1] + places[cuts[1:count]])
    rows = lines_of(order[:count], gaps, gate.n_experts, float(np.ptp(places))) * at.tau
    return likelihood.layout.referred(replace(at, gate=rows))


def lines_of(order: np.ndarray, gaps: np.ndarray, k: int, width: float) -> np.ndarray:
    """Return lines (k, 2) of which those in `order` are the largest in turn, each from its gap on."""
    slope = 1.0 / max(width, 1e-300)
    rows = np.tile([0.0, -1.0], (k, 1))  # below the first line everywhere
    rows[order[0]] = 0.0
    for before, after, gap in zip(order[:-1], order[1:], gaps):
        rows[after] = rows[before] + np.array([1.0, -gap]) * slope
    return rows
