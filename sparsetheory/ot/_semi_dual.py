"""Kernels of the semi-dual: the fused pass, the sparsified Hessian and conjugate gradients on it."""

import math

from .._kernels.exponential import log_sum_exp_row
from .._numba import kernel


@kernel
def fused_pass(cost, a, g, reg, f, plan, column_sums):
    """Write f (n,), plan (n, m) and column_sums (m,) of the plan whose rows are exact for the potential g (m,).

    One sweep: row maximum, log-sum-exp, f_i, plan row, column sums, while the row is in cache.
    """
    scale = 1.0 / reg
    column_sums[:] = 0.0
    for i in range(a.shape[0]):
        row = plan[i]
        top, total = log_sum_exp_row(cost[i], g, scale, row)
        factor = a[i] / total
        f[i] = reg * math.log(factor) - top
        for j in range(row.shape[0]):
            row[j] *= factor
            column_sums[j] += row[j]


@kernel
def count_kept(plan, a, b, theta, kept):
    """Write the number of entries with P_ij > theta a_i or P_ij > theta b_j of each row into kept (n,)."""
    for i in range(plan.shape[0]):
        n_kept = 0
        bar = theta * a[i]
        for j in range(plan.shape[1]):
            n_kept += plan[i, j] > min(bar, theta * b[j])
        kept[i] = n_kept


@kernel
def extract(plan, a, b, theta, start, columns, values):
    """Write the entries counted by `count_kept` into columns and values, row i from start[i] on."""
    for i in range(plan.shape[0]):
        at = start[i]
        bar = theta * a[i]
        for j in range(plan.shape[1]):
            if plan[i, j] > min(bar, theta * b[j]):
                columns[at] = j
                values[at] = plan[i, j]
                at += 1


@kernel
def sparse_gram_diagonal(start, columns, values, a, out):
    """Write the diagonal of P' diag(1/a) P into out (m,), P in CSR form."""
    out[:] = 0.0
    for i in range(a.shape[0]):
        for k in range(start[i], start[i + 1]):
            out[columns[k]] += values[k] * values[k] / a[i]


@kernel
def sparse_gram(start, columns, values, a, x, out):
    """Write P' diag(1/a) P x into out (m,), P in CSR form: one sweep over the rows does both products."""
    out[:] = 0.0
    for i in range(a.shape[0]):
        total = 0.0
        for k in range(start[i], start[i + 1]):
            total += values[k] * x[columns[k]]
        total /= a[i]
        for k in range(start[i], start[i + 1]):
            out[columns[k]] += values[k] * total


@kernel(fastmath={"reassoc", "nsz", "contract"})
def _dot(x, y):
    """Inner product; reassociation lets it vectorise."""
    total = 0.0
    for j in range(x.shape[0]):
        total += x[j] * y[j]
    return total


@kernel
def dense_gram_diagonal(plan, a, out):
    """Write the diagonal of P' diag(1/a) P into out (m,)."""
    out[:] = 0.0
    for i in range(a.shape[0]):
        inverse = 1.0 / a[i]
        for j in range(out.shape[0]):
            out[j] += plan[i, j] * plan[i, j] * inverse


@kernel
def dense_gram(plan, a, x, out):
    """Write P' diag(1/a) P x into out (m,)."""
    out[:] = 0.0
    for i in range(a.shape[0]):
        row = plan[i]
        total = _dot(row, x) / a[i]
        for j in range(out.shape[0]):
            out[j] += row[j] * total


@kernel
def _start_cg(rhs, inverse_diagonal, x, r, z, p):
    for j in range(rhs.shape[0]):
        x[j] = 0.0
        r[j] = rhs[j]
        z[j] = r[j] * inverse_diagonal[j]
        p[j] = z[j]
    return _dot(r, z)


@kernel
def _cg_update(gram_p, diagonal, inverse_diagonal, rz, x, r, z, p):
    """One conjugate gradient step for diag(diagonal) - Gram, given Gram p; returns (new r.z, curvature)."""
    m = x.shape[0]
    for j in range(m):
        z[j] = diagonal[j] * p[j] - gram_p[j]
    curvature = _dot(p, z)
    if not curvature > 0.0:
        return rz, curvature
    alpha = rz / curvature
    for j in range(m):
        x[j] += alpha * p[j]
        r[j] -= alpha * z[j]
        z[j] = r[j] * inverse_diagonal[j]
    rz_new = _dot(r, z)
    beta = rz_new / rz
    for j in range(m):
        p[j] = z[j] + beta * p[j]
    return rz_new, curvature


@kernel
def sparse_cg(start, columns, values, a, diagonal, inverse_diagonal, rhs, forcing, max_iter, x, work):
    """Solve (diag(diagonal) - P' diag(1/a) P) x = rhs to |r| <= forcing |rhs| in the preconditioner's norm.

    Writes x (m,) and work (4, m); P in CSR form. Returns (iterations, reached).
    """
    r, z, p, gram_p = work[0], work[1], work[2], work[3]
    rz = _start_cg(rhs, inverse_diagonal, x, r, z, p)
    target = rz * forcing * forcing
    for k in range(max_iter):
        if not rz > target:
            return k, True
        sparse_gram(start, columns, values, a, p, gram_p)
        rz, curvature = _cg_update(gram_p, diagonal, inverse_diagonal, rz, x, r, z, p)
        if not curvature > 0.0:
            return k, False
    return max_iter, not rz > target


@kernel
def dense_cg(plan, a, diagonal, inverse_diagonal, rhs, forcing, max_iter, x, work):
    """`sparse_cg` with all of the plan."""
    r, z, p, gram_p = work[0], work[1], work[2], work[3]
    rz = _start_cg(rhs, inverse_diagonal, x, r, z, p)
    target = rz * forcing * forcing
    for k in range(max_iter):
        if not rz > target:
            return k, True
        dense_gram(plan, a, p, gram_p)
        rz, curvature = _cg_update(gram_p, diagonal, inverse_diagonal, rz, x, r, z, p)
        if not curvature > 0.0:
            return k, False
    return max_iter, not rz > target


_V, _M, _I = "float64[::1]", "float64[:, ::1]", "int64[::1]"
_TAIL = f"{_V}, {_V}, {_V}, float64, int64, {_V}, {_M}"
SIGNATURES = {
    fused_pass: (f"({_M}, {_V}, {_V}, float64, {_V}, {_M}, {_V})",),
    count_kept: (f"({_M}, {_V}, {_V}, float64, {_I})",),
    extract: (f"({_M}, {_V}, {_V}, float64, {_I}, {_I}, {_V})",),
    sparse_gram_diagonal: (f"({_I}, {_I}, {_V}, {_V}, {_V})",),
    dense_gram_diagonal: (f"({_M}, {_V}, {_V})",),
    sparse_cg: (f"({_I}, {_I}, {_V}, {_V}, {_TAIL})",),
    dense_cg: (f"({_M}, {_V}, {_TAIL})",),
}
