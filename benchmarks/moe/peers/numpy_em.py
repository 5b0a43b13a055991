"""Generalised EM in NumPy: weighted least squares for the experts, a damped Newton step for the gate."""

import numpy as np

from benchmarks.moe.instance import Instance, Peer, Theta
from benchmarks.moe.mixture import Mixture

MAPS = 100_000


def solve(instance: Instance, tol: float) -> Theta:
    """Stop when a step raises the log-likelihood per sample by no more than `tol`."""
    mixture, at, before = Mixture(instance.X, instance.y), instance.start, -np.inf
    gate = mixture.gate(at.gate)
    for _ in range(MAPS):
        value, at, gate = mixture.em_map(at, gate)
        if value - before <= tol:
            break
        before = value
    return at


PEER = Peer(name="NumPy EM", version=np.__version__, solve=solve)
