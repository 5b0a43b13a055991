"""The independent judge: the duality gap of returned coefficients, from them and the problem alone, in float64.

With r the residual (for the logistic loss, y times the probability of the other class), c = X'r / n, and s the largest
factor at which s r is allowed in the dual, every gap is a sum of terms that are nonnegative in exact arithmetic, so
that nothing cancels: what the loss and its conjugate leave at s r, plus alpha |w_j| - s w_j c_j for every j.
"""

import numpy as np

from benchmarks.bcd.instance import Instance


def relative_gap(coefs: np.ndarray, instance: Instance) -> float:
    """Largest duality gap over the alphas, relative to the objective at zero; NaN stays NaN."""
    rows = np.asarray(coefs, dtype=np.float64).reshape(len(instance.alphas), -1)
    gaps = [gap(w, instance, alpha) for w, alpha in zip(rows, instance.alphas, strict=True)]
    return float(np.max(gaps)) / value_at_zero(instance)


def value_at_zero(instance: Instance) -> float:
    """Objective of w = 0."""
    return float(np.log(2.0)) if instance.loss == "logistic" else float(instance.y @ instance.y) / (2 * len(instance.y))


def largest_alpha(instance: Instance) -> float:
    """Smallest alpha at which w = 0 is the solution."""
    r = instance.y / 2 if instance.loss == "logistic" else instance.y
    return float(np.max(_sizes(instance.X.T @ r / len(r), instance)))


def gap(w: np.ndarray, instance: Instance, alpha: float) -> float:
    """Duality gap at one alpha; infinite outside the constraints."""
    if instance.positive and np.any(w < 0):
        return float("inf")
    n, z = len(instance.y), instance.X @ w
    r = _dual_direction(z, instance)
    c = instance.X.T @ r / n
    top = np.max(_sizes(c, instance))
    s = alpha / np.maximum(top, alpha)
    slack = alpha * _norm(w, instance) - s * (w @ c)
    return float(_left_by_the_loss(z, r, s, instance) + slack)


def _dual_direction(z: np.ndarray, instance: Instance) -> np.ndarray:
    if instance.loss == "squares":
        return instance.y - z
    return instance.y * _other_class(z * instance.y)


def _other_class(margin: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(margin)) without overflow."""
    return 0.5 * (1 - np.tanh(0.5 * margin))


def _left_by_the_loss(z: np.ndarray, r: np.ndarray, s: float, instance: Instance) -> float:
    """The loss at z plus its conjugate at -s r plus s r'z, over n: zero at s = 1."""
    n = len(r)
    if instance.loss == "squares":
        return (1 - s) ** 2 * (r @ r) / (2 * n)
    p, margin = np.abs(r), z * instance.y
    if s == 1:
        return 0.0 * float(margin.sum())  # zero, or NaN
    # the divergence of (sp, 1 - sp) from (p, 1 - p), with (1 - sp) / (1 - p) = 1 + (1 - s) exp(-margin)
    terms = s * p * np.log(s) + (1 - s * p) * np.log1p((1 - s) * np.exp(-margin))
    return float(terms.sum()) / n


def _sizes(c: np.ndarray, instance: Instance) -> np.ndarray:
    """The dual norm is the largest of these."""
    if instance.group > 1:
        return np.linalg.norm(c.reshape(-1, instance.group), axis=1)
    return c if instance.positive else np.abs(c)


def _norm(w: np.ndarray, instance: Instance) -> float:
    if instance.group > 1:
        return float(np.linalg.norm(w.reshape(-1, instance.group), axis=1).sum())
    return float(np.abs(w).sum())
