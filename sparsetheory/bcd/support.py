"""Variable blocks that hold the whole support: what finite termination needs."""

from collections.abc import Callable

import numpy as np

from .penalty import Groupwise
from .state import State

__all__ = ["with_support"]


def with_support(scores: Callable[[State], np.ndarray]) -> Callable[[State], np.ndarray]:
    r"""Make a rule that picks the current support and fills the block with the best scores among the others.

    The support are the variables at which the penalty is differentiable: neither at a kink nor at a bound. Those that
    are momentarily optimal score 0, lose to others and drop out of a plain greedy block, which is then no Newton step
    on the support. A support that leaves no place for a newcomer is not forced: the best scores of all are picked.
    Either way the variable with the best score is in the block, so that what greedy selection guarantees holds.
    """

    def variables(state: State) -> np.ndarray:
        assert not isinstance(state.penalty, Groupwise)  # see `combination`
        low, high = state.penalty.interval(state.x)
        inside = low == high
        room = state.size > np.count_nonzero(inside)
        return state.top(np.where(inside & room, np.inf, scores(state)))

    return variables
