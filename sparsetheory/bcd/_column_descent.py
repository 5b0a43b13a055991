"""Kernel of coordinate descent on sparse columns: a visit costs the entries of its column."""

from .._numba import kernel


@kernel
def sweep_columns(
    data, indices, indptr, v, means, total, pull_of_means, curvature, l1, l2, lower, visit, w, residual, shift, n_sweeps
):
    """Minimise over w_j for j in visit, in turn, up to n_sweeps times, in w (k,), residual (n,) and shift (1,).

    The columns are those of a CSC matrix less their means; residual + shift is what they leave, so that means are not
    subtracted from every entry. total is the sum of v (n,), pull_of_means the sum of v (residual + shift), which no
    visit changes. Returns the sweeps done, the last of which changed nothing unless they are all.
    """
    for done in range(n_sweeps):
        changed = False
        for j in visit:
            if not curvature[j] > 0.0:
                continue
            slope = means[j] * (shift[0] * total - pull_of_means)
            for e in range(indptr[j], indptr[j + 1]):
                slope += data[e] * v[indices[e]] * residual[indices[e]]
            old, pull = w[j], slope + curvature[j] * w[j]
            new = 0.0 if pull == pull else pull  # a NaN goes on
            if pull > l1[j]:
                new = (pull - l1[j]) / (curvature[j] + l2[j])
            elif pull < -l1[j]:
                new = (pull + l1[j]) / (curvature[j] + l2[j])
            if new < lower:
                new = lower
            if new != old:
                changed = True
                w[j] = new
                shift[0] += (new - old) * means[j]
                for e in range(indptr[j], indptr[j + 1]):
                    residual[indices[e]] -= (new - old) * data[e]
        if not changed:
            return done + 1
    return n_sweeps


_V, _J = "float64[::1]", "int32[::1]"
SIGNATURES = {
    sweep_columns: (
        f"({_V}, {_J}, {_J}, {_V}, {_V}, float64, float64, {_V}, {_V}, {_V}, float64, int64[::1], {_V}, {_V}, {_V}, "
        "int64)",
    ),
}
