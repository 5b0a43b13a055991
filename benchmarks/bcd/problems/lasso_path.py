"""Paths of 100 alphas, judged by their worst gap: diabetes (442 x 10, to 1/1000) and correlated columns (to 1/100)."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from benchmarks.bcd.data import correlated_design, noisy_targets, standardised
from benchmarks.bcd.instance import Instance
from benchmarks.bcd.judge import largest_alpha


def path(instance: Instance, last: float) -> Instance:
    return dataclasses.replace(instance, alphas=tuple(largest_alpha(instance) * np.geomspace(1, last, 100)))


def instances(small: bool) -> Iterator[Instance]:
    from sklearn.datasets import load_diabetes

    data = load_diabetes(scaled=False)
    X, y = standardised(data.data), data.target - data.target.mean()
    yield path(Instance(name="lasso_path_diabetes", X=X, y=y, alphas=()), 1e-3)
    n, p, k = (100, 1000, 20) if small else (1000, 10_000, 100)
    rng = np.random.default_rng(0)
    X = correlated_design(n, p, 0.5, rng)
    yield path(Instance(name="lasso_path_rho0.5", X=X, y=noisy_targets(X, k, 5.0, rng), alphas=()), 1e-2)
