"""Fixed blocks on the graph of a sparse quadratic, as large as the graph allows: colour classes and forests."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .penalty import Bound
from .problem import Problem

__all__ = ["GRAPH_PARTITIONS", "without_graph"]


def without_graph(problem: Problem) -> str | None:
    """Return the reason why a problem has no graph to cut, None where it has one."""
    return None if problem.graph is not None else "needs a graph: a Quadratic whose matrix is sparse"


def _builder(cut: str, order: str) -> Callable[..., list[np.ndarray]]:
    """Return the builder that calls a function of `sparsetheory.bcd.graph`, its nodes visited in an order."""

    def build(problem: Problem, penalty: Bound, size: int, rng: np.random.Generator) -> list[np.ndarray]:
        from . import graph

        label: Any = getattr(graph, cut)(problem.graph, order=order)
        return np.split(np.argsort(label, kind="stable"), np.cumsum(np.bincount(label))[:-1])

    return build


#: Name -> builder: nodes by decreasing L_i, as the paper's "Lipschitz", or in the order of the variables.
GRAPH_PARTITIONS = {
    "colours": _builder("colouring", "lipschitz"),
    "colours-order": _builder("colouring", "natural"),
    "trees": _builder("tree_partition", "lipschitz"),
    "trees-order": _builder("tree_partition", "natural"),
}
