"""Sinkhorn's iteration of this library: log domain, one fused pass an iteration."""

import sparsetheory
from benchmarks.ot.instance import Instance, Peer
from sparsetheory import ot


def solve(instance: Instance, tol: float, seconds: float):
    stop = lambda progress: progress.elapsed > seconds  # noqa: E731
    result = ot.sinkhorn(
        instance.M, instance.a, instance.b, reg=instance.reg, tol=tol, max_iter=10**7, callback=stop,
        on_failure="ignore",
    )  # fmt: skip
    return result.plan, result.n_iter


PEER = Peer(name="sinkhorn", version=sparsetheory.__version__, solve=solve)
