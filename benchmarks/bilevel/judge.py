"""The independent judge: how far a point is from stationarity, from the closed form of psi.

Written from the problems, apart from every solver's code, ours included. Without bounds the lower solution that is
best for f is z = H^+ (Bx + b) + N N'c, N a basis of the kernel of H, and grad psi = a x + B' H^+ (z - c). With bounds
H is diagonal and z clips (Bx + b) / h; a coordinate within `KINK` of where it starts to clip may have any share of its
derivative, and Clarke's subdifferential lies in what these shares give.
"""

import numpy as np
from scipy.optimize import lsq_linear

from benchmarks.bilevel.quadratic import Quadratic
from benchmarks.bilevel.ridge import Split

KINK = 1e-6


def psi(problem: Quadratic, x: np.ndarray) -> float:
    """Value of the upper level at the lower solution."""
    z = _solution(problem, x)
    return float((z - problem.c) @ (z - problem.c) + problem.a * (x @ x)) / 2


def stationarity(problem: Quadratic, x: np.ndarray) -> float:
    """Length of the gradient of psi, of the shortest vector in that set where there are bounds; NaN stays NaN."""
    if not np.isfinite(x).all():
        return np.nan
    z = _solution(problem, x)
    if not problem.bounded:
        return float(np.linalg.norm(problem.a * x + problem.B.T @ (problem.inverse @ (z - problem.c))))
    free = (problem.B @ x + problem.b) / problem.curvature
    near = np.abs(np.abs(free) - problem.half) <= KINK
    inside = (np.abs(free) < problem.half) & ~near
    each = (problem.B / problem.curvature[:, None]) * (z - problem.c)[:, None]  # a row: what a coordinate adds
    gradient = problem.a * x + each[inside].sum(axis=0)
    if near.any():
        gradient = gradient + each[near].T @ lsq_linear(each[near].T, -gradient, bounds=(0, 1), tol=1e-14).x
    return float(np.linalg.norm(gradient))


def _solution(problem: Quadratic, x: np.ndarray) -> np.ndarray:
    if problem.bounded:
        return np.clip((problem.B @ x + problem.b) / problem.curvature, -problem.half, problem.half)
    kernel = problem.Q[:, problem.curvature == 0]
    return problem.inverse @ (problem.B @ x + problem.b) + kernel @ (kernel.T @ problem.c)


def ridge(split: Split, theta: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """Validation loss and projected hypergradient of penalties exp(theta), by an inverse of the normal equations."""
    n, m = len(split.y), len(split.y_val)
    inverse = np.linalg.inv(split.X.T @ split.X / n + np.diag(np.exp(theta)))
    coef = inverse @ (split.X.T @ split.y / n)
    miss = split.X_val @ coef - split.y_val
    gradient = -np.exp(theta) * coef * (inverse @ (split.X_val.T @ miss / m))
    projected = theta - np.clip(theta - gradient, low, high)
    return float(miss @ miss) / (2 * m), float(np.linalg.norm(projected))
