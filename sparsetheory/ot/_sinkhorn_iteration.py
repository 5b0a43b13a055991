"""Kernel of Sinkhorn's iteration in the log domain, one sweep over the cost an iteration."""

import math

from .._kernels.exponential import log_sum_exp_row
from .._numba import kernel

_UNDERFLOWED = 1e-300  # a column sum below this says nothing about its logarithm


@kernel
def sinkhorn_chunk(cost, a, b, reg, n_iter, tol, f, g, row, column_sums):
    """Advance f (n,) and g (m,) by up to n_iter iterations; row (m,) is scratch.

    An iteration makes the rows exact for g, measures the column error of that plan, and updates g unless it is done:
    on return (f, g) is the pair whose error is returned. Returns (iterations, L1 error).
    """
    scale = 1.0 / reg
    error = math.inf
    for k in range(n_iter):
        column_sums[:] = 0.0
        for i in range(a.shape[0]):
            top, total = log_sum_exp_row(cost[i], g, scale, row)
            factor = a[i] / total
            f[i] = reg * math.log(factor) - top
            for j in range(row.shape[0]):
                column_sums[j] += row[j] * factor
        error = 0.0
        for j in range(b.shape[0]):
            error += abs(column_sums[j] - b[j])
        if k + 1 == n_iter or not error > tol:
            return k + 1, error
        update(cost, b, column_sums, reg, f, g)
    return n_iter, error


@kernel
def _log_column_sum(cost, f, scale, j):
    """Return log sum_i exp((f_i - cost_ij) * scale): what is left of a column whose sum underflowed."""
    top = -math.inf
    for i in range(f.shape[0]):
        top = max(top, f[i] - cost[i, j])
    total = 0.0
    for i in range(f.shape[0]):
        total += math.exp((f[i] - cost[i, j] - top) * scale)
    return top * scale + math.log(total)


@kernel
def update(cost, b, column_sums, reg, f, g):
    """Make the columns exact: g_j += reg log(b_j / c_j), c the column sums of the plan of (f, g)."""
    for j in range(b.shape[0]):
        if column_sums[j] > _UNDERFLOWED:
            g[j] += reg * (math.log(b[j]) - math.log(column_sums[j]))
        else:
            g[j] = reg * (math.log(b[j]) - _log_column_sum(cost, f, 1.0 / reg, j))


_V, _M = "float64[::1]", "float64[:, ::1]"
SIGNATURES = {
    sinkhorn_chunk: (f"({_M}, {_V}, {_V}, float64, int64, float64, {_V}, {_V}, {_V}, {_V})",),
    update: (f"({_M}, {_V}, {_V}, float64, {_V}, {_V})",),
}
