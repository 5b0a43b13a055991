"""How many operations a forest system takes: the text of its kernels, run on numbers that count."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from ..errors import InvalidArgument
from ._forest import eliminate, root, substitute

__all__ = ["ForestCost", "forest_cost"]


@dataclass
class _Tally:
    operations: int = 0


class _Counted:
    """A number that adds one to a tally for each addition, subtraction, multiplication and division."""

    __slots__ = ("tally", "value")

    def __init__(self, value: Any, tally: _Tally) -> None:
        self.value, self.tally = value, tally

    def _counted(self, value: Any) -> "_Counted":
        self.tally.operations += 1
        return _Counted(value, self.tally)

    def __add__(self, other: "_Counted") -> "_Counted":
        return self._counted(self.value + other.value)

    def __sub__(self, other: "_Counted") -> "_Counted":
        return self._counted(self.value - other.value)

    def __mul__(self, other: "_Counted") -> "_Counted":
        return self._counted(self.value * other.value)

    def __truediv__(self, other: "_Counted") -> "_Counted":
        return self._counted(self.value / other.value)

    def __gt__(self, other: Any) -> bool:
        return bool(self.value > other)


class _Watched:
    """A sequence that counts how often an entry of it is looked at."""

    def __init__(self, items: Sequence[Any]) -> None:
        self.items, self.reads = items, 0

    def __getitem__(self, key: int) -> Any:
        self.reads += 1
        return self.items[key]


@dataclass(frozen=True, kw_only=True)
class ForestCost:
    """What one forest system took.

    Attributes
    ----------
    x : ndarray of object, shape (n,)
        The solution, in the numbers that were asked for.
    n_trees : int
        Number of trees, single nodes included.
    operations : int
        Additions, subtractions, multiplications and divisions, for factoring and solving together.
    entries : int
        How often an entry of the matrix was looked at.
    """

    x: np.ndarray
    n_trees: int
    operations: int
    entries: int


def forest_cost(matrix: sparse.csr_array, r: Any, *, number: Callable[[float], Any] = float) -> ForestCost:
    """Solve a forest system by the kernels of `sparsetheory.bcd.forest`, interpreted, and count what they do.

    Parameters
    ----------
    matrix : csr_array of shape (n, n)
        Symmetric positive definite, its graph a forest; as `sparsetheory.bcd.forest.check_symmetric` returns it.
    r : array_like of shape (n,)
        Right-hand side.
    number : callable, default float
        What to compute in: `fractions.Fraction` makes x exact.

    Returns
    -------
    ForestCost

    Raises
    ------
    InvalidArgument
        If the graph has a cycle, or a pivot is not positive.

    Examples
    --------
    >>> from scipy.sparse import diags_array
    >>> from sparsetheory.bcd.forest import check_symmetric
    >>> from sparsetheory.bcd.operation_count import forest_cost
    >>> path = check_symmetric(diags_array([-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(5, 5)))
    >>> cost = forest_cost(path, [1.0, 0.0, 0.0, 0.0, 1.0])
    >>> cost.operations, cost.entries, [round(x, 12) for x in cost.x]
    (34, 13, [1.0, 1.0, 1.0, 1.0, 1.0])
    """
    n, tally = matrix.shape[0], _Tally()
    indices = _Watched(matrix.indices.tolist())
    order, position, parent = np.empty((3, n), dtype=np.int64)
    weight, pivot, factor, x = np.empty((4, n), dtype=object)
    size, i, j = _text(root)(
        matrix.indptr, indices, _numbers(matrix.data, number, tally), np.zeros(n, dtype=np.int64), np.arange(n),
        order, position, parent, weight, pivot,
    )  # fmt: skip
    if i >= 0:
        raise InvalidArgument("matrix", "a matrix whose graph is a forest", f"a cycle through the edge {i, j}")
    weight[parent < 0] = _Counted(number(0), tally)
    if _text(eliminate)(parent, weight, [0] * n, pivot, factor) >= 0:
        raise InvalidArgument("matrix", "a positive definite matrix", "a pivot that is not positive")
    x[:] = _numbers(np.asarray(r)[order], number, tally)
    _text(substitute)(0, size, parent, pivot, factor, x)
    solution = np.empty(n, dtype=object)
    solution[order] = [entry.value for entry in x]
    return ForestCost(
        x=solution, n_trees=int((parent < 0).sum()), operations=tally.operations, entries=indices.reads
    )  # fmt: skip


def _text(kernel: Any) -> Any:
    """Return a kernel as the Python function that it was compiled from."""
    return getattr(kernel, "py_func", kernel)


def _numbers(values: np.ndarray, number: Callable[[float], Any], tally: _Tally) -> np.ndarray:
    out = np.empty(len(values), dtype=object)
    out[:] = [_Counted(number(value), tally) for value in values.tolist()]
    return out
