"""Conjugate gradients on the Schur complement of the first of two blocks; vectors are by position (see `_forest`)."""

import math

from .._numba import kernel


@kernel
def reduced_chunk(n_iter, goal, state, split, parent, pivot, factor, row_start, columns, values, x, r, p, u, y):
    """Advance by up to n_iter iterations, or until the norm of r is at most goal; returns (iterations, norm).

    Solves S x1 = b with S = A11 - B' A00^-1 B, B = A01, preconditioned by A11. Positions below split are block 0, all
    arrays have length n. Writes x (block 1), r (its residual), p (direction), u (A11 p), y (scratch), and state =
    (rho of the last direction, alpha of the step that is still to be taken).

    A direction is p = z + beta p with A11 z = r. Four passes an iteration, because the quadratic forms come out of the
    sweeps upwards: r' A11^-1 r = sum of y_k^2 / d_k with y = L^-1 r, and the same for (Bp)' A00^-1 (Bp). So beta is
    known before the sweep downwards makes z, and alpha = rho / p'Sp before S p is formed row by row.
    """
    n = len(x)
    rho, alpha = state[0], state[1]
    norm = math.inf
    for k_iter in range(n_iter + 1):
        y[split:] = 0.0
        new_rho, total = 0.0, 0.0
        for k in range(n - 1, split - 1, -1):  # take the step, then up the trees of block 1
            row = r[k]
            if alpha != 0.0:
                product = u[k]
                for e in range(row_start[k], row_start[k + 1]):
                    product -= values[e] * y[columns[e]]
                row -= alpha * product
                x[k] += alpha * p[k]
                r[k] = row
            total += row * row
            row += y[k]
            y[k] = row / pivot[k]
            new_rho += row * y[k]
            if parent[k] >= 0:
                y[parent[k]] -= factor[k] * row
        norm = math.sqrt(total)
        alpha = 0.0
        if not norm > goal or k_iter == n_iter:
            state[0], state[1] = rho, alpha
            return k_iter, norm
        beta = new_rho / rho if rho > 0.0 else 0.0
        rho = new_rho
        curvature = 0.0
        for k in range(split, n):  # down the trees: z, the direction and A11 times it
            if parent[k] >= 0:
                y[k] -= factor[k] * y[parent[k]]
            p[k] = y[k] + beta * p[k]
            u[k] = r[k] + beta * u[k]
            curvature += p[k] * u[k]
        y[:split] = 0.0
        for k in range(split - 1, -1, -1):  # up the trees of block 0 with B p
            row = y[k]
            for e in range(row_start[k], row_start[k + 1]):
                row += values[e] * p[columns[e]]
            y[k] = row / pivot[k]
            curvature -= row * y[k]
            if parent[k] >= 0:
                y[parent[k]] -= factor[k] * row
        for k in range(split):  # and down: y = A00^-1 B p
            if parent[k] >= 0:
                y[k] -= factor[k] * y[parent[k]]
        alpha = rho / curvature
    return n_iter, norm


_J, _V = "int32[::1]", "float64[::1]"
SIGNATURES = {
    reduced_chunk: (
        f"(int64, float64, {_V}, int64, {_J}, {_V}, {_V}, {_J}, {_J}, {_V}, {_V}, {_V}, {_V}, {_V}, {_V})",
    ),
}
