"""The same EM with SQUAREM, scheme S3 of Varadhan and Roland (2008), and a fallback that keeps it monotone."""

import numpy as np

from benchmarks.moe.instance import Instance, Peer, Theta
from benchmarks.moe.mixture import Mixture, packed

ROUNDS = 30_000


def solve(instance: Instance, tol: float) -> Theta:
    """Stop when the first EM step of a round raises the log-likelihood per sample by no more than `tol`."""
    mixture, at = Mixture(instance.X, instance.y), instance.start
    gate, k = mixture.gate(at.gate), instance.k
    for _ in range(ROUNDS):
        value, one, gate_one = mixture.em_map(at, gate)
        middle, two, gate_two = mixture.em_map(one, gate_one)
        if middle - value <= tol:
            return two
        z, z_one, z_two = packed(at), packed(one), packed(two)
        r = z_one - z
        v = z_two - z_one - r
        alpha = -max(1.0, float(np.linalg.norm(r) / max(np.linalg.norm(v), 1e-300)))
        at = mixture.unpacked(z - 2 * alpha * r + alpha**2 * v, k)
        gate = mixture.gate(at.gate)
        far, stepped, stepped_gate = mixture.em_map(at, gate)  # the step that stabilises, and the value before it
        at, gate = (stepped, stepped_gate) if far >= middle else (two, gate_two)  # NaN falls back
    return at


PEER = Peer(name="EM + SQUAREM", version=np.__version__, solve=solve)
