"""d8k3 and d8k4: eight normal covariates, normal coefficients."""

from collections.abc import Iterator

import numpy as np

from benchmarks.moe.data import sample
from benchmarks.moe.instance import Instance, Theta


def drawn(k: int, rng: np.random.Generator) -> Theta:
    """Gate rows and expert rows of standard normal numbers, variances between 0.25 and 1."""
    return Theta(rng.standard_normal((k, 9)), rng.standard_normal((k, 9)), rng.uniform(0.25, 1.0, k))


def instances(n: int) -> Iterator[Instance]:
    for k in (3, 4):
        rng = np.random.default_rng(3)
        truth = drawn(k, rng)
        yield sample(f"d8k{k} {n:.0e}", rng.standard_normal((n, 8)), truth, rng)
