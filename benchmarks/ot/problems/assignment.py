"""Random linear assignment, n = 500, 12 seeds: hardness varies 200-fold between them, so it is printed."""

from collections.abc import Iterator

import numpy as np

from benchmarks.ot.instance import Instance
from sparsetheory.ot.problem import random_assignment


def instances() -> Iterator[Instance]:
    for seed in range(12):
        M, a, b = random_assignment(500, np.random.default_rng(seed))
        yield Instance(name=f"assignment-{seed}", M=M, a=a, b=b, reg=1 / 1200, paper=(20, 9, 2))
