"""SciPy's BFGS with the dense matrix on the log-likelihood with its analytic gradient, units as for L-BFGS."""

import scipy

from benchmarks.moe.instance import Instance, Peer, Theta
from benchmarks.moe.smooth import minimise


def solve(instance: Instance, tol: float) -> Theta:
    """Stop when no entry of the gradient per sample exceeds `tol`."""
    return minimise(instance, "BFGS", {"gtol": tol, "maxiter": 100_000})


PEER = Peer(name="SciPy BFGS", version=scipy.__version__, solve=solve)
