"""Slow obvious twin of the mixture of experts: densities written as the formula says, in plain NumPy."""

import numpy as np
from scipy.special import erf, expit, log_expit, logsumexp

PHI = {
    "identity": lambda z: z,
    "tanh": np.tanh,
    "sigmoid": expit,
    "softplus": lambda z: -log_expit(-z),
    "gelu": lambda z: 0.5 * z * (1 + erf(z / np.sqrt(2))),
    "silu": lambda z: z * expit(z),
}


def scores(name, gate, tau, X, activation="tanh"):
    """Gate scores (n, k); gate (k, d + 1) has the intercept last."""
    slopes, intercepts = gate[:, :-1], gate[:, -1]
    if name == "laplace":
        return (intercepts - np.sqrt(((X[:, None] - slopes) ** 2).sum(axis=2))) / tau
    if name == "activation":
        return (PHI[activation](X @ slopes.T) + intercepts) / tau
    z = X @ slopes.T + intercepts
    if name == "stablemax":
        return np.log(np.where(z >= 0, np.abs(z) + 1, 1 / (1 + np.abs(z)))) / tau
    return z / tau


def gate_weights(name, gate, tau, X, activation="tanh", top_k=None, slopes_only=False):
    """Gate weights (n, k) as the softmax of the scores that are kept."""
    eta = scores(name, gate, tau, X, activation)
    if top_k is not None:
        rank = eta - gate[:, -1] / tau if slopes_only else eta
        for i in range(len(X)):
            order = sorted(range(len(gate)), key=lambda j: (-rank[i, j], j))
            eta[i, order[top_k:]] = -np.inf
    return np.exp(eta - logsumexp(eta, axis=1, keepdims=True))


def log_joint(weights, expert, variance, X, y):
    """Log of weight times density, (n, k)."""
    means = X @ expert[:, :-1].T + expert[:, -1]
    with np.errstate(divide="ignore"):
        return np.log(weights) - 0.5 * (y[:, None] - means) ** 2 / variance - 0.5 * np.log(2 * np.pi * variance)


def log_density(weights, expert, variance, X, y):
    """Log of the conditional density, (n,)."""
    return logsumexp(log_joint(weights, expert, variance, X, y), axis=1)
