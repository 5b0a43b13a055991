"""``python -m benchmarks.bilevel.literature [--problems NAME ...] [--seed K] [--json FILE]``: the whole suite.

`bilevel.search_from_many_starts` from the published start and as many drawn ones as its default says, on every problem
of the catalogue. The judge shares no solver with it (`lower_minimum.py`, `references.json`). `--single` runs
`bilevel.minimize` from the published start alone.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy is imported

import numpy as np  # noqa: E402

from benchmarks.bilevel.literature.catalogue import ENTRIES  # noqa: E402
from benchmarks.bilevel.literature.entry import GAP, OUTSIDE, VALUE, Entry  # noqa: E402
from benchmarks.bilevel.literature.lower_minimum import solutions  # noqa: E402
from benchmarks.bilevel.literature.reference import load  # noqa: E402


def fault(entry: Entry, best: float, x: np.ndarray, y: np.ndarray) -> str:
    """What keeps a point from being a solution by the criterion; empty where nothing does."""
    value, below = float(entry.f(*x, *y)), float(entry.g(*x, *y))
    if not np.isfinite([value, below]).all():
        return "not finite"
    outside = max(entry.X.outside(x), entry.Y.outside(y))
    if outside > OUTSIDE:
        return f"{outside:.0e} outside its sets"
    gap = below - solutions(entry, x, tie=0.0, y=y)[0]
    if gap > GAP * (1 + abs(below)):
        return f"y is not a global lower solution, gap {gap:.1e}"
    if abs(value - best) > VALUE * (1 + abs(best)):
        return f"value {value:.4g} where {best:.4g} is reached"
    return ""


def attempt(entry: Entry, best: float, seed: int, *, single: bool) -> dict[str, object]:
    """One problem: what came out, what is wrong with it, what it cost."""
    from sparsetheory import bilevel

    x, y = entry.first()
    start = time.process_time()
    try:
        if single:
            found = bilevel.minimize(entry.problem(), x, y, tol=1e-5, max_iter=300, on_failure="ignore")
        else:
            found = bilevel.search_from_many_starts(
                entry.problem(), x, y, rng=np.random.default_rng(seed), around=entry.search_box(), on_failure="ignore"
            )
    except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
        return {"fault": f"{type(error).__name__}: {error}", "seconds": time.process_time() - start}
    seconds = time.process_time() - start
    return {
        "fault": fault(entry, best, found.x, found.y), "value": found.fun, "x": found.x.tolist(), "y": found.y.tolist(),
        "kind": found.kind, "status": str(found.status), "runs": getattr(found, "n_runs", 1),
        "gradients": found.counts.gradients, "seconds": seconds,
    }  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bilevel.literature", description=__doc__)
    parser.add_argument("--problems", nargs="+", choices=ENTRIES, default=list(ENTRIES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--single", action="store_true", help="one run of minimize from the published start")
    parser.add_argument("--json", type=Path, help="where to write all numbers")
    args = parser.parse_args(argv)
    references, records = load(), {}
    print("| problem | lower level | regular | printed | reference | found | by | gradients | CPU s | |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name in args.problems:
        entry, known = ENTRIES[name], references[name]
        records[name] = got = attempt(entry, known["value"], args.seed, single=args.single)
        found = f"{got['value']:.5g} | {got['kind']} | {got['gradients']}" if "value" in got else "- | - | -"
        wrong = " (wrong)" if known["printed_is_wrong"] else ""
        print(f"| {name} | {entry.lower} | {'yes' if known['regular'] else 'no'} | {entry.printed:.5g}{wrong} "
              f"| {known['value'] + 0.0:.5g} | {found} | {got['seconds']:.2f} | {got['fault'] or 'solved'} |",
              flush=True)  # fmt: skip
    for label, names in (
        ("all", args.problems),
        ("regular at the solution", [n for n in args.problems if references[n]["regular"]]),
        ("convex or linear below", [n for n in args.problems if ENTRIES[n].lower != "nonconvex"]),
    ):
        print(f"\n{label}: {sum(not records[n]['fault'] for n in names)} of {len(names)}", end="")
    print(f"\n{sum(got['seconds'] for got in records.values()):.0f} CPU s")
    if args.json:
        args.json.write_text(json.dumps(records, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
