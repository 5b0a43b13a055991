"""Iterations of BCD22 at its own size beside ours: ``python benchmarks/bcd/paper_figures.py``, half a minute.

Least squares on another draw of data A (1000 x 10000), matrix updates, blocks of 50 (figure 5): iterations to
f < 1e-8. Nonnegative L1 at lambda = 50000 (figure 7): iterations to a relative KKT residual of 1e-12, the one after
which the support stayed, its size; the paper counts iterations to 1e-8 in f and has 51 variables in its support.
"""

import time

import numpy as np
import scipy.sparse as sp
from paper_rules import data_a

from sparsetheory import bcd

#: (partition, select) -> iterations to 1e-8 in the paper, read off its vector figure; 0: not within 500
FIGURE_5 = {
    ("variable", "gsq"): 150, ("variable", "gsd"): 245, ("sort", "gsq"): 475, ("sort", "gsd"): 485,
    ("sort", "gsl"): 500, ("sort", "gs"): 0,
}  # fmt: skip
#: (update, block size) -> iterations in the paper
FIGURE_7 = {
    ("two-metric", 5): 60, ("two-metric", 50): 10, ("two-metric", 100): 9, ("prox-newton", 5): 60,
    ("prox-newton", 50): 10, ("prox-newton", 100): 9, ("prox-gradient", 5): 165, ("prox-gradient", 50): 140,
    ("prox-gradient", 100): 160,
}  # fmt: skip


def main():
    A, b = data_a(1000, 10_000, np.random.default_rng(0))
    problem = bcd.LeastSquares(sp.csc_matrix(A), b)
    print("figure 5: partition, select, iterations to f < 1e-8, in the paper, f at the end")
    for (partition, select), paper in FIGURE_5.items():
        start = time.process_time()
        run = bcd.minimize(problem, partition=partition, select=select, update="matrix", block_size=50, max_iter=500,
                           tol=0.0, on_failure="ignore")  # fmt: skip
        below = np.flatnonzero(run.objectives < 1e-8)
        done = below[0] if below.size else "-"
        print(f"{partition:9} {select:4} {done:>5} {paper or '-':>5} {run.objective:9.1e}", _spent(start))
    print("figure 7: update, block size, iterations, in the paper, settled at, support, residual")
    for (update, size), paper in FIGURE_7.items():
        start = time.process_time()
        run = bcd.minimize(problem, partition="variable", update=update, penalty=bcd.Box(alpha=50_000.0),
                           block_size=size, max_iter=500, tol=1e-12, on_failure="ignore")  # fmt: skip
        found = f"{run.n_iter:>5} {paper:>5} {run.identified_at:>4} {len(run.support):>4} {run.error:9.1e}"
        print(f"{update:13} {size:>4} {found}", _spent(start))


def _spent(start):
    return f"{time.process_time() - start:6.1f} s CPU"


if __name__ == "__main__":
    main()
