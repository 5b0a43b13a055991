"""Kernel of block descent on a Gram matrix, a group a block: every visit is an exact minimisation over the group."""

import math

import numpy as np

from .._numba import kernel


@kernel
def norm_at_minimum(values, pull, alpha, start):
    """Return the root t of ``sum_i (pull_i / (values_i t + alpha))^2 = 1``, the norm of the minimiser of the group.

    For ``|pull| > alpha > 0`` and values >= 0. One over the norm of the sum's terms is concave and increasing in t:
    from the second iterate on, Newton's method climbs to the root from below. It starts at `start`, or at
    ``(|pull| - alpha) / max(values)``, which is no more than the root.
    """
    top, square = 0.0, 0.0
    for i in range(len(values)):
        top = max(top, values[i])
        square += pull[i] * pull[i]
    low = (math.sqrt(square) - alpha) / top
    t = max(start, low)
    for _ in range(100):
        square, slope = 0.0, 0.0
        for i in range(len(values)):
            z = pull[i] / (values[i] * t + alpha)
            square += z * z
            slope += z * z * values[i] / (values[i] * t + alpha)
        norm = math.sqrt(square)
        new = max(t + (norm - 1.0) * square / slope, low)
        if not abs(new - t) > 4e-16 * t:
            return new
        t = new
    return t


@kernel
def group_minimum(values, vectors, alpha, w, slope, pull, new):
    """Write to new (d,) the minimiser over one group, the others held; returns whether it is not w; pull is scratch.

    The block of the Gram matrix has eigenvalues `values`, zero or safely positive, and eigenvectors as the columns of
    the row-major `vectors` (d * d,); slope (d,) is minus the gradient of the quadratic at w.
    """
    size, old, length = len(w), 0.0, 0.0
    for i in range(size):
        old += w[i] * w[i]
        total = 0.0  # of the slope without this group: rotated, with its own part added back
        for j in range(size):
            total += vectors[j * size + i] * (slope[j] + values[i] * w[j])
        if values[i] == 0.0 and total == total:
            total = 0.0  # no curvature, hence no slope but rounding
        pull[i] = total
        length += total * total
    old, length, t = math.sqrt(old), math.sqrt(length), 1.0
    if length <= alpha:
        t = 0.0
    elif alpha > 0.0:
        t = norm_at_minimum(values, pull[:size], alpha, old)
    for i in range(size):
        bend = values[i] * t + alpha
        pull[i] = pull[i] * t / bend if bend > 0.0 else 0.0
    changed = False
    for i in range(size):
        total = 0.0
        for j in range(size):
            total += vectors[i * size + j] * pull[j]
        new[i] = total
        changed = changed or total != w[i]
    return changed


@kernel
def sweep(gram, starts, values, vectors, offsets, alpha, w, slope, n_sweeps):
    """Minimise over the groups in turn, n_sweeps times, in w (k,) and slope (k,).

    The model is w'Gw/2 - q'w + sum_g alpha_g |w_g| with slope = q - Gw and G the leading block of gram. Group g stands
    at starts[g]:starts[g + 1], its eigenvalues there and its eigenvectors from offsets[g] on. Returns the sweeps done:
    it stops after one without a change.
    """
    k = len(w)
    pull, new = np.empty(k), np.empty(k)
    for done in range(n_sweeps):
        settled = True
        for g in range(len(alpha)):
            a, b = starts[g], starts[g + 1]
            own = vectors[offsets[g] : offsets[g + 1]]
            if not group_minimum(values[a:b], own, alpha[g], w[a:b], slope[a:b], pull, new):
                continue
            settled = False
            for i in range(b - a):
                step = new[i] - w[a + i]
                w[a + i] = new[i]
                for j in range(k):
                    slope[j] -= gram[a + i, j] * step
        if settled:
            return done + 1
    return n_sweeps


@kernel(fastmath={"reassoc", "contract", "nsz"})  # a sum in any order, hence in vector registers
def _dot(a, b):
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@kernel
def sweep_columns(columns, starts, values, vectors, offsets, alpha, w, residual, n_sweeps):
    """Minimise over the groups in turn, n_sweeps times, in w (k,) and residual (n,).

    As `sweep`, without the Gram matrix: its columns are the rows of columns (k, n), and slope = columns @ residual.
    """
    pull, new, slope = np.empty(len(w)), np.empty(len(w)), np.empty(len(w))
    for done in range(n_sweeps):
        settled = True
        for g in range(len(alpha)):
            a, b = starts[g], starts[g + 1]
            for i in range(b - a):
                slope[i] = _dot(columns[a + i], residual)
            own = vectors[offsets[g] : offsets[g + 1]]
            if not group_minimum(values[a:b], own, alpha[g], w[a:b], slope[: b - a], pull, new):
                continue
            settled = False
            for i in range(b - a):
                step = new[i] - w[a + i]
                w[a + i] = new[i]
                for j in range(len(residual)):
                    residual[j] -= columns[a + i, j] * step
        if settled:
            return done + 1
    return n_sweeps


_V, _M, _I = "float64[::1]", "float64[:, ::1]", "int64[::1]"
SIGNATURES = {
    norm_at_minimum: (f"({_V}, {_V}, float64, float64)",),
    group_minimum: (f"({_V}, {_V}, float64, {_V}, {_V}, {_V}, {_V})",),
    sweep: (f"({_M}, {_I}, {_V}, {_V}, {_I}, {_V}, {_V}, {_V}, int64)",),
    sweep_columns: (f"({_M}, {_I}, {_V}, {_V}, {_I}, {_V}, {_V}, {_V}, int64)",),
}
