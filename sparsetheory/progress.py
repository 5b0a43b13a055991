"""What a callback receives, and ready callbacks: print lines, log, draw a bar, record, combine."""

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

__all__ = ["Callback", "Progress", "asks_to_stop", "compose", "log_to", "print_every", "progress_bar", "record"]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """State of a solve at a checkpoint.

    Attributes
    ----------
    n_iter : int
        Iterations done so far.
    error : float
        The quantity compared with ``tol``.
    objective : float
        The objective the solver moves, NaN where it was not computed.
    elapsed : float
        Seconds since the start, time spent in callbacks excluded.
    tol : float
        The target of ``error``.
    solution : object
        Read-only view of the current iterate (what it holds is said by the solver).
    """

    n_iter: int
    error: float
    objective: float
    elapsed: float
    tol: float
    solution: Any = None

    def __str__(self) -> str:
        counts = f"iteration {self.n_iter:>6}  error {self.error:9.3e}"
        return f"{counts}  objective {self.objective:.12g}  {self.elapsed:.2f} s"


#: A callback may return True to stop the solver; anything else lets it go on.
Callback = Callable[[Progress], Any]


def asks_to_stop(answer: Any) -> bool:
    """Whether a callback's answer is True: Python's, or NumPy's, which is what comparisons of arrays give."""
    return isinstance(answer, (bool, np.bool_)) and bool(answer)


def print_every(n: int = 1, *, file: IO[str] | None = None) -> Callback:
    """Write a line at every n-th checkpoint.

    Examples
    --------
    >>> import sys
    >>> from sparsetheory.progress import print_every, Progress
    >>> say = print_every(2, file=sys.stdout)
    >>> for k in range(3):
    ...     say(Progress(n_iter=k, error=0.5**k, objective=1.0, elapsed=0.0, tol=1e-9))
    iteration      0  error 1.000e+00  objective 1  0.00 s
    iteration      2  error 2.500e-01  objective 1  0.00 s
    """
    seen = 0

    def callback(progress: Progress) -> None:
        nonlocal seen
        if seen % n == 0:
            (file or sys.stdout).write(f"{progress}\n")
        seen += 1

    return callback


def log_to(logger: logging.Logger, level: int = logging.INFO) -> Callback:
    """Send every checkpoint to a logger."""
    return lambda progress: logger.log(level, "%s", progress)


def record(rows: list[Progress]) -> Callback:
    """Append every checkpoint to a list the caller owns."""
    return lambda progress: rows.append(progress)


def compose(*callbacks: Callback) -> Callback:
    """Call several callbacks in turn; stop if any of them asks for it."""
    return lambda progress: sum(asks_to_stop(callback(progress)) for callback in callbacks) > 0


def progress_bar(description: str = "solving") -> Callback:
    """Draw the distance to the tolerance, in decades of error, as a bar on the terminal (needs rich)."""
    from math import log10

    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    bar = Bar(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[error]}"), TimeElapsedColumn())
    task = bar.add_task(description, total=1.0, error="")
    start: list[float] = []

    def callback(progress: Progress) -> None:
        goal = max(progress.tol, 1e-16)
        if not start:
            start.append(max(progress.error, goal * 10))
            bar.start()
        span = log10(start[0] / goal)
        done = log10(start[0] / max(progress.error, goal)) / span
        bar.update(task, completed=min(max(done, 0.0), 1.0), error=f"error {progress.error:.1e}")
        if progress.error <= progress.tol:
            bar.stop()

    return callback
