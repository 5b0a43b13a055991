"""Iterations a second of `bcd.minimize` on the paper's problems: ``python -m benchmarks.bcd.iteration_cost [NAME]``.

CPU time on one thread (set OMP_NUM_THREADS and OPENBLAS_NUM_THREADS to 1); the first run of a rule on a small problem
of the same kind is not counted. The last column is f at the end: a faster iteration must still be the same iteration.
"""

import sys
import time

import numpy as np
import scipy.sparse as sp

from benchmarks.bcd.paper.data import data_a
from sparsetheory import bcd

ITERATIONS = 500
N_COORDINATE = 100_000


def problem_a(samples=1000, n=10_000):
    """Least squares of the paper."""
    A, b = data_a(samples, n, np.random.default_rng(0))
    return bcd.LeastSquares(sp.csc_matrix(A), b)


def problem_b(samples=1000, n=10_000):
    """Logistic regression of the paper, a tenth of the labels flipped."""
    rng = np.random.default_rng(0)
    A, b = data_a(samples, n, rng)
    labels = np.where(b > 0, 1.0, -1.0) * np.where(rng.random(samples) < 0.1, -1.0, 1.0)
    return bcd.Logistic(sp.csc_matrix(A), labels)


def problem_d(side=50):
    """Label propagation on a lattice."""
    rng = np.random.default_rng(0)
    W = 1e5 * bcd.lattice_weights((side, side))
    laplacian = sp.csr_matrix(sp.diags(np.asarray(W.sum(axis=1)).ravel()) - W)
    labelled = np.sort(rng.choice(side * side, max(2, side * side // 25), replace=False))
    free = np.setdiff1d(np.arange(side * side), labelled)
    c = -laplacian[free][:, labelled] @ (10 * rng.normal(size=len(labelled)))
    return bcd.Quadratic(laplacian[free][:, free], c)


def problem_s(samples=10_000, n=10_000, per_column=10):
    """Sparse least squares, ten entries a column: coordinate descent touches little."""
    rng = np.random.default_rng(0)
    X = sp.random_array((samples, n), density=per_column / samples, format="csc", rng=rng)
    X.data = rng.normal(size=X.nnz)
    return bcd.LeastSquares(X, X @ rng.normal(size=n) + rng.normal(size=samples))


def runs():
    """Yield (name, build, build small, rules)."""
    small_a, small_b = (lambda: problem_a(50, 200)), (lambda: problem_b(50, 200))
    small_s = lambda: problem_s(200, 200, 5)  # noqa: E731
    for size in (5, 50):
        for update in ("gradient", "matrix"):
            for partition in ("sort", "variable"):
                for select in ("gs", "gsl", "gsd"):
                    rules = {"partition": partition, "select": select, "update": update, "block_size": size}
                    yield f"A {partition} {select} {update} {size}", problem_a, small_a, rules
    for partition in ("sort", "variable"):
        rules = {"partition": partition, "select": "gsl", "block_size": 50}
        yield f"D {partition} gsl matrix 50", problem_d, lambda: problem_d(8), {**rules, "update": "matrix"}
        yield f"B {partition} gsl gradient 50", problem_b, small_b, {**rules, "update": "gradient"}
        yield f"B {partition} gsl newton 50", problem_b, small_b, {**rules, "update": "newton"}
    one = {"block_size": 1, "max_iter": N_COORDINATE}
    for select, update in (("gs", "gradient"), ("gsl", "gradient"), ("cyclic", "gradient"), ("cyclic", "exact"),
                           ("random", "gradient")):  # fmt: skip
        yield f"S coordinate {select} {update}", problem_s, small_s, {**one, "select": select, "update": update}
    for select in ("gsl-q", "cyclic"):
        rules = {**one, "select": select, "update": "prox-gradient", "penalty": bcd.L1(1.0)}
        yield f"S coordinate {select} L1", problem_s, small_s, rules


def main(wanted=""):
    """Print a line a run."""
    built = {}
    for name, build, build_small, rules in runs():
        if wanted not in name:
            continue
        if name[0] not in built:
            built[name[0]] = build()
        fixed = {"tol": 0.0, "max_iter": ITERATIONS, "on_failure": "ignore"}
        fixed |= rules
        bcd.minimize(build_small(), **(fixed | {"max_iter": 5}), rng=np.random.default_rng(1))
        start = time.process_time()
        run = bcd.minimize(built[name[0]], **fixed, rng=np.random.default_rng(1))
        spent = time.process_time() - start
        print(f"{name:36} {run.n_iter:>7} it  {run.n_iter / spent:10.0f} it/s  {run.objective:.10g}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
