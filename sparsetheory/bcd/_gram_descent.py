"""Kernel of coordinate descent on a Gram matrix: the whole slope is kept, so that a visit costs one comparison."""

from .._numba import kernel


@kernel
def sweep(gram, l1, l2, lower, w, slope, n_sweeps):
    """Minimise over w_j in turn, up to n_sweeps times, in w (k,) and slope (k,); returns the sweeps done.

    The model is w'Gw/2 - q'w + sum_j l1_j |w_j| + l2_j w_j^2 / 2 with w >= lower, slope = q - Gw, and G the leading
    block of gram (capacity, capacity). Stops after a sweep without a change. A column without curvature gets w_j = 0
    where it costs, and stays where it is free.
    """
    k = len(w)
    for done in range(n_sweeps):
        changed = False
        for j in range(k):
            old, curvature = w[j], gram[j, j] + l2[j]
            new = old
            if curvature > 0.0:
                pull = slope[j] + gram[j, j] * old
                if pull > l1[j]:
                    new = (pull - l1[j]) / curvature
                elif pull < -l1[j]:
                    new = (pull + l1[j]) / curvature
                else:
                    new = 0.0 if pull == pull else pull  # a NaN goes on
            elif l1[j] > 0.0:
                new = 0.0
            if new < lower:
                new = lower
            if new != old:
                changed = True
                step = new - old
                w[j] = new
                for i in range(k):
                    slope[i] -= gram[j, i] * step
        if not changed:
            return done + 1
    return n_sweeps


_V, _M = "float64[::1]", "float64[:, ::1]"
SIGNATURES = {sweep: (f"({_M}, {_V}, {_V}, float64, {_V}, {_V}, int64)",)}
