"""Sinkhorn's iteration of this library: log domain, one fused pass an iteration."""

import sparsetheory
from benchmarks.ot.instance import Instance, Peer
from benchmarks.ot.limits import stop_after
from sparsetheory import ot


def solve(instance: Instance, tol: float, seconds: float):
    result = ot.sinkhorn(
        instance.M, instance.a, instance.b, reg=instance.reg, tol=tol, max_iter=10**7, callback=stop_after(seconds),
        on_failure="ignore",
    )  # fmt: skip
    return result.plan, result.n_iter


PEER = Peer(name="sinkhorn", version=sparsetheory.__version__, solve=solve)
