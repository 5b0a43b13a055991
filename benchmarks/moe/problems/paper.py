"""paper-d1k2: the simulation setting of the papers on softmax gates: a sharp gate, experts far apart."""

from collections.abc import Iterator

import numpy as np

from benchmarks.moe.data import sample
from benchmarks.moe.instance import Instance, Theta

TRUTH = Theta(np.array([[25.0, -8.0], [0.0, 0.0]]), np.array([[-20.0, 15.0], [20.0, -5.0]]), np.array([0.09, 0.16]))


def instances(n: int) -> Iterator[Instance]:
    rng = np.random.default_rng(1)
    yield sample(f"paper-d1k2 {n:.0e}", rng.uniform(0, 1, (n, 1)), TRUTH, rng)
