"""The mixture in NumPy, apart from the kernels: gate weights, densities, and the gradient that certifies a fit."""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import erfc, expit

from . import _gates as tags
from .gate import Gate
from .parameters import Layout, Parameters, products

__all__ = [
    "activation_values",
    "gate_scores",
    "log_gate",
    "log_joint",
    "mean_log_density",
    "sample_scores",
    "score_gradient",
    "slices",
]

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


def _log_sum(values: np.ndarray) -> np.ndarray:
    """Return log sum exp over the experts, (n, 1); -inf where every entry is."""
    top = values.max(axis=1, keepdims=True)
    top[top == -np.inf] = 0.0
    with np.errstate(divide="ignore"):
        return np.asarray(top + np.log(np.exp(values - top).sum(axis=1, keepdims=True)))


def _inside(gate: Gate, at: Parameters, X: np.ndarray) -> np.ndarray:
    """Return what the activation is applied to, (n, k)."""
    linear = products(X, at.gate)
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
    return np.asarray(eta - _log_sum(eta))


def log_joint(gate: Gate, at: Parameters, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the logarithms of gate weight times density of every expert, (n, k)."""
    return log_gate(gate, at, X) + at.log_normals(at.residuals(X, y))


def slices(n: int) -> Iterator[slice]:
    """Yield slices over the samples, a few thousand at a time."""
    return (slice(first, first + _ROWS) for first in range(0, n, _ROWS))


def mean_log_density(gate: Gate, at: Parameters, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> float:
    """Return the weighted mean of log p(y | x)."""
    total = sum(float(weight[rows] @ _log_sum(log_joint(gate, at, X[rows], y[rows]))[:, 0]) for rows in slices(len(y)))
    return total / float(weight.sum())


def score_gradient(layout: Layout, at: Parameters, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the gradient of the mean log density in the free parameters."""
    total = sum(_summed_scores(layout, at, X[rows], y[rows], weight[rows]) for rows in slices(len(y)))
    return np.asarray(total @ layout.spread) / float(weight.sum())


def _pulls(gate: Gate, at: Parameters, X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return derivatives of log p by scores, by means and by log variances of the experts, (n, k) each."""
    log_weights, residuals = log_gate(gate, at, X), at.residuals(X, y)
    joint = log_weights + at.log_normals(residuals)
    R = np.exp(joint - _log_sum(joint))
    means = R * residuals / at.variance
    return R - np.exp(log_weights), means, 0.5 * (means * residuals - R)


def _summed_scores(layout: Layout, at: Parameters, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the weighted sum of the gradients of log p(y_i | x_i) in all parameters."""
    gate = layout.gate
    design = np.column_stack([X, np.ones(len(y))])
    scores, means, variances = (weight[:, None] * pull for pull in _pulls(gate, at, X, y))
    if gate.code == tags.IDENTITY:
        gates = scores.T @ design / at.tau
    else:
        gates = np.einsum("ij,ijq->jq", scores, _gate_slopes(gate, at, X))
    parts = [gates[: gate.n_rows].ravel(), (means.T @ design).ravel(), variances.sum(axis=0)]
    if gate.free_temperature:
        parts.append(-np.array([np.vdot(scores, _scores(gate, at, X))]))
    return np.concatenate(parts)


def sample_scores(layout: Layout, at: Parameters, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the gradient of every log p(y_i | x_i) in the free parameters, (n, number of free parameters)."""
    n = len(y)
    design = np.column_stack([X, np.ones(n)])
    scores, means, variances = _pulls(layout.gate, at, X, y)
    gates, temperature = gate_scores(layout, at, X, scores)
    experts = means[:, :, None] * design[:, None]
    return np.hstack([gates, experts.reshape(n, -1), variances, *temperature]) @ layout.spread


def gate_scores(
    layout: Layout, at: Parameters, X: np.ndarray, scores: np.ndarray
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return derivatives by gate rows, and by the log temperature if that is free, given those by scores (n, k)."""
    gate = layout.gate
    rows = (scores[:, :, None] * _gate_slopes(gate, at, X))[:, : gate.n_rows].reshape(len(X), -1)
    free = [-(scores * _scores(gate, at, X)).sum(axis=1, keepdims=True)] if gate.free_temperature else []
    return rows, free


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
