"""The quadratic model of a sparse regression on its working set: sweeps find the support, Newton ends the search."""

import numpy as np

from ._gram_descent import sweep
from .shrinkage import Shrinkage
from .support_newton import newton_step

__all__ = ["minimise_model"]

_SWEEPS = 5  # before each run of Newton steps
_STEPS = 20  # Newton steps in a run
_ROUNDS = 50


def minimise_model(gram: np.ndarray, penalty: Shrinkage, w: np.ndarray, slope: np.ndarray, tol: float) -> int:
    r"""Minimise over w, in place, and keep ``slope = q - G w``; returns the sweeps done.

    .. math:: \min_w \tfrac12 w^\top G w - q^\top w + \sum_j l1_j |w_j| + \tfrac{l2_j}{2} w_j^2

    Ends when no entry violates stationarity by more than tol, or when neither sweeps nor steps change anything.
    """
    done = 0
    for _ in range(_ROUNDS):
        before = w.copy()
        done += sweep(gram, penalty.l1, penalty.l2, penalty.lower, w, slope, _SWEEPS)
        for _ in range(_STEPS):
            if not np.max(penalty.violation(w, slope), initial=0.0) > tol or newton_step(gram, penalty, w, slope):
                break
        if not np.max(penalty.violation(w, slope), initial=0.0) > tol or np.array_equal(before, w):
            break
    return done
