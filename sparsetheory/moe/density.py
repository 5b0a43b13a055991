"""The mixture in NumPy, apart from the kernels: gate weights, densities, and the gradient that certifies a fit."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from scipy.special import erfc, expit

from . import _gates as tags
from .gate import Gate
from .parameters import Layout, Parameters, products

__all__ = [
    "Recomputed",
    "activation_values",
    "gate_scores",
    "log_gate",
    "log_joint",
    "mean_log_density",
    "recomputed",
    "sample_scores",
    "slices",
]

_ROWS = 1 << 13  # samples at a time: no array of n rows and k columns is held
_SMALLEST = -700.0  # logarithm of a weight that counts as none: exponentials that underflow take ten times as long

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
    eta = _active(gate, at, X)
    return np.asarray(eta - _log_sum(eta))


def _active(gate: Gate, at: Parameters, X: np.ndarray) -> np.ndarray:
    """Return the scores, -inf for experts that are not active."""
    eta = _scores(gate, at, X)
    if not gate.smooth:
        rank = eta - at.gate[:, -1] / at.tau if gate.slopes_only else eta
        order = np.argsort(-rank, axis=1, kind="stable")
        np.put_along_axis(eta, order[:, gate.top_k :], -np.inf, axis=1)
    return eta


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


class Recomputed(NamedTuple):
    """Mean log density, its gradient in the free parameters, and the expected weight of the samples of every expert."""

    log_likelihood: float
    gradient: np.ndarray
    masses: np.ndarray


def recomputed(layout: Layout, at: Parameters, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> Recomputed:
    """Return what certifies a fit."""
    parts = [_sums(layout, at, X[rows], y[rows], weight[rows]) for rows in slices(len(y))]
    value, gradient, masses = (sum(part[1:], part[0]) for part in zip(*parts))
    total = float(weight.sum())
    return Recomputed(float(value) / total, gradient @ layout.spread / total, masses)


def _softmax(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the softmax over the experts, and log sum exp (n, 1)."""
    top = scores.max(axis=1, keepdims=True)
    top[top == -np.inf] = 0.0
    weights = scores - top
    np.maximum(weights, _SMALLEST, out=weights)
    np.exp(weights, out=weights)
    total = weights.sum(axis=1, keepdims=True)
    weights /= total
    return weights, top + np.log(total)


class _Memberships(NamedTuple):
    """Log densities (n, 1); responsibilities, gate weights and residuals (n, k)."""

    log_density: np.ndarray
    R: np.ndarray
    P: np.ndarray
    residuals: np.ndarray


def _memberships(gate: Gate, at: Parameters, X: np.ndarray, y: np.ndarray) -> _Memberships:
    eta, residuals = _active(gate, at, X), at.residuals(X, y)
    P, below = _softmax(eta)
    R, above = _softmax(eta + at.log_normals(residuals))
    return _Memberships(above - below, R, P, residuals)


def _sums(
    layout: Layout, at: Parameters, X: np.ndarray, y: np.ndarray, weight: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the weighted sums of log densities, of their gradients in all parameters, and of responsibilities."""
    gate, (log_density, R, P, residuals) = layout.gate, _memberships(layout.gate, at, X, y)
    scores, R = weight[:, None] * (R - P), weight[:, None] * R
    means = R * residuals / at.variance
    masses = R.sum(axis=0)
    if gate.code == tags.IDENTITY:
        gates = _with_ones(scores, X) / at.tau
    else:
        gates = np.einsum("ij,ijq->jq", scores, _gate_slopes(gate, at, X))
    variances = 0.5 * ((means * residuals).sum(axis=0) - masses)
    parts = [gates[: gate.n_rows].ravel(), _with_ones(means, X).ravel(), variances]
    if gate.free_temperature:
        parts.append(-np.array([np.vdot(scores, _scores(gate, at, X))]))
    return float(weight @ log_density[:, 0]), np.concatenate(parts), masses


def _with_ones(pulls: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Return ``pulls' (X, 1)``."""
    return np.column_stack([pulls.T @ X, pulls.sum(axis=0)])


def sample_scores(layout: Layout, at: Parameters, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the gradient of every log p(y_i | x_i) in the free parameters, (n, number of free parameters)."""
    n = len(y)
    design = np.column_stack([X, np.ones(n)])
    _, R, P, residuals = _memberships(layout.gate, at, X, y)
    means = R * residuals / at.variance
    variances = 0.5 * (means * residuals - R)
    gates, temperature = gate_scores(layout, at, X, R - P)
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
