"""What a point proves of itself: its gradient, how far in energy it can be from a solution, what rounding leaves."""

import math

import numpy as np

from ..finding import UNIT, Limit, Measure
from .problem import QuadraticProblem

__all__ = ["distance", "energy", "gradient", "promise", "reach", "rounding", "value"]


def gradient(problem: QuadraticProblem, x: np.ndarray) -> np.ndarray:
    """Return Ax - c."""
    return problem.A @ x - problem.c


def value(problem: QuadraticProblem, x: np.ndarray) -> float:
    """Return x'Ax/2 - c'x."""
    return float(x @ (0.5 * (problem.A @ x) - problem.c))


def energy(problem: QuadraticProblem, d: np.ndarray) -> float:
    """Return sqrt(d'Ad); f(x) - f* is half its square at the difference to any solution.

    Summed over eigenvectors: d'Ad itself would be wrong by rounding of a long part in the kernel, and the root of it
    by far more.
    """
    values, vectors = problem.exact.spectrum
    return float(np.linalg.norm(np.sqrt(values) * (vectors.T @ (problem.exact.root * d))))


def rounding(problem: QuadraticProblem, x: np.ndarray, unit: float = UNIT) -> float:
    """Return what rounding alone leaves in an entry of the gradient at x.

    The sums |A||x| are cut at eight times what a solution of least length has: a part in the kernel, however long, is
    no excuse.
    """
    facts = problem.exact
    usual = facts.root * math.sqrt(len(x)) * float(np.linalg.norm(problem.c / facts.root)) / facts.least
    sums = np.minimum(np.abs(problem.A) @ np.abs(x), 8 * usual) + np.abs(problem.c)
    return float(4 * unit * (len(x) + 2) * sums.max())


def promise(problem: QuadraticProblem, x: np.ndarray, tol: float, unit: float = UNIT) -> Limit:
    """Gradient that a solver may leave whose tolerance is `tol`, relative to the gradient at zero."""
    slope = problem.exact.slope
    text = "tol max|c| + 4 u (n + 2) max(|A||x| + |c|)"
    return Limit(tol * slope + rounding(problem, x, unit), text, slope or math.inf)


def reach(problem: QuadraticProblem, x: np.ndarray, tol: float, unit: float = UNIT) -> float:
    """Return how far from a solution x can be in energy; its gradient g counts as it is, up to what was promised.

    With d the root of the diagonal, e'Ae = g'A^+ g <= |g/d|^2 over the least eigenvalue of A with unit diagonal.
    """
    facts = problem.exact
    g = np.minimum(np.abs(gradient(problem, x)), promise(problem, x, tol, unit).value) + rounding(problem, x, unit)
    return float(np.linalg.norm(g / facts.root)) / math.sqrt(facts.least)


def distance(
    problem: QuadraticProblem, x: np.ndarray, other: np.ndarray, *, tol: float, what: str, unit: float = UNIT
) -> Measure:
    """Compare two answers of one problem in energy, which does not see the kernel of A."""
    apart = energy(problem, x - other)
    limit = reach(problem, x, tol, unit) + reach(problem, other, tol, unit)
    text = "sum of |g/d| / sqrt(least eigenvalue), g = min(gradient, promise) + rounding, d = sqrt(A_ii)"
    depth = problem.exact.depth
    return Measure(apart, Limit(limit, text, depth or math.inf), f"{what}: the answers differ by {apart:.2e} in energy")
