"""Lasso, 20000 x 200000 in compressed columns, 20 entries a column."""

from collections.abc import Iterator

import numpy as np

from benchmarks.bcd.data import at_fractions, noisy_targets, sparse_design
from benchmarks.bcd.instance import Instance


def instances(small: bool) -> Iterator[Instance]:
    n, p, k = (2000, 20_000, 20) if small else (20_000, 200_000, 100)
    rng = np.random.default_rng(0)
    X = sparse_design(n, p, 20, rng)
    y = noisy_targets(X, k, 5.0, rng)
    yield from at_fractions(Instance(name="lasso_sparse", X=X, y=y, alphas=()), (2, 10, 100))
