"""Kernels of the likelihood: one pass over the samples, in chunks that stay in cache; no array of n rows and k columns.

Z (d + 2, n) holds a feature a row, then ones, then y. Parameters are gate (k, d + 1), expert (k, d + 1) and variance
(k,). Gate rows 0, ..., m - 1 are free: m = k - 1 where the last one is the reference.
"""

import math

import numpy as np

from .._kernels.exponential import exp
from .._kernels.logarithm import log
from .._numba import kernel
from ._gates import IDENTITY, LAPLACE, STABLEMAX, gate_scores, gate_slopes, keep_largest

__all__ = [
    "CHUNK",
    "add_block",
    "add_curvature",
    "add_outer",
    "add_vector",
    "dot",
    "expectation",
    "gradient",
    "log_densities",
    "log_likelihood",
    "normalise",
    "posteriors",
    "residuals",
    "responsibilities",
    "tabulate",
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
def posteriors(
    code, top_k, slopes_only, gate, tau, expert, variance, Z, start, size, eta, rho, joint, share, log_density
):
    """Write scores eta, residuals rho, responsibilities R (joint), gate weights P (share), log densities of a chunk."""
    k = expert.shape[0]
    gate_scores(code, gate, tau, Z, start, size, eta)
    if top_k < k:
        keep_largest(top_k, slopes_only, gate, tau, eta, size, share)
    for j in range(k):
        residuals(expert[j], Z, start, size, rho[j])
        half, shift = 0.5 / variance[j], 0.5 * math.log(2.0 * math.pi * variance[j])
        for i in range(size):
            share[j, i] = eta[j, i]
            joint[j, i] = eta[j, i] - half * rho[j, i] * rho[j, i] - shift
    normalise(joint, share, size, log_density)


@kernel
def normalise(joint, share, size, log_density):
    """Turn scores plus log densities into responsibilities, scores into gate weights; write the log density of y."""
    top, total, below, inverse = np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK)
    _softmax(joint, size, log_density, total, inverse)
    _softmax(share, size, top, below, inverse)
    for i in range(size):  # inverse is that of below
        log_density[i] += log(total[i] * inverse[i]) - top[i]


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
def _softmax(scores, size, top, total, inverse):
    """Replace scores by their softmax over rows; write the maximum and the sum of exponentials, between 1 and k."""
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
    for i in range(size):
        inverse[i] = 1.0 / total[i]
    for j in range(k):
        row = scores[j]
        for i in range(size):
            row[i] *= inverse[i]


@kernel
def log_densities(code, top_k, slopes_only, gate, tau, expert, variance, Z, out):
    """Write log p(y_i | x_i) into out (n,)."""
    k = expert.shape[0]
    eta, rho, joint, share = _scratch(k)
    for start in range(0, Z.shape[1], CHUNK):
        size = min(CHUNK, Z.shape[1] - start)
        posteriors(code, top_k, slopes_only, gate, tau, expert, variance, Z, start, size, eta, rho, joint, share,
                   out[start : start + size])  # fmt: skip


@kernel
def _scratch(k):
    """Arrays of one chunk: scores, residuals, responsibilities and gate weights."""
    return np.empty((k, CHUNK)), np.empty((k, CHUNK)), np.empty((k, CHUNK)), np.empty((k, CHUNK))


@kernel
def log_likelihood(code, top_k, slopes_only, gate, tau, expert, variance, Z, weight, first, last):
    """Return the weighted log-likelihood of the samples first, ..., last - 1."""
    k = expert.shape[0]
    eta, rho, joint, share = _scratch(k)
    log_density, total = np.empty(CHUNK), 0.0
    for start in range(first, last, CHUNK):
        size = min(CHUNK, last - start)
        posteriors(code, top_k, slopes_only, gate, tau, expert, variance, Z, start, size, eta, rho, joint, share,
                   log_density)  # fmt: skip
        total += dot(log_density, weight[start:], size)
    return total


@kernel
def responsibilities(code, top_k, slopes_only, gate, tau, expert, variance, Z, posterior, prior):
    """Write R and P, both (n, k)."""
    k = expert.shape[0]
    eta, rho, joint, share = _scratch(k)
    log_density = np.empty(CHUNK)
    for start in range(0, Z.shape[1], CHUNK):
        size = min(CHUNK, Z.shape[1] - start)
        posteriors(code, top_k, slopes_only, gate, tau, expert, variance, Z, start, size, eta, rho, joint, share,
                   log_density)  # fmt: skip
        for j in range(k):
            for i in range(size):
                posterior[start + i, j] = joint[j, i]
                prior[start + i, j] = share[j, i]


