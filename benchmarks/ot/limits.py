"""A time limit for a solver that only knows an iteration limit."""

import time
from collections.abc import Callable

import numpy as np

_TRIAL = 50  # iterations that tell the speed


def within(seconds: float, attempt: Callable[[int], tuple[np.ndarray, int]]) -> tuple[np.ndarray, int]:
    """Run ``attempt(n_iter)`` with as many iterations as a short trial says fit; the trial's time is charged too."""
    start = time.perf_counter()
    plan, done = attempt(_TRIAL)
    spent = time.perf_counter() - start
    if done < _TRIAL:
        return plan, done
    return attempt(max(_TRIAL, int(seconds / spent * _TRIAL)))
