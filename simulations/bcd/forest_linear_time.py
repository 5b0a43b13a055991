"""Operations of the forest solver, counted in its own text, against 8 n - 6 t; its solution against dense algebra."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_tree

from sparsetheory.bcd.forest import check_symmetric, solve_forest
from sparsetheory.bcd.operation_count import forest_cost
from sparsetheory.errors import InvalidArgument
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

EPS = np.finfo(float).eps

#: Kind -> parent of node k among 0, ..., k - 1; -1 starts a tree.
PARENT = {
    "path": lambda k, rng: k - 1,
    "star": lambda k, rng: 0,
    "binary tree": lambda k, rng: (k - 1) // 2,
    "random tree": lambda k, rng: int(rng.integers(k)),
    "forest": lambda k, rng: -1 if k > 2 and rng.random() < 0.2 else int(rng.integers(k)),
}


@dataclass(frozen=True)
class Instance:
    """A forest system, and the same matrix with one edge more, which closes a cycle."""

    A: np.ndarray
    r: np.ndarray
    cyclic: np.ndarray


@dataclass(frozen=True)
class Outcome:
    """Operations, looks at entries and the solution; whether the cycle was refused; what the compiled solver says."""

    operations: int
    entries: int
    x: np.ndarray
    refused: bool
    compiled: np.ndarray


def _definite(W, slack):
    return W + np.diag(np.abs(W).sum(axis=1) + slack)


def generate(cell, rng):
    """Draw a diagonally dominant matrix on a tree or forest whose nodes are numbered at random."""
    n = int(cell["n"])
    above = [PARENT[cell["kind"]](k, rng) for k in range(1, n)]
    W, tree = np.zeros((n, n)), np.arange(n)
    for k, p in enumerate(above, start=1):
        if p >= 0:
            W[k, p] = W[p, k] = rng.uniform(0.1, 1.0) * rng.choice((-1, 1))
            tree[k] = tree[p]
    name = rng.permutation(n)
    chords = np.argwhere(np.triu((tree[:, None] == tree) & (W == 0), 1))
    i, j = chords[rng.integers(len(chords))]
    cyclic = W.copy()
    cyclic[i, j] = cyclic[j, i] = 0.5
    slack = rng.uniform(0.1, 1.0, n)
    A, B = (_definite(M, slack)[np.ix_(name, name)] for M in (W, cyclic))
    return Instance(A, rng.standard_normal(n), B)


def _is_refused(A):
    try:
        solve_forest(sparse.csr_array(A), np.ones(len(A)))
    except InvalidArgument as error:
        return "cycle" in str(error.got)
    return False


def run(instance, rng):
    """Count, solve with the compiled kernels, and offer them the cycle."""
    matrix = check_symmetric(sparse.csr_array(instance.A))
    cost = forest_cost(matrix, instance.r)
    compiled = solve_forest(matrix, instance.r, on_failure="raise").x
    return Outcome(cost.operations, cost.entries, cost.x.astype(float), _is_refused(instance.cyclic), compiled)


def measure(instance, outcome):
    """Hold the count against the claim; entries, solution and refusal have to be right as well."""
    A, n = instance.A, len(instance.A)
    edges = np.count_nonzero(np.triu(A, 1))
    dense = np.linalg.solve(A, instance.r)
    # both are backward stable, and differ by no more than rounding times the condition number
    floor = 20 * n * EPS * np.linalg.cond(A) * np.abs(dense).max()
    return Measurement(
        value=outcome.operations, at={"n": n, "t": n - edges},
        must_vanish={
            "entries looked at more or less than once": (outcome.entries - (n + 2 * edges), 0.0),
            "distance to the compiled solver": (np.abs(outcome.x - outcome.compiled).max(), 0.0),
            "distance to a dense solve": (np.abs(outcome.x - dense).max(), floor),
            "cycles that were solved": (float(not outcome.refused), 0.0),
        },
    )  # fmt: skip


def _eliminate(A, r, order):
    """Eliminate in any order, fill-in and all; s neighbours cost s (at least 1) + s (s + 1) + 4 s + 1 operations.

    From the leaves that is the count of the claim: 8 for a node with a parent, 2 for a root.
    """
    A, x, count, steps = A.copy(), r.astype(float).copy(), 0, []
    rest = np.ones(len(A), dtype=bool)
    for v in order:
        rest[v] = False
        near = np.flatnonzero(rest & (A[v] != 0))
        share = A[near, v] / A[v, v]
        A[np.ix_(near, near)] -= np.outer(share, A[v, near])
        x[near] -= share * x[v]
        steps.append((v, near, share))
        s = len(near)
        count += max(s, 1) + s * (s + 1) + 4 * s + 1
    for v, near, share in reversed(steps):
        x[v] = x[v] / A[v, v] - share @ x[near]
    return x, count


def from_the_roots(instance, rng):
    """Eliminate parents before their children: right, but every parent leaves its children joined pairwise."""
    right = run(instance, rng)
    order = solve_forest(sparse.csr_array(instance.A), instance.r).factor.order
    x, count = _eliminate(instance.A, instance.r, order)
    # this other order has other rounding errors, which are not the defect
    return Outcome(count, right.entries, x, right.refused, x)


def cycles_ignored(instance, rng):
    """Drop the edge that closes a cycle and solve what is left, without a word."""
    right = run(instance, rng)
    spanning = breadth_first_tree(sparse.csr_array(instance.cyclic), 0, directed=False).toarray()
    spanning = spanning + spanning.T + np.diag(np.diag(instance.cyclic))
    return Outcome(right.operations, right.entries, right.x, _is_refused(spanning), right.compiled)


KINDS = tuple({"kind": kind} for kind in PARENT)

STUDY = Study(
    claim="bcd.forest_linear_time",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(max_violation_rate=0.01, alternative="two-sided", quantity="number of operations"),
    quick=Budget(grid=Grid(axis="n", sizes=(4, 10, 30), strata=KINDS), replicates=6),
    full=Budget(grid=Grid(axis="n", sizes=(4, 10, 30, 100), strata=KINDS), replicates=80),
    controls=(
        WrongBound(
            bound=Bound(
                "8*n - 6*t - kappa", kappa="operations taken off", **find("bcd.forest_linear_time").bound.symbols
            ),
            neutral=0.0,
            kappa=1.0,
            scan=(1e-6, 1e-4, 0.01, 0.1, 1.0, 10.0),
        ),
        Broken(name="elimination from the roots", run=from_the_roots),
        Broken(name="cycles ignored", run=cycles_ignored),
        Positive(),
    ),
    cost_exponent=1.0,
    notes=(
        r"The count comes from the kernels' own text, run on numbers that count; its solution equals that of the "
        r"compiled kernels bit for bit, and a dense solver's up to $20 n$ roundings times the condition number. A "
        r"count is exact: nothing here depends on a clock. Seconds are in `benchmarks/bcd/forest.py`. Elimination "
        r"from the roots joins the children of every parent pairwise: on a star about $n^3/3$ operations."
    ),
)
