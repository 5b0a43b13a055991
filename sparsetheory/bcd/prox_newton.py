"""The prox-Newton block step: the quadratic model plus the penalty, minimised, then a line search."""

import numpy as np

from .penalty import Separable
from .search import backtrack, proximal_step
from .state import Block, State

__all__ = ["model_step", "prox_newton"]

_TOLERANCE = 1e-12
_MAX_SWEEPS = 10_000


def model_step(penalty: Separable, b: np.ndarray, x: np.ndarray, g: np.ndarray, hessian: np.ndarray) -> np.ndarray:
    """Return the minimiser d of ``g.d + d'Hd/2 + penalty(x + d)`` on block b."""
    from ._prox_newton import descend

    d = np.zeros(len(b))
    hessian, g = np.ascontiguousarray(hessian), np.ascontiguousarray(g)
    own = (np.ascontiguousarray(part[b]) for part in (penalty.alpha, penalty.lower, penalty.upper))
    descend(hessian, g, *own, np.ascontiguousarray(x), d, _TOLERANCE, _MAX_SWEEPS)
    return d


def prox_newton(state: State, block: Block) -> np.ndarray:
    """Minimise the model with the Hessian at x, then search along the way there."""
    b = block.members
    assert isinstance(state.penalty, Separable)
    problem, penalty, x = state.problem, state.penalty, state.x[b]
    g = state.partial(b)
    d = model_step(penalty, b, x, g, problem.hessian(state.x, state.z, b))
    if problem.quadratic:
        return np.clip(x + d, penalty.lower[b], penalty.upper[b])
    slope = float(penalty.change(x, d, g, b).sum())
    low, high = penalty.lower[b], penalty.upper[b]  # rounding of x + d may cross a bound
    found = backtrack(state, b, lambda s: np.clip(x + s * d, low, high), lambda s, point: s * slope)
    return proximal_step(state, block) if found is None else found
