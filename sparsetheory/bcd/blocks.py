"""A system cut into blocks that induce forests: every block factored, the entries between blocks by position."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy import sparse

from ..errors import InvalidArgument
from ._sweeps import couplings
from .forest import ForestFactor, check_symmetric
from .graph import check_partition

__all__ = ["ForestBlocks"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ForestBlocks:
    """A symmetric matrix whose diagonal blocks are positive definite forests.

    Attributes
    ----------
    matrix : csr_array of shape (n, n)
        The matrix, checked.
    trees : ForestFactor
        ``L D L'`` of the block diagonal, block after block.
    bounds : ndarray of int64, shape (n_blocks + 1,)
        Block b stands at positions ``bounds[b]:bounds[b + 1]``.
    row_start, columns, values : ndarray
        CSR by position of the entries between different blocks.
    row_middle : ndarray of int32, shape (n,)
        Where in a row the entries to later blocks begin.
    """

    matrix: sparse.csr_array
    trees: ForestFactor
    bounds: np.ndarray
    row_start: np.ndarray
    row_middle: np.ndarray
    columns: np.ndarray
    values: np.ndarray

    @classmethod
    def of(cls, A: Any, partition: Any) -> Self:
        """Check and factor; `partition` (n,) gives the block of each node.

        Raises
        ------
        InvalidArgument
            For a matrix that `sparsetheory.bcd.forest.solve_forest` would refuse, block by block.
        """
        matrix = check_symmetric(A)
        n = matrix.shape[0]
        label = check_partition(partition, n)
        try:
            trees = ForestFactor.of_blocks(matrix, label)
        except InvalidArgument as error:
            if "cycle" not in str(error.got):
                raise
            raise InvalidArgument("partition", "blocks that induce forests", error.got) from None
        position = np.empty(n, dtype=np.int32)
        position[trees.order] = np.arange(n, dtype=np.int32)
        row_start, row_middle = np.empty(n + 1, dtype=np.int32), np.empty(n, dtype=np.int32)
        columns, values = np.empty(matrix.nnz, dtype=np.int32), np.empty(matrix.nnz)
        size = couplings(
            matrix.indptr, matrix.indices, matrix.data, label, trees.order, position, row_start, row_middle,
            columns, values,
        )  # fmt: skip
        bounds = np.concatenate([[0], np.cumsum(np.bincount(label))]).astype(np.int64)
        return cls(
            matrix=matrix, trees=trees, bounds=bounds,
            row_start=row_start, row_middle=row_middle, columns=columns[:size].copy(), values=values[:size].copy(),
        )  # fmt: skip

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """What every kernel needs: parent, pivot, factor, row_start, columns, values."""
        return self.trees.parent, self.trees.pivot, self.trees.factor, self.row_start, self.columns, self.values

    @property
    def both_ways(self) -> tuple[np.ndarray, ...]:
        """What kernels need that go forwards and back: the same, with row_middle after row_start."""
        return *self.arrays[:4], self.row_middle, *self.arrays[4:]

    def by_node(self, x: np.ndarray) -> np.ndarray:
        """Return a vector by position in the order of the nodes."""
        out = np.empty_like(x)
        out[self.trees.order] = x
        return out
