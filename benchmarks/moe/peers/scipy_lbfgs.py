"""SciPy's L-BFGS-B on the log-likelihood with its analytic gradient, data in units with variance one."""

import scipy

from benchmarks.moe.instance import Instance, Peer, Theta
from benchmarks.moe.smooth import minimise


def solve(instance: Instance, tol: float) -> Theta:
    """Stop when no entry of the gradient per sample exceeds `tol`; 20 pairs are kept."""
    return minimise(instance, "L-BFGS-B", {"gtol": tol, "ftol": 0, "maxcor": 20, "maxiter": 100_000, "maxfun": 100_000})


PEER = Peer(name="SciPy L-BFGS", version=scipy.__version__, solve=solve)
