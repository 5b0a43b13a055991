"""POT's `sinkhorn`, scaling form; its tolerance is the L2 error of one marginal, checked every 10 iterations."""

import numpy as np

import ot as pot
from benchmarks.ot.instance import Instance, Peer
from benchmarks.ot.limits import within


def solve(instance: Instance, tol: float, seconds: float):
    def attempt(n_iter: int, start):
        plan, log = pot.sinkhorn(
            instance.a, instance.b, instance.M, instance.reg, stopThr=tol / len(instance.b) ** 0.5,
            numItermax=n_iter, warmstart=start, log=True, warn=False,
        )  # fmt: skip
        return plan, log["niter"] + 1, (np.log(log["u"]), np.log(log["v"]))  # POT counts from 0

    return within(seconds, attempt)


PEER = Peer(name="POT sinkhorn", version=pot.__version__, solve=solve)
