"""One method on one panel: F - F* at every iteration, and where it ended."""

import time

import numpy as np

from sparsetheory import bcd

from .experiments import ITERATIONS, SOLVED, Forest

__all__ = ["KEPT", "run"]

#: Iterations whose values are kept in a record: enough to draw from.
KEPT = np.unique(np.concatenate([np.arange(51), np.arange(50, ITERATIONS + 1, 10)]))


def run(case, method, size, *, seed):
    """Return the record of a run, plain numbers only."""
    start, rng = time.process_time(), np.random.default_rng(seed)
    if isinstance(method, Forest):
        gaps, more = FORESTS[method.function](case, rng), {}
    else:
        gaps, more = _by_rules(case, method, size, rng)
    filled = np.concatenate([gaps, np.full(ITERATIONS + 1 - len(gaps), gaps[-1])])
    below = np.flatnonzero(filled < SOLVED)
    return {
        "label": method.label, "final": _short(filled[-1]), "solved_at": int(below[0]) if below.size else None, **more,
        "seconds": round(time.process_time() - start, 2), "curve": [_short(v) for v in filled[KEPT]],
    }  # fmt: skip


def _short(value):
    return float(f"{value:.4g}")


def _by_rules(case, method, size, rng):
    options = {}
    gaps = [case.start]
    if case.solution is not None:  # an energy needs the point of every iteration
        options = {"check_every": 1, "callback": lambda progress: gaps.append(case.gap(progress.solution))}
    result = bcd.minimize(
        case.problem, partition=method.partition, select=method.select, update=method.update, block_size=size,
        penalty=case.penalty, max_iter=ITERATIONS, tol=0.0, rng=rng, on_failure="ignore", **options,
    )  # fmt: skip
    curve = np.array(gaps) if options else result.objectives - case.best
    if case.penalty is None:
        return curve, {}
    # with random blocks most of the support may never have been touched: settled or not is for the reader to see
    return curve, {"settled_at": result.identified_at, "support": len(result.support)}


def _watched(case, solve, *args, **options):
    """Run a solver with a checkpoint an iteration, the whole budget whatever it has reached."""
    gaps = [case.start]
    solve(*args, tol=0.0, max_iter=ITERATIONS, on_failure="ignore", **options,
          callback=lambda progress: gaps.append(case.gap(progress.solution)))  # fmt: skip
    return np.array(gaps)


def _descent(case, select, rng=None):
    return _watched(case, bcd.minimize, case.problem, partition="variable", select=select, update="exact", rng=rng)


def _sweeps(case, partition):
    """Blocks in turn; the value at a checkpoint stands for the iterations up to it."""
    blocks = int(partition.max()) + 1
    at, gaps = [0], [case.start]

    def note(progress):
        at.append(progress.n_iter * blocks)
        gaps.append(case.gap(progress.solution))

    bcd.gauss_seidel(case.problem.A, case.problem.c, partition=partition, tol=0.0, max_iter=ITERATIONS // blocks,
                     callback=note, on_failure="ignore")  # fmt: skip
    logs = np.interp(np.arange(at[-1] + 1), at, np.log(np.maximum(gaps, 1e-300)))
    return np.exp(logs)


def _lattice(case, partition):
    return partition((50, 50))[case.free]


def _is_lattice(case):
    return case.problem.n == 2400


def _trees(case, rng):
    return _sweeps(case, _lattice(case, bcd.combs) if _is_lattice(case) else bcd.tree_partition(case.problem.A))


def _colours(case, rng):
    return _sweeps(case, _lattice(case, bcd.red_black) if _is_lattice(case) else bcd.colouring(case.problem.A))


def _small_dense(case, rng):
    """Blocks without structure, so small that a dense solve costs no more than a tree."""
    size = round(case.problem.n ** (1 / 3))
    return _watched(case, bcd.minimize, case.problem, partition="variable", select="gs", update="exact",
                    block_size=size)  # fmt: skip


FORESTS = {
    "greedy_tree": lambda case, rng: _descent(case, "greedy-tree"),
    "random_tree": lambda case, rng: _descent(case, "random-tree", rng),
    "trees": _trees,
    "trees_by_order": lambda case, rng: _sweeps(case, bcd.tree_partition(case.problem.A, order="natural")),
    "colours": _colours,
    "colours_by_order": lambda case, rng: _sweeps(case, bcd.colouring(case.problem.A, order="natural")),
    "small_dense": _small_dense,
}
