"""Experts that maximise the expected likelihood, in closed form from the moments of an EM step."""

from typing import Any

import numpy as np
from scipy.linalg.lapack import dposv

from .parameters import Layout, Parameters

__all__ = ["best_experts", "solve_normal"]


def best_experts(
    layout: Layout, at: Parameters, moments: np.ndarray, *, penalty: float, scale: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return expert rows from weighted least squares, and variances ``(S_j + 2 a sigma^2) / (N_j + 2 a)``."""
    q, k = layout.q, len(moments)
    expert, squares, mass = np.array(at.expert), np.empty(k), moments[:, q - 1, q - 1]
    for j in range(k):
        step = solve_normal(moments[j, :q, :q], moments[j, :q, q])
        expert[j] += step
        squares[j] = max(moments[j, q, q] - step @ moments[j, :q, q], 0.0)
    return expert, _variances(layout.variance, at, squares + 2 * penalty * scale, mass + 2 * penalty)


def _variances(kind: Any, at: Parameters, top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    if kind == "tied":
        return np.full(len(top), top.sum() / bottom.sum())
    if kind != "free":
        return at.variance
    return np.where((top > 0) & (bottom > 0), top / np.where(bottom > 0, bottom, 1.0), at.variance)


def solve_normal(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve a positive semi-definite system, in units where its diagonal is one; of several solutions the least."""
    scale = np.sqrt(np.maximum(matrix.diagonal(), 0.0))
    scale[scale == 0] = 1.0
    scaled = matrix / (scale[:, None] * scale)
    factor, step, failed = dposv(scaled, right / scale)
    if not failed and factor.diagonal().min() > 1e-7:
        return np.asarray(step) / scale
    values, vectors = np.linalg.eigh(scaled)
    kept = values > len(values) * np.finfo(float).eps * max(values[-1], 0.0)
    inside = vectors[:, kept]
    return np.asarray(inside @ ((inside.T @ (right / scale)) / values[kept])) / scale
