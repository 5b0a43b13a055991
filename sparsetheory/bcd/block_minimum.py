"""Exact minimisation over a block, all else held: an update, and the oracle that greedy scores try to be near to."""

import numpy as np

from .newton import newton
from .prox_newton import prox_newton
from .state import Block, State

__all__ = ["exact", "exact_scores"]

_STEPS = 50
_NOTHING = 1e-14  # a fall below this share of what came before is rounding


def _minimise(state: State, block: Block) -> tuple[np.ndarray, float]:
    """Return the minimiser of F over the block and what F falls by: Newton or prox-Newton until nothing is left."""
    b, problem, penalty = block.members, state.problem, state.penalty
    trial, total = state.probe(), 0.0
    step = newton if penalty.smooth else prox_newton
    for _ in range(1 if problem.quadratic else _STEPS):
        x = trial.x[b]
        point = step(trial, block)
        d = point - x
        change = problem.change(trial.x, trial.z, b, d, problem.shift(b, d)) + float(penalty.change(x, d, b=b).sum())
        if not change < 0.0:
            break
        trial.apply(block, point)
        total -= change
        if -change <= _NOTHING * total:
            break
    return trial.x[b], total


def exact(state: State, block: Block) -> np.ndarray:
    """Minimise F over the block: one linear solve on quadratics without penalty, Newton to the end elsewhere."""
    b = block.members
    if state.problem.quadratic and state.penalty.smooth:
        return state.x[b] - state.solve(block, state.partial(b))
    return _minimise(state, block)[0]


def exact_scores(state: State) -> np.ndarray:
    """What F falls by when the block is minimised exactly, block by block: the oracle, at the price of all blocks."""
    return np.array([_minimise(state, state.fixed(k))[1] for k in range(state.n_blocks)])
