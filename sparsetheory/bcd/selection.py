"""Which block moves next. A new selection is one or two functions and one row of `SELECTIONS`."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .block_minimum import exact_scores
from .cubic import cubic_scores
from .graph_partition import without_graph
from .nearest import nearest, without_index
from .penalty import Folded
from .problem import Problem
from .prox_newton import model_step
from .search import prox_point
from .state import Block, State, solve_semidefinite
from .support import with_support
from .tree_selection import greedy_tree, greedy_tree_scaled, random_tree

__all__ = ["SELECTIONS", "Greedy", "Visit"]

_PURSUITS = 10
_NO_CURVATURE = 1e-290
ALL = slice(None)


class Visit(NamedTuple):
    """A rule that does not look at the gradient: number of the next fixed block, or the next variables.

    A string in place of a function is the reason why there is none.
    """

    fixed: Callable[[State], int] | str
    variable: Callable[[State], np.ndarray] | str
    random: bool
    refuses: Callable[[Problem], str | None] = lambda problem: None  # the reason why a problem is not for it
    check_every: int = 0  # iterations between checkpoints; 0 for a sweep


class Greedy(NamedTuple):
    """A rule that scores: scores of the fixed blocks (the largest wins), or the variables that it picks.

    A string in place of a function is the reason why there is none.
    """

    fixed: Callable[[State], np.ndarray] | str
    variable: Callable[[State], np.ndarray] | str
    penalty: bool = False  # whether the score sees a penalty
    separable: bool = False  # whether it needs the penalty to be separable
    convex: bool = False  # whether it needs the penalty to be convex
    refuses: Callable[[Problem], str | None] = lambda problem: None  # the reason why a problem is not for it
    check_every: int = 1  # iterations between checkpoints, which cost a gradient: for rules that have it, nothing


def _next_of(state: State, sweep: Callable[[int], np.ndarray]) -> int:
    if not state.queue:
        state.start_sweep()
        state.queue = sweep(state.n_blocks)[::-1].tolist()
    return state.queue.pop()


def cyclic(state: State) -> int:
    """The next block, in order."""
    return _next_of(state, np.arange)


def permuted(state: State) -> int:
    """The next block of an order drawn afresh at every sweep."""
    return _next_of(state, state.rng.permutation)


def uniform(state: State) -> int:
    """A block, all with the same probability."""
    return int(state.rng.integers(state.n_blocks))


def uniform_variables(state: State) -> np.ndarray:
    """Variables without replacement, all with the same probability."""
    return np.sort(state.rng.choice(state.problem.n, state.size, replace=False))


def lipschitz(state: State) -> int:
    """A block with probability L_b over the sum of them."""
    total = np.cumsum(state.block_scales)
    return int(np.searchsorted(total, state.rng.random() * total[-1], side="right").clip(0, len(total) - 1))


def lipschitz_variables(state: State) -> np.ndarray:
    """Variables without replacement, weights L_i; those without curvature only when nothing else is left."""
    scales = state.problem.lipschitz
    clocks = state.rng.exponential(size=len(scales)) / np.maximum(scales, _NO_CURVATURE)
    return np.sort(np.argsort(clocks, kind="stable")[: state.size])


def _from_entries(
    entries: Callable[[State], np.ndarray], *, penalty: bool = False, separable: bool = False
) -> Greedy:  # fmt: skip
    """Make a rule of scores by variable: fixed blocks sum them, variable blocks take the largest."""
    return Greedy(
        lambda state: state.block_sums(entries(state)), lambda state: state.top(entries(state)),
        penalty=penalty, separable=separable,
    )  # fmt: skip


def _over(squares: np.ndarray, scales: np.ndarray) -> np.ndarray:
    return squares / np.where(scales > 0, scales, 1.0)  # without curvature there is no gradient either


def gs(state: State) -> np.ndarray:
    """``g_i^2``: the largest gradient."""
    return state.gradient**2


def gsl(state: State) -> np.ndarray:
    """``g_i^2 / L_b``: the largest progress promised by the gradient step; L_i where blocks are variable."""
    return _over(state.gradient**2, state.scales)


def gsd(state: State) -> np.ndarray:
    """``g_i^2 / (|b| L_i)``: the largest progress promised by the diagonal step."""
    return _over(state.gradient**2, state.diagonal)


def gsd_row_sums(state: State) -> np.ndarray:
    """``g_i^2 / sum_j |H_ij|``: the same with a diagonal that is above H on every block."""
    return _over(state.gradient**2, state.problem.row_sums)


def gsq(state: State) -> np.ndarray:
    """``g_b' H_b^{-1} g_b``: the largest progress promised by the matrix step."""
    g = state.gradient
    return np.array([
        g[b] @ state.solve(Block(b, k), g[b]) for k, b in enumerate(state.blocks or [])
    ])  # fmt: skip


def gsn(state: State) -> np.ndarray:
    """``g_b' [Hessian_bb]^{-1} g_b``: the Newton decrement of the block."""
    g, problem = state.gradient, state.problem
    return np.array([
        g[b] @ solve_semidefinite(problem.hessian(state.x, state.z, b), g[b]) for b in state.blocks or []
    ])  # fmt: skip


