"""paper-d1k2+1: three experts are fitted to the papers' two; the start has the first expert twice."""

from collections.abc import Iterator

import numpy as np

from benchmarks.moe.data import sample
from benchmarks.moe.instance import Instance, Theta
from benchmarks.moe.problems.paper import TRUTH

LARGEST = 10_000  # samples: EM takes thousands of maps


def instances(n: int) -> Iterator[Instance]:
    if n > LARGEST:
        return
    rng = np.random.default_rng(4)
    twice = Theta(*(part[[0, 0, 1]] for part in TRUTH))
    yield sample(f"paper-d1k2+1 {n:.0e}", rng.uniform(0, 1, (n, 1)), TRUTH, rng, fitted=twice)
