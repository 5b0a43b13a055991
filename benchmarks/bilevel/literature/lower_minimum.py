"""The lower level at one x, minimised globally with SciPy and grids; no solver of the package is asked.

One lower variable: a grid over Y and bounded minimisation around each of its dips. A linear level: all vertices, by
HiGHS. A convex one: SLSQP. The ten-dimensional ones: L-BFGS-B from many starts.
"""

from itertools import combinations

import numpy as np
from scipy.optimize import linprog, minimize, minimize_scalar

from benchmarks.bilevel.literature.entry import Entry

FAR = 20.0  # where an unbounded half-line is cut; lower objectives grow long before
GRID = 4001


def ends(entry: Entry) -> tuple[float, float]:
    """Bounds of the one lower variable."""
    return float(max(entry.Y.lower[0], -FAR)), float(min(entry.Y.upper[0], FAR))


def solutions(entry: Entry, x: np.ndarray, *, tie: float, y: np.ndarray | None = None) -> tuple[float, np.ndarray]:
    """The least lower value at x, and the solutions found whose values tie with it to a relative `tie`, one a row.

    `y` is one more start.
    """
    if entry.lower == "linear":
        points = _vertices(entry, x)
    elif entry.lower == "convex":
        points = [_descend(entry, x, start) for start in _starts(entry, y, 3)]
    elif entry.Y.size == 1:
        points = _dips(entry, x)
    else:
        points = [_bounded(entry, x, start) for start in _starts(entry, y, 20)]
    if y is not None:
        points = [*points, y]
    values = np.array([float(entry.g(*x, *point)) for point in points])
    best = float(values.min())
    return best, np.array([point for point, value in zip(points, values) if value <= best + tie * (1 + abs(best))])


def _starts(entry: Entry, y: np.ndarray | None, number: int) -> list[np.ndarray]:
    """The middle of Y, the given point, and some drawn ones; all inside the bounds."""
    rng = np.random.default_rng(entry.Y.size)
    low, high = np.maximum(entry.Y.lower, -FAR), np.minimum(entry.Y.upper, FAR)
    drawn = low + (high - low) * rng.uniform(size=(number, entry.Y.size))
    return [(low + high) / 2, *([] if y is None else [np.clip(y, low, high)]), *drawn]


def _dips(entry: Entry, x: np.ndarray) -> list[np.ndarray]:
    low, high = ends(entry)
    grid = np.linspace(low, high, GRID)
    values = np.broadcast_to(entry.g(*x, grid), GRID)
    padded = np.concatenate([[np.inf], values, [np.inf]])
    found = [np.array([end]) for end in (low, high)]
    for k in np.flatnonzero((values <= padded[:-2]) & (values <= padded[2:])):
        around = grid[max(k - 1, 0)], grid[min(k + 1, GRID - 1)]
        least = minimize_scalar(lambda v: entry.g(*x, v), bounds=around, method="bounded", options={"xatol": 1e-13})
        found += [np.array([grid[k]]), np.array([least.x])]
    return found


def _vertices(entry: Entry, x: np.ndarray) -> list[np.ndarray]:
    """Vertices of Y; HiGHS first, as a set may have none or the level may fall along a ray."""
    A, b = entry.Y.rows()
    slope = entry.gradient(entry.grad_g, x, np.zeros(entry.Y.size))[1]
    found = linprog(slope, A_ub=A, b_ub=b, bounds=(None, None))
    corners = [found.x] if found.status == 0 else []
    for rows in combinations(range(len(b)), entry.Y.size):
        face = list(rows)
        if np.linalg.matrix_rank(A[face]) == entry.Y.size:
            corner = np.linalg.solve(A[face], b[face])
            corners += [corner] if (A @ corner <= b + 1e-9).all() else []
    return corners


def _descend(entry: Entry, x: np.ndarray, start: np.ndarray) -> np.ndarray:
    A, b = entry.Y.rows()
    scale = 1 + abs(float(entry.g(*x, *start)))
    limits = [{"type": "ineq", "fun": lambda y: b - A @ y, "jac": lambda y: -A}] if len(b) else []
    least = minimize(
        lambda y: float(entry.g(*x, *y)) / scale, start, jac=lambda y: entry.gradient(entry.grad_g, x, y)[1] / scale,
        method="SLSQP", constraints=limits, options={"ftol": 1e-15, "maxiter": 500},
    )  # fmt: skip
    return least.x


def _bounded(entry: Entry, x: np.ndarray, start: np.ndarray) -> np.ndarray:
    least = minimize(
        lambda y: float(entry.g(*x, *y)), start, jac=lambda y: entry.gradient(entry.grad_g, x, y)[1],
        method="L-BFGS-B", bounds=list(zip(entry.Y.lower, entry.Y.upper)), options={"ftol": 1e-15, "gtol": 1e-10},
    )  # fmt: skip
    return least.x
