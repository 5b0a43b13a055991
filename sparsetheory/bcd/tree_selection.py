"""Huge variable blocks: a forest of the graph, grown afresh at every step."""

import numpy as np

from .state import State

__all__ = ["greedy_tree", "greedy_tree_scaled", "random_tree"]


def _grown(state: State, order: np.ndarray) -> np.ndarray:
    from .graph import single_forest

    return np.flatnonzero(single_forest(state.problem.graph, order) == 0)


def random_tree(state: State) -> np.ndarray:
    """Variables in random order, each taken if it closes no cycle with those before."""
    return _grown(state, state.rng.permutation(state.problem.n))


def greedy_tree(state: State) -> np.ndarray:
    """Variables by decreasing ``|g_i|``, each taken if it closes no cycle with those before."""
    return _grown(state, np.argsort(-np.abs(state.gradient), kind="stable"))


def greedy_tree_scaled(state: State) -> np.ndarray:
    """Variables by decreasing ``|g_i| / sqrt(L_i)``, each taken if it closes no cycle with those before."""
    scales = state.problem.lipschitz
    scores = np.abs(state.gradient) / np.sqrt(np.where(scales > 0, scales, 1.0))
    return _grown(state, np.argsort(-scores, kind="stable"))
