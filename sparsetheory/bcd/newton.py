"""The Newton step of a block, without a penalty."""

import numpy as np

from .search import backtrack, proximal_step
from .state import Block, State, solve_semidefinite

__all__ = ["newton"]


def newton(state: State, block: Block) -> np.ndarray:
    """Newton step on the block, of least norm where the Hessian is singular; backtracking where f is not quadratic."""
    b = block.members
    x, g = state.x[b], state.partial(b)
    d = -solve_semidefinite(state.problem.hessian(state.x, state.z, b), g)
    if state.problem.quadratic:
        return x + d
    slope = float(g @ d)
    found = backtrack(state, b, lambda share: x + share * d, lambda share, point: share * slope)
    return proximal_step(state, block) if found is None else found
