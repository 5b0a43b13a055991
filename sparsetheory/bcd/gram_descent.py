"""The quadratic model of a sparse regression on its working set: sweeps find the support, Newton ends the search."""

import numpy as np

from .gram_sweep import sweep
from .shrinkage import Shrinkage
from .support_newton import newton_step

__all__ = ["minimise_model"]

_OUTER_SWEEPS = 2  # over the working set, before each search on the support
_SWEEPS = 10  # over the support, before each Newton step
_STEPS = 20  # Newton steps on one support
_ROUNDS = 20


def minimise_model(gram: np.ndarray, penalty: Shrinkage, w: np.ndarray, slope: np.ndarray, tol: float) -> None:
    r"""Minimise over w (k,), in place, and keep ``slope = q - G w``, G the leading block of `gram`.

    .. math:: \min_w \tfrac12 w^\top G w - q^\top w + \sum_j l1_j |w_j| + \tfrac{l2_j}{2} w_j^2

    1. Sweep over all of w.
    2. On the support alone, a much smaller model: sweeps and Newton steps in turn.
    3. Stop when no entry violates stationarity by more than tol, or when nothing moves; else go to 1.
    """
    k = len(w)
    for _ in range(_ROUNDS):
        before = w.copy()
        sweep(gram, penalty.l1, penalty.l2, penalty.lower, w, slope, _OUTER_SWEEPS)
        if not _worst(penalty, w, slope) > tol:
            return
        support = np.flatnonzero((w != 0) | (penalty.free & (np.diagonal(gram)[:k] > 0)))
        rows = gram[support, :k]
        moved = w[support]
        _minimise_on_support(rows[:, support], penalty.at(support), moved, slope[support], tol)
        slope -= (moved - w[support]) @ rows
        w[support] = moved
        if not _worst(penalty, w, slope) > tol or np.array_equal(before, w):
            return


def _worst(penalty: Shrinkage, w: np.ndarray, slope: np.ndarray) -> float:
    return float(np.max(penalty.violation(w, slope), initial=0.0))  # keeps NaN


def _minimise_on_support(gram: np.ndarray, penalty: Shrinkage, w: np.ndarray, slope: np.ndarray, tol: float) -> None:
    """Do the same for a w without many zeros, until a Newton step meets no change of sign."""
    for _ in range(_STEPS):
        sweep(gram, penalty.l1, penalty.l2, penalty.lower, w, slope, _SWEEPS)
        if not _worst(penalty, w, slope) > tol or newton_step(gram, penalty, w, slope):
            return