def _hard_thresholding(
    state: State, product: Callable[[np.ndarray], np.ndarray], block: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Pick variables for ``min g.d + d'Hd/2`` over d with few entries, by hard thresholding pursuit.

    From the variables of GSD: a gradient step on the model, in units where every L_i is 1; keep the largest entries;
    solve on them. Only a fall of the model is accepted, so the choice is never worse than GSD; else the step is halved.
    """
    g, root = state.gradient, np.sqrt(np.where(state.problem.lipschitz > 0, state.problem.lipschitz, 1.0))

    def solved(b: np.ndarray) -> np.ndarray:
        d = np.zeros_like(g)
        d[b] = -solve_semidefinite(block(b), g[b])
        return d

    chosen, share = state.top(gsd(state)), 1.0
    d = solved(chosen)
    slope = g + product(d)
    for _ in range(_PURSUITS):
        candidate = state.top(np.abs(root * d - share * slope / root))
        if np.array_equal(candidate, chosen):
            break
        trial = solved(candidate)
        if g @ trial < g @ d:  # twice the value of the model at its minimiser
            chosen, d, share = candidate, trial, 1.0
            slope = g + product(d)
        else:
            share *= 0.5
    return chosen


def gsq_variables(state: State) -> np.ndarray:
    """Variables for the matrix step by hard thresholding pursuit (the exact choice is NP-hard)."""
    return _hard_thresholding(state, state.problem.curvature_product, state.problem.curvature)


def gsn_variables(state: State) -> np.ndarray:
    """Variables for the Newton step by hard thresholding pursuit."""
    problem, x, z = state.problem, state.x, state.z
    return _hard_thresholding(
        state, lambda d: problem.hessian_product(x, z, d), lambda b: problem.hessian(x, z, b)
    )  # fmt: skip


def gs_s(state: State) -> np.ndarray:
    """Squared distance of ``-g`` to the subdifferential of the penalty."""
    return state.penalty.steepest(state.x, state.gradient) ** 2


def _prox_move(state: State, scale: np.ndarray) -> np.ndarray:
    return prox_point(state.penalty, state.x, state.gradient, scale, ALL) - state.x


def _prox_length(state: State, scale: np.ndarray) -> np.ndarray:
    return _prox_move(state, scale) ** 2


def _prox_decrease(state: State, scale: np.ndarray) -> np.ndarray:
    """Return what the model ``g.d + scale d^2 / 2 + penalty`` falls by, variable by variable."""
    d, penalty = _prox_move(state, scale), state.penalty
    return -(penalty.change(state.x, d, state.gradient) + 0.5 * scale * d * d)


def _common(state: State) -> np.ndarray:
    return np.full(state.problem.n, state.common_scale)


def gsq_q(state: State) -> np.ndarray:
    """What the model with H_b and the penalty falls by, block by block."""
    penalty, g = state.penalty, state.gradient
    assert not isinstance(penalty, Folded)  # see `combination`
    scores = []
    for k, b in enumerate(state.blocks or []):
        x, hessian = state.x[b], state.curvature(Block(b, k))
        d = model_step(penalty, b, x, g[b], hessian)
        scores.append(-(penalty.change(x, d, g[b], b).sum() + 0.5 * d @ hessian @ d))
    return np.array(scores)


_NO_SWEEP = "variable blocks have no order to visit; partition='perm' cuts afresh at every sweep"
_PROGRAMS = "one small program a candidate: with variable blocks there are too many candidates"

_NO_TREE = "fixed blocks are not grown along the graph; use partition='variable'"

SELECTIONS: dict[str, Visit | Greedy] = {
    "cyclic": Visit(cyclic, _NO_SWEEP, random=False),
    "permuted": Visit(permuted, _NO_SWEEP, random=True),
    "random": Visit(uniform, uniform_variables, random=True),
    "lipschitz": Visit(lipschitz, lipschitz_variables, random=True),
    "random-tree": Visit(_NO_TREE, random_tree, random=True, refuses=without_graph, check_every=1),
    "greedy-tree": Greedy(_NO_TREE, greedy_tree, refuses=without_graph),
    "greedy-tree-scaled": Greedy(_NO_TREE, greedy_tree_scaled, refuses=without_graph),
    "gs": _from_entries(gs),
    "gsl": _from_entries(gsl),
    "nearest": Greedy("an index answers for single variables; use partition='variable'", nearest,
                      refuses=without_index, check_every=50),
    "gsd": _from_entries(gsd),
    "gsd-rows": _from_entries(gsd_row_sums),
    "gsq": Greedy(gsq, gsq_variables),
    "gsn": Greedy(gsn, gsn_variables),
    "gsc": Greedy(cubic_scores, _PROGRAMS),
    "gs-s": _from_entries(gs_s, penalty=True),
    "gs-r": _from_entries(lambda s: _prox_length(s, _common(s)), penalty=True),
    "gs-q": _from_entries(lambda s: _prox_decrease(s, _common(s)), penalty=True),
    "gsl-r": _from_entries(lambda s: _prox_length(s, s.scales), penalty=True),
    "gsl-q": _from_entries(lambda s: _prox_decrease(s, s.scales), penalty=True),
    "gsd-r": _from_entries(lambda s: _prox_length(s, s.diagonal), penalty=True, separable=True),
    "gsd-q": _from_entries(lambda s: _prox_decrease(s, s.diagonal), penalty=True, separable=True),
    "gsq-q": Greedy(gsq_q, _PROGRAMS, penalty=True, convex=True),
    "gse": Greedy(exact_scores, _PROGRAMS, penalty=True, convex=True),
    "gsl-q-support": Greedy("fixed blocks cannot follow the support; use partition='variable'",
                            with_support(lambda s: _prox_decrease(s, s.scales)), penalty=True, separable=True),
}  # fmt: skip
