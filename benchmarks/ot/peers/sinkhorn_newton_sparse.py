"""The paper's method in this library, at the paper's warm-up where there is one, and density 15/n."""

import sparsetheory
from benchmarks.ot.instance import Instance, Peer
from benchmarks.ot.limits import stop_after
from sparsetheory import ot


def solve(instance: Instance, tol: float, seconds: float):
    warm_up = instance.paper[0] if instance.paper else 20
    result = ot.sinkhorn_newton_sparse(
        instance.M, instance.a, instance.b, reg=instance.reg, tol=tol, n_sinkhorn=warm_up, n_newton=1000,
        callback=stop_after(seconds), on_failure="ignore",
    )  # fmt: skip
    return result.plan, result.n_iter


PEER = Peer(name="sinkhorn_newton_sparse", version=sparsetheory.__version__, solve=solve)
