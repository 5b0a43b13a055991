"""How a block moves. A new update is one function ``(state, block) -> new values`` and one row of `UPDATES`."""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from .block_minimum import exact
from .cubic import cubic
from .newton import newton
from .prox_newton import prox_newton
from .search import prox_point, proximal_step
from .state import Block, State
from .two_metric import two_metric

__all__ = ["UPDATES", "Update"]


def diagonal(state: State, block: Block) -> np.ndarray:
    """Step ``-g_i / D_i`` with ``D_i = |b| L_i``, a diagonal above H_b; through the prox where there is a penalty."""
    b = block.members
    return prox_point(state.penalty, state.x[b], state.partial(b), len(b) * state.problem.lipschitz[b], b)


def adaptive(state: State, block: Block) -> np.ndarray:
    """Proximal gradient with an estimate of L_b: the largest of its variables, doubled until F falls as promised."""
    b = block.members
    x, g, problem, penalty = state.x[b], state.partial(b), state.problem, state.penalty
    estimate = float(state.estimates[b].max())
    while True:
        point = prox_point(penalty, x, g, np.full(len(b), estimate), b)
        d = point - x
        if not d.any():
            return point
        change = problem.change(state.x, state.z, b, d, problem.shift(b, d))
        linear, square = float(g @ d), float(d @ d)
        # the two sides agree to first order: rounding in that order is no reason to double
        if change <= linear + 0.5 * estimate * square + 1e-14 * abs(linear) or not np.isfinite(estimate):
            break
        estimate *= 2.0
    state.estimates[b] = estimate
    return point


def matrix(state: State, block: Block) -> np.ndarray:
    """Step ``-H_b^{-1} g_b``, of least norm where H_b is singular."""
    return state.x[block.members] - state.solve(block, state.partial(block.members))


class Update(NamedTuple):
    """A row of `UPDATES`.

    Attributes
    ----------
    step : callable
        ``(state, block) -> new values of the block``.
    penalty : {"none", "separable", "any"}
        The largest family of penalties that the step is for.
    reason : str
        Why not for others.
    convex : str
        Why not for penalties that are not convex; empty where it is for them.
    """

    step: Callable[[State, Block], np.ndarray]
    penalty: Literal["none", "separable", "any"] = "none"
    reason: str = ""
    convex: str = ""


_SMOOTH = "the step ignores a penalty; use 'prox-gradient', 'prox-newton' or 'two-metric'"
_SEVERAL_MINIMA = "the model of a block may have several minima; a prox step of one variable at a time has one"

UPDATES: dict[str, Update] = {
    "gradient": Update(proximal_step, reason=_SMOOTH),
    "adaptive": Update(adaptive, penalty="any"),
    "diagonal": Update(diagonal, penalty="separable", reason="the prox of a norm has no closed form in a metric"),
    "matrix": Update(matrix, reason=_SMOOTH),
    "newton": Update(newton, reason=_SMOOTH),
    "exact": Update(exact, penalty="any", convex=_SEVERAL_MINIMA),
    "cubic": Update(cubic, reason=_SMOOTH),
    "prox-gradient": Update(proximal_step, penalty="any"),
    "prox-newton": Update(prox_newton, penalty="any", convex=_SEVERAL_MINIMA),
    "two-metric": Update(
        two_metric,
        penalty="separable",
        reason="group norms have no orthants",
        convex="on an orthant the penalty is not linear, and the Newton step is not its own",
    ),
}
