"""Limits of CPU time: a callback where a solver takes one, a trial run where it only knows iterations."""

import time
from collections.abc import Callable

import numpy as np

_TRIAL = 50  # iterations that tell the speed


def stop_after(seconds: float) -> Callable[[object], bool]:
    """Return a callback that asks to stop when the process has used this much CPU time from now on."""
    end = time.process_time() + seconds
    return lambda progress: time.process_time() > end


def within(seconds: float, attempt: Callable[[int], tuple[np.ndarray, int]]) -> tuple[np.ndarray, int]:
    """Run ``attempt(n_iter)`` with as many iterations as a short trial says fit; the trial's time is charged too."""
    start = time.process_time()
    plan, done = attempt(_TRIAL)
    spent = time.process_time() - start
    if done < _TRIAL:
        return plan, done
    return attempt(max(_TRIAL, int(seconds / spent * _TRIAL)))
