"""The default solver of this library."""

import sparsetheory
from benchmarks.ot.instance import Instance, Peer
from benchmarks.ot.limits import stop_after
from sparsetheory import ot


def solve(instance: Instance, tol: float, seconds: float):
    result = ot.solve(
        instance.M, instance.a, instance.b, reg=instance.reg, tol=tol, callback=stop_after(seconds), on_failure="ignore"
    )
    return result.plan, result.n_iter


PEER = Peer(name="solve", version=sparsetheory.__version__, solve=solve)
