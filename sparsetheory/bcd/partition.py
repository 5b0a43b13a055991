"""How variables are cut into blocks. A new partition is one function and one row of `PARTITIONS`."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import InvalidArgument
from .graph_partition import GRAPH_PARTITIONS
from .penalty import Bound, Groupwise
from .problem import Problem

__all__ = ["PARTITIONS", "Blocks", "build"]

#: Disjoint index arrays that cover 0, ..., n-1; sizes may differ.
Blocks = list[np.ndarray]


def cut(order: np.ndarray, size: int) -> Blocks:
    """Cut an order into blocks of `size`, the last one shorter where n is not a multiple."""
    return [np.sort(order[start : start + size]) for start in range(0, len(order), size)]


def consecutive(problem: Problem, penalty: Bound, size: int, rng: np.random.Generator) -> Blocks:
    """Consecutive variables."""
    return cut(np.arange(problem.n), size)


def shuffled(problem: Problem, penalty: Bound, size: int, rng: np.random.Generator) -> Blocks:
    """A random permutation, cut."""
    return cut(rng.permutation(problem.n), size)


def _sorted_by(keys: np.ndarray, size: int) -> Blocks:
    return cut(np.argsort(keys, kind="stable"), size)


def _averaged_by(keys: np.ndarray, size: int) -> Blocks:
    """Largest, smallest, second largest, ...: every block gets large and small constants."""
    up = np.argsort(keys, kind="stable")
    order = np.empty_like(up)
    order[0::2], order[1::2] = up[::-1][: (len(up) + 1) // 2], up[: len(up) // 2]
    return cut(order, size)


def by_lipschitz(problem: Problem, penalty: Bound, size: int, rng: np.random.Generator) -> Blocks:
    """Sorted by L_i: blocks of similar constants, so that no large L_i spoils the L_b of small ones."""
    return _sorted_by(problem.lipschitz, size)


def averaged(problem: Problem, penalty: Bound, size: int, rng: np.random.Generator) -> Blocks:
    """Large L_i next to small ones."""
    return _averaged_by(problem.lipschitz, size)


def by_row_sums(problem: Problem, penalty: Bound, size: int, rng: np.random.Generator) -> Blocks:
    """Sorted by the row sums of |H|."""
    return _sorted_by(problem.row_sums, size)


def averaged_row_sums(problem: Problem, penalty: Bound, size: int, rng: np.random.Generator) -> Blocks:
    """Large row sums of |H| next to small ones."""
    return _averaged_by(problem.row_sums, size)


def clustered(problem: Problem, penalty: Bound, size: int, rng: np.random.Generator) -> Blocks:
    """The first free variable and those most correlated with it under H, again and again; one product a block."""
    scale = np.sqrt(np.where(problem.lipschitz > 0, problem.lipschitz, 1.0))
    free, blocks = np.ones(problem.n, dtype=bool), []
    while free.any():
        unit = np.zeros(problem.n)
        unit[np.flatnonzero(free)[0]] = 1.0
        correlation = np.abs(problem.curvature_product(unit)) / scale
        correlation[unit == 1.0] = np.inf
        correlation[~free] = -1.0
        block = np.argsort(-correlation, kind="stable")[: min(size, int(free.sum()))]
        free[block] = False
        blocks.append(np.sort(block))
    return blocks


def groups(problem: Problem, penalty: Bound, size: int, rng: np.random.Generator) -> Blocks:
    """One block for each group of the penalty."""
    assert isinstance(penalty, Groupwise)  # see `combination`
    return [np.flatnonzero(penalty.labels == k) for k in range(len(penalty.alpha))]


Builder = Callable[[Problem, Bound, int, np.random.Generator], Blocks]

#: Name -> function that cuts the variables; None where there are no fixed blocks and the selection picks variables.
PARTITIONS: dict[str, Builder | None] = {
    "order": consecutive,
    "random": shuffled,
    "perm": shuffled,  # cut afresh at every sweep
    "sort": by_lipschitz,
    "average": averaged,
    "hsort": by_row_sums,
    "havg": averaged_row_sums,
    "clustered": clustered,
    "groups": groups,
    **GRAPH_PARTITIONS,
    "variable": None,
}


def explicit(given: Any, n: int) -> Blocks:
    """Check blocks that the caller wrote down: nonempty integer arrays that cover every variable once."""
    try:
        blocks = [np.atleast_1d(np.asarray(block)) for block in given]
    except TypeError:
        raise InvalidArgument("partition", "a name or a sequence of index arrays", type(given).__name__) from None
    if not blocks or any(b.ndim != 1 or not b.size or b.dtype.kind not in "iu" for b in blocks):
        raise InvalidArgument("partition", "nonempty arrays of integers", "others")
    if not np.array_equal(np.sort(np.concatenate(blocks)), np.arange(n)):
        raise InvalidArgument("partition", f"blocks that cover 0, ..., {n - 1} exactly once", "a gap or an overlap")
    return [np.sort(b).astype(np.intp) for b in blocks]


def build(
    partition: Any, problem: Problem, penalty: Bound, size: int, rng: np.random.Generator
) -> Blocks | None:  # fmt: skip
    """Return the blocks of a named or explicit partition, None for variable blocks."""
    if not isinstance(partition, str):
        blocks: Blocks | None = explicit(partition, problem.n)
    elif partition not in PARTITIONS:
        raise InvalidArgument(
            "partition", "index arrays or one of " + ", ".join(map(repr, PARTITIONS)), repr(partition)
        )
    else:
        rule = PARTITIONS[partition]
        blocks = None if rule is None else rule(problem, penalty, size, rng)
    if isinstance(penalty, Groupwise) and blocks is not None:
        split = sum(len(np.unique(penalty.labels[b])) for b in blocks) > len(penalty.alpha)
        if split:
            raise InvalidArgument("partition", "blocks that do not split a group, as 'groups'", repr(partition)[:60])
    return blocks
