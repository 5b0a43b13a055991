"""Gaussian clouds of 1000 points, squared Euclidean cost, regularisation relative to the median cost."""

from collections.abc import Iterator

import numpy as np

from benchmarks.ot.instance import Instance
from sparsetheory.ot.problem import gaussian_clouds


def instances() -> Iterator[Instance]:
    for dim in (2, 10):
        for relative in (1e-1, 1e-2, 1e-3):
            M, a, b = gaussian_clouds(1000, dim, np.random.default_rng(dim))
            yield Instance(name=f"clouds-{dim}d-{relative:g}", M=M, a=a, b=b, reg=relative * float(np.median(M)))
