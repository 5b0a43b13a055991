"""Sweeps over a Gram matrix: compiled, save for the first few of a process, done before Numba would have loaded."""

import sys

import numpy as np

__all__ = ["plain_sweep", "sweep"]

_KERNEL = "sparsetheory.bcd._gram_descent"
_PLAIN = 50_000  # visits of coordinates in a process, some 30 ms; Numba and the kernel take ten times as long to load

_visits = 0


def sweep(
    gram: np.ndarray, l1: np.ndarray, l2: np.ndarray, lower: float, w: np.ndarray, slope: np.ndarray, n_sweeps: int
) -> int:
    """Do what the kernel does, of which every bit is the same in either way."""
    global _visits
    if _visits < _PLAIN and _KERNEL not in sys.modules:
        done = plain_sweep(gram, l1, l2, lower, w, slope, n_sweeps)
        _visits += done * len(w)
        return done
    from . import _gram_descent

    return int(_gram_descent.sweep(gram, l1, l2, lower, w, slope, n_sweeps))


def plain_sweep(
    gram: np.ndarray, l1: np.ndarray, l2: np.ndarray, lower: float, w: np.ndarray, slope: np.ndarray, n_sweeps: int
) -> int:
    """The kernel in Python, with the slopes moved all at once."""
    k = len(w)
    own, cost, square = np.diagonal(gram)[:k].tolist(), l1.tolist(), l2.tolist()
    for done in range(n_sweeps):
        changed = False
        for j in range(k):
            old, curvature = float(w[j]), own[j] + square[j]
            new = old
            if curvature > 0.0:
                pull = float(slope[j]) + own[j] * old
                if abs(pull) > cost[j]:
                    new = (pull - cost[j] if pull > 0 else pull + cost[j]) / curvature
                else:
                    new = 0.0 if pull == pull else pull
            elif cost[j] > 0.0:
                new = 0.0
            new = max(new, lower)
            if new != old:
                changed = True
                w[j] = new
                slope -= gram[j, :k] * (new - old)
        if not changed:
            return done + 1
    return n_sweeps
