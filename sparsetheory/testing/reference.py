"""The slow obvious solver that answers are compared with: annealed log-domain Sinkhorn and damped Newton, in NumPy."""

from dataclasses import dataclass

import numpy as np

from .finding import marginal_error, rounding
from .problem import OTProblem

__all__ = ["Reference", "solve"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Reference:
    """A plan with its own certificate.

    Attributes
    ----------
    plan : ndarray, shape (n, m)
        exp of a sum of potentials and -M/reg, by construction.
    error : float
        L1 error of both marginals, recomputed from the plan.
    certified : bool
        Whether that error is at the level of rounding; compare with nothing that is not certified.
    """

    plan: np.ndarray
    error: float
    certified: bool


def _log_sum_exp(X: np.ndarray, axis: int) -> np.ndarray:
    top = X.max(axis=axis, keepdims=True)
    return np.log(np.exp(X - top).sum(axis=axis)) + np.squeeze(top, axis=axis)


def _plan(K: np.ndarray, log_a: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return the plan whose rows are exact: exp(u + v - K) with u = log a - logsumexp(v - K)."""
    u = log_a - _log_sum_exp(v - K, axis=1)
    return np.exp(u[:, None] + v - K)


def _newton_direction(P: np.ndarray, a: np.ndarray, b: np.ndarray, damping: float) -> np.ndarray:
    """Return the ascent step of the semi-dual, whose gradient is b - c and minus Hessian diag(c) - P' diag(1/a) P."""
    c = P.sum(axis=0)
    laplacian = np.diag(c) - P.T @ (P / a[:, None])
    return np.linalg.solve(laplacian + damping * np.diag(b), b - c)


def _improve(
    K: np.ndarray, a: np.ndarray, b: np.ndarray, v: np.ndarray, *, goal: float, max_iter: int = 500
) -> np.ndarray:
    """Move v until the column error is below `goal`: Newton steps, damped ten times more after each that fails."""
    log_a, log_b = np.log(a), np.log(b)
    P = _plan(K, log_a, v)
    damping = 1e-3
    for _ in range(max_iter):
        error = np.abs(P.sum(axis=0) - b).sum()
        if error <= goal:
            break
        trial_v = v + _newton_direction(P, a, b, damping)
        trial = _plan(K, log_a, trial_v)
        if np.abs(trial.sum(axis=0) - b).sum() < error:
            damping = max(damping / 10, 1e-14)
        elif damping < 1:
            damping *= 10
            continue
        else:  # far from the solution Newton helps at no damping, and a Sinkhorn sweep always does
            u = log_a - _log_sum_exp(v - K, axis=1)
            trial_v = log_b - _log_sum_exp(u[:, None] - K, axis=0)
            trial = _plan(K, log_a, trial_v)
        v, P = trial_v, trial
    return v


def solve(problem: OTProblem) -> Reference:
    """Solve a tiny problem as exactly as double precision allows.

    Parameters
    ----------
    problem : OTProblem
        At most some dozens of atoms a side: each iteration solves a dense linear system.

    Returns
    -------
    Reference
        Check `certified` first.

    Notes
    -----
    reg starts at the spread of the cost and falls by factors of two, so that every stage starts where Newton's method
    works. Atoms of zero mass are left out and come back as zero rows and columns. Masses are scaled to total one.

    Examples
    --------
    >>> from sparsetheory.testing import OTProblem, reference
    >>> reference.solve(OTProblem.build(seed=1, n=5, reg=0.001)).certified
    True
    """
    rows, columns = problem.a > 0, problem.b > 0
    mass = problem.exact.mass
    a, b = problem.a[rows] / mass, problem.b[columns] / mass
    C = problem.M[np.ix_(rows, columns)]
    C = C - C[np.isfinite(C)].min()
    floor = rounding(problem)
    reg = max(problem.exact.spread, problem.reg)
    g = np.zeros(len(b))
    while reg > problem.reg:
        g = reg * _improve(C / reg, a, b, g / reg, goal=1e-2)
        reg = max(reg / 2, problem.reg)
    v = _improve(C / problem.reg, a, b, g / problem.reg, goal=floor / 16)
    plan = np.zeros(problem.M.shape)
    plan[np.ix_(rows, columns)] = mass * _plan(C / problem.reg, np.log(a), v)
    error = marginal_error(plan, problem)
    return Reference(plan=plan, error=error, certified=error <= floor * mass)
