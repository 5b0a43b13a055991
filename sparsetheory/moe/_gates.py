"""Kernels of the gates: scores of a chunk of samples, and their derivatives along each row of gate parameters."""

import math

from .._numba import kernel

__all__ = [
    "GELU",
    "IDENTITY",
    "LAPLACE",
    "SIGMOID",
    "SILU",
    "SOFTPLUS",
    "STABLEMAX",
    "TANH",
    "gate_scores",
    "gate_slopes",
    "keep_largest",
]

# Tags, not functions: an integer keeps the kernels in the cache.
IDENTITY, TANH, SIGMOID, SOFTPLUS, GELU, SILU, LAPLACE, STABLEMAX = range(8)

_NEAR = 1e-10  # distances below count as this much in derivatives, which do not exist at a distance of zero
_ROOT_TAU = math.sqrt(2.0 * math.pi)


@kernel
def _sigmoid(z):
    if z >= 0.0:
        return 1.0 / (1.0 + math.exp(-z))
    e = math.exp(z)
    return e / (1.0 + e)


@kernel
def activation(code, z):
    """Return phi(z), phi'(z) and phi''(z)."""
    if code == TANH:
        t = math.tanh(z)
        return t, 1.0 - t * t, -2.0 * t * (1.0 - t * t)
    if code == STABLEMAX:  # the logarithm of z + 1 for z >= 0 and of 1 / (1 - z) below
        near = 1.0 / (1.0 + abs(z))
        sign = 1.0 if z >= 0.0 else -1.0
        return sign * math.log1p(abs(z)), near, -sign * near * near
    if code == GELU:
        density = math.exp(-0.5 * z * z) / _ROOT_TAU
        mass = 0.5 * math.erfc(-z / math.sqrt(2.0))
        return z * mass, mass + z * density, density * (2.0 - z * z)
    if code == IDENTITY:
        return z, 1.0, 0.0
    s = _sigmoid(z)
    if code == SIGMOID:
        return s, s * (1.0 - s), s * (1.0 - s) * (1.0 - 2.0 * s)
    if code == SILU:
        bend = s * (1.0 - s)
        return z * s, s + z * bend, bend * (2.0 + z * (1.0 - 2.0 * s))
    return max(z, 0.0) + math.log1p(math.exp(-abs(z))), s, s * (1.0 - s)  # softplus


@kernel
def gate_scores(code, gate, tau, Z, start, size, eta):
    """Write the scores eta (k, >= size) of the samples from `start` on.

    The first d rows of Z hold a feature each; gate (k, d + 1) has slopes, then the intercept.
    """
    d, cool = gate.shape[1] - 1, 1.0 / tau
    for j in range(gate.shape[0]):
        row = eta[j]
        intercept = gate[j, d]
        if code == LAPLACE:
            _distances(gate[j], Z, start, size, row)
            for i in range(size):
                row[i] = (intercept - row[i]) / tau
            continue
        inside = intercept if code in (STABLEMAX, IDENTITY) else 0.0
        outside = intercept - inside
        for i in range(size):
            row[i] = inside
        for a in range(d):
            slope, x = gate[j, a], Z[a]
            for i in range(size):
                row[i] += slope * x[start + i]
        if code == IDENTITY:
            for i in range(size):
                row[i] *= cool
        else:
            for i in range(size):
                row[i] = (activation(code, row[i])[0] + outside) / tau


@kernel
def _distances(centre, Z, start, size, out):
    """Write the distances of the samples to a centre."""
    for i in range(size):
        out[i] = 0.0
    for a in range(centre.shape[0] - 1):
        for i in range(size):
            difference = Z[a, start + i] - centre[a]
            out[i] += difference * difference
    for i in range(size):
        out[i] = math.sqrt(out[i])


@kernel
def gate_slopes(code, gate, tau, Z, start, size, design, bend, flat):
    """Write the derivatives of the score of every row r by its own parameters.

    design (m, d + 1, size) is the gradient. The second derivative is ``bend (m, size)`` times the outer product of the
    sample with itself plus, for distances, ``flat (m, size)`` times the identity; `bend` multiplies (x, 1) where the
    intercept is inside the activation, (x, 0) where it is not, and the gradient itself for distances.
    """
    d = gate.shape[1] - 1
    for r in range(design.shape[0]):
        rows = design[r]
        if code == LAPLACE:
            _distances(gate[r], Z, start, size, bend[r])
            for i in range(size):
                near = 1.0 / max(bend[r, i], _NEAR)
                for a in range(d):
                    rows[a, i] = (Z[a, start + i] - gate[r, a]) * near / tau
                rows[d, i] = 1.0 / tau
                bend[r, i] = near * tau  # times the outer product of the gradient, which carries 1 / tau twice
                flat[r, i] = -near / tau
            continue
        inside = code in (STABLEMAX, IDENTITY)
        for i in range(size):
            z = gate[r, d] if inside else 0.0
            for a in range(d):
                z += gate[r, a] * Z[a, start + i]
            _, slope, second = activation(code, z)
            bend[r, i] = second / tau
            for a in range(d):
                rows[a, i] = slope / tau * Z[a, start + i]
            rows[d, i] = (slope if inside else 1.0) / tau


@kernel
def keep_largest(top_k, slopes_only, gate, tau, eta, size, keep):
    """Set the scores that are not among the `top_k` largest of their sample to -inf; ties go to the lowest expert.

    With `slopes_only` samples are ranked by the score without its intercept. `keep` (k, >= size) is scratch.
    """
    k, d = gate.shape[0], gate.shape[1] - 1
    for j in range(k):
        without = gate[j, d] / tau if slopes_only else 0.0
        for i in range(size):
            keep[j, i] = eta[j, i] - without
    for j in range(k):
        for i in range(size):
            above = 0
            for other in range(k):
                above += keep[other, i] > keep[j, i] or (keep[other, i] == keep[j, i] and other < j)
            if above >= top_k:
                eta[j, i] = -math.inf
