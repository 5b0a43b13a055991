"""One method on one panel: F - F* at every iteration, and where it ended."""

import time

import numpy as np

from sparsetheory import bcd

from .experiments import ITERATIONS, SOLVED

__all__ = ["KEPT", "run"]

#: Iterations whose values are kept in a record: enough to draw from.
KEPT = np.unique(np.concatenate([np.arange(51), np.arange(50, ITERATIONS + 1, 10)]))

#: Partitions that need no search where the graph is a lattice.
_LATTICE = {"trees": bcd.combs, "colours": bcd.red_black}


def run(case, method, size, *, seed):
    """Return the record of a run, plain numbers only."""
    start = time.process_time()
    gaps, more = _descend(case, method, size, np.random.default_rng(seed))
    filled = np.concatenate([gaps, np.full(ITERATIONS + 1 - len(gaps), gaps[-1])])
    below = np.flatnonzero(filled < SOLVED)
    return {
        "label": method.label, "final": _short(filled[-1]), "solved_at": int(below[0]) if below.size else None, **more,
        "seconds": round(time.process_time() - start, 2), "curve": [_short(v) for v in filled[KEPT]],
    }  # fmt: skip


def _short(value):
    return float(f"{value:.4g}")


def _partition(case, name):
    if case.side is None or name not in _LATTICE:
        return name
    label = _LATTICE[name]((case.side, case.side))[case.free]
    return [np.flatnonzero(label == k) for k in range(2)]


def _descend(case, method, size, rng):
    """Return F - F* by iteration, and what else there is to say of a run with a penalty."""
    options, gaps = {}, [case.start]
    if case.solution is not None:  # an energy needs the point of every iteration
        options = {"check_every": 1, "callback": lambda progress: gaps.append(case.gap(progress.solution))}
    result = bcd.minimize(
        case.problem, partition=_partition(case, method.partition), select=method.select, update=method.update,
        block_size=size or round(case.problem.n ** (1 / 3)), penalty=case.penalty, max_iter=ITERATIONS, tol=0.0,
        rng=rng, on_failure="ignore", **options,
    )  # fmt: skip
    curve = np.array(gaps) if options else result.objectives - case.best
    if case.penalty is None:
        return curve, {}
    # with random blocks most of the support may never have been touched: settled or not is for the reader to see
    return curve, {"settled_at": result.identified_at, "support": len(result.support)}
