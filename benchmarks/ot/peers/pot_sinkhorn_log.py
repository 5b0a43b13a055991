"""POT's `sinkhorn_log`; its tolerance is the L2 error of one marginal, checked every 10 iterations."""

import ot as pot
from benchmarks.ot.instance import Instance, Peer
from benchmarks.ot.limits import within


def solve(instance: Instance, tol: float, seconds: float):
    def attempt(n_iter: int, start):
        plan, log = pot.sinkhorn(
            instance.a, instance.b, instance.M, instance.reg, method="sinkhorn_log",
            stopThr=tol / len(instance.b) ** 0.5, numItermax=n_iter, warmstart=start, log=True, warn=False,
        )  # fmt: skip
        return plan, log["niter"] + 1, (log["log_u"], log["log_v"])  # POT counts from 0

    return within(seconds, attempt)


PEER = Peer(name="POT sinkhorn_log", version=pot.__version__, solve=solve)
