"""POT's `emd`: network simplex for the unregularised problem."""

import ot as pot
from benchmarks.ot.instance import Instance, Peer


def solve(instance: Instance, tol: float, seconds: float):
    plan, _ = pot.emd(instance.a, instance.b, instance.M, log=True)
    return plan, 0


PEER = Peer(name="POT emd", version=pot.__version__, solve=solve, exact=True)
