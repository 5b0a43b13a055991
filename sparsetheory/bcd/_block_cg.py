"""Conjugate gradients preconditioned by symmetric block Gauss-Seidel, at the price of one product with A an iteration.

Eisenstat's arrangement for blocks that are forests. With A = D + L + L', D = G P G' the factored trees and

    K = (D + L) G^-T P^-1/2,    K K' = (D + L) D^-1 (D + L'),

plain conjugate gradients run on K^-1 A K^-T. For t = K^-T v, found backwards through the blocks, and
s = (D + L)^-1 L' t, found forwards, the product is v - P^-1/2 G^-1 L s: every entry of A between blocks is read once,
the trees are swept twice. Vectors are by position (see `_forest`); scale is P^-1/2.
"""

import math

from .._numba import kernel


@kernel
def to_block_cg(blocks, parent, scale, factor, row_start, row_middle, columns, values, r, y):
    """Overwrite r, a residual of A x = c, with K^-1 r; y is scratch."""
    for b in range(len(blocks) - 1):
        y[blocks[b] : blocks[b + 1]] = 0.0
        for k in range(blocks[b + 1] - 1, blocks[b] - 1, -1):
            row = y[k] + r[k]
            for e in range(row_start[k], row_middle[k]):
                row -= values[e] * y[columns[e]]
            y[k] = row
            if parent[k] >= 0:
                y[parent[k]] -= factor[k] * row
            r[k] = scale[k] * row
        for k in range(blocks[b], blocks[b + 1]):
            y[k] *= scale[k] * scale[k]
            if parent[k] >= 0:
                y[k] -= factor[k] * y[parent[k]]


@kernel
def _back(start, stop, beta, parent, scale, factor, row_start, row_middle, columns, values, r, p, t, g):
    """Renew the direction p = r + beta p on a block; t = K^-T p there, and g = G^-1 of the row of L' t."""
    g[start:stop] = 0.0
    for k in range(stop - 1, start - 1, -1):
        row = g[k]
        for e in range(row_middle[k], row_start[k + 1]):
            row += values[e] * t[columns[e]]
        g[k] = row
        if parent[k] >= 0:
            g[parent[k]] -= factor[k] * row
    for k in range(start, stop):
        p[k] = r[k] + beta * p[k]
        t[k] = scale[k] * (p[k] - scale[k] * g[k])
        if parent[k] >= 0:
            t[k] -= factor[k] * t[parent[k]]


@kernel
def _forth(start, stop, parent, scale, factor, row_start, row_middle, columns, values, p, g, q):
    """Write the product q = p - P^-1/2 G^-1 L s on a block, s in the place of g; returns p'q there."""
    q[start:stop] = 0.0
    for k in range(stop - 1, start - 1, -1):
        row = q[k]
        for e in range(row_start[k], row_middle[k]):
            row += values[e] * g[columns[e]]
        q[k] = row
        if parent[k] >= 0:
            q[parent[k]] -= factor[k] * row
    curvature = 0.0
    for k in range(start, stop):
        g[k] = scale[k] * scale[k] * (g[k] - q[k])
        if parent[k] >= 0:
            g[k] -= factor[k] * g[parent[k]]
        q[k] = p[k] - scale[k] * q[k]
        curvature += p[k] * q[k]
    return curvature


@kernel
def block_cg_chunk(
    n_iter, goal, state, blocks, parent, scale, factor, row_start, row_middle, columns, values, x, r, p, t, g, q
):
    """Advance by up to n_iter iterations, or until |r| is at most goal; returns (iterations, |r|).

    Writes x, r = K^-1 (c - A x), the direction p and state = (r'r, its quotient to the one before); t, g and q are
    scratch. A curvature that is not positive stops it: A is not positive definite.
    """
    rho, beta = state[0], state[1]
    done, last = 0, len(blocks) - 2
    while done < n_iter and math.sqrt(rho) > goal:
        for b in range(last, -1, -1):
            _back(blocks[b], blocks[b + 1], beta, parent, scale, factor, row_start, row_middle, columns, values,
                  r, p, t, g)  # fmt: skip
        curvature = 0.0
        for b in range(last + 1):
            curvature += _forth(blocks[b], blocks[b + 1], parent, scale, factor, row_start, row_middle, columns, values,
                                p, g, q)  # fmt: skip
        if not curvature > 0.0:
            break
        alpha, new = rho / curvature, 0.0
        for k in range(len(x)):
            x[k] += alpha * t[k]
            r[k] -= alpha * q[k]
            new += r[k] * r[k]
        beta = new / rho
        rho = new
        done += 1
    state[0], state[1] = rho, beta
    return done, math.sqrt(rho)


_I, _J, _V = "int64[::1]", "int32[::1]", "float64[::1]"
_BLOCKS = f"{_J}, {_V}, {_V}, {_J}, {_J}, {_J}, {_V}"
SIGNATURES = {
    to_block_cg: (f"({_I}, {_BLOCKS}, {_V}, {_V})",),
    _back: (f"(int64, int64, float64, {_BLOCKS}, {_V}, {_V}, {_V}, {_V})",),
    _forth: (f"(int64, int64, {_BLOCKS}, {_V}, {_V}, {_V})",),
    block_cg_chunk: (f"(int64, float64, {_V}, {_I}, {_BLOCKS}, {_V}, {_V}, {_V}, {_V}, {_V}, {_V})",),
}
