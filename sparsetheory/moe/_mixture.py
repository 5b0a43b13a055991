"""Kernels of the likelihood: one pass over the samples, in chunks that stay in cache; no array of n rows and k columns.

Z (d + 2, n) holds a feature a row, then ones, then y. Parameters are gate (k, d + 1), expert (k, d + 1) and variance
(k,). Gate rows 0, ..., m - 1 are free: m = k - 1 where the last one is the reference.
"""

import math

import numpy as np

from .._kernels.exponential import exp
from .._numba import kernel
from ._gates import LAPLACE, STABLEMAX, gate_scores, gate_slopes, keep_largest

__all__ = [
    "CHUNK",
    "add_curvature",
    "add_outer",
    "add_vector",
    "dot",
    "expectation",
    "log_densities",
    "log_likelihood",
    "posteriors",
    "residuals",
    "responsibilities",
]

CHUNK = 256


@kernel(fastmath={"reassoc", "nsz", "contract"})
def dot(x, y, size):
    """Inner product; reassociation lets it vectorise, within chunks of a fixed length: the same bits every time."""
    total = 0.0
    for i in range(size):
        total += x[i] * y[i]
    return total


@kernel
def posteriors(code, top_k, slopes_only, gate, tau, expert, variance, Z, start, size, eta, joint, share, log_density):
    """Write scores, responsibilities R (joint), gate weights P (share) and log densities of one chunk."""
    k = expert.shape[0]
    gate_scores(code, gate, tau, Z, start, size, eta)
    if top_k < k:
        keep_largest(top_k, slopes_only, gate, tau, eta, size, share)
    for j in range(k):
        residuals(expert[j], Z, start, size, joint[j])
        half, shift = 0.5 / variance[j], 0.5 * math.log(2.0 * math.pi * variance[j])
        for i in range(size):
            joint[j, i] = eta[j, i] - half * joint[j, i] * joint[j, i] - shift
    _normalise(joint, size, log_density)
    for j in range(k):
        for i in range(size):
            share[j, i] = eta[j, i]
    _normalise_less(share, size, log_density)


@kernel
def residuals(row, Z, start, size, out):
    """Write y minus the mean of one expert."""
    d = row.shape[0] - 1
    y = Z[d + 1]
    for i in range(size):
        out[i] = y[start + i] - row[d]
    for a in range(d):
        slope, x = row[a], Z[a]
        for i in range(size):
            out[i] -= slope * x[start + i]


@kernel
def _softmax(scores, size, top, total):
    """Replace scores by their softmax over rows; write the maximum and the sum of exponentials."""
    k = scores.shape[0]
    for i in range(size):
        top[i] = scores[0, i]
        total[i] = 0.0
    for j in range(1, k):
        row = scores[j]
        for i in range(size):
            top[i] = row[i] if row[i] > top[i] else top[i]
    for j in range(k):
        row = scores[j]
        for i in range(size):
            row[i] = exp(row[i] - top[i])
            total[i] += row[i]
    for j in range(k):
        row = scores[j]
        for i in range(size):
            row[i] /= total[i]


@kernel
def _normalise(scores, size, log_sum):
    """Replace scores by their softmax and write the logarithm of the sum of their exponentials."""
    total = np.empty(CHUNK)
    _softmax(scores, size, log_sum, total)
    for i in range(size):
        log_sum[i] += math.log(total[i])


@kernel
def _normalise_less(scores, size, log_sum):
    """The same, with the logarithm of the sum taken off `log_sum`."""
    top, total = np.empty(CHUNK), np.empty(CHUNK)
    _softmax(scores, size, top, total)
    for i in range(size):
        log_sum[i] -= top[i] + math.log(total[i])


@kernel
def log_densities(code, top_k, slopes_only, gate, tau, expert, variance, Z, out):
    """Write log p(y_i | x_i) into out (n,)."""
    k = expert.shape[0]
    eta, joint, share = np.empty((k, CHUNK)), np.empty((k, CHUNK)), np.empty((k, CHUNK))
    for start in range(0, Z.shape[1], CHUNK):
        size = min(CHUNK, Z.shape[1] - start)
        posteriors(code, top_k, slopes_only, gate, tau, expert, variance, Z, start, size, eta, joint, share,
                   out[start : start + size])  # fmt: skip


@kernel
def log_likelihood(code, top_k, slopes_only, gate, tau, expert, variance, Z, weight, first, last):
    """Return the weighted log-likelihood of the samples first, ..., last - 1."""
    k = expert.shape[0]
    eta, joint, share = np.empty((k, CHUNK)), np.empty((k, CHUNK)), np.empty((k, CHUNK))
    log_density, total = np.empty(CHUNK), 0.0
    for start in range(first, last, CHUNK):
        size = min(CHUNK, last - start)
        posteriors(code, top_k, slopes_only, gate, tau, expert, variance, Z, start, size, eta, joint, share,
                   log_density)  # fmt: skip
        total += dot(log_density, weight[start:], size)
    return total


