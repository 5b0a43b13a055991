"""Kernel of the gradient and the Hessian of the likelihood: one pass over the samples, in the chunks of `_mixture`."""

import numpy as np

from .._numba import kernel
from ._gates import IDENTITY, gate_slopes
from ._mixture import CHUNK, add_block, add_curvature, add_outer, add_vector, dot, posteriors, tabulate

__all__ = ["add_gate", "derivatives"]


@kernel
def derivatives(code, top_k, slopes_only, gate, tau, expert, variance, Z, weight, first, last, m, free_tau, grad, hess):
    """Add gradient and upper triangle of the Hessian of the weighted log-likelihood, which is returned.

    Parameters are gate rows (m of d + 1), expert rows (k of d + 1), log variances (k) and, with `free_tau`, log tau.
    """
    k, q = expert.shape
    eta, joint, share = np.empty((k, CHUNK)), np.empty((k, CHUNK)), np.empty((k, CHUNK))
    rho, u, table = np.empty((k, CHUNK)), np.empty((k, CHUNK)), np.empty((q * (q + 1) // 2, CHUNK))
    design, second, flat = np.empty((m, q, CHUNK)), np.empty((m, CHUNK)), np.zeros((m, CHUNK))
    log_density, scratch, h = np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK)
    pull, total = np.empty(CHUNK), 0.0
    for start in range(first, last, CHUNK):
        size = min(CHUNK, last - start)
        s = weight[start : start + size]
        posteriors(code, top_k, slopes_only, gate, tau, expert, variance, Z, start, size, eta, rho, joint, share,
                   log_density)  # fmt: skip
        total += dot(log_density, s, size)
        tabulate(Z, start, size, q, table)
        if code == IDENTITY:
            _scaled(Z, start, size, tau, design)
        else:
            gate_slopes(code, gate, tau, Z, start, size, design, second, flat)
        for j in range(k):
            for i in range(size):
                u[j, i] = 0.5 * (rho[j, i] * rho[j, i] / variance[j] - 1.0)
                rho[j, i] /= variance[j]
        add_gate(code, tau, Z, start, size, s, joint, share, design, table, second, flat, grad, hess, pull, h, scratch)
        _add_cross(code, tau, Z, start, size, s, joint, design, table, rho, u, hess, h, scratch)
        _add_experts(Z, start, size, s, joint, table, rho, u, variance, m, grad, hess, h)
        if free_tau:
            _add_temperature(Z, start, size, s, eta, joint, share, design, rho, u, grad, hess, h, scratch)
    return total


@kernel
def _scaled(Z, start, size, tau, design):
    """The derivatives of linear scores, the same for every row."""
    for r in range(design.shape[0]):
        for a in range(design.shape[1]):
            for i in range(size):
                design[r, a, i] = Z[a, start + i] / tau


@kernel
def add_gate(code, tau, Z, start, size, s, joint, share, design, table, second, flat, grad, hess, pull, h, scratch):
    """Gate rows with gate rows."""
    m, q = design.shape[0], design.shape[1]
    for r in range(m):
        for i in range(size):
            pull[i] = s[i] * (joint[r, i] - share[r, i])
        add_vector(grad, r * q, design[r], 0, q, pull, size)
        if code != IDENTITY:
            add_curvature(code, hess, r * q, Z, start, size, design[r], second[r], flat[r], pull, scratch, h)
        for c in range(r, m):
            own = 1.0 if r == c else 0.0
            for i in range(size):
                h[i] = s[i] * (joint[r, i] * (own - joint[c, i]) - share[r, i] * (own - share[c, i]))
            if code == IDENTITY:
                _divide(h, size, tau * tau)
                add_block(hess, r * q, c * q, table, q, h, size)
            else:
                add_outer(hess, r * q, c * q, design[r], 0, h, design[c], 0, q, size, scratch)


@kernel
def _divide(h, size, tau):
    """Divide by a temperature."""
    for i in range(size):
        h[i] /= tau


@kernel
def _add_cross(code, tau, Z, start, size, s, joint, design, table, rho, u, hess, h, scratch):
    """Gate rows with expert rows and log variances."""
    m, q = design.shape[0], design.shape[1]
    k = joint.shape[0]
    for r in range(m):
        for j in range(k):
            own = 1.0 if r == j else 0.0
            for i in range(size):
                h[i] = s[i] * joint[r, i] * (own - joint[j, i]) * rho[j, i]
            if code == IDENTITY:
                _divide(h, size, tau)
                add_block(hess, r * q, (m + j) * q, table, q, h, size)
            else:
                add_outer(hess, r * q, (m + j) * q, design[r], 0, h, Z, start, q, size, scratch)
            for i in range(size):
                h[i] = s[i] * joint[r, i] * (own - joint[j, i]) * u[j, i]
            at = (m + k) * q + j
            for a in range(q):
                hess[r * q + a, at] += dot(design[r, a], h, size)


@kernel
def _add_experts(Z, start, size, s, joint, table, rho, u, variance, m, grad, hess, h):
    """Expert rows and log variances with each other."""
    k, q = joint.shape[0], Z.shape[0] - 1
    ones = Z[q - 1, start:]
    for j in range(k):
        row, at = (m + j) * q, (m + k) * q
        for i in range(size):
            h[i] = s[i] * joint[j, i] * rho[j, i]
        add_vector(grad, row, Z, start, q, h, size)
        for i in range(size):
            h[i] = s[i] * joint[j, i] * u[j, i]
        grad[at + j] += dot(h, ones, size)
        for other in range(j, k):
            own = 1.0 if j == other else 0.0
            for i in range(size):
                both = s[i] * joint[j, i] * (own - joint[other, i])
                h[i] = both * rho[j, i] * rho[other, i] - own * s[i] * joint[j, i] / variance[j]
            add_block(hess, row, (m + other) * q, table, q, h, size)
            for i in range(size):
                both = s[i] * joint[j, i] * (own - joint[other, i])
                half = own * s[i] * joint[j, i] * (u[j, i] + 0.5)  # r^2 / (2 v)
                h[i] = both * u[j, i] * u[other, i] - half
            hess[at + j, at + other] += dot(h, ones, size)
        for other in range(k):
            own = 1.0 if j == other else 0.0
            for i in range(size):
                both = joint[j, i] * (own - joint[other, i]) * u[other, i] - own * joint[j, i]
                h[i] = s[i] * both * rho[j, i]
            for a in range(q):
                hess[row + a, at + other] += dot(Z[a, start:], h, size)


@kernel
def _add_temperature(Z, start, size, s, eta, joint, share, design, rho, u, grad, hess, h, scratch):
    """Log tau with everything: the derivative of a score by it is minus the score."""
    m, q = design.shape[0], design.shape[1]
    k = joint.shape[0]
    last = (m + k) * q + k
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
            other = share[j, i] * (eta[j, i] - mean_share[i])
            hess[last, last] += s[i] * (eta[j, i] * (deviation - other + joint[j, i] - share[j, i]))
            scratch[i] = -s[i] * deviation
            h[i] = -s[i] * (deviation - other + joint[j, i] - share[j, i])
        if j < m:
            for a in range(q):
                hess[j * q + a, last] += dot(design[j, a], h, size)
        for i in range(size):
            h[i] = scratch[i] * rho[j, i]
        for a in range(q):
            hess[(m + j) * q + a, last] += dot(Z[a, start:], h, size)
        hess[(m + k) * q + j, last] += dot(scratch, u[j], size)
