"""Label propagation on lattices: block rules as solvers and as preconditioners, beside scipy's conjugate gradients.

``python -m benchmarks.bcd.lattice [--side N ...] [--tol T] [--repeats K] [--json PATH]``, one thread, CPU seconds.

Everyone gets the system ``A x = c`` of the free nodes (4 % labelled at random with N(0, 10^2), unit weights) and starts
from zero; checking, factoring and permuting are part of the time. The judge recomputes ``|A x - c| / |c|``. Block
rules as solvers: `solve_two_blocks`, `gauss_seidel`, trees grown afresh. As preconditioners: inside scipy's conjugate
gradients, and in `solve_blocks`, whose iterations are the same and read A once.
"""

import argparse
import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy is imported

import numpy as np  # noqa: E402
from scipy import sparse  # noqa: E402
from scipy.sparse.linalg import cg  # noqa: E402

from sparsetheory.bcd.block_cg import solve_blocks  # noqa: E402
from sparsetheory.bcd.descent import minimize  # noqa: E402
from sparsetheory.bcd.graph import tree_partition  # noqa: E402
from sparsetheory.bcd.lattice import combs, lattice_weights, red_black  # noqa: E402
from sparsetheory.bcd.quadratic import Quadratic  # noqa: E402
from sparsetheory.bcd.reduced import solve_two_blocks  # noqa: E402
from sparsetheory.bcd.sweeps import gauss_seidel, gauss_seidel_preconditioner  # noqa: E402

LABELLED = 0.04
SLOW = {"gauss_seidel", "minimize"}  # plain block methods, left out above this side
SLOW_LIMIT = 400


def lattice_system(side, rng):
    """Return A, c and the indices of the free nodes."""
    W, n = lattice_weights((side, side)), side * side
    labelled = rng.choice(n, max(1, int(LABELLED * n)), replace=False)
    free = np.setdiff1d(np.arange(n), labelled)
    L = (sparse.diags_array(W.sum(axis=1)) - W).tocsr()[free]
    return L[:, free].tocsr(), -(L[:, labelled] @ rng.normal(0, 10, len(labelled))), free


def conjugate_gradients(A, c, tol, M=None):
    done = []
    x, _ = cg(A, c, rtol=tol, atol=0.0, M=M, callback=lambda _: done.append(None))
    return x, len(done)


def jacobi(A):
    return sparse.diags_array(1 / A.diagonal())


def of(result):
    return result.x, result.n_iter


def trees(A, c, tol, select):
    """Exact steps on forests grown afresh, until the residual that everyone is judged by is small."""
    met = tol * np.linalg.norm(c)
    result = minimize(
        Quadratic(A, c), partition="variable", select=select, update="exact", tol=0.0, rng=np.random.default_rng(0),
        callback=lambda progress: np.linalg.norm(A @ progress.solution - c) <= met, on_failure="ignore",
    )  # fmt: skip
    return of(result)


def runs(side, free):
    """Name -> (A, c, tol) -> (x, iterations)."""
    comb, parity = combs((side, side))[free], red_black((side, side))[free]
    quiet = {"on_failure": "ignore"}
    return {
        "scipy cg": conjugate_gradients,
        "scipy cg, Jacobi": lambda A, c, tol: conjugate_gradients(A, c, tol, jacobi(A)),
        "solve_two_blocks, combs": lambda A, c, tol: of(solve_two_blocks(A, c, partition=comb, tol=tol, **quiet)),
        "solve_two_blocks, red-black": lambda A, c, tol: of(solve_two_blocks(A, c, partition=parity, tol=tol, **quiet)),
        "solve_two_blocks, found trees": lambda A, c, tol: of(
            solve_two_blocks(A, c, partition=tree_partition(A), tol=tol, **quiet)
        ),
        "solve_blocks, combs": lambda A, c, tol: of(solve_blocks(A, c, partition=comb, tol=tol, **quiet)),
        "solve_blocks, red-black": lambda A, c, tol: of(solve_blocks(A, c, partition=parity, tol=tol, **quiet)),
        "solve_blocks, found trees": lambda A, c, tol: of(
            solve_blocks(A, c, partition=tree_partition(A), tol=tol, **quiet)
        ),
        "scipy cg, block sweep on combs": lambda A, c, tol: conjugate_gradients(
            A, c, tol, gauss_seidel_preconditioner(A, partition=comb)
        ),
        "scipy cg, block sweep on red-black": lambda A, c, tol: conjugate_gradients(
            A, c, tol, gauss_seidel_preconditioner(A, partition=parity)
        ),
        "scipy cg, block sweep on found trees": lambda A, c, tol: conjugate_gradients(
            A, c, tol, gauss_seidel_preconditioner(A, partition=tree_partition(A))
        ),
        "gauss_seidel, combs": lambda A, c, tol: of(gauss_seidel(A, c, partition=comb, tol=tol, **quiet)),
        "gauss_seidel, red-black": lambda A, c, tol: of(gauss_seidel(A, c, partition=parity, tol=tol, **quiet)),
        "minimize, greedy tree": lambda A, c, tol: trees(A, c, tol, "greedy-tree"),
        "minimize, random tree": lambda A, c, tol: trees(A, c, tol, "random-tree"),
    }


def judge(A, x, c):
    """Relative residual, formed identically for everyone; NaN stays NaN."""
    return float(np.linalg.norm(A @ x - c) / np.linalg.norm(c))


def measure(side, tol, repeats):
    """Rows of the table for one lattice; repeats go round robin, so that a noisy minute meets everyone."""
    A, c, free = lattice_system(side, np.random.default_rng(0))
    table = {
        name: run for name, run in runs(side, free).items() if side <= SLOW_LIMIT or name.split(",")[0] not in SLOW
    }
    rows = {name: {"side": side, "unknowns": len(c), "method": name, "seconds": np.inf} for name in table}
    for _ in range(repeats):
        for name, run in table.items():
            start = time.process_time()
            x, n_iter = run(A, c, tol)
            spent = time.process_time() - start
            error = judge(A, x, c)
            rows[name] |= {"seconds": min(spent, rows[name]["seconds"]), "n_iter": n_iter, "error": error}
    best = min(rows[name]["seconds"] for name in ("scipy cg", "scipy cg, Jacobi") if rows[name]["error"] <= tol)
    return [row | {"ratio": row["seconds"] / best, "solved": row["error"] <= tol} for row in rows.values()]


def show(rows, tol):
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"relative residual <= {tol:g}; ratio to the best scipy cg that met it")
    columns = ["side", "unknowns", "method", "seconds", "ratio", "n_iter", "error", "solved"]
    for column in columns:
        table.add_column(column, justify="left" if column == "method" else "right")
    for row in rows:
        table.add_row(*(f"{row[c]:.3g}" if isinstance(row[c], float) else str(row[c]) for c in columns))
    Console(width=None if sys.stdout.isatty() else 130).print(table)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bcd.lattice", description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--tol", type=float, default=1e-8)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", help="write the rows to this file")
    args = parser.parse_args(argv)
    measure(8, args.tol, 1)  # compile, or load from the cache
    rows = [row for side in args.side for row in measure(side, args.tol, args.repeats)]
    show(rows, args.tol)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
