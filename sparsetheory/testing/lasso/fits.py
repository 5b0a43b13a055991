"""How far two answers of one problem may lie apart: their fits, which are unique even where coefficients are not."""

import numpy as np

from ..finding import UNIT, Limit, Measure
from .certificate import duality_gap, promise, rounding
from .problem import LassoProblem

__all__ = ["fit_distance"]


def fit_distance(
    problem: LassoProblem, w: np.ndarray, other: np.ndarray, *, tol: float, what: str, unit: float = UNIT
) -> Measure:
    """Compare Xw of two answers of one problem.

    The loss is quadratic in the fit, so that a gap g leaves |Xw - Xw*|^2 <= 2 n g. Gaps count as they are, up to what
    was promised.
    """
    value, n = 0.0, len(problem.y)
    for answer in (w, other):
        most = promise(problem, answer, tol, unit).value
        value += np.sqrt(2 * n * (min(duality_gap(problem, answer), most) + rounding(problem, answer, unit)))
    length = float(np.linalg.norm(problem.y))
    distance = float(np.linalg.norm(problem.exact.X @ (w - other)))
    limit = Limit(value, "sum of sqrt(2 n (gap <= promise + rounding))", length or np.inf)
    return Measure(distance, limit, f"{what}: the fits differ by {distance:.2e}, |y| is {length:.2e}")
