"""Timing: a ladder of tolerances climbed until the judge is content, then repeats of the rungs that count.

A solver's own tolerance means what it likes; it runs at smaller and smaller ones until the judged gap meets the
target, and the time at the first rung that does is its time. One thread, CPU seconds (a busy neighbour does not count),
the median of repeats that go round robin, so that a noisy minute meets everyone. Compilation is apart.
"""

import statistics
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from benchmarks.bcd.instance import Instance, Peer
from benchmarks.bcd.judge import relative_gap

LADDER = tuple(10.0 ** (-k / 2) for k in range(4, 31))  # 1e-2, 3.2e-3, ..., 1e-15
_IDLE = 6  # rungs below the target without a smaller gap, after which nothing more is expected


@dataclass(kw_only=True)
class Row:
    """One line of the table: the rung that met the target, or the least gap that was seen; CPU seconds."""

    problem: str
    target: float
    peer: str
    version: str
    tol: float
    gap: float
    reached: bool
    times: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return statistics.median(self.times)


def timed(peer: Peer, instance: Instance, tol: float) -> tuple[np.ndarray, float]:
    """Coefficients and the CPU seconds they took."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the judge says what is not converged
        start = time.process_time()
        coefs = peer.solve[instance.kind](instance, tol)
        return coefs, time.process_time() - start


def climb(peer: Peer, instance: Instance, targets: tuple[float, ...], limit: float) -> Iterator[Row]:
    """One row for each target; gives up when a run exceeds the limit or the gap does not fall any more."""
    waiting, best, idle, spent = sorted(targets, reverse=True), np.inf, 0, 0.0
    made = {"problem": instance.name, "peer": peer.name, "version": peer.version}
    for tol in LADDER:
        coefs, spent = timed(peer, instance, tol)
        gap = relative_gap(coefs, instance)
        idle = idle + 1 if gap >= best and tol < waiting[0] else 0
        best = min(best, gap) if np.isfinite(gap) else best
        while waiting and gap <= waiting[0]:
            yield Row(**made, target=waiting.pop(0), tol=tol, gap=gap, reached=True, times=[spent])
        if not waiting or spent > limit or idle >= _IDLE:
            break
    for target in waiting:
        yield Row(**made, target=target, tol=tol, gap=float(best), reached=False, times=[spent])


def measure(
    instance: Instance, rivals: list[Peer], *, targets: tuple[float, ...], limit: float, repeats: int
) -> list[Row]:
    """Rows of every peer that solves this kind of problem."""
    able = {peer.name: peer for peer in rivals if instance.kind in peer.solve}
    rows = [row for peer in able.values() for row in climb(peer, instance, targets, limit)]
    for row in rows:
        row.times = row.times if not row.reached else []  # the climb itself ran with cold caches
    for _ in range(repeats):
        for row in rows:
            if row.reached:
                row.times.append(timed(able[row.peer], instance, row.tol)[1])
    return rows


def warm_up(rivals: list[Peer], small: Iterator[Instance]) -> None:
    """Solve each problem in its small size once: imports and compilation, for every kind and layout."""
    for instance in small:
        for peer in rivals:
            if instance.kind in peer.solve:
                timed(peer, instance, 1e-4)
