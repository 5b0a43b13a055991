"""How long a forest system takes: seconds by size, and the fitted exponent.

``python -m benchmarks.bcd.forest [--repeats K]``, one thread, CPU seconds, checking, factoring, solving and certifying
together. Numbered breadth first, and shuffled, where every step to a neighbour leaves the cache.
"""

import argparse
import os
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is imported

import numpy as np
from scipy import sparse

from sparsetheory.bcd.forest import ForestFactor, solve_forest

SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)


def parents(kind, n, rng):
    """Parent of nodes 1, 2, ..., each smaller than its child."""
    child = np.arange(1, n)
    return {"path": child - 1, "star": 0 * child, "random tree": (rng.random(n - 1) * child).astype(int)}[kind]


def tree_matrix(kind, n, shuffled, rng):
    """A diagonally dominant matrix on a tree with random weights."""
    name = rng.permutation(n) if shuffled else np.arange(n)
    i, j, w = name[1:], name[parents(kind, n, rng)], rng.uniform(0.1, 1.0, n - 1)
    W = sparse.coo_array((w, (i, j)), shape=(n, n))
    W = (W + W.T).tocsr()
    A = (sparse.diags_array(W.sum(axis=1) + rng.uniform(0.01, 1.0, n)) - W).tocsr()
    if shuffled:
        return A
    order = ForestFactor.of(A).order
    return A[order][:, order]


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bcd.forest", description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args(argv)
    rng = np.random.default_rng(0)
    solve_forest(tree_matrix("path", 10, True, rng), np.ones(10))  # compile, or load from the cache
    print(f"{'':24}" + "".join(f"{n:>10}" for n in SIZES) + "  exponent  backward error")
    for kind in ("path", "star", "random tree"):
        for shuffled in (False, True):
            best, error = np.full(len(SIZES), np.inf), 0.0
            for k, n in enumerate(SIZES):
                A, r = tree_matrix(kind, n, shuffled, rng), rng.standard_normal(n)
                for _ in range(args.repeats):
                    start = time.process_time()
                    result = solve_forest(A, r)
                    best[k] = min(best[k], time.process_time() - start)
                    error = max(error, result.error)
            slope = np.polyfit(np.log(SIZES), np.log(best), 1)[0]
            row = f"{kind + (', shuffled' if shuffled else ''):24}" + "".join(f"{s:10.4f}" for s in best)
            print(f"{row}  {slope:8.2f}  {error:14.1e}")


if __name__ == "__main__":
    main()
