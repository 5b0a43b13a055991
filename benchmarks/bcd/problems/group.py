"""Group lasso, 1000 groups of 10 columns, dense 1000 x 10000, correlated as 0.5^|i - j|, unit weights.

In ``group_rho`` the 100 true coefficients fill 10 groups; in ``group_scattered`` they lie in about 100 groups, and at
a tenth of the largest alpha more columns are in use than there are samples.
"""

from collections.abc import Iterator

import numpy as np

from benchmarks.bcd.data import at_fractions, correlated_design, noisy_targets
from benchmarks.bcd.instance import Instance


def instances(small: bool) -> Iterator[Instance]:
    n, p, k = (200, 2000, 2) if small else (1000, 10_000, 10)
    rng = np.random.default_rng(0)
    X = correlated_design(n, p, 0.5, rng)
    filled = (10 * rng.choice(p // 10, k, replace=False)[:, None] + np.arange(10)).ravel()
    y = noisy_targets(X, filled, 5.0, rng)
    yield from at_fractions(Instance(name="group_rho0.5", X=X, y=y, alphas=(), group=10), (2, 10, 100))
    y = noisy_targets(X, rng.choice(p, 10 * k, replace=False), 5.0, rng)
    yield from at_fractions(Instance(name="group_scattered", X=X, y=y, alphas=(), group=10), (10,))
