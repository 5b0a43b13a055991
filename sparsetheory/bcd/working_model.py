"""The quadratic model on a working set, by whichever of its two forms is cheaper."""

import numpy as np

from .column_descent import minimise_by_columns
from .gram_descent import minimise_model
from .shrinkage import Shrinkage
from .working_set import WorkingSet

__all__ = ["minimise_over"]

_MANY = 500  # columns from which on a Gram matrix may cost more than it saves
_DENSE = 0.25  # of the square of the columns: entries of the design from which on the Gram matrix is cheaper


def minimise_over(columns: WorkingSet, penalty: Shrinkage, w: np.ndarray, weighted: np.ndarray, tol: float) -> None:
    """Minimise over w (k,), in place, until no entry violates stationarity by more than tol.

    The loss is the square, in the metric of `columns`, of what w leaves of a target; `weighted` is v times what it
    leaves at the start.
    """
    block, k = columns.block, len(columns)
    if block is not None and k > _MANY and block.nnz < _DENSE * k * k:
        minimise_by_columns(columns, penalty, w, weighted, tol)
    else:
        minimise_model(columns.gram, penalty, w, columns.correlate(weighted), tol)
