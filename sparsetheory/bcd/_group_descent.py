"""Kernel of block descent on a Gram matrix, a group a block: every visit is an exact minimisation over the group."""

import math

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
def sweep(gram, starts, values, vectors, offsets, alpha, w, slope, pull, n_sweeps):
    """Minimise over the groups in turn, n_sweeps times, in w (k,) and slope (k,); `pull` (k,) is scratch.

    The model is w'Gw/2 - q'w + sum_g alpha_g |w_g| with slope = q - Gw and G the leading block of gram. Group g stands
    at starts[g]:starts[g + 1]; its block of G has eigenvalues values[there], zero or safely positive, and eigenvectors
    as the columns of a row-major matrix at offsets[g] of vectors. Returns the sweeps done: it stops after one without
    a change.
    """
    k = len(w)
    for done in range(n_sweeps):
        changed = False
        for g in range(len(alpha)):
            a, size = starts[g], starts[g + 1] - starts[g]
            old = 0.0
            for i in range(a, a + size):
                old += w[i] * w[i]
            old = math.sqrt(old)
            length = 0.0  # of the slope without this group: rotated, with its own part added back
            for i in range(size):
                total = 0.0
                for j in range(size):
                    total += vectors[offsets[g] + j * size + i] * (slope[a + j] + values[a + i] * w[a + j])
                if values[a + i] == 0.0 and total == total:
                    total = 0.0  # no curvature, hence no slope but rounding
                pull[i] = total
                length += total * total
            length = math.sqrt(length)
            if length <= alpha[g]:
                t = 0.0
            elif alpha[g] > 0.0:
                t = norm_at_minimum(values[a : a + size], pull[:size], alpha[g], old)
            else:
                t = 1.0
            if t == 0.0 and old == 0.0:
                continue
            for i in range(size):
                bend = values[a + i] * t + alpha[g]
                pull[i] = pull[i] * t / bend if bend > 0.0 else 0.0
            for i in range(size):
                new = 0.0
                for j in range(size):
                    new += vectors[offsets[g] + i * size + j] * pull[j]
                step = new - w[a + i]
                if step != 0.0:
                    changed = True
                    w[a + i] = new
                    for j in range(k):
                        slope[j] -= gram[a + i, j] * step
        if not changed:
            return done + 1
    return n_sweeps


_V, _M, _I = "float64[::1]", "float64[:, ::1]", "int64[::1]"
SIGNATURES = {
    norm_at_minimum: (f"({_V}, {_V}, float64, float64)",),
    sweep: (f"({_M}, {_I}, {_V}, {_V}, {_I}, {_V}, {_V}, {_V}, {_V}, int64)",),
}
