"""The driver loop, written once: chunks of work, counting, callback, stopping, status."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .progress import Callback, Progress, asks_to_stop
from .result import Status, Trace

__all__ = ["Chunk", "Outcome", "run", "settle"]


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """What one bounded call of a kernel reports.

    `stop` is a reason the step itself saw (floor, stall), or None to go on; `extra` goes to the trace.
    """

    n_iter: int
    error: float
    objective: float = math.nan
    stop: Status | None = None
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How the loop ended; the certificate still has to confirm it (see `settle`)."""

    status: Status
    n_iter: int
    trace: Trace


def run(
    advance: Callable[[int], Chunk],
    *,
    tol: float,
    max_iter: int,
    callback: Callback | None = None,
    solution: Callable[[], Any] = lambda: None,
) -> Outcome:
    """Call ``advance(budget)`` until it reports error <= tol, a reason to stop, or the budget is spent.

    Each call does at most ``budget`` iterations, few enough that Ctrl-C stays alive. A non-finite error
    never passes the stopping test. Time spent in the callback is not counted.
    """
    rows: list[dict[str, Any]] = []
    n_iter, paused, start = 0, 0.0, time.perf_counter()
    status = Status.MAX_ITER
    while n_iter < max_iter:
        chunk = advance(max_iter - n_iter)
        n_iter += chunk.n_iter
        elapsed = time.perf_counter() - start - paused
        row = {"n_iter": n_iter, "error": chunk.error, "objective": chunk.objective, "elapsed": elapsed}
        rows.append(row | chunk.extra)
        asked_to_stop = False
        if callback is not None:
            before = time.perf_counter()
            progress = Progress(
                n_iter=n_iter, error=chunk.error, objective=chunk.objective, elapsed=elapsed, tol=tol,
                solution=solution(),
            )  # fmt: skip
            asked_to_stop = asks_to_stop(callback(progress))
            paused += time.perf_counter() - before
        if not math.isfinite(chunk.error):
            status = Status.NONFINITE
            break
        if chunk.error <= tol:
            status = Status.CONVERGED
            break
        if chunk.stop is not None:
            status = chunk.stop
            break
        if asked_to_stop:
            status = Status.STOPPED
            break
    return Outcome(status=status, n_iter=n_iter, trace=Trace.from_rows(rows))


def settle(status: Status, error: float, tol: float, floor: float = 0.0) -> Status:
    """Decide the final status from the recomputed certificate: the loop's own opinion never declares success.

    `floor` is in units of the error: tolerances below it are beyond reach, which then is the reason to be told, also
    where the iteration limit came first. Pass 0 where the error is too far above the floor for that.
    """
    if error <= tol:
        return Status.CONVERGED
    if not math.isfinite(error):
        return Status.NONFINITE
    if tol < floor and status is not Status.STOPPED:
        return Status.FLOOR
    return Status.STALLED if status is Status.CONVERGED else status
