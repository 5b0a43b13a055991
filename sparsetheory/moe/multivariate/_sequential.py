"""Kernels of the likelihood of several responses: one pass over the samples in the chunks of the one with a single y.

Z (d + 1 + q, n) holds a feature a row, then ones, then the responses. Response a of an expert is a regression on the
first rows of Z, up to the response before it: expert (k, q, w) has rows of ``min(d + 1 + a, w)`` coefficients, variance
(k, q) what they leave.
"""

import math

import numpy as np

from ..._numba import kernel
from .._gates import gate_scores, gate_slopes, keep_largest
from .._mixture import CHUNK, add_curvature, add_outer, add_vector, dot, normalise, tabulate
from .._mixture_derivatives import add_gate

__all__ = ["derivatives", "expectation", "log_likelihood"]


@kernel
def _posteriors(code, top_k, slopes_only, gate, tau, expert, variance, Z, start, size, eta, joint, share, rest, log_p):
    """Write scores, responsibilities R (joint), gate weights P (share), residuals and log densities of one chunk."""
    k = expert.shape[0]
    gate_scores(code, gate, tau, Z, start, size, eta)
    if top_k < k:
        keep_largest(top_k, slopes_only, gate, tau, eta, size, share)
    _lower_by_largest(eta, size, log_p)
    for j in range(k):
        _add_log_normal(expert[j], variance[j], gate.shape[1], Z, start, size, eta[j], rest[j], joint[j])
        for i in range(size):
            share[j, i] = eta[j, i]
    normalise(joint, share, size, log_p)


@kernel
def _lower_by_largest(eta, size, top):
    """Take the largest score of every sample off its scores: next to large ones log densities would be rounded away."""
    for i in range(size):
        top[i] = eta[0, i]
    for j in range(1, eta.shape[0]):
        for i in range(size):
            top[i] = max(top[i], eta[j, i])
    for j in range(eta.shape[0]):
        for i in range(size):
            eta[j, i] -= top[i]


@kernel
def _add_log_normal(rows, variance, inputs, Z, start, size, score, rest, out):
    """Write a score plus the log density of one expert, and the residual of every response."""
    shift = 0.0
    for a in range(rows.shape[0]):
        shift += 0.5 * math.log(2.0 * math.pi * variance[a])
    for i in range(size):
        out[i] = score[i] - shift
    for a in range(rows.shape[0]):
        own, y, half = rest[a], Z[inputs + a], 0.5 / variance[a]
        for i in range(size):
            own[i] = y[start + i]
        for b in range(min(inputs + a, rows.shape[1])):
            slope, z = rows[a, b], Z[b]
            for i in range(size):
                own[i] -= slope * z[start + i]
        for i in range(size):
            out[i] -= half * own[i] * own[i]


@kernel
def log_likelihood(code, top_k, slopes_only, gate, tau, expert, variance, Z, weight, first, last):
    """Return the weighted log-likelihood of the samples first, ..., last - 1."""
    k, q = variance.shape
    eta, joint, share = np.empty((k, CHUNK)), np.empty((k, CHUNK)), np.empty((k, CHUNK))
    rest, log_p, total = np.empty((k, q, CHUNK)), np.empty(CHUNK), 0.0
    for start in range(first, last, CHUNK):
        size = min(CHUNK, last - start)
        _posteriors(code, top_k, slopes_only, gate, tau, expert, variance, Z, start, size, eta, joint, share, rest,
                    log_p)  # fmt: skip
        total += dot(log_p, weight[start:], size)
    return total


