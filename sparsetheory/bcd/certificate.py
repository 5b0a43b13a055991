"""Optimality of a returned point, recomputed from the data: KKT residual and duality gap."""

import numpy as np

from .linear import Linear
from .penalty import Bound, Groupwise, Separable
from .problem import Problem

__all__ = ["duality_gap", "kkt_residual", "reference_slope"]


def kkt_residual(problem: Problem, penalty: Bound, x: np.ndarray) -> float:
    """Return the largest entry of the element of least norm of the subdifferential of F at x; inf if x is infeasible.

    Without a penalty, ``max_i |g_i|``.
    """
    negative = -problem.gradient(x, problem.image(x))
    if not np.isfinite(negative).all():
        return float("nan")
    if isinstance(penalty, Separable):
        if ((x < penalty.lower) | (x > penalty.upper)).any():
            return float("inf")
        low, high = penalty.interval(x)
        return float(np.max(np.maximum(np.maximum(low - negative, negative - high), 0.0)))
    worst = 0.0
    for k, alpha in enumerate(penalty.alpha):
        members = penalty.labels == k
        slope, norm = negative[members], float(np.linalg.norm(x[members]))
        if norm > 0:
            distance = slope - alpha * x[members] / norm
        else:
            length = float(np.linalg.norm(slope))
            distance = slope * max(0.0, 1.0 - alpha / length) if length > 0 else slope
        worst = max(worst, float(np.max(np.abs(distance))))
    return worst


def reference_slope(problem: Problem) -> float:
    """Return ``max_i |g_i|`` at x = 0, the unit in which residuals are compared with tol; 1 where that is 0."""
    zero = np.zeros(problem.n)
    slope = float(np.max(np.abs(problem.gradient(zero, problem.image(zero)))))
    return slope if slope > 0 else 1.0


def duality_gap(problem: Problem, penalty: Bound, x: np.ndarray) -> float:
    """Return ``F(x) - D(theta) >= F(x) - min F`` for the residual, scaled into the dual set; NaN where there is none.

    There is one for least squares and logistic regression, with an l2 term or with a weight on every variable, and
    without bounds.
    """
    bounded = isinstance(penalty, Separable) and penalty.bounded
    if not isinstance(problem, Linear) or bounded or (problem.l2 == 0 and not (penalty.alpha > 0).all()):
        return float("nan")
    z = problem.image(x)
    theta = -problem.slope(z)
    products = np.asarray(problem.rows @ theta)
    sizes = penalty.norms(products) if isinstance(penalty, Groupwise) else np.abs(products)
    concave = 0.0
    if problem.l2 > 0:
        concave = 0.5 * float((np.maximum(sizes - penalty.alpha, 0.0) ** 2).sum()) / problem.l2
    else:
        theta = theta * min(1.0, float(np.min(penalty.alpha / np.maximum(sizes, 1e-300))))
    primal = problem.value(x, z) + float(penalty.entries(x).sum())
    return max(0.0, primal + problem.conjugate(theta) + concave)
