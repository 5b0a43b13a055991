"""What tolerances a transport plan is held to: the marginal error promised, and how far two plans may lie apart."""

import math

import numpy as np

from .finding import UNIT, Limit
from .problem import OTProblem

__all__ = ["closeness", "conditioning", "marginal_error", "promise", "rounding"]


def marginal_error(plan: np.ndarray, problem: OTProblem) -> float:
    """L1 error of both marginals."""
    return float(np.abs(plan.sum(axis=1) - problem.a).sum() + np.abs(plan.sum(axis=0) - problem.b).sum())


def rounding(problem: OTProblem, unit: float = UNIT) -> float:
    """Relative L1 error of a plan that rounding alone can cause.

    Changing the cost by E moves the exact plan by at most mass * max|E| / reg in L1 (the response is a projection in
    the norm weighted by the plan), and rounding changes it by u max|M|; n + m more roundings come from the sums.
    """
    return float(16 * unit * (problem.exact.magnitude / problem.reg + sum(problem.M.shape)))


def promise(problem: OTProblem, tol: float) -> Limit:
    """Marginal error that a solver may leave whose tolerance is `tol`, be it absolute or relative to the mass."""
    mass = problem.exact.mass
    value = tol * max(1.0, mass) + rounding(problem) * mass
    return Limit(value, "tol max(1, mass) + 16 u mass (max|M|/reg + n + m)", mass)


def conditioning(plan: np.ndarray) -> float:
    """Return k such that moving the marginals by d in L1 moves the entropic plan by at most k d in L1, to first order.

    The response is P o (x + y) with H (x, y) = d and H = [[diag r, P], [P', diag c]]. By Cauchy-Schwarz its L1 norm is
    at most sqrt(mass d'H^+ d), and after scaling by the marginals the least positive eigenvalue of H is 1 - s2, with s2
    the second singular value of diag(r)^-1/2 P diag(c)^-1/2. Hence k = sqrt(mass / (least marginal (1 - s2))).
    """
    plan = plan[np.ix_(plan.sum(axis=1) > 0, plan.sum(axis=0) > 0)]
    if plan.size == 0:
        return math.inf
    r, c = plan.sum(axis=1), plan.sum(axis=0)
    scaled = plan / np.sqrt(r)[:, None] / np.sqrt(c)
    if not np.isfinite(scaled).all():
        return math.inf
    s = np.linalg.svd(scaled, compute_uv=False)
    gap = 1.0 - s[1] if len(s) > 1 else 1.0
    if gap <= 64 * UNIT * sum(plan.shape):  # numerically disconnected: the marginals do not determine the plan
        return math.inf
    return math.sqrt(plan.sum() / (min(r.min(), c.min()) * gap))


def closeness(problem: OTProblem, base: np.ndarray, *errors: float, tol: float, unit: float = UNIT) -> Limit:
    """How far two plans of one problem may lie apart in L1, given the marginal errors they have.

    Errors count up to what was promised. The factor 2 covers the change of the conditioning along the way.
    """
    mass = problem.exact.mass
    most = promise(problem, tol).value
    left = sum(min(error, most) for error in errors)
    value = 2 * (conditioning(base) * left if left > 0 else 0.0) + 2 * rounding(problem, unit) * mass
    return Limit(value, "2 k (marginal errors <= promise) + 32 u mass (max|M|/reg + n + m), "
                        "k = sqrt(mass/(least marginal (1 - s2)))", mass)  # fmt: skip
