"""Group lasso, 1000 groups of 10 columns, dense 1000 x 10000, correlated as 0.5^|i - j|, unit weights."""

from collections.abc import Iterator

import numpy as np

from benchmarks.bcd.data import at_fractions, correlated_design, noisy_targets
from benchmarks.bcd.instance import Instance


def instances(small: bool) -> Iterator[Instance]:
    n, p, k = (200, 2000, 20) if small else (1000, 10_000, 100)
    rng = np.random.default_rng(0)
    X = correlated_design(n, p, 0.5, rng)
    y = noisy_targets(X, k, 5.0, rng)
    yield from at_fractions(Instance(name="group_rho0.5", X=X, y=y, alphas=(), group=10), (10, 100))
