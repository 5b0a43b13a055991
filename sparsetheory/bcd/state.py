"""The iterate of a run, and what the rules ask of it: gradient, block constants, top variables, a step."""

from collections.abc import Callable
from copy import copy
from typing import NamedTuple

import numpy as np

from ..errors import InvalidArgument
from .partition import Blocks
from .penalty import Bound
from .problem import Problem

__all__ = ["Block", "State"]


class Block(NamedTuple):
    """What a selection returns: variables in ascending order, and the number of the block where it is a fixed one."""

    members: np.ndarray
    key: int | None


class State:
    """Where a run is. Rules read it; only `apply` and `refresh` move it.

    Attributes
    ----------
    x, z : ndarray
        The iterate and its image.
    blocks : list of ndarray or None
        The fixed blocks, None where the selection picks variables.
    size : int
        Number of variables that a variable block has.
    estimates : ndarray
        Curvature estimates of the adaptive rule, one a variable, never reduced.
    """

    def __init__(
        self, problem: Problem, penalty: Bound, blocks: Blocks | None, size: int, x: np.ndarray,
        rng: np.random.Generator, recut: Callable[[], Blocks | None] | None = None,
    ) -> None:  # fmt: skip
        self.problem, self.penalty, self.size, self.rng = problem, penalty, size, rng
        self.x = x
        self._gradient: np.ndarray | None = None
        self.n_iter = 0
        self.estimates = np.ones(problem.n)
        self.queue: list[int] = []  # blocks still to be visited in this sweep
        self._recut = recut
        self.cut(blocks)
        self.refresh()

    def cut(self, blocks: Blocks | None) -> None:
        """Take up a partition; what was known of the last one is dropped."""
        self.blocks = blocks
        self._curvature: dict[int, np.ndarray] = {}
        self._factor: dict[int, np.ndarray] = {}
        self._forests: dict[int, Callable[[np.ndarray], np.ndarray] | None] = {}
        self._largest: dict[int, float] = {}
        self._block_scales: np.ndarray | None = None
        self._scales: np.ndarray | None = None
        self._sizes: np.ndarray | float = float(self.size)  # of the block of each variable
        if blocks is not None:
            self.order = np.concatenate(blocks)
            self.starts = np.cumsum([0, *(len(b) for b in blocks[:-1])])
            self._sizes = self._spread(np.array([len(b) for b in blocks], dtype=float))

    def start_sweep(self) -> None:
        """Cut afresh where the partition asks for it."""
        if self._recut is not None and self.n_iter > 0:
            self.cut(self._recut())

    @property
    def recuts(self) -> bool:
        """Whether the blocks change from sweep to sweep."""
        return self._recut is not None

    @property
    def n_blocks(self) -> int:
        """Number of fixed blocks; for variable blocks, how many make a sweep."""
        return len(self.blocks) if self.blocks is not None else -(-self.problem.n // self.size)

    @property
    def gradient(self) -> np.ndarray:
        """The gradient of f at x, computed when first asked for after a step."""
        if self._gradient is None:
            self._gradient = self.problem.gradient(self.x, self.z)
        return self._gradient

    def partial(self, b: np.ndarray) -> np.ndarray:
        """Return the gradient on b, from the whole one where that is known."""
        return self.problem.partial(self.x, self.z, b) if self._gradient is None else self._gradient[b]

    def probe(self) -> "State":
        """Return a copy to try steps on; it shares only what steps do not change."""
        other = copy(self)
        other.x = self.x.copy()
        return other

    def refresh(self) -> None:
        """Recompute z from x: many small steps let it drift."""
        self.z = self.problem.image(self.x)
        self._gradient = None

    def objective(self) -> float:
        """Return F = f + g at x."""
        smooth = self.problem.value(self.x, self.z)
        return smooth if self.penalty.smooth else smooth + float(self.penalty.entries(self.x).sum())

    def apply(self, block: Block, x_block: np.ndarray) -> bool:
        """Move the block to `x_block`; return whether anything changed."""
        d = x_block - self.x[block.members]
        self.n_iter += 1
        moved = np.flatnonzero(d)
        if not moved.size:
            return False
        self.z = self.z + self.problem.shift(block.members[moved], d[moved])
        self.x[block.members] = x_block
        self._gradient = None
        return True

    def fixed(self, key: int) -> Block:
        """Return a fixed block by its number."""
        assert self.blocks is not None
        return Block(self.blocks[key], key)

    def curvature(self, block: Block) -> np.ndarray:
        """Return H_b, kept for fixed blocks."""
        if block.key is None:
            return self.problem.curvature(block.members)
        if block.key not in self._curvature:
            self._curvature[block.key] = self.problem.curvature(block.members)
        return self._curvature[block.key]

    def inverse(self, block: Block) -> np.ndarray:
        """Return the pseudo-inverse of H_b, kept for fixed blocks."""
        if block.key is None:
            return pseudo_inverse(self.curvature(block))
        if block.key not in self._factor:
            self._factor[block.key] = pseudo_inverse(self.curvature(block))
        return self._factor[block.key]

    def solve(self, block: Block, right: np.ndarray) -> np.ndarray:
        """Return ``H_b^+ right``, the solution of least norm: in O(|b|) where the block is a large forest."""
        if block.key is None:
            forest = self.problem.forest_solver(block.members)
        elif block.key in self._forests:
            forest = self._forests[block.key]
        else:
            forest = self._forests[block.key] = self.problem.forest_solver(block.members)
        return self.inverse(block) @ right if forest is None else forest(right)

    def largest(self, block: Block) -> float:
        """Return L_b, the largest eigenvalue of H_b, kept for fixed blocks."""
        if block.key is not None and block.key in self._largest:
            return self._largest[block.key]
        top = float(self.problem.lipschitz[block.members[0]])
        if len(block.members) > 1:
            top = float(np.linalg.eigvalsh(self.curvature(block))[-1])
        if block.key is not None:
            self._largest[block.key] = top
        return top

    @property
    def block_scales(self) -> np.ndarray:
        """L_b of every fixed block."""
        if self._block_scales is None:
            self._block_scales = np.array([self.largest(self.fixed(k)) for k in range(self.n_blocks)])
        return self._block_scales

    def _spread(self, values: np.ndarray) -> np.ndarray:
        """Return for each variable the value of its block."""
        spread = np.empty(self.problem.n)
        spread[self.order] = np.repeat(values, [len(b) for b in self.blocks or []])
        return spread

    @property
    def scales(self) -> np.ndarray:
        """The constant of each variable: L_b of its block, or L_i where blocks are variable."""
        if self.blocks is None:
            return self.problem.lipschitz
        if self._scales is None:
            self._scales = self._spread(self.block_scales)
        return self._scales

    @property
    def diagonal(self) -> np.ndarray:
        """``D_i = |b| L_i``: above H_b as a diagonal matrix, for fixed and for variable blocks."""
        return self._sizes * self.problem.lipschitz

    @property
    def common_scale(self) -> float:
        """One constant for all blocks: the largest L_b, or the bound size * max L_i where blocks are variable."""
        if self.blocks is None:
            return self.size * float(self.problem.lipschitz.max())
        return float(self.block_scales.max())

    def block_sums(self, entries: np.ndarray) -> np.ndarray:
        """Return the sum of a vector over every fixed block."""
        return np.add.reduceat(entries[self.order], self.starts)

    def top(self, scores: np.ndarray) -> np.ndarray:
        """Return the variables with the largest scores, lowest index first among equals, in ascending order."""
        costs = -scores
        last = np.partition(costs, self.size - 1)[self.size - 1]
        if np.isnan(last):
            return np.sort(np.argsort(costs, kind="stable")[: self.size])
        better = np.flatnonzero(costs < last)
        return np.sort(np.concatenate([better, np.flatnonzero(costs == last)[: self.size - len(better)]]))


def pseudo_inverse(matrix: np.ndarray) -> np.ndarray:
    """Return the pseudo-inverse of a symmetric semi-definite matrix; directions below rounding are left out."""
    values, vectors = np.linalg.eigh(matrix)
    noise = 4.0 * len(values) * np.finfo(float).eps * max(values[-1], 0.0)
    if values[0] < -1e3 * noise - 1e-300:
        raise InvalidArgument("problem", "a convex problem", f"a block with the eigenvalue {values[0]:.3g}")
    kept = values > noise
    return np.asarray((vectors[:, kept] / values[kept]) @ vectors[:, kept].T)


def solve_semidefinite(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the solution of least norm; by Cholesky where the matrix is safely definite."""
    from scipy.linalg import cho_solve

    try:
        factor = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return np.asarray(pseudo_inverse(matrix) @ right)
    diagonal = np.diagonal(factor)
    if diagonal.min() < 1e-5 * diagonal.max():
        return np.asarray(pseudo_inverse(matrix) @ right)
    return np.asarray(cho_solve((factor, True), right))
