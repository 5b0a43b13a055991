"""Stationarity at a kink: the shortest vector that the gradients nearby and the normals of X can combine to."""

import numpy as np

from .outer import Evaluate
from .sets import Box, ConvexSet

__all__ = ["goldstein", "shortest"]


def shortest(X: ConvexSet, x: np.ndarray, gradients: np.ndarray) -> float:
    r"""Return the distance of :math:`\operatorname{conv}(g_1, \dots, g_m) + N_X(x)` from zero.

    For a box or the whole space by nonnegative least squares; on other sets the projected step along the shortest
    vector of the hull alone, which is an upper bound.
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
    return float(np.linalg.norm(x - X.project(x - gradient)))


def _normals(X: ConvexSet, x: np.ndarray) -> np.ndarray:
    """Return the outer normals of a box that are active at x, one a column."""
    if not isinstance(X, Box):
        return np.empty((len(x), 0))
    eye = np.eye(len(x))
    near = 1e-9 * (1.0 + np.abs(x))
    return np.hstack([eye[:, x >= X.upper - near], -eye[:, x <= X.lower + near]])


def goldstein(
    X: ConvexSet, evaluate: Evaluate, x: np.ndarray, *, radius: float, tol: float, rng: np.random.Generator
) -> float:
    r"""Return an upper bound on the distance of zero from the Goldstein subdifferential of a function on X at x.

    That is the convex hull of the gradients within `radius`. Gradients at x and at points drawn around it are added
    until the hull comes within `tol` of zero or there are ``2 p + 10`` of them (gradient sampling: Burke, Lewis,
    Overton 2005); more points can only lower the value.
    """
    p = len(x)
    gradients = [evaluate(x, 0.1 * tol).gradient]
    value = shortest(X, x, np.array(gradients))
    while value > tol and len(gradients) < 2 * p + 10:
        for _ in range(max(2, p // 2)):
            way = rng.standard_normal(p)
            point = X.project(x + radius * rng.uniform() ** (1 / p) * way / np.linalg.norm(way))
            gradients.append(evaluate(point, 0.1 * tol).gradient)
        value = shortest(X, x, np.array(gradients))
    return value