@kernel
def expectation(code, top_k, slopes_only, gate, tau, expert, variance, Z, weight, first, last, m, moments, slope, bend):
    """Add what an EM step needs and return the weighted log-likelihood.

    moments (k, d + 1 + q, d + 1 + q): upper triangle of ``sum_i s_i R_ij z_i z_i'`` with z = (x, 1, residuals of j);
    slope (m (d + 1),), bend (m (d + 1), m (d + 1)): gradient and Hessian of the expected gate likelihood.
    """
    (k, q), inputs = variance.shape, gate.shape[1]
    eta, joint, share = np.empty((k, CHUNK)), np.empty((k, CHUNK)), np.empty((k, CHUNK))
    design, second, flat = np.empty((m, inputs, CHUNK)), np.empty((m, CHUNK)), np.zeros((m, CHUNK))
    rest, log_p, scratch, h = np.empty((k, q, CHUNK)), np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK)
    pull, total = np.empty(CHUNK), 0.0
    for start in range(first, last, CHUNK):
        size = min(CHUNK, last - start)
        s = weight[start : start + size]
        _posteriors(code, top_k, slopes_only, gate, tau, expert, variance, Z, start, size, eta, joint, share, rest,
                    log_p)  # fmt: skip
        total += dot(log_p, s, size)
        for j in range(k):
            for i in range(size):
                h[i] = s[i] * joint[j, i]
            _add_moments(Z, start, size, h, rest[j], inputs, moments[j], scratch)
        gate_slopes(code, gate, tau, Z, start, size, design, second, flat)
        for r in range(m):
            for i in range(size):
                pull[i] = s[i] * (joint[r, i] - share[r, i])
            add_vector(slope, r * inputs, design[r], 0, inputs, pull, size)
            if code != 0:
                add_curvature(code, bend, r * inputs, Z, start, size, design[r], second[r], flat[r], pull, scratch, h)
            for c in range(r, m):
                for i in range(size):
                    h[i] = s[i] * share[r, i] * (share[c, i] - (1.0 if r == c else 0.0))
                add_outer(bend, r * inputs, c * inputs, design[r], 0, h, design[c], 0, inputs, size, scratch)
    return total


@kernel
def _add_moments(Z, start, size, h, rest, inputs, out, scratch):
    """Add the weighted second moments of (x, 1, residuals)."""
    q = rest.shape[0]
    for a in range(inputs + q):
        left = Z[a, start:] if a < inputs else rest[a - inputs]
        for i in range(size):
            scratch[i] = h[i] * left[i]
        for b in range(a, inputs):
            out[a, b] += dot(scratch, Z[b, start:], size)
        for b in range(max(a - inputs, 0), q):
            out[a, inputs + b] += dot(scratch, rest[b], size)


