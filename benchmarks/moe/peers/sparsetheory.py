"""Ours: the public function from the given start, without penalties; its certificate is part of the time."""

import numpy as np

import sparsetheory
from benchmarks.moe.instance import Instance, Peer, Theta
from sparsetheory import moe


def solve(instance: Instance, tol: float) -> Theta:
    """Stop when no entry of the gradient per sample exceeds `tol`, in units with variance one."""
    gate, expert, variance = instance.start
    start = moe.MixingMeasure(gate[:, -1], gate[:, :-1], a=expert[:, :-1], b=expert[:, -1], v=variance)
    found = moe.maximize_likelihood(
        instance.X, instance.y, instance.k, init=start, variance_penalty=0, gate_ridge=0, tol=tol, on_failure="ignore"
    ).parameters
    return Theta(np.array(found.gate), np.array(found.expert), np.array(found.variance))


PEER = Peer(name="sparsetheory", version=sparsetheory.__version__, solve=solve)
