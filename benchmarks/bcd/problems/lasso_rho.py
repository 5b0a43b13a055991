"""Lasso, dense 1000 x 10000, columns correlated as rho^|i - j|, 100 true coefficients, signal 5 times the noise."""

from collections.abc import Iterator

import numpy as np

from benchmarks.bcd.data import at_fractions, correlated_design, noisy_targets
from benchmarks.bcd.instance import Instance


def instances(small: bool) -> Iterator[Instance]:
    n, p, k = (200, 2000, 20) if small else (1000, 10_000, 100)
    for rho in (0.5, 0.9):
        rng = np.random.default_rng(0)
        X = correlated_design(n, p, rho, rng)
        y = noisy_targets(X, k, 5.0, rng)
        yield from at_fractions(Instance(name=f"lasso_rho{rho}", X=X, y=y, alphas=()), (2, 10, 100))
