"""Stationarity at a kink: the shortest vector that the gradients nearby and the normals of X can combine to."""

from collections.abc import Sequence

import numpy as np

from .outer import Evaluate
from .sets import Box, ConvexSet

__all__ = ["goldstein", "shortest"]


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


def goldstein(
    X: ConvexSet, evaluate: Evaluate, x: np.ndarray, *, radius: float, tol: float, rng: np.random.Generator,
    known: Sequence[np.ndarray] = (),
) -> np.ndarray:  # fmt: skip
    r"""Return a short vector of the Goldstein subdifferential of a function on X at x.

    Its length bounds the distance of zero from that set from above. The set is the convex hull of the gradients within
    `radius`. From x a point is taken in the direction in which the hull so far promises descent; at a kink its gradient
    belongs to another piece and says otherwise (Mahdavi-Amiri, Yousefpour 2012). Where it does not, a point drawn at
    random is added (gradient sampling: Burke, Lewis, Overton 2005). This ends within `tol` of zero or after
    ``2 p + 10`` gradients; more can only shorten the vector. Gradients `known` from within the radius take part.
    """
    p, most = len(x), len(known) + 2 * len(x) + 10
    gradients = list(known) or [evaluate(x, 0.1 * tol).gradient]
    way = shortest(X, x, np.array(gradients))
    while (length := float(np.linalg.norm(way))) > tol and len(gradients) < most:
        gradients.append(evaluate(X.project(x - rng.uniform(0.5, 1.0) * radius / length * way), 0.1 * tol).gradient)
        if float(gradients[-1] @ way) > 0.5 * length**2:  # still downhill: no kink was crossed
            drawn = rng.standard_normal(p)
            drawn *= radius * rng.uniform() ** (1 / p) / np.linalg.norm(drawn)
            gradients.append(evaluate(X.project(x + drawn), 0.1 * tol).gradient)
        way = shortest(X, x, np.array(gradients))
    return way
