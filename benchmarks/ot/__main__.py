"""``python -m benchmarks.ot [--problems NAME ...] [--peers NAME ...] [--study NAME] [--json PATH]``."""

import argparse
import dataclasses
import json
import os
import sys
from importlib import import_module

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy is imported


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ot", description=__doc__)
    parser.add_argument("--problems", nargs="+", help="files of benchmarks/ot/problems (default: all)")
    parser.add_argument("--peers", nargs="+", help="files of benchmarks/ot/peers (default: all)")
    parser.add_argument("--study", help="a file of benchmarks/ot/studies in place of the table, e.g. sns-density")
    parser.add_argument("--tol", type=float, default=1e-9, help="L1 marginal error, both sides")
    parser.add_argument("--limit", type=float, default=20.0, help="CPU seconds a run")
    parser.add_argument("--json", help="write the rows to this file")
    return parser.parse_args(argv)


def table(args: argparse.Namespace) -> tuple[list[dict], list[str]]:
    """Every peer on every instance."""
    from benchmarks.ot.instance import instances, peers
    from benchmarks.ot.measure import first_call, measure

    rows = []
    chosen = {name: (peer, first_call(peer)) for name, peer in peers(args.peers).items()}
    for instance in instances(args.problems):
        for peer, first in chosen.values():
            row = measure(peer, instance, args.tol, args.limit, first)
            rows.append(dataclasses.asdict(row) | {"solved": row.solved})
            print(f"{instance.name}: {peer.name} {row.seconds:.3g} s, error {row.error:.1e}", file=sys.stderr)
    return rows, ["problem", "peer", "version", "seconds", "n_iter", "error", "solved", "cost", "exact", "first"]


def show(rows: list[dict], columns: list[str], title: str) -> None:
    from rich.console import Console
    from rich.table import Table

    out = Table(title=title)
    for column in columns:
        out.add_column(column, justify="left" if column in ("problem", "peer", "version") else "right")
    for row in rows:
        out.add_row(*(f"{v:.3g}" if isinstance(v, float) else str(v) for v in (row[c] for c in columns)))
    Console(width=None if sys.stdout.isatty() else 180).print(out)


def main(argv: list[str] | None = None) -> int:
    args = parse(argv)
    if args.study:
        study = import_module(f"benchmarks.ot.studies.{args.study.replace('-', '_')}")
        rows, columns, title = study.run(args), study.COLUMNS, study.__doc__.splitlines()[0]
    else:
        rows, columns = table(args)
        title = f"L1 marginal error <= {args.tol:g}, one thread, CPU seconds, {args.limit:g} s a run"
    show(rows, columns, title)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
