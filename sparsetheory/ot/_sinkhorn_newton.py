"""Kernel of the paper's Newton stage: the plan of two free potentials with both marginals, in one sweep."""

from .._kernels.exponential import exp, vector_sum
from .._numba import kernel


@kernel
def plan_pass(cost, f, g, reg, plan, row_sums, column_sums):
    """Write plan (n, m) = exp((f + g - cost)/reg), row_sums (n,) and column_sums (m,)."""
    scale = 1.0 / reg
    column_sums[:] = 0.0
    for i in range(f.shape[0]):
        row = plan[i]
        for j in range(g.shape[0]):
            row[j] = exp((f[i] + g[j] - cost[i, j]) * scale)
        row_sums[i] = vector_sum(row)
        for j in range(g.shape[0]):
            column_sums[j] += row[j]


_V, _M = "float64[::1]", "float64[:, ::1]"
SIGNATURES = {plan_pass: (f"({_M}, {_V}, {_V}, float64, {_M}, {_V}, {_V})",)}
