"""Sparse regression of the private protocols the slow way: explicit inverse, loops, samples instead of closed forms."""

import numpy as np


def soft(v, level):
    return np.array([0.0 if abs(x) <= level else (x - level if x > 0 else x + level) for x in v])


def hard(v, keep):
    order = sorted(range(len(v)), key=lambda j: (-abs(v[j]), j))
    return np.array([v[j] if j in order[:keep] else 0.0 for j in range(len(v))])


def elementary(X, y, lam, ridge=0.0):
    gram, cross = np.zeros((X.shape[1],) * 2), np.zeros(X.shape[1])
    for x, target in zip(X, y):
        gram += np.outer(x, x) / len(X)
        cross += x * target / len(X)
    return soft(np.linalg.inv(gram + ridge * np.eye(len(cross))) @ cross, lam)


def iterative_hard_thresholding(batches, keep, step, clip=np.inf):
    """One step a batch (X, y): mean of the clipped scores, threshold, projection."""
    theta = np.zeros(batches[0][0].shape[1])
    for X, y in batches:
        total = np.zeros(len(theta))
        for x, target in zip(X, y):
            score = x * (x @ theta - target)
            total += score * min(1.0, clip / max(np.linalg.norm(score), 1e-300))
        theta = hard(theta - step * total / len(X), keep)
        size = np.linalg.norm(theta)
        theta = theta if size <= 1 else theta / size
    return theta


def noisy_moments(theta, noise, rng):
    """Second moment I and cross moment theta with noise of the given deviations."""
    d = len(theta)
    upper = np.triu(rng.normal(size=(d, d)) * noise.off_diagonal, 1)
    return np.eye(d) + upper + upper.T + np.diag(rng.normal(size=d)) * noise.diagonal, (
        theta + rng.normal(size=d) * noise.cross
    )
