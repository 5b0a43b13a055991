"""Limits of CPU time: a callback where a solver takes one, a trial run where it only knows iterations."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

_TRIAL = 50  # iterations that tell the speed


def stop_after(seconds: float) -> Callable[[object], bool]:
    """Return a callback that asks to stop when the process has used this much CPU time from now on."""
    end = time.process_time() + seconds
    return lambda progress: time.process_time() > end


def within(seconds: float, attempt: Callable[[int, Any], tuple[np.ndarray, int, Any]]) -> tuple[np.ndarray, int]:
    """Run ``attempt(n_iter, start) -> (plan, done, state)`` for as many iterations as a short trial says fit.

    What follows the trial goes on from its state: no iteration is paid for twice.
    """
    start = time.process_time()
    plan, done, state = attempt(_TRIAL, None)
    spent = time.process_time() - start
    if done < _TRIAL:
        return plan, done
    plan, more, _ = attempt(max(_TRIAL, int(seconds / spent * _TRIAL) - _TRIAL), state)
    return plan, done + more
