"""Timing: a ladder of tolerances climbed until the judge is content, then repeats of the rung that counts.

A solver's own tolerance means what it likes; it runs at smaller and smaller ones until the judged log-likelihood is
within the target of the common maximum, and the time of the first rung that is counts. One thread, CPU seconds (a busy
neighbour does not count), the median of repeats that go round robin. Compilation is apart.

The common maximum is the largest log-likelihood that anybody reaches at the last rung; whoever ends lower shows by how
much, and with a gradient near zero that is another maximum.
"""

import statistics
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from benchmarks.moe.instance import Instance, Peer, Theta
from benchmarks.moe.judge import gradient_norm, log_likelihood

LADDER = tuple(10.0 ** (-k / 2) for k in range(6, 29))  # 1e-3, 3.2e-4, ..., 1e-14


@dataclass(kw_only=True)
class Row:
    """One line of the table: the rung within the target, or the end of the ladder; CPU seconds."""

    problem: str
    peer: str
    version: str
    tol: float
    log_likelihood: float
    gradient: float
    shortfall: float = np.inf
    reached: bool = False
    times: list[float] = field(default_factory=list)

    def within(self, maximum: float, target: float) -> bool:
        """Whether the log-likelihood is as near to the maximum as it shall be; NaN is not."""
        return bool(maximum - self.log_likelihood <= target)

    @property
    def seconds(self) -> float:
        return statistics.median(self.times)


def timed(peer: Peer, instance: Instance, tol: float) -> tuple[Theta, float]:
    """Parameters and the CPU seconds they took."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # the judge says what is not converged
        start = time.process_time()
        found = peer.solve(instance, tol)
        return found, time.process_time() - start


def run(peer: Peer, instance: Instance, tol: float) -> Row:
    """One run, judged."""
    found, spent = timed(peer, instance, tol)
    return Row(
        problem=instance.name, peer=peer.name, version=peer.version, tol=tol, times=[spent],
        log_likelihood=log_likelihood(found, instance.X, instance.y),
        gradient=gradient_norm(found, instance.X, instance.y),
    )  # fmt: skip


def climb(peer: Peer, instance: Instance, last: Row, maximum: float, target: float) -> Row:
    """The first rung within the target; the last one, which has been run, where no rung is."""
    if not last.within(maximum, target):
        return last
    for tol in LADDER[:-1]:
        row = run(peer, instance, tol)
        if row.within(maximum, target):
            return row
    return last


def measure(instance: Instance, rivals: list[Peer], *, target: float, repeats: int) -> list[Row]:
    """A row for every peer."""
    last = [run(peer, instance, LADDER[-1]) for peer in rivals]
    maximum = float(np.nanmax([row.log_likelihood for row in last]))
    rows = [climb(peer, instance, row, maximum, target) for peer, row in zip(rivals, last, strict=True)]
    for row in rows:
        row.reached = row.within(maximum, target)
        row.shortfall = maximum - row.log_likelihood
        row.times = row.times if not row.reached else []  # the climb itself ran with cold caches
    for _ in range(repeats):
        for peer, row in zip(rivals, rows, strict=True):
            if row.reached:
                row.times.append(timed(peer, instance, row.tol)[1])
    return rows


def warm_up(rivals: list[Peer], small: Iterator[Instance]) -> None:
    """Solve each problem in a small size once: imports and compilation."""
    for instance in small:
        for peer in rivals:
            timed(peer, instance, 1e-4)
