"""Two-metric projection: a Newton step on the variables that are free to move, inside one orthant."""

import numpy as np

from .penalty import Separable
from .search import backtrack, prox_point, proximal_step
from .state import Block, State, solve_semidefinite

__all__ = ["two_metric"]

_NEAR = 1e-4  # largest distance from a bound, relative to the block, at which a variable may count as being there


def two_metric(state: State, block: Block) -> np.ndarray:
    r"""Newton on the free variables, a diagonal step on those held at a bound, projection on the orthant.

    1. v is the element of least norm of the subdifferential of F on the block. The orthant of ``x_i`` is its sign,
       that of ``-v_i`` at zero; on it F is smooth with gradient v.
    2. Held are the variables within ``eps`` of an end of their orthant that v pushes further, with
       ``eps = min(1e-4, |x - prox step|)``: it vanishes at the solution (Bertsekas, 1982).
    3. ``d = -H_WW^{-1} v_W`` on the free ones W, ``-v / (|b| L_i)`` on the held ones; project ``x + share d``;
       backtrack.
    """
    b = block.members
    assert isinstance(state.penalty, Separable)
    penalty, problem, x, g = state.penalty, state.problem, state.x[b], state.partial(b)
    v = penalty.steepest(x, g, b)
    sign = np.where(x != 0, np.sign(x), -np.sign(v))
    bent = penalty.alpha[b] > 0  # only there is zero an end
    low = np.where(bent & (sign > 0), np.maximum(penalty.lower[b], 0.0), penalty.lower[b])
    high = np.where(bent & (sign < 0), np.minimum(penalty.upper[b], 0.0), penalty.upper[b])
    bounds = len(b) * problem.lipschitz[b]
    eps = float(np.linalg.norm(x - prox_point(penalty, x, g, bounds, b)))
    eps = min(_NEAR * float(np.max(np.abs(x), initial=0.0)), eps)
    held = ((x <= low + eps) & (v > 0)) | ((x >= high - eps) & (v < 0))
    free = ~held & (v != 0) | ~held & (x != low) & (x != high) & ~(bent & (x == 0))
    d = np.zeros(len(b))
    d[held] = -v[held] / np.maximum(bounds[held], 1e-300)
    if free.any():
        d[free] = -solve_semidefinite(problem.hessian(state.x, state.z, b[free]), v[free])

    def path(share: float) -> np.ndarray:
        return np.clip(x + share * d, low, high)

    def model(share: float, point: np.ndarray) -> float:
        return share * float(v[free] @ d[free]) + float(v[held] @ (point - x)[held])

    found = backtrack(state, b, path, model)
    return proximal_step(state, block) if found is None else found
