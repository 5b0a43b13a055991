"""The slow obvious solver that answers are compared with: annealed log-domain Sinkhorn and damped Newton, in NumPy."""

from dataclasses import dataclass

import numpy as np

from .plans import marginal_error, rounding
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


def _rows(K: np.ndarray, log_a: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return u = log a - logsumexp(v - K) and the plan exp(u + v - K), whose rows are then exact."""
    u = log_a - _log_sum_exp(v - K, axis=1)
    return u, np.exp(u[:, None] + v - K)


def _newton_direction(P: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the ascent step of the semi-dual, whose gradient is b - c and minus Hessian diag(c) - P' diag(1/a) P."""
    joint = P.T @ (P / a[:, None])
    np.fill_diagonal(joint, 0.0)
    # rows of the Hessian sum to zero; a diagonal summed from the rest keeps weak links that a difference would lose
    laplacian = np.diag(joint.sum(axis=1)) - joint
    # the last terms fix the free constant and keep parts apart whose link underflowed
    direction = np.linalg.solve(laplacian + np.outer(b, b) + 1e-14 * np.diag(b), b - P.sum(axis=0))
    # the Hessian changes by a constant factor when the exponents change by one; weakly joined atoms may need hundreds
    return direction * min(1.0, 2.0 / max(np.ptp(direction), 1e-300))


def _improve(
    K: np.ndarray, a: np.ndarray, b: np.ndarray, v: np.ndarray, *, goal: float, max_iter: int = 1000
) -> np.ndarray:
    """Move v until the column error is below `goal`: a Newton step where it climbs, a Sinkhorn sweep otherwise."""
    log_a, log_b = np.log(a), np.log(b)
    u, P = _rows(K, log_a, v)
    for _ in range(max_iter):
        error = np.abs(P.sum(axis=0) - b).sum()
        if error <= goal:
            break
        direction = _newton_direction(P, a, b)
        climb = (b - P.sum(axis=0)) @ direction
        for t in 0.5 ** np.arange(8):
            trial_v = v + t * direction
            trial_u, trial = _rows(K, log_a, trial_v)
            gain = a @ (trial_u - u) + t * (b @ direction)
            # near the solution the gain drowns in rounding, and the error decides
            if gain > 0.1 * t * climb or np.abs(trial.sum(axis=0) - b).sum() < 0.5 * error:
                break
        else:
            trial_v = log_b - _log_sum_exp(u[:, None] - K, axis=0)
            trial_u, trial = _rows(K, log_a, trial_v)
        v, u, P = trial_v, trial_u, trial
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
        g = reg * _improve(C / reg, a, b, g / reg, goal=0.1 * min(a.min(), b.min()))
        reg = max(reg / 2, problem.reg)
    v = _improve(C / problem.reg, a, b, g / problem.reg, goal=floor / 16)
    plan = np.zeros(problem.M.shape)
    plan[np.ix_(rows, columns)] = mass * _rows(C / problem.reg, np.log(a), v)[1]
    error = marginal_error(plan, problem)
    return Reference(plan=plan, error=error, certified=error <= floor * mass)
