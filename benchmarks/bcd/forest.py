"""How long a forest system takes: seconds by size, and the fitted exponent.

``python -m benchmarks.bcd.forest [--repeats K]``, one thread, CPU seconds of three things: `ForestFactor.of` (check the
matrix, root the trees, factor), `ForestFactor.solve` (one more right-hand side), and `solve_forest`, both together with
the certificate. Numbered breadth first, and shuffled, where every step to a neighbour leaves the cache; the number of
operations is the same, and exactly linear in n. The last row is what memory alone does on this machine: gathering a
vector by a random permutation.
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


def seconds(call):
    start = time.process_time()
    answer = call()
    return time.process_time() - start, answer


def stages(A, r):
    """Name -> seconds of one run, and the backward error."""
    setup, factor = seconds(lambda: ForestFactor.of(A))
    solve, _ = seconds(lambda: factor.solve(r))
    both, result = seconds(lambda: solve_forest(A, r))
    return {"factor": setup, "solve": solve, "solve_forest": both}, result.error


def gather(n, rng):
    """Seconds of x[p] for a random permutation p."""
    x, p = rng.standard_normal(n), rng.permutation(n).astype(np.int32)
    return {"gather x[p]": seconds(lambda: x[p])[0]}, 0.0


def show(name, runs):
    """Print a line for each stage: best seconds by size, and the slope of their logarithms."""
    for stage in runs[0][0][0]:
        best = np.array([min(row[stage] for row, _ in repeats) for repeats in runs])
        slope = np.polyfit(np.log(SIZES), np.log(best), 1)[0]
        error = max(e for repeats in runs for _, e in repeats)
        print(f"{name:24}{stage:14}" + "".join(f"{s:10.5f}" for s in best) + f"  {slope:8.2f}  {error:14.1e}")


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bcd.forest", description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args(argv)
    rng = np.random.default_rng(0)
    solve_forest(tree_matrix("path", 10, True, rng), np.ones(10))  # compile, or load from the cache
    print(f"{'':38}" + "".join(f"{n:>10}" for n in SIZES) + "  exponent  backward error")
    for kind in ("path", "star", "random tree"):
        for shuffled in (False, True):
            runs = []
            for n in SIZES:
                A, r = tree_matrix(kind, n, shuffled, rng), rng.standard_normal(n)
                runs.append([stages(A, r) for _ in range(args.repeats)])
            show(kind + (", shuffled" if shuffled else ""), runs)
    show("memory", [[gather(n, rng) for _ in range(args.repeats)] for n in SIZES])


if __name__ == "__main__":
    main()