@kernel
def gradient(code, top_k, slopes_only, gate, tau, expert, variance, Z, weight, first, last, m, grad):
    """Add the gradient of the weighted log-likelihood, which is returned, by gate rows, expert rows, log variances."""
    k, q = expert.shape
    eta, rho, joint, share = _scratch(k)
    design, second, flat = np.empty((m, q, CHUNK)), np.empty((m, CHUNK)), np.zeros((m, CHUNK))
    log_density, pull, total, cool = np.empty(CHUNK), np.empty(CHUNK), 0.0, 1.0 / tau
    for start in range(first, last, CHUNK):
        size = min(CHUNK, last - start)
        s = weight[start : start + size]
        posteriors(code, top_k, slopes_only, gate, tau, expert, variance, Z, start, size, eta, rho, joint, share,
                   log_density)  # fmt: skip
        total += dot(log_density, s, size)
        if code != IDENTITY:
            gate_slopes(code, gate, tau, Z, start, size, design, second, flat)
        for r in range(m):
            if code == IDENTITY:
                for i in range(size):
                    pull[i] = s[i] * (joint[r, i] - share[r, i]) * cool
                add_vector(grad, r * q, Z, start, q, pull, size)
            else:
                for i in range(size):
                    pull[i] = s[i] * (joint[r, i] - share[r, i])
                add_vector(grad, r * q, design[r], 0, q, pull, size)
        for j in range(k):
            precision = 1.0 / variance[j]
            for i in range(size):
                joint[j, i] *= s[i]
                pull[i] = joint[j, i] * rho[j, i] * precision
            add_vector(grad, (m + j) * q, Z, start, q, pull, size)
            for i in range(size):
                pull[i] = 0.5 * (pull[i] * rho[j, i] - joint[j, i])
            grad[(m + k) * q + j] += dot(pull, Z[q - 1, start:], size)
    return total


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
def tabulate(Z, start, size, q, table):
    """Write the products of the first q rows of Z with each other, a after a, b >= a."""
    c = 0
    for a in range(q):
        for b in range(a, q):
            for i in range(size):
                table[c, i] = Z[a, start + i] * Z[b, start + i]
            c += 1


@kernel
def add_block(out, row, column, table, q, weight, size):
    """Add ``sum_i weight_i x_i x_i'`` to the block of out at (row, column), whole unless it is on the diagonal."""
    c = 0
    for a in range(q):
        for b in range(a, q):
            total = dot(table[c], weight, size)
            out[row + a, column + b] += total
            if row != column and a != b:
                out[row + b, column + a] += total
            c += 1


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
    eta, rho, joint, share = _scratch(k)
    design, second, flat = np.empty((m, q, CHUNK)), np.empty((m, CHUNK)), np.zeros((m, CHUNK))
    table, log_density, h, pull, total = (
        np.empty((q * (q + 1) // 2, CHUNK)),
        np.empty(CHUNK),
        np.empty(CHUNK),
        np.empty(CHUNK),
        0.0,
    )
    scratch = np.empty(CHUNK)
    for start in range(first, last, CHUNK):
        size = min(CHUNK, last - start)
        s = weight[start : start + size]
        posteriors(code, top_k, slopes_only, gate, tau, expert, variance, Z, start, size, eta, rho, joint, share,
                   log_density)  # fmt: skip
        total += dot(log_density, s, size)
        tabulate(Z, start, size, q, table)
        for j in range(k):
            for i in range(size):
                h[i] = s[i] * joint[j, i]
                pull[i] = h[i] * rho[j, i]
            add_block(moments[j], 0, 0, table, q, h, size)
            add_vector(moments[j, :, q], 0, Z, start, q, pull, size)
            moments[j, q, q] += dot(pull, rho[j], size)
        if code == IDENTITY:
            _add_linear_gate(tau, Z, start, size, s, joint, share, table, slope, bend, h)
            continue
        gate_slopes(code, gate, tau, Z, start, size, design, second, flat)
        for r in range(m):
            for i in range(size):
                pull[i] = s[i] * (joint[r, i] - share[r, i])
            add_vector(slope, r * q, design[r], 0, q, pull, size)
            add_curvature(code, bend, r * q, Z, start, size, design[r], second[r], flat[r], pull, scratch, h)
            for c in range(r, m):
                for i in range(size):
                    h[i] = s[i] * share[r, i] * (share[c, i] - (1.0 if r == c else 0.0))
                add_outer(bend, r * q, c * q, design[r], 0, h, design[c], 0, q, size, scratch)
    return total


@kernel
def _add_linear_gate(tau, Z, start, size, s, joint, share, table, slope, bend, h):
    """The gate's part of `expectation` where scores are linear: products of covariates are shared by all rows."""
    q = Z.shape[0] - 1
    m = slope.shape[0] // q
    for r in range(m):
        for i in range(size):
            h[i] = s[i] * (joint[r, i] - share[r, i]) / tau
        add_vector(slope, r * q, Z, start, q, h, size)
        for c in range(r, m):
            own = 1.0 if r == c else 0.0
            for i in range(size):
                h[i] = s[i] * share[r, i] * (share[c, i] - own) / (tau * tau)
            add_block(bend, r * q, c * q, table, q, h, size)