@kernel
def responsibilities(code, top_k, slopes_only, gate, tau, expert, variance, Z, posterior, prior):
    """Write R and P, both (n, k)."""
    k = expert.shape[0]
    eta, joint, share = np.empty((k, CHUNK)), np.empty((k, CHUNK)), np.empty((k, CHUNK))
    log_density = np.empty(CHUNK)
    for start in range(0, Z.shape[1], CHUNK):
        size = min(CHUNK, Z.shape[1] - start)
        posteriors(code, top_k, slopes_only, gate, tau, expert, variance, Z, start, size, eta, joint, share,
                   log_density)  # fmt: skip
        for j in range(k):
            for i in range(size):
                posterior[start + i, j] = joint[j, i]
                prior[start + i, j] = share[j, i]


@kernel
def add_outer(out, row, column, left, from_, weight, right, start, width, size, scratch):
    """Add ``sum_i weight_i left_i right_i'`` over `width` rows to the block of out at (row, column).

    `left` is read from `from_` on, `right` from `start` on.
    """
    for a in range(width):
        for i in range(size):
            scratch[i] = left[a, from_ + i] * weight[i]
        for b in range(width):
            out[row + a, column + b] += dot(scratch, right[b, start:], size)


@kernel
def add_vector(out, at, design, start, width, weight, size):
    """Add ``sum_i weight_i design_i`` over `width` rows to out, from `at` on."""
    for a in range(width):
        out[at + a] += dot(design[a, start:], weight, size)


@kernel
def add_curvature(code, out, at, Z, start, size, design, bend, flat, pull, scratch, scaled):
    """Add ``sum_i pull_i`` times the second derivative of one gate row's score to its block of out."""
    d = design.shape[0] - 1
    for i in range(size):
        scaled[i] = pull[i] * bend[i]
    if code == LAPLACE:
        add_outer(out, at, at, design, 0, scaled, design, 0, d, size, scratch)
        total = dot(pull, flat, size)
        for a in range(d):
            out[at + a, at + a] += total
        return
    width = d + 1 if code == STABLEMAX else d
    add_outer(out, at, at, Z, start, scaled, Z, start, width, size, scratch)


@kernel
def expectation(code, top_k, slopes_only, gate, tau, expert, variance, Z, weight, first, last, m, moments, slope, bend):
    """Add what an EM step needs and return the weighted log-likelihood.

    moments (k, d + 2, d + 2): upper triangle of ``sum_i s_i R_ij z_i z_i'`` with z = (x, 1, y minus the mean of j): the
    residual rather than y, so that small variances are not differences of large squares;
    slope (m (d + 1),), bend (m (d + 1), m (d + 1)): gradient and Hessian of the expected gate likelihood.
    """
    k, q = expert.shape
    eta, joint, share = np.empty((k, CHUNK)), np.empty((k, CHUNK)), np.empty((k, CHUNK))
    design, second, flat = np.empty((m, q, CHUNK)), np.empty((m, CHUNK)), np.zeros((m, CHUNK))
    log_density, scratch, h = np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK)
    pull, total = np.empty(CHUNK), 0.0
    for start in range(first, last, CHUNK):
        size = min(CHUNK, last - start)
        s = weight[start : start + size]
        posteriors(code, top_k, slopes_only, gate, tau, expert, variance, Z, start, size, eta, joint, share,
                   log_density)  # fmt: skip
        total += dot(log_density, s, size)
        for j in range(k):
            for i in range(size):
                h[i] = s[i] * joint[j, i]
            residuals(expert[j], Z, start, size, pull)
            for a in range(q):
                for i in range(size):
                    scratch[i] = h[i] * Z[a, start + i]
                for b in range(a, q):
                    moments[j, a, b] += dot(scratch, Z[b, start:], size)
                moments[j, a, q] += dot(scratch, pull, size)
            for i in range(size):
                h[i] *= pull[i]
            moments[j, q, q] += dot(h, pull, size)
        gate_slopes(code, gate, tau, Z, start, size, design, second, flat)
        for r in range(m):
            for i in range(size):
                pull[i] = s[i] * (joint[r, i] - share[r, i])
            add_vector(slope, r * q, design[r], 0, q, pull, size)
            if code != 0:
                add_curvature(code, bend, r * q, Z, start, size, design[r], second[r], flat[r], pull, scratch, h)
            for c in range(r, m):
                for i in range(size):
                    h[i] = s[i] * share[r, i] * (share[c, i] - (1.0 if r == c else 0.0))
                add_outer(bend, r * q, c * q, design[r], 0, h, design[c], 0, q, size, scratch)
    return total
