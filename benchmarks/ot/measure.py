"""Timing: compilation apart, one thread, CPU seconds (a busy neighbour does not count), the best of short runs."""

import time
from dataclasses import dataclass

import numpy as np

from benchmarks.ot.instance import Instance, Peer
from benchmarks.ot.judge import marginal_error

_ENOUGH = 1.0  # seconds of repeats after which a short run is not repeated again
_REPEATS = 5


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table, in CPU seconds; `first` is the first call, on a tiny problem: imports and compilation."""

    problem: str
    peer: str
    version: str
    seconds: float
    first: float
    n_iter: int
    error: float
    tol: float
    cost: float
    exact: bool

    @property
    def solved(self) -> bool:
        return self.error <= self.tol


def first_call(peer: Peer) -> float:
    """Seconds of the first call in this process, on a problem of 8 x 8."""
    rng = np.random.default_rng(0)
    tiny = Instance(name="tiny", M=rng.random((8, 8)), a=np.full(8, 1 / 8), b=np.full(8, 1 / 8), reg=0.1)
    start = time.process_time()
    peer.solve(tiny, 1e-9, 10.0)
    return time.process_time() - start


def measure(peer: Peer, instance: Instance, tol: float, limit: float, first: float) -> Row:
    """Time forming the plan too: everyone returns a dense one."""
    spent: list[float] = []
    while len(spent) < _REPEATS and sum(spent) < _ENOUGH:
        start = time.process_time()
        plan, n_iter = peer.solve(instance, tol, limit)
        spent.append(time.process_time() - start)
    return Row(
        problem=instance.name, peer=peer.name, version=peer.version, seconds=min(spent), first=first,
        n_iter=int(n_iter), error=marginal_error(plan, instance), tol=tol,
        cost=float((plan * instance.M).sum()), exact=peer.exact,
    )  # fmt: skip
