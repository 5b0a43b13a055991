"""What a point of both levels proves of itself, from closed forms: how far outside, how unsolved, how steep."""

from itertools import product

import numpy as np

from ..finding import UNIT, Limit
from .problem import BilevelProblem

__all__ = ["gap_limit", "minimiser", "outside", "promise", "rounding", "stationarity"]


def outside(problem: BilevelProblem, x: np.ndarray, y: np.ndarray) -> float:
    """Return the largest distance of a coordinate to its interval, relative to the finite end it passed."""
    worst = 0.0
    for v, (low, high) in ((x, problem.X.T), (y, problem.Y.T)):
        passed = np.maximum(low - v, v - high)
        ends = np.where(v > high, high, low)
        worst = max(worst, float(np.max(passed / (1 + np.abs(np.where(np.isfinite(ends), ends, 0.0))), initial=0.0)))
    return worst


def rounding(problem: BilevelProblem, x: np.ndarray) -> float:
    """Return what rounding leaves in a hypergradient, through a linear system with the lower Hessian."""
    q = problem.levels
    z = q.exact.solution(x)
    in_x, in_y = q.grad_f(x, z)
    values = np.linalg.svd(q.T * np.sqrt(q.curvature), compute_uv=False)
    cond = (values[0] / values[values > 1e-6].min(initial=values[0] or 1.0)) ** 2 if values[0] > 0 else 1.0
    size = np.linalg.norm(in_x) + (1 + np.linalg.norm(q.A, 2)) * np.linalg.norm(in_y)
    return float(64 * UNIT * sum(q.R.shape) * cond * (1 + size))


def promise(problem: BilevelProblem, x: np.ndarray, tol: float) -> Limit:
    """Projected hypergradient that a solver may leave."""
    text = "tol + 64 u (n + m) cond(H) (1 + |grad_x f| + (1 + |A|) |grad_y f|)"
    return Limit(tol + rounding(problem, x), text)


def stationarity(problem: BilevelProblem, x: np.ndarray, tol: float) -> float:
    """Return |x - P(x - v)| for the v that makes it least among the gradients of psi near x.

    Near is as far as sigma = tol moves a kink (`BilevelFacts.pieces`); without a kink there is one gradient.
    """
    from scipy.optimize import lsq_linear

    fixed, through = problem.levels.exact.pieces(x, tol)
    low, high = problem.X.T
    if through.shape[1]:
        at_low, at_high = x - low <= tol, high - x <= tol
        held = np.eye(len(x))[:, at_low | at_high]
        # at a bound, what pushes outwards is no slope
        least = np.concatenate([np.zeros(through.shape[1]), np.where(at_low, -np.inf, 0.0)[at_low | at_high]])
        most = np.concatenate([np.ones(through.shape[1]), np.where(at_high, np.inf, 0.0)[at_low | at_high]])
        best = lsq_linear(np.hstack([through, held]), -fixed, bounds=(least, most)).x
        fixed = fixed + through @ best[: through.shape[1]]
    return float(np.linalg.norm(x - np.clip(x - fixed, low, high)))


def gap_limit(problem: BilevelProblem, x: np.ndarray, tol: float) -> Limit:
    """Return how far above its minimum g may be at y.

    A minimiser of sigma f + g with sigma = tol, found to a projected gradient of tol, has one of
    r = tol (1 + |grad_y f|) for g. In the coordinates T'y, in which g has the curvatures lambda, it is then off by
    d = r max(|T|, 1 / (s lambda)) at most, with s the least singular value of T, and g is higher by no more than
    sum lambda (d^2/2 + d |z - t|), z - t being what the bounds keep the minimiser from.
    """
    q = problem.levels
    z = q.exact.solution(x)
    values = np.linalg.svd(q.T, compute_uv=False)
    bent = q.curvature > 0
    lam = q.curvature[bent]
    slope = np.linalg.solve(q.T, q.grad_g(x, z)[1])[bent]  # lambda (z - t)
    r = tol * (1 + float(np.linalg.norm(q.grad_f(x, z)[1]))) + rounding(problem, x)
    d = r * np.maximum(values[0], 1 / (values[-1] * lam))
    text = "sum lambda (d^2/2 + d |z - t|), d = (tol (1 + |grad_y f|) + rounding) max(|T|, 1/(s lambda))"
    return Limit(float(np.sum(lam * d**2 / 2 + d * np.abs(slope))), text)


def minimiser(problem: BilevelProblem) -> tuple[np.ndarray, float, float] | None:
    """Return the minimiser of psi over X with the least and largest curvature, where psi is a convex quadratic.

    Every face of the box is tried: the coordinates that it leaves free solve a linear system, and the point is the
    minimiser where no bound is passed and no slope points inwards.
    """
    q = problem.levels
    if q.R.any() or np.isfinite(problem.Y).any():
        return None
    n = len(problem.x0)
    first = q.exact.grad_psi(np.zeros(n))
    Q = np.column_stack([q.exact.grad_psi(e) - first for e in np.eye(n)])
    low, high = problem.X.T

    def on_face(face: tuple[int, ...]) -> np.ndarray:
        free = np.array(face) == 0
        x = np.where(np.array(face) < 0, low, np.where(free, 0.0, high))
        x[free] = np.linalg.solve(Q[np.ix_(free, free)], -(first + Q @ x)[free])
        return x

    def miss(x: np.ndarray) -> float:
        return float(np.linalg.norm(x - np.clip(x - first - Q @ x, low, high)))

    best = min(map(on_face, product((-1, 0, 1), repeat=n)), key=miss)
    least, most = np.linalg.eigvalsh((Q + Q.T) / 2)[[0, -1]]
    return best, float(least), float(most)
