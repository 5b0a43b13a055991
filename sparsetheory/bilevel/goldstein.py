"""Stationarity at a kink: the shortest vector that the gradients nearby and the normals of X can combine to."""

import numpy as np

from .outer import Evaluate
from .sets import Box, ConvexSet

__all__ = ["JUMP", "goldstein", "kinked", "shortest", "way_down"]

#: Difference of gradients of two pieces of a function, relative to 1 + their length.
JUMP = 1e-4


def shortest(X: ConvexSet, x: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    r"""Return the shortest vector of :math:`\operatorname{conv}(g_1, \dots, g_m) + N_X(x)`.

    For a box or the whole space by nonnegative least squares; on other sets the projected step along the shortest
    vector of the hull alone, which is no shorter than that.
    """
    from scipy.optimize import nnls

    scale = max(float(np.abs(gradients).max(initial=0.0)), 1e-300)
    columns = gradients.T / scale
    normals = _normals(X, x)
    weight = 1e6  # the shares of the gradients add to one
    system = np.vstack(
        [np.hstack([columns, normals]), np.r_[np.full(len(gradients), weight), np.zeros(normals.shape[1])]]
    )
    shares = nnls(system, np.append(np.zeros(len(x)), weight), maxiter=50 * system.shape[1])[0]
    hull = shares[: len(gradients)]
    gradient = scale * (columns @ (hull / hull.sum()))
    return x - X.project(x - gradient)


def _normals(X: ConvexSet, x: np.ndarray) -> np.ndarray:
    """Return the outer normals of a box that are active at x, one a column."""
    if not isinstance(X, Box):
        return np.empty((len(x), 0))
    eye = np.eye(len(x))
    near = 1e-9 * (1.0 + np.abs(x))
    return np.hstack([eye[:, x >= X.upper - near], -eye[:, x <= X.lower + near]])


def way_down(
    X: ConvexSet, evaluate: Evaluate, x: np.ndarray, gradients: list[np.ndarray], *, radius: float, tol: float,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """Return the shortest vector of the hull of gradients near x once it is within `tol` or points uphill.

    Gradients at points where the hull so far promises descent join the list: at a kink they belong to another piece and
    say otherwise (Mahdavi-Amiri, Yousefpour 2012).
    """
    for _ in range(2 * len(x) + 10):
        way = shortest(X, x, np.array(gradients))
        length = float(np.linalg.norm(way))
        if length <= tol:
            break
        gradients.append(evaluate(X.project(x - rng.uniform(0.5, 1.0) * radius / length * way), 0.1 * tol).gradient)
        if float(gradients[-1] @ way) > 0.5 * length**2:
            break
    return way


def goldstein(
    X: ConvexSet, evaluate: Evaluate, x: np.ndarray, *, radius: float, tol: float, rng: np.random.Generator
) -> float:
    r"""Return an upper bound on the distance of zero from the Goldstein subdifferential of a function on X at x.

    That is the convex hull of the gradients within `radius`. Where `way_down` does not end within `tol` of zero a point
    drawn at random is added (gradient sampling: Burke, Lewis, Overton 2005), up to ``2 p + 10`` gradients; more can
    only lower the value. Gradients that differ by less than `JUMP` show no kink: then the value is that of x alone.
    """
    gradients = [evaluate(x, 0.1 * tol).gradient]
    alone = float(np.linalg.norm(shortest(X, x, np.array(gradients))))
    while (value := float(np.linalg.norm(way_down(X, evaluate, x, gradients, radius=radius, tol=tol, rng=rng)))) > tol:
        if len(gradients) >= 2 * len(x) + 10:
            break
        drawn = rng.standard_normal(len(x))
        drawn *= radius * rng.uniform() ** (1 / len(x)) / np.linalg.norm(drawn)
        gradients.append(evaluate(X.project(x + drawn), 0.1 * tol).gradient)
    return value if kinked(np.array(gradients)) else alone


def kinked(gradients: np.ndarray) -> bool:
    """Whether gradients differ by more than errors of differences can make them."""
    apart = np.linalg.norm(gradients - gradients[0], axis=1).max()
    return bool(apart > JUMP * (1.0 + np.linalg.norm(gradients[0])))
