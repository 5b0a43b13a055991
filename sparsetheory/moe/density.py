"""The mixture in NumPy, apart from the kernels: gate weights, densities, and the gradient that certifies a fit."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import erfc, expit, logsumexp

from . import _gates as tags
from .gate import Gate
from .parameters import Layout, Parameters

__all__ = ["activation_values", "log_gate", "log_joint", "mean_log_density", "sample_scores", "score_gradient"]

_ROWS = 1 << 13  # samples at a time: no array of n rows and k columns is held

_Function = Callable[[np.ndarray], np.ndarray]


def _normal(z: np.ndarray) -> np.ndarray:
    return 0.5 * erfc(-z / np.sqrt(2.0))


#: Tag of an activation -> phi and its derivative.
_PHI: dict[int, tuple[_Function, _Function]] = {
    tags.IDENTITY: (lambda z: z, np.ones_like),
    tags.TANH: (np.tanh, lambda z: 1.0 - np.tanh(z) ** 2),
    tags.SIGMOID: (expit, lambda z: expit(z) * expit(-z)),
    tags.SOFTPLUS: (lambda z: np.logaddexp(0.0, z), expit),
    tags.GELU: (
        lambda z: z * _normal(z),
        lambda z: _normal(z) + z * np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi),
    ),
    tags.SILU: (lambda z: z * expit(z), lambda z: expit(z) + z * expit(z) * expit(-z)),
    tags.STABLEMAX: (lambda z: np.sign(z) * np.log1p(np.abs(z)), lambda z: 1.0 / (1.0 + np.abs(z))),
}


def activation_values(code: int, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return an activation and its derivative, by the tag of the kernels."""
    phi, derivative = _PHI[code]
    return phi(z), derivative(z)


def _inside(gate: Gate, at: Parameters, X: np.ndarray) -> np.ndarray:
    """Return what the activation is applied to, (n, k)."""
    linear = X @ at.gate[:, :-1].T
    return linear + at.gate[:, -1] if gate.code in (tags.IDENTITY, tags.STABLEMAX) else linear


def _scores(gate: Gate, at: Parameters, X: np.ndarray) -> np.ndarray:
    """Return the scores before any expert is dropped, (n, k)."""
    if gate.code == tags.LAPLACE:
        return (at.gate[:, -1] - _distances(at, X)) / at.tau
    phi = _PHI[gate.code][0](_inside(gate, at, X))
    outside = 0.0 if gate.code in (tags.IDENTITY, tags.STABLEMAX) else at.gate[:, -1]
    return (phi + outside) / at.tau


def _distances(at: Parameters, X: np.ndarray) -> np.ndarray:
    return np.sqrt(((X[:, None] - at.gate[:, :-1]) ** 2).sum(axis=2))


def log_gate(gate: Gate, at: Parameters, X: np.ndarray) -> np.ndarray:
    """Return the logarithms of the gate weights, (n, k); -inf for experts that are not active."""
    eta = _scores(gate, at, X)
    if not gate.smooth:
        rank = eta - at.gate[:, -1] / at.tau if gate.slopes_only else eta
        order = np.argsort(-rank, axis=1, kind="stable")
        np.put_along_axis(eta, order[:, gate.top_k :], -np.inf, axis=1)
    return np.asarray(eta - logsumexp(eta, axis=1, keepdims=True))


def log_joint(gate: Gate, at: Parameters, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the logarithms of gate weight times density of every expert, (n, k)."""
    residuals = y[:, None] - X @ at.expert[:, :-1].T - at.expert[:, -1]
    return log_gate(gate, at, X) - 0.5 * residuals**2 / at.variance - 0.5 * np.log(2.0 * np.pi * at.variance)


def _slices(n: int) -> Iterator[slice]:
    return (slice(first, first + _ROWS) for first in range(0, n, _ROWS))


def mean_log_density(gate: Gate, at: Parameters, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float:
    """Return the weighted mean of log p(y | x)."""
    total = sum(
        float(weight[rows] @ logsumexp(log_joint(gate, at, X[rows], y[rows]), axis=1)) for rows in _slices(len(y))
    )
    return total / float(weight.sum())


def score_gradient(layout: Layout, at: Parameters, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the gradient of the mean log density in the free parameters."""
    gradient = sum(weight[rows] @ sample_scores(layout, at, X[rows], y[rows]) for rows in _slices(len(y)))
    return np.asarray(gradient) / float(weight.sum())


def sample_scores(layout: Layout, at: Parameters, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the gradient of every log p(y_i | x_i) in the free parameters, (n, number of free parameters)."""
    gate, n = layout.gate, len(y)
    joint = log_joint(gate, at, X, y)
    R = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
    pull = R - np.exp(log_gate(gate, at, X))
    residuals = y[:, None] - X @ at.expert[:, :-1].T - at.expert[:, -1]
    design = np.column_stack([X, np.ones(n)])
    experts = (R * residuals / at.variance)[:, :, None] * design[:, None]
    variances = 0.5 * R * (residuals**2 / at.variance - 1.0)
    gates = pull[:, :, None] * _gate_slopes(gate, at, X)
    parts = [gates[:, : gate.n_rows].reshape(n, -1), experts.reshape(n, -1), variances]
    if gate.free_temperature:
        parts.append(-(pull * _scores(gate, at, X)).sum(axis=1, keepdims=True))
    return np.hstack(parts) @ layout.spread


def _gate_slopes(gate: Gate, at: Parameters, X: np.ndarray) -> np.ndarray:
    """Return the derivative of every score by its own row of the gate, (n, k, d + 1)."""
    n, k = len(X), gate.n_experts
    slopes = np.ones((n, k, X.shape[1] + 1))
    if gate.code == tags.LAPLACE:
        near = 1.0 / np.maximum(_distances(at, X), 1e-300)
        slopes[:, :, :-1] = (X[:, None] - at.gate[:, :-1]) * near[:, :, None]
        return slopes / at.tau
    inner = _PHI[gate.code][1](_inside(gate, at, X))[:, :, None]
    slopes[:, :, :-1] = inner * X[:, None]
    if gate.code in (tags.IDENTITY, tags.STABLEMAX):
        slopes[:, :, -1:] = inner
    return slopes / at.tau
