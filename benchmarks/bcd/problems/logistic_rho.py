"""L1 logistic regression, dense 2000 x 20000 (320 MB), columns correlated as 0.5^|i - j|."""

from collections.abc import Iterator

import numpy as np

from benchmarks.bcd.data import at_fractions, correlated_design, noisy_targets
from benchmarks.bcd.instance import Instance


def instances(small: bool) -> Iterator[Instance]:
    n, p, k = (200, 2000, 20) if small else (2000, 20_000, 200)
    rng = np.random.default_rng(0)
    X = correlated_design(n, p, 0.5, rng)
    y = np.sign(noisy_targets(X, k, 5.0, rng))
    yield from at_fractions(Instance(name="logistic_rho0.5", X=X, y=y, alphas=(), loss="logistic"), (10,))
