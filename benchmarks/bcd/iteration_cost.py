"""Iterations a second of `bcd.minimize` on the paper's problems: ``python -m benchmarks.bcd.iteration_cost [NAME]``.

CPU time on one thread (set OMP_NUM_THREADS and OPENBLAS_NUM_THREADS to 1). Constants of blocks are computed once, in
the start, which is timed by a run of 5 iterations and taken off. The last column is f at the end: a faster iteration
must still be the same iteration.
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
    """Yield (name, problem builder, rules)."""
    for size in (5, 50):
        for update in ("gradient", "matrix"):
            for partition in ("sort", "variable"):
                for select in ("gs", "gsl", "gsd"):
                    rules = {"partition": partition, "select": select, "update": update, "block_size": size}
                    yield f"A {partition} {select} {update} {size}", problem_a, rules
    for size in (5, 50):
        yield (
            f"A sort cyclic gradient {size}",
            problem_a,
            {"select": "cyclic", "update": "gradient", "block_size": size},
        )
    for partition in ("sort", "variable"):
        rules = {"partition": partition, "select": "gsl", "block_size": 50}
        long = {**rules, "update": "matrix", "max_iter": 5000}  # 48 inverses are the price of the first 500
        yield f"D {partition} gsl matrix 50", problem_d, long
        yield f"B {partition} gsl gradient 50", problem_b, {**rules, "update": "gradient"}
        yield f"B {partition} gsl newton 50", problem_b, {**rules, "update": "newton"}
    rules = {"select": "gsl", "update": "matrix", "block_size": 5, "max_iter": 5000}
    yield "D sort gsl matrix 5", problem_d, rules
    yield "A coordinate gsl", problem_a, {"select": "gsl", "update": "exact", "block_size": 1, "max_iter": 5000}
    one = {"block_size": 1, "max_iter": N_COORDINATE}
    for select, update in (("gs", "gradient"), ("gsl", "exact"), ("cyclic", "exact"), ("random", "gradient")):
        yield f"S coordinate {select} {update}", problem_s, {**one, "select": select, "update": update}
    for select in ("gsl-q", "cyclic"):
        rules = {**one, "select": select, "update": "prox-gradient", "penalty": bcd.L1(1.0)}
        yield f"S coordinate {select} L1", problem_s, rules


def spent(problem, rules, iterations):
    """Return CPU seconds, iterations and f at the end."""
    start = time.process_time()
    run = bcd.minimize(problem, **{"tol": 0.0, "on_failure": "ignore", **rules, "max_iter": iterations},
                       rng=np.random.default_rng(1))  # fmt: skip
    return time.process_time() - start, run.n_iter, run.objective


def main(wanted="", divisor=1):
    """Print a line a run; `divisor` shortens all runs."""
    built = {}
    for name, build, rules in runs():
        if wanted not in name:
            continue
        if build not in built:
            built[build] = build()
        problem, count = built[build], rules.get("max_iter", ITERATIONS) // int(divisor)
        spent(problem, rules, 5)
        short, first, _ = spent(problem, rules, 5)
        long, last, f = spent(problem, rules, 5 + count)
        rate = (last - first) / max(long - short, 1e-9)
        print(f"{name:30} {last:>7} it {rate:>10.0f} it/s   start {short:6.3f} s   f {f:.10g}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
