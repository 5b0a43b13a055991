"""overlap-d1k2 and overlap-d1k3: a gentle gate, experts that overlap."""

from collections.abc import Iterator

import numpy as np

from benchmarks.moe.data import sample
from benchmarks.moe.instance import Instance, Theta

TWO = Theta(np.array([[2.0, 0.0], [0.0, 0.0]]), np.array([[1.0, 1.0], [-1.0, -1.0]]), np.array([0.5, 0.8]))
THREE = Theta(
    np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 0.0]]), np.array([[1.0, 2.0], [1.0, -2.0], [-1.0, 0.0]]),
    np.array([0.5, 0.5, 0.8]),
)  # fmt: skip


def instances(n: int) -> Iterator[Instance]:
    for name, truth in (("overlap-d1k2", TWO), ("overlap-d1k3", THREE)):
        rng = np.random.default_rng(2)
        yield sample(f"{name} {n:.0e}", rng.uniform(-1, 1, (n, 1)), truth, rng)
