"""What a vector of coefficients proves of itself: duality gap, coordinate steps, and what rounding does to both."""

import math

import numpy as np

from ..finding import UNIT, Limit
from .problem import LassoProblem

__all__ = ["coordinate_step", "duality_gap", "gradient", "gradient_rounding", "objective", "promise", "rounding"]


def gradient(problem: LassoProblem, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the residual y - Xw and the correlations X'(y - Xw) / n."""
    residual = problem.y - problem.exact.X @ w
    return residual, problem.exact.X.T @ residual / len(residual)


def objective(problem: LassoProblem, w: np.ndarray) -> float:
    """Return |y - Xw|^2 / (2n) + alpha |w|_1."""
    residual = problem.y - problem.exact.X @ w
    return float(residual @ residual) / (2 * len(residual)) + problem.alpha * float(np.abs(w).sum())


def duality_gap(problem: LassoProblem, w: np.ndarray) -> float:
    """Return the gap between the objective at w and the dual objective at the rescaled residual.

    The dual is max (|y|^2 - |y - v|^2) / (2n) over |X'v| <= n alpha, and v = s r with r = y - Xw and
    s = min(1, alpha / max|X'r/n|) is allowed. Then

        gap = (1 - s)^2 |r|^2 / (2n) + sum_j (alpha |w_j| - s w_j x_j'r / n),

    a sum of terms that are nonnegative in exact arithmetic, each as wrong as its correlation x_j'r / n is.
    """
    residual, correlation = gradient(problem, w)
    s = min(1.0, problem.alpha / max(float(np.abs(correlation).max()), problem.alpha))
    slack = problem.alpha * np.abs(w) - s * w * correlation
    return (1 - s) ** 2 * float(residual @ residual) / (2 * len(residual)) + float(slack.sum())


def coordinate_step(problem: LassoProblem, w: np.ndarray) -> float:
    """Return max_j sqrt(n_j) |w_j - its minimiser given the others|, with n_j = |x_j|^2 / n; 0 only at a solution.

    A zero column counts by alpha |w_j|, through the square root that turns the others into objective.
    """
    _, correlation = gradient(problem, w)
    curvature = problem.exact.norms**2 / len(problem.y)
    alive = curvature > 0
    target = w[alive] * curvature[alive] + correlation[alive]
    best = np.sign(target) * np.maximum(np.abs(target) - problem.alpha, 0.0) / curvature[alive]
    steps = np.sqrt(curvature[alive]) * np.abs(w[alive] - best)
    idle = np.sqrt(2 * problem.alpha * np.abs(w[~alive]))
    return float(np.concatenate([steps, idle]).max())


def _size(problem: LassoProblem, w: np.ndarray) -> float:
    """Return |w|_1, cut at what any answer has that is no worse than twice the objective at zero."""
    return min(float(np.abs(w).sum()), 2 * problem.exact.null_value / problem.alpha)


def gradient_rounding(problem: LassoProblem, w: np.ndarray, unit: float = UNIT) -> float:
    """Return by how much rounding of w, Xw and X'r changes a correlation x_j'r / n."""
    facts = problem.exact
    size = float(np.linalg.norm(problem.y)) + facts.longest * _size(problem, w)
    return 8 * unit * sum(problem.X.shape) * facts.longest * size / len(problem.y)


def rounding(problem: LassoProblem, w: np.ndarray, unit: float = UNIT) -> float:
    """Return the duality gap that rounding alone can leave at w.

    With correlations wrong by e, an entry w_j pays |w_j| e for itself and as much for the rescaling by
    s >= 1 - e/alpha, whose own term is at most (e/alpha)^2 times the objective at zero.
    """
    e = gradient_rounding(problem, w, unit)
    return 2 * _size(problem, w) * e + (e / problem.alpha) ** 2 * problem.exact.null_value


def promise(problem: LassoProblem, w: np.ndarray, tol: float, unit: float = UNIT) -> Limit:
    """Gap that a solver may leave whose tolerance is `tol`, relative to the objective at zero."""
    null = problem.exact.null_value
    text = "tol |y|^2/(2n) + 2 |w|_1 e + (e/alpha)^2 |y|^2/(2n), e = 8 u (n + p) max|x_j| (|y| + max|x_j| |w|_1)/n"
    return Limit(tol * null + rounding(problem, w, unit), text, null or math.inf)
