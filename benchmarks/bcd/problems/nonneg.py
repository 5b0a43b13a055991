"""Nonnegative L1 least squares on data A of Nutini, Laradji, Schmidt (JMLR 23, 2022, section 7), alpha 50000 / n.

Columns of many scales: entries N(1, 1) times 10 N(0, 1) by column, kept with probability 10 log(n) / n.
"""

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from benchmarks.bcd.instance import Instance
from benchmarks.bcd.paper.data import data_a


def instances(small: bool) -> Iterator[Instance]:
    n, p = (200, 2000) if small else (1000, 10_000)
    A, b = data_a(n, p, np.random.default_rng(0))
    yield Instance(name="nonneg_paper_A", X=sparse.csc_matrix(A), y=b, alphas=(50_000 / n,), positive=True)
