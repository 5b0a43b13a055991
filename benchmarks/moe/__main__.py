"""``python -m benchmarks.moe [--problems NAME ...] [--peers NAME ...] [--sizes N ...] [--json PATH | --show PATH]``.

From a common start to the common maximum of the likelihood. `benchmarks.moe.quality` searches from nothing on real
data, `benchmarks.moe.scale` grows the sample, `benchmarks.moe.first_fit` is about fresh processes.
"""

import argparse
import dataclasses
import json
import os
import sys

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy is imported

OURS = "sparsetheory"


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.moe", description=__doc__)
    parser.add_argument("--problems", nargs="+", help="files of benchmarks/moe/problems (default: all)")
    parser.add_argument("--peers", nargs="+", help="files of benchmarks/moe/peers (default: all)")
    parser.add_argument("--sizes", type=float, nargs="+", default=[1e3, 1e4, 1e5], help="numbers of samples")
    parser.add_argument("--target", type=float, default=1e-8, help="log-likelihood below the maximum, nats a sample")
    parser.add_argument("--repeats", type=int, default=5, help="runs of which the median counts")
    parser.add_argument("--json", help="write every row to this file, problem by problem")
    parser.add_argument("--show", nargs="+", help="run nothing: the table of such files")
    return parser.parse_args(argv)


def pivot(rows: list) -> list[dict[str, str]]:
    """One line a problem: milliseconds by peer, the best of the others, and ours over it."""
    lines: dict[str, dict[str, str]] = {}
    for row in rows:
        line = lines.setdefault(row.problem, {"problem": row.problem})
        line[f"{row.peer} {row.version}"] = f"{1e3 * row.seconds:.3g}" if row.reached else f"- ({row.shortfall:.0e})"
    for problem, line in lines.items():
        reached = [r for r in rows if r.problem == problem and r.reached]
        others = sorted((r for r in reached if r.peer != OURS), key=lambda r: r.seconds)
        ours = [r for r in reached if r.peer == OURS]
        line["best peer"] = others[0].peer if others else "-"
        line["ratio"] = f"{ours[0].seconds / others[0].seconds:.2f}" if ours and others else "-"
        line["maximum"] = f"{max(r.log_likelihood for r in rows if r.problem == problem):.8f}"
    return list(lines.values())


def show(lines: list[dict[str, str]]) -> None:
    """A table in Markdown."""
    last = ["best peer", "ratio", "maximum"]
    columns = [*dict.fromkeys(key for line in lines for key in line if key not in last), *last]
    width = {c: max(len(c), *(len(line.get(c, "")) for line in lines)) for c in columns}
    print("| " + " | ".join(c.ljust(width[c]) for c in columns) + " |")
    print("|" + "|".join("-" * (width[c] + 2) for c in columns) + "|")
    for line in lines:
        print("| " + " | ".join(line.get(c, "").ljust(width[c]) for c in columns) + " |")


def run(args: argparse.Namespace) -> list:
    """Rows of every peer on every instance, written as they come."""
    from benchmarks.moe.instance import instances, peers
    from benchmarks.moe.measure import measure, warm_up

    rivals, rows = peers(args.peers), []
    warm_up(rivals, instances(args.problems, [300]))
    for instance in instances(args.problems, [int(n) for n in args.sizes]):
        for row in measure(instance, rivals, target=args.target, repeats=args.repeats):
            what = f"{row.seconds:.3g} s at {row.tol:.0e}, below by {row.shortfall:.1e}, gradient {row.gradient:.0e}"
            print(f"{row.problem}: {row.peer} {what}", file=sys.stderr)
            rows.append(row)
        if args.json:
            with open(args.json, "w", encoding="utf-8") as file:
                json.dump([dataclasses.asdict(row) for row in rows], file, indent=1)
    return rows


def read(paths: list[str]) -> list:
    from benchmarks.moe.measure import Row

    rows = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            rows += [Row(**row) for row in json.load(file)]
    return rows


def main(argv: list[str] | None = None) -> int:
    args = parse(argv)
    rows = read(args.show) if args.show else run(args)
    print("CPU milliseconds, one thread, to the maximum within the target; - (below by) where it was not reached\n")
    show(pivot(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
