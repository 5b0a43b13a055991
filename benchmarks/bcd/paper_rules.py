"""Rules of BCD22 on least squares with columns of many scales.

Run ``python benchmarks/bcd/paper_rules.py [N] [ITERATIONS]``.

Data A of the paper (JMLR 23, section 7): entries ``(N(0,1) + 1) * 10 N(0,1)`` by column, kept with probability
``10 log(m) / m``; targets of a sparse vector plus noise. Prints f - f* after the iterations, blocks of 50 variables.
"""

import sys
import time

import numpy as np
import scipy.sparse as sp

from sparsetheory import bcd


def data_a(samples, n, rng):
    keep = rng.random((samples, n)) < 10 * np.log(samples) / samples
    A = (rng.normal(size=(samples, n)) + 1) * 10 * rng.normal(size=n) * keep
    w = rng.normal(size=n) * (rng.random(n) < 0.1)
    return A, A @ w + rng.normal(size=samples)


def main(n=2000, iterations=200):
    A, b = data_a(n // 5, n, np.random.default_rng(0))
    problem = bcd.LeastSquares(sp.csc_matrix(A), b)
    best = 0.5 * np.sum((A @ np.linalg.lstsq(A, b)[0] - b) ** 2)
    print(f"n {n}, samples {n // 5}, f(0) - f* {0.5 * b @ b - best:.3g}, f - f* after {iterations} iterations")
    for update in ("gradient", "adaptive", "matrix"):
        for partition in ("order", "average", "sort", "variable"):
            if partition == "variable" and update == "adaptive":
                continue
            for select in ("random", "lipschitz", "gs", "gsl", "gsd", "gsq"):
                start = time.process_time()
                run = bcd.minimize(
                    problem, partition=partition, select=select, update=update, block_size=50, max_iter=iterations,
                    tol=0.0, rng=np.random.default_rng(1), on_failure="ignore",
                )  # fmt: skip
                spent = time.process_time() - start
                print(f"{update:9} {partition:9} {select:10} {run.objective - best:10.3g}   {spent:6.2f} s CPU")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
