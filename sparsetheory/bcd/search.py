"""What several updates share: the step that always makes progress, and backtracking on the change of F."""

import math
from collections.abc import Callable

import numpy as np

from .penalty import Bound
from .state import Block, State

__all__ = ["backtrack", "prox_point", "proximal_step"]

_ARMIJO = 1e-4
_TRIALS = 60
_NO_CURVATURE = 1e-300


def prox_point(penalty: Bound, x: np.ndarray, g: np.ndarray, scale: np.ndarray, b: np.ndarray | slice) -> np.ndarray:
    """Return ``prox(x - g / scale, 1 / scale)``; without curvature a variable goes where its penalty wants it."""
    step = np.where(scale > _NO_CURVATURE, 1.0 / np.maximum(scale, _NO_CURVATURE), 1.0 / _NO_CURVATURE)
    return penalty.prox(x - step * g, step, b)


def proximal_step(state: State, block: Block) -> np.ndarray:
    """Return the proximal gradient point with 1/L_b; without a penalty, the gradient step."""
    b = block.members
    scale = np.full(len(b), state.largest(block))
    return prox_point(state.penalty, state.x[b], state.partial(b), scale, b)


def backtrack(
    state: State,
    b: np.ndarray,
    path: Callable[[float], np.ndarray],
    model: Callable[[float, np.ndarray], float],
) -> np.ndarray | None:
    """Return the first point of the path where F falls by Armijo's share of the model; None when there is none.

    `path(share)` is the block at a share of the step in (0, 1], `model(share, point)` the linear change expected
    there. Shares shrink by safeguarded quadratic interpolation.
    """
    x, share = state.x[b], 1.0
    for _ in range(_TRIALS):
        point = path(share)
        expected = model(share, point)
        if not expected < 0.0:
            return None
        d = point - x
        moved = np.flatnonzero(d)
        if not moved.size:
            return None
        dz = state.problem.shift(b[moved], d[moved])
        change = state.problem.change(state.x, state.z, b[moved], d[moved], dz)
        change += float(state.penalty.change(x, d, b=b).sum())
        if change <= _ARMIJO * expected:
            return point
        bend = 2.0 * (change - expected)
        share *= min(max(-expected / bend, 0.1), 0.5) if math.isfinite(bend) and bend > 0 else 0.1
    return None
