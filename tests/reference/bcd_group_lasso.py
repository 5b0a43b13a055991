"""The slow obvious twin of the group lasso: proximal gradient steps until they have no length left."""

import numpy as np


def minimise(X, y, groups, alpha, weights=None, sample_weight=None, intercept=False, n_iter=200_000):
    """Return coefficients and intercept; `groups` are lists of indices."""
    v = np.full(len(y), 1 / len(y)) if sample_weight is None else sample_weight / np.sum(sample_weight)
    costs = np.ones(len(groups)) if weights is None else weights
    A, b = X - intercept * (v @ X), y - intercept * (v @ y)
    step = 1 / np.linalg.norm(A * np.sqrt(v)[:, None], 2) ** 2
    w = z = np.zeros(X.shape[1])
    for k in range(n_iter):
        u = z - step * A.T @ (v * (A @ z - b))
        new = np.zeros_like(w)
        for group, cost in zip(groups, costs, strict=True):
            norm = np.linalg.norm(u[group])
            if norm > step * alpha * cost:
                new[group] = u[group] * (1 - step * alpha * cost / norm)
        if np.abs(new - z).max() <= 1e-15 * (1 + np.abs(new).max()):
            break
        momentum = 0.0 if (z - new) @ (new - w) > 0 else k / (k + 3)  # restarts where it overshoots
        z, w = new + momentum * (new - w), new
    return new, intercept * (v @ (y - X @ new))


def objective(X, y, w, b, groups, alpha, weights=None, sample_weight=None):
    v = np.full(len(y), 1 / len(y)) if sample_weight is None else sample_weight / np.sum(sample_weight)
    costs = np.ones(len(groups)) if weights is None else weights
    penalty = sum(c * np.linalg.norm(w[g]) for g, c in zip(groups, costs, strict=True))
    return 0.5 * v @ (y - X @ w - b) ** 2 + alpha * penalty
