"""Kernel: coordinate descent on a small quadratic with absolute values and bounds."""

import math

from .._numba import kernel


@kernel
def descend(hessian, gradient, alpha, lower, upper, x, d, tol, max_sweeps):
    """Write into d the minimiser of ``g.d + d'Hd/2 + sum alpha |x + d|`` over ``lower <= x + d <= upper``.

    Every sweep visits the coordinates in order; it stops when no move m has ``H_ii m^2`` above ``tol`` squared times
    the largest seen. Returns the number of sweeps. A coordinate without curvature goes where its penalty wants it.
    """
    n = x.shape[0]
    slope = gradient.copy()  # g + Hd, kept up to date
    for i in range(n):
        for j in range(n):
            slope[i] += hessian[i, j] * d[j]
    largest = 0.0
    for sweep in range(max_sweeps):
        moved = 0.0
        for i in range(n):
            h, u = hessian[i, i], x[i] + d[i]
            if h > 0.0:
                v = u - slope[i] / h
                new = math.copysign(max(abs(v) - alpha[i] / h, 0.0), v)
            else:
                new = u if alpha[i] == 0.0 else 0.0
            new = min(max(new, lower[i]), upper[i])
            step = new - u
            if step != 0.0:
                d[i] = new - x[i]
                moved = max(moved, h * step * step)
                for j in range(n):
                    slope[j] += hessian[i, j] * step
        largest = max(largest, moved)
        if moved <= tol * tol * largest:
            return sweep + 1
    return max_sweeps


_V, _M = "float64[::1]", "float64[:, ::1]"
SIGNATURES = {descend: (f"({_M}, {_V}, {_V}, {_V}, {_V}, {_V}, {_V}, float64, int64)",)}
