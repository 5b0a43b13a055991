"""The recipes of the data, from one seed each: another draw than the paper's, whose matrices were never published."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import spsolve

from sparsetheory import bcd

__all__ = ["DATA", "Case", "case", "columns_of_many_scales", "data_a", "lattice_system", "moons_system"]

ALPHA = 50_000.0  # of the nonnegative L1 problem


def columns_of_many_scales(samples, n, rng):
    """Entries ``(N(0,1) + 1) * 10 N(0,1)``, the second by column, kept with probability ``10 log(samples)/samples``."""
    keep = rng.random((samples, n)) < 10 * np.log(samples) / samples
    return (rng.normal(size=(samples, n)) + 1) * 10 * rng.normal(size=n) * keep


def data_a(samples, n, rng):
    """Return the matrix and the targets of a vector with a tenth of its entries, plus noise."""
    A = columns_of_many_scales(samples, n, rng)
    w = rng.normal(size=n) * (rng.random(n) < 0.1)
    return A, A @ w + rng.normal(size=samples)


def data_b(samples, n, rng):
    """The same matrix with signs for targets, a tenth of them flipped."""
    A = columns_of_many_scales(samples, n, rng)
    w = rng.normal(size=n) * (rng.random(n) < 0.1)
    signs = np.where(A @ w >= 0, 1.0, -1.0)
    return A, np.where(rng.random(samples) < 0.1, -signs, signs)


def data_c(samples, n, classes, rng):
    """The same kind of matrix and the largest of noisy linear forms as class."""
    A = columns_of_many_scales(samples, n, rng)
    W = rng.normal(size=(n, classes))
    return A, np.argmax(A @ W + rng.normal(size=(samples, classes)), axis=1)


def _propagation(weights, labelled, values):
    """Return the matrix and the linear term of the free nodes."""
    laplacian = (sp.diags_array(weights.sum(axis=1)) - weights).tocsr()
    free = np.setdiff1d(np.arange(weights.shape[0]), labelled)
    rows = laplacian[free]
    return rows[:, free].tocsr(), -(rows[:, labelled] @ values), free


def lattice_system(side, n_labelled, rng):
    """Weights 1e5 on a lattice, some nodes with values N(0, 10^2); also the indices of the free nodes."""
    labelled = np.sort(rng.choice(side * side, n_labelled, replace=False))
    return _propagation(bcd.lattice_weights((side, side), weight=1e5), labelled, rng.normal(0, 10, n_labelled))


def moons_system(points, n_labelled, rng):
    """Two half moons with noise of variance 0.04, joined to their 5 nearest, labels 1 and 2."""
    from sklearn.datasets import make_moons
    from sklearn.neighbors import kneighbors_graph

    X, classes = make_moons(points, noise=0.2, random_state=int(rng.integers(2**31)))
    near = sp.csr_array(kneighbors_graph(X, 5))
    labelled = np.sort(rng.choice(points, n_labelled, replace=False))
    return _propagation(sp.csr_array(near.maximum(near.T)), labelled, 1.0 + classes[labelled])


@dataclass(frozen=True, eq=False)
class Case:
    """A problem, its penalty, and how far a point is from the optimum.

    `best` is the optimal value, or the infimum where none is attained; `solution` is there where f - f* is better
    taken as an energy, which loses no digits against a large f*; a lattice has its `side`, and
    which of its nodes are `free`.
    """

    problem: Any
    penalty: Any = None
    best: float = 0.0
    solution: Any = None
    side: int | None = None
    free: Any = None

    @cached_property
    def start(self):
        """F(0) - F*."""
        return self.gap(np.zeros(self.problem.n))

    def gap(self, x):
        """F(x) - F*."""
        if self.solution is not None:
            error = x - self.solution
            return 0.5 * float(error @ (self.problem.A @ error))
        penalty = 0.0 if self.penalty is None else ALPHA * float(np.abs(x).sum())
        return self.problem.value(x, self.problem.image(x)) + penalty - self.best


def _of_samples(kind, draw):
    A, b = draw
    return Case(kind(sp.csc_matrix(A), b))


def _of_graph(A, c, free, side=None):
    return Case(bcd.Quadratic(A, c), solution=spsolve(A.tocsc(), c), side=side, free=free)


def _nonnegative(seed):
    """Data A under nonnegative L1; F* is that of a run to the rounding floor, whose residual certifies it."""
    A, b = data_a(1000, 10_000, np.random.default_rng(seed))
    problem, penalty = bcd.LeastSquares(sp.csc_matrix(A), b), bcd.Box(alpha=ALPHA)
    run = bcd.minimize(problem, penalty=penalty, partition="variable", update="two-metric", block_size=200, tol=1e-13)
    return Case(problem, penalty, best=run.objective)


#: Name in the paper -> its draw from a seed.
DATA = {
    "A": lambda seed: _of_samples(bcd.LeastSquares, data_a(1000, 10_000, np.random.default_rng(seed))),
    "B": lambda seed: _of_samples(bcd.Logistic, data_b(1000, 10_000, np.random.default_rng(seed))),
    "C": lambda seed: _of_samples(bcd.Softmax, data_c(1000, 1000, 50, np.random.default_rng(seed))),
    "D": lambda seed: _of_graph(*lattice_system(50, 100, np.random.default_rng(seed)), side=50),
    "E": lambda seed: _of_graph(*moons_system(2000, 100, np.random.default_rng(seed))),
    "A-L1": _nonnegative,
}


@lru_cache(maxsize=1)  # one at a time: A and B hold some hundred megabytes while they are drawn
def case(name, seed=0):
    """Return the case, drawn when first asked for."""
    return DATA[name](seed)
