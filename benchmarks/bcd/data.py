"""Designs and targets that several problem files draw from."""

import dataclasses

import numpy as np
from scipy import sparse

from benchmarks.bcd.instance import Design, Instance
from benchmarks.bcd.judge import largest_alpha


def correlated_design(n: int, p: int, rho: float, rng: np.random.Generator) -> np.ndarray:
    """Fortran-ordered normal columns, correlation rho^|i - j|."""
    X = rng.standard_normal((p, n)).T
    for j in range(1, p):
        X[:, j] *= np.sqrt(1 - rho**2)
        X[:, j] += rho * X[:, j - 1]
    return X


def noisy_targets(X: Design, support: int | np.ndarray, snr: float, rng: np.random.Generator) -> np.ndarray:
    """Xw plus noise, |Xw| = snr |noise|, with normal entries in w at the support, or at so many random places."""
    n, p = X.shape
    if isinstance(support, int):
        support = rng.choice(p, support, replace=False)
    w = np.zeros(p)
    w[support] = rng.standard_normal(len(support))
    signal, noise = X @ w, rng.standard_normal(n)
    return signal + noise * (np.linalg.norm(signal) / np.linalg.norm(noise) / snr)


def standardised(X: np.ndarray) -> np.ndarray:
    """Columns of mean 0 and variance 1, Fortran order; constant columns leave."""
    X = X[:, X.std(axis=0) > 0]
    return np.asfortranarray((X - X.mean(axis=0)) / X.std(axis=0))


def at_fractions(instance: Instance, divisors: tuple[int, ...]) -> list[Instance]:
    """The instance at largest alpha over each divisor, which goes into the name."""
    top = largest_alpha(instance)
    return [dataclasses.replace(instance, name=f"{instance.name}_{d}", alphas=(top / d,)) for d in divisors]


def sparse_design(n: int, p: int, per_column: int, rng: np.random.Generator) -> sparse.csc_matrix:
    """Compressed columns with about `per_column` normal entries at random rows."""
    rows = rng.integers(0, n, (p, per_column)).astype(np.int32).ravel()
    X = sparse.csc_matrix(
        (rng.standard_normal(p * per_column), rows, np.arange(0, p * per_column + 1, per_column, dtype=np.int32)),
        shape=(n, p),
    )
    X.sum_duplicates()
    return X
