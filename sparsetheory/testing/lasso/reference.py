"""The slow obvious solver that answers are compared with: coordinate descent with exact steps on the support."""

from dataclasses import dataclass

import numpy as np

from .certificate import duality_gap, gradient, objective, rounding
from .problem import LassoProblem

__all__ = ["Reference", "coefficient_distance", "solve"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Reference:
    """Coefficients with their own certificate.

    Attributes
    ----------
    w : ndarray, shape (p,)
    gap : float
        Duality gap, recomputed from the coefficients.
    certified : bool
        Whether that gap is at the level of rounding; compare with nothing that is not certified.
    """

    w: np.ndarray
    gap: float
    certified: bool


def _sweep(problem: LassoProblem, w: np.ndarray, *, passes: int = 5) -> None:
    """Minimise over each coordinate in turn, in place."""
    X, n = problem.exact.X, len(problem.y)
    curvature = (X * X).sum(axis=0) / n
    residual = problem.y - X @ w
    for j in np.tile(np.flatnonzero(curvature), passes):
        target = w[j] * curvature[j] + X[:, j] @ residual / n
        new = np.sign(target) * max(abs(target) - problem.alpha, 0.0) / curvature[j]
        residual += (w[j] - new) * X[:, j]
        w[j] = new


def _until_a_sign_changes(w: np.ndarray, direction: np.ndarray, most: float) -> np.ndarray:
    """Move w along a direction, at most `most` times, and stop where the first entry becomes zero."""
    crossing = (w != 0) & (np.sign(direction) == -np.sign(w))
    reach = np.full(len(w), np.inf)
    reach[crossing] = -w[crossing] / direction[crossing]
    t = min(most, reach.min())
    moved = w + t * direction if np.isfinite(t) else w.copy()
    moved[reach <= t] = 0.0
    return moved


def _exact_step(problem: LassoProblem, w: np.ndarray) -> np.ndarray:
    """Minimise over the support with its signs held: a Newton step, or the way down where the support is dependent."""
    support = np.flatnonzero(w)
    A = problem.exact.X[:, support]
    _, correlation = gradient(problem, w)
    slope = correlation[support] - problem.alpha * np.sign(w[support])
    _, s, V = np.linalg.svd(A / np.sqrt(len(A)))
    keep = s > 64 * np.finfo(float).eps * sum(A.shape) * s.max(initial=0.0)
    rank = int(keep.sum())
    inner = V @ slope
    step, flat = V[:rank].T @ (inner[:rank] / s[:rank] ** 2), V[rank:].T @ inner[rank:]
    direction, most = np.zeros(len(w)), 1.0
    # along dependent columns the objective is linear: equal signs make it flat, others lead to a smaller support
    if np.abs(flat).max(initial=0.0) > 1e-9 * problem.alpha:
        step, most = flat, np.inf
    direction[support] = step
    return _until_a_sign_changes(w, direction, most)


def solve(problem: LassoProblem, *, max_iter: int = 2000) -> Reference:
    """Solve a tiny problem as exactly as double precision allows.

    Parameters
    ----------
    problem : LassoProblem
        At most some dozens of samples and features.
    max_iter : int, default 2000
        Rounds of five sweeps and one exact step.

    Returns
    -------
    Reference
        Check `certified` first.

    Notes
    -----
    Sweeps alone need thousands of rounds on correlated designs, and a cap on them makes a reference that is wrong
    where it matters; the exact step ends the search as soon as the support and its signs are right.

    Examples
    --------
    >>> from sparsetheory.testing import LassoProblem
    >>> from sparsetheory.testing.lasso import reference
    >>> reference.solve(LassoProblem.build(seed=1, n=8, p=12, correlation=0.95, alpha=0.001)).certified
    True
    """
    w = np.zeros(problem.X.shape[1])
    best, least = w, duality_gap(problem, w)
    for _ in range(max_iter):
        if least <= rounding(problem, best) / 4:
            break
        _sweep(problem, w)
        if w.any():
            trial = _exact_step(problem, w)
            if objective(problem, trial) <= objective(problem, w) * (1 + 1e-14):
                w = trial
        gap = duality_gap(problem, w)
        if gap < least:
            best, least = w.copy(), gap
    return Reference(w=best, gap=least, certified=bool(least <= rounding(problem, best)))


def coefficient_distance(problem: LassoProblem, truth: Reference, gap: float) -> float:
    """Return how far coefficients with this duality gap may lie from the solution, in the Euclidean norm.

    At the solution w*, with c* its correlations, P(w) - P(w*) = |X(w - w*)|^2 / (2n) + sum_j (alpha |w_j| - w_j c*_j).
    Where |c*_j| < alpha, w*_j = 0, and the last sum bounds |w_j| by gap / (alpha - |c*_j|). The other columns bound the
    rest through their smallest singular value. Infinite where those columns are dependent. c* is known from the
    reference up to |x_j| sqrt(2 gap / n) with its own gap.
    """
    facts, n = problem.exact, len(problem.y)
    _, correlation = gradient(problem, truth.w)
    # a certified gap may itself be wrong by rounding
    own = truth.gap + rounding(problem, truth.w)
    margin = problem.alpha - np.abs(correlation) - facts.norms * np.sqrt(2 * own / n)
    out = margin > 1e-3 * problem.alpha
    outside = gap / margin[out].min(initial=np.inf)
    if out.all():
        return float(outside)
    s = np.linalg.svd(facts.X[:, ~out], compute_uv=False)
    if np.sum(~out) > n or s[-1] <= 64 * np.finfo(float).eps * sum(problem.X.shape) * s[0]:
        return np.inf
    moved = gap * (facts.norms[out] / margin[out]).max(initial=0.0)
    return float(outside + (np.sqrt(2 * n * gap) + moved) / s[-1])
