"""``python -m benchmarks.bcd [--problems NAME ...] [--peers NAME ...] [--small] [--json PATH | --show PATH ...]``."""

import argparse
import dataclasses
import json
import os
import sys

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy is imported


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bcd", description=__doc__)
    parser.add_argument("--problems", nargs="+", help="files of benchmarks/bcd/problems (default: all)")
    parser.add_argument("--peers", nargs="+", help="files of benchmarks/bcd/peers (default: all)")
    parser.add_argument("--small", action="store_true", help="sizes for a quick look")
    parser.add_argument("--targets", type=float, nargs="+", default=[1e-6, 1e-9], help="gap over the objective at zero")
    parser.add_argument("--repeats", type=int, default=5, help="runs of which the median counts")
    parser.add_argument("--limit", type=float, default=10.0, help="CPU seconds of a run that ends the ladder")
    parser.add_argument("--json", help="write every run to this file, problem by problem")
    parser.add_argument("--show", nargs="+", help="run nothing: the table of such files")
    return parser.parse_args(argv)


def pivot(rows: list) -> list[dict[str, str]]:
    """One line a problem and target: milliseconds by peer, the best of the others, and ours over it."""
    table: dict[tuple[str, float], dict[str, str]] = {}
    for row in rows:
        line = table.setdefault((row.problem, row.target), {"problem": row.problem, "target": f"{row.target:g}"})
        line[f"{row.peer} {row.version}"] = f"{1e3 * row.seconds:.3g}" if row.reached else f"- ({row.gap:.0e})"
    for (problem, target), line in table.items():
        mine = [r for r in rows if (r.problem, r.target) == (problem, target) and r.reached]
        others = sorted((r for r in mine if r.peer != "sparsetheory"), key=lambda r: r.seconds)
        ours = [r for r in mine if r.peer == "sparsetheory"]
        line["best peer"] = others[0].peer if others else "-"
        line["ratio"] = f"{ours[0].seconds / others[0].seconds:.2f}" if ours and others else "-"
    return list(table.values())


def show(lines: list[dict[str, str]]) -> None:
    """A table in Markdown."""
    columns = list(dict.fromkeys(key for line in lines for key in line if key not in ("best peer", "ratio")))
    columns += ["best peer", "ratio"]
    width = {c: max(len(c), *(len(line.get(c, "")) for line in lines)) for c in columns}
    print("| " + " | ".join(c.ljust(width[c]) for c in columns) + " |")
    print("|" + "|".join("-" * (width[c] + 2) for c in columns) + "|")
    for line in lines:
        print("| " + " | ".join(line.get(c, "").ljust(width[c]) for c in columns) + " |")


def run(args: argparse.Namespace) -> list:
    """Rows of every peer on every instance, written as they come."""
    from benchmarks.bcd.instance import instances, peers
    from benchmarks.bcd.measure import measure, warm_up

    rivals, rows = peers(args.peers), []
    warm_up(rivals, instances(args.problems, small=True))
    for instance in instances(args.problems, small=args.small):
        new = measure(instance, rivals, targets=tuple(args.targets), limit=args.limit, repeats=args.repeats)
        for row in new:
            print(f"{row.problem} {row.target:g}: {row.peer} {row.seconds:.3g} s, gap {row.gap:.1e}", file=sys.stderr)
        rows += new
        if args.json:
            with open(args.json, "w", encoding="utf-8") as file:
                json.dump([dataclasses.asdict(row) for row in rows], file, indent=1)
    return rows


def read(paths: list[str]) -> list:
    from benchmarks.bcd.measure import Row

    rows = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            rows += [Row(**row) for row in json.load(file)]
    return rows


def main(argv: list[str] | None = None) -> int:
    args = parse(argv)
    rows = read(args.show) if args.show else run(args)
    print("CPU milliseconds, one thread, until gap <= target x objective at zero; - (gap) where it was not reached\n")
    show(pivot(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
