"""The independent judge: log-likelihood and gradient of returned parameters, in double precision, by SciPy's logsumexp.

Written from the density, apart from every solver's code, ours included:
p(y | x) = sum_j softmax_j(g_j'x) N(y; a_j'x, v_j), with a one appended to x.
"""

import numpy as np
from scipy.special import logsumexp
from scipy.stats import norm

from benchmarks.moe.instance import Theta

_ROWS = 50_000  # samples at a time


def log_likelihood(at: Theta, X: np.ndarray, y: np.ndarray) -> float:
    """Mean log density of a sample; NaN stays NaN, and parameters without a density have -inf."""
    if (at.variance <= 0).any():
        return -np.inf
    total = 0.0
    for rows in _slices(len(y)):
        log_joint, _, _ = _logs(at, X[rows], y[rows])
        total += float(logsumexp(log_joint, axis=1).sum())
    return total / len(y)


def gradient_norm(at: Theta, X: np.ndarray, y: np.ndarray) -> float:
    """Largest entry of the gradient of that mean in all gate rows, expert rows and log variances."""
    k, q = at.expert.shape
    gate, expert, variance = np.zeros((k, q)), np.zeros((k, q)), np.zeros(k)
    for rows in _slices(len(y)):
        log_joint, log_gate, design = _logs(at, X[rows], y[rows])
        membership = np.exp(log_joint - logsumexp(log_joint, axis=1, keepdims=True))
        residual = y[rows][:, None] - design @ at.expert.T
        gate += (membership - np.exp(log_gate)).T @ design
        expert += (membership * residual / at.variance).T @ design
        variance += 0.5 * (membership * (residual**2 / at.variance - 1)).sum(axis=0)
    parts = np.concatenate([gate.ravel(), expert.ravel(), variance])
    return float(np.abs(parts).max()) / len(y)


def _logs(at: Theta, X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logarithms of gate weight times density and of the gate weight, (n, k); covariates with a one, (n, d + 1)."""
    design = np.column_stack([X, np.ones(len(X))])
    score = design @ at.gate.T
    log_gate = score - logsumexp(score, axis=1, keepdims=True)
    log_density = norm.logpdf(y[:, None], design @ at.expert.T, np.sqrt(at.variance))
    return log_gate + log_density, log_gate, design


def _slices(n: int):
    return (slice(first, first + _ROWS) for first in range(0, n, _ROWS))
