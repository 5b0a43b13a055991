"""The prox-Newton block step: the quadratic model plus the penalty, minimised, then a line search."""

import numpy as np

from .group_newton import group_model_step
from .penalty import Groupwise, Separable
from .search import backtrack, proximal_step
from .state import Block, State

__all__ = ["model_step", "prox_newton"]

_TOLERANCE = 1e-12
_MAX_SWEEPS = 10_000


def model_step(
    penalty: Separable | Groupwise, b: np.ndarray, x: np.ndarray, g: np.ndarray, hessian: np.ndarray
) -> np.ndarray:
    """Return the minimiser d of ``g.d + d'Hd/2 + penalty(x + d)`` on block b."""
    if isinstance(penalty, Groupwise):
        return group_model_step(penalty, b, x, g, hessian)
    from ._prox_newton import descend

    d = np.zeros(len(b))
    hessian, g = np.ascontiguousarray(hessian), np.ascontiguousarray(g)
    own = (np.ascontiguousarray(part[b]) for part in (penalty.alpha, penalty.lower, penalty.upper))
    descend(hessian, g, *own, np.ascontiguousarray(x), d, _TOLERANCE, _MAX_SWEEPS)
    return d


def prox_newton(state: State, block: Block) -> np.ndarray:
    """Minimise the model with the Hessian at x, then search along the way there."""
    b = block.members
    problem, penalty, x = state.problem, state.penalty, state.x[b]
    assert isinstance(penalty, Separable | Groupwise)
    g, still = state.partial(b), np.zeros(len(b))
    d = model_step(penalty, b, x, g, problem.hessian(state.x, state.z, b))

    def path(share: float) -> np.ndarray:
        return penalty.prox(x + share * d, still, b)  # rounding of x + d may cross a bound

    if problem.quadratic:
        return path(1.0)
    slope = float(penalty.change(x, d, g, b).sum())
    found = backtrack(state, b, path, lambda share, point: share * slope)
    return proximal_step(state, block) if found is None else found