@kernel
def derivatives(code, top_k, slopes_only, gate, tau, expert, variance, Z, weight, first, last, m, free_tau, grad, hess):
    """Add gradient and upper triangle of the Hessian of the weighted log-likelihood, which is returned.

    Parameters are gate rows (m of d + 1), a block for every expert (rows, then log variances) and, with `free_tau`, log
    tau.
    """
    (k, q), inputs = variance.shape, gate.shape[1]
    own = q
    for a in range(q):
        own += min(inputs + a, expert.shape[2])
    eta, joint, share = np.empty((k, CHUNK)), np.empty((k, CHUNK)), np.empty((k, CHUNK))
    design, second, flat = np.empty((m, inputs, CHUNK)), np.empty((m, CHUNK)), np.zeros((m, CHUNK))
    rest, log_p, scratch, h = np.empty((k, q, CHUNK)), np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK)
    rise, pull, total = np.empty((k, own, CHUNK)), np.empty(CHUNK), 0.0
    table = np.empty((inputs * (inputs + 1) // 2, CHUNK))
    for start in range(first, last, CHUNK):
        size = min(CHUNK, last - start)
        s = weight[start : start + size]
        _posteriors(code, top_k, slopes_only, gate, tau, expert, variance, Z, start, size, eta, joint, share, rest,
                    log_p)  # fmt: skip
        total += dot(log_p, s, size)
        gate_slopes(code, gate, tau, Z, start, size, design, second, flat)
        tabulate(Z, start, size, inputs, table)
        add_gate(code, tau, Z, start, size, s, joint, share, design, table, second, flat, grad, hess, pull, h, scratch)
        for j in range(k):
            for i in range(size):
                h[i] = s[i] * joint[j, i]
            at = m * inputs + j * own
            _write_rise(expert.shape[2], inputs, variance[j], Z, start, size, rest[j], rise[j])
            for a in range(own):
                grad[at + a] += dot(h, rise[j, a], size)
            _add_bend(expert.shape[2], inputs, variance[j], Z, start, size, h, rest[j], at, hess, scratch)
        _add_pairs(s, size, joint, design, rise, hess, h, scratch)
        if free_tau:
            _add_temperature(s, size, eta, joint, share, design, rise, grad, hess, h, scratch)
    return total


@kernel
def _write_rise(longest, inputs, variance, Z, start, size, rest, rise):
    """Write the gradient of the log density of one expert by its rows and log variances."""
    q, at = rest.shape[0], 0
    for a in range(q):
        for b in range(min(inputs + a, longest)):
            for i in range(size):
                rise[at, i] = rest[a, i] * Z[b, start + i] / variance[a]
            at += 1
    for a in range(q):
        for i in range(size):
            rise[at + a, i] = 0.5 * (rest[a, i] * rest[a, i] / variance[a] - 1.0)


@kernel
def _add_bend(longest, inputs, variance, Z, start, size, h, rest, at, hess, scratch):
    """Add the weighted Hessian of the log density of one expert to its block."""
    q, row, last = rest.shape[0], at, at
    for a in range(q):
        last += min(inputs + a, longest)
    for a in range(q):
        width = min(inputs + a, longest)
        for b in range(width):
            for i in range(size):
                scratch[i] = -h[i] * Z[b, start + i] / variance[a]
            for c in range(b, width):
                hess[row + b, row + c] += dot(scratch, Z[c, start:], size)
            hess[row + b, last + a] += dot(scratch, rest[a], size)
        for i in range(size):
            scratch[i] = -0.5 * h[i] * rest[a, i] / variance[a]
        hess[last + a, last + a] += dot(scratch, rest[a], size)
        row += width


@kernel
def _add_pairs(s, size, joint, design, rise, hess, h, scratch):
    """Add the covariance of the gradients under the responsibilities: experts with experts, and gate with experts."""
    (m, inputs), (k, own) = design.shape[:2], rise.shape[:2]
    for j in range(k):
        at = m * inputs + j * own
        for other in range(k):
            same = 1.0 if j == other else 0.0
            for i in range(size):
                h[i] = s[i] * joint[j, i] * (same - joint[other, i])
            if j < m:
                for a in range(inputs):
                    for i in range(size):
                        scratch[i] = h[i] * design[j, a, i]
                    for b in range(own):
                        hess[j * inputs + a, m * inputs + other * own + b] += dot(scratch, rise[other, b], size)
            if other < j:
                continue
            for a in range(own):
                for i in range(size):
                    scratch[i] = h[i] * rise[j, a, i]
                for b in range(a if other == j else 0, own):
                    hess[at + a, m * inputs + other * own + b] += dot(scratch, rise[other, b], size)


@kernel
def _add_temperature(s, size, eta, joint, share, design, rise, grad, hess, h, scratch):
    """Log tau with everything: the derivative of a score by it is minus the score."""
    (m, inputs), (k, own) = design.shape[:2], rise.shape[:2]
    last = m * inputs + k * own
    mean_joint, mean_share = np.zeros(CHUNK), np.zeros(CHUNK)
    for j in range(k):
        for i in range(size):
            mean_joint[i] += joint[j, i] * eta[j, i]
            mean_share[i] += share[j, i] * eta[j, i]
    for i in range(size):
        grad[last] += s[i] * (mean_share[i] - mean_joint[i])
    for j in range(k):
        for i in range(size):
            deviation = joint[j, i] * (eta[j, i] - mean_joint[i])
            both = deviation - share[j, i] * (eta[j, i] - mean_share[i]) + joint[j, i] - share[j, i]
            hess[last, last] += s[i] * eta[j, i] * both
            scratch[i], h[i] = -s[i] * deviation, -s[i] * both
        if j < m:
            for a in range(inputs):
                hess[j * inputs + a, last] += dot(design[j, a], h, size)
        for b in range(own):
            hess[m * inputs + j * own + b, last] += dot(scratch, rise[j, b], size)
