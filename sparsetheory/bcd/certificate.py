"""Optimality of a returned point, recomputed from the data: KKT residual and duality gap."""

import numpy as np

from .penalty import Bound, Folded, Groupwise, Separable
from .problem import Problem

__all__ = ["duality_gap", "kkt_residual", "reference_slope"]


def kkt_residual(problem: Problem, penalty: Bound, x: np.ndarray) -> float:
    """Return the largest entry of the element of least norm of the subdifferential of F at x; inf if x is infeasible.

    Without a penalty, ``max_i |g_i|``; the subdifferential is that of Frechet where the penalty is not convex.
    """
    negative = -problem.gradient(x, problem.image(x))
    if not np.isfinite(negative).all():
        return float("nan")
    if not isinstance(penalty, Groupwise):
        if isinstance(penalty, Separable) and ((x < penalty.lower) | (x > penalty.upper)).any():
            return float("inf")
        low, high = penalty.interval(x)
        return float(np.max(np.maximum(np.maximum(low - negative, negative - high), 0.0)))
    worst = 0.0
    for k, alpha in enumerate(penalty.alpha):
        members = penalty.labels == k
        own, slope, l1 = x[members], negative[members], penalty.l1[members]
        norm = float(np.linalg.norm(own))
        distance = np.sign(slope) * np.maximum(np.abs(slope) - l1, 0.0)
        if norm > 0:
            distance = np.where(own != 0, slope - alpha * own / norm - l1 * np.sign(own), distance)
        else:
            length = float(np.linalg.norm(distance))
            distance = distance * max(0.0, 1.0 - alpha / length) if length > 0 else distance
        worst = max(worst, float(np.max(np.abs(distance))))
    return worst


def reference_slope(problem: Problem) -> float:
    """Return ``max_i |g_i|`` at x = 0, the unit in which residuals are compared with tol; 1 where that is 0."""
    zero = np.zeros(problem.n)
    slope = float(np.max(np.abs(problem.gradient(zero, problem.image(zero)))))
    return slope if slope > 0 else 1.0


def duality_gap(problem: Problem, penalty: Bound, x: np.ndarray) -> float:
    r"""Return ``F(x) - D >= F(x) - min F`` for the gradient at x, scaled into the dual set; NaN where there is none.

    With f = loss + l2/2 |.|^2 and any ``loss(u) >= v - p.u``, also at a scaled p,

    .. math:: \min F \ge D = v - h^*(p), \qquad h = g + \tfrac{\text{l2}}{2} \|\cdot\|_2^2

    There is none where :math:`h^*` is infinite however small p is: without l2, a variable without a weight that lacks a
    bound on either side (so for no penalty at all, and for nonnegative variables without a weight). There is none for
    penalties that are not convex. A `Quadratic` of more than 1000 variables has one where p need not be scaled, with l2
    or with bounds on both sides: its scaled minorants need the infimum of the quadratic.
    """
    if not penalty.convex or (problem.l2 == 0 and not penalty.coercive):
        return float("nan")
    assert not isinstance(penalty, Folded)
    z = problem.image(x)
    p = problem.l2 * x - problem.gradient(x, z)
    share = 1.0 if problem.l2 > 0 else penalty.share(p)
    primal = problem.value(x, z) + float(penalty.entries(x).sum())
    dual = problem.minorant(x, z, share) - penalty.conjugate(share * p, problem.l2)
    return float(np.maximum(0.0, primal - dual))
