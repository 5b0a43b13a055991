"""Finite termination of greedy Newton blocks, paper size: ``python -m benchmarks.bcd.finite_termination [DRAWS]``.

Nonnegative L1 least squares, data A of BCD22 (1000 x 10000, lambda = 50000), several draws; greedy blocks of tau
variables, plain (gsl-q) and with the support always in the block (gsl-q-support), tau = nonzeros + 1 among them.
Printed: iterations to F - F* < 1e-8, beside the paper's (51 nonzeros there); the iteration that settled the support,
and F - F* there, one and two iterations later. One step is enough as soon as no zero of the block wants to move: where
it still does when the support is first right, it joins the Newton system and is projected back.

F - F* is ``|X (x - x*)|^2 / 2 + (gradient at x* + lambda).x``: no digits are lost to F* = 7e6; its floor is 1e-25.
"""

import sys
import time

import numpy as np
import scipy.sparse as sp

from benchmarks.bcd.paper.data import ALPHA, data_a
from sparsetheory import bcd

HEADER = (
    "draw nonzeros tau select        update        iterations paper settled   F-F* there  one later  two later  CPU"
)
#: (update, selection) -> iterations to 1e-8 in the paper by tau, variable blocks, figure 7.
METHODS = {
    ("two-metric", "gsl-q"): {5: 60, 50: 10, 100: 9},
    ("two-metric", "gsl-q-support"): {5: 60, 50: 10, 100: 9},
    ("prox-gradient", "gsl-q"): {5: 165, 50: 140, 100: 160},  # the control, on the first draw: linear to the end
}


def solved(problem):
    """Return the solution: its support from a run, its values from the normal equations, refined once."""
    run = bcd.minimize(
        problem, penalty=bcd.Box(alpha=ALPHA), partition="variable", select="gsl-q-support", block_size=200,
        update="two-metric", tol=1e-12,
    )  # fmt: skip
    support, x = run.support, np.zeros(problem.n)
    columns = problem.X[:, support].toarray()
    for _ in range(2):
        missing = columns.T @ (problem.y - columns @ x[support]) - ALPHA
        x[support] += np.linalg.solve(columns.T @ columns, missing)
    slack = np.where(x > 0, 0.0, problem.gradient(x, problem.image(x)) + ALPHA)
    assert (x[support] > 0).all()
    assert (slack >= 0).all()
    return x, slack


def curve(problem, x, slack, select, update, size):
    """Return F - F* before and after every iteration, and the iteration that settled the support."""
    points = [np.zeros(problem.n)]
    run = bcd.minimize(
        problem, penalty=bcd.Box(alpha=ALPHA), partition="variable", select=select, update=update, block_size=size,
        tol=0.0, max_iter=500, callback=lambda p: points.append(p.solution), on_failure="ignore",
    )  # fmt: skip
    return np.array([0.5 * np.sum((problem.X @ (p - x)) ** 2) + slack @ p for p in points]), run.identified_at


def report(problem, x, slack, name, update, select, paper):
    """Print a row for each block size."""
    for size in (5, 50, 100, np.count_nonzero(x) + 1):
        start = time.process_time()
        gap, settled = curve(problem, x, slack, select, update, size)
        done = np.flatnonzero(gap < 1e-8)
        first = f"{done[0] if done.size else '-':>10} {paper.get(size, '-'):>5} {settled:>7}"
        later = [gap[min(settled + k, len(gap) - 1)] for k in range(3)]
        after = f"{later[0]:>12.2g} {later[1]:>10.2g} {later[2]:>10.2g}"
        print(
            f"{name} {size:>3} {select:13} {update:13}", first, after, f"{time.process_time() - start:6.1f}", flush=True
        )


def main(draws=10):
    print(HEADER)
    for seed in range(draws):
        A, b = data_a(1000, 10_000, np.random.default_rng(seed))
        problem = bcd.LeastSquares(sp.csc_matrix(A), b)
        x, slack = solved(problem)
        for (update, select), paper in METHODS.items():
            if update == "two-metric" or seed == 0:
                report(problem, x, slack, f"{seed:>4} {np.count_nonzero(x):>8}", update, select, paper)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
