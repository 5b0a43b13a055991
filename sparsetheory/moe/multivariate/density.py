"""The gradient that certifies a fit of several responses, in NumPy, apart from the kernels."""

import numpy as np

from ..density import gate_scores, log_gate, slices
from .parameters import SequentialLayout, SequentialParameters

__all__ = ["sample_scores", "score_gradient"]


def score_gradient(
    layout: SequentialLayout, at: SequentialParameters, X: np.ndarray, y: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Return the gradient of the mean log density in the free parameters."""
    total = sum(weight[rows] @ sample_scores(layout, at, X[rows], y[rows]) for rows in slices(len(y)))
    return np.asarray(total) / float(weight.sum())


def sample_scores(layout: SequentialLayout, at: SequentialParameters, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the gradient of every log p(y_i | x_i) in the free parameters, (n, number of free parameters)."""
    n, k = len(y), layout.gate.n_experts
    log_weights, residuals = log_gate(layout.gate, at, X), at.residuals(X, y)
    joint = log_weights + at.log_normals(residuals)
    R = np.exp(joint - joint.max(axis=1, keepdims=True))
    R /= R.sum(axis=1, keepdims=True)
    gates, temperature = gate_scores(layout, at, X, R - np.exp(log_weights))
    means = R[:, :, None] * residuals / at.variance  # by the mean of each response given those before it
    inputs = np.column_stack([X, np.ones(n), y])[:, : layout.used.shape[1]]
    rows = (means[..., None] * inputs[:, None, None])[:, :, layout.used]
    logs = 0.5 * (means * residuals - R[:, :, None])
    experts = np.concatenate([rows, logs], axis=2).reshape(n, k * layout.n_own)
    return np.hstack([gates, experts, *temperature]) @ layout.spread
