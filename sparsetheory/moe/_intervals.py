"""Kernel of the best partition of a line into intervals, each of another expert."""

import numpy as np

from .._numba import kernel

__all__ = ["best_intervals"]


@kernel
def best_intervals(terms, order, cuts):
    """Return the largest sum of terms (n, k) over partitions of the rows into intervals of distinct columns.

    Dynamic programming over the rows; a state is the set of columns used so far and the last of them. Writes the
    columns from the first interval to the last into order (k,), -1 behind them, and where each starts into cuts (k,).
    """
    n, k = terms.shape
    sets = 1 << k
    best = np.full((sets, k), -np.inf)
    path, starts = np.full((sets, k, k), -1), np.zeros((sets, k, k), dtype=np.int64)
    for j in range(k):
        best[1 << j, j] = 0.0
        path[1 << j, j, 0] = j
    for i in range(n):
        for used in range(sets - 1, 0, -1):  # smaller sets still hold the values of one row less
            for j in range(k):
                if not used >> j & 1:
                    continue
                before, from_ = used ^ (1 << j), -1
                for other in range(k):
                    if before >> other & 1 and i > 0 and best[before, other] > best[used, j]:
                        best[used, j] = best[before, other]
                        from_ = other
                if from_ >= 0:
                    size = 0
                    while size < k and path[before, from_, size] >= 0:
                        path[used, j, size] = path[before, from_, size]
                        starts[used, j, size] = starts[before, from_, size]
                        size += 1
                    path[used, j, size] = j
                    starts[used, j, size] = i
                best[used, j] += terms[i, j]
    top = -np.inf
    for used in range(1, sets):
        for j in range(k):
            if best[used, j] > top:
                top = best[used, j]
                for p in range(k):
                    order[p] = path[used, j, p]
                    cuts[p] = starts[used, j, p]
    return top


SIGNATURES = {best_intervals: ("(float64[:, ::1], int64[::1], int64[::1])",)}
