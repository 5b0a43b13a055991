"""``python -m benchmarks.bilevel [--problems KIND ...] [--peers NAME ...] [--sizes D ...] [--success [--once]]``.

From x = 1, y = 0 to a hypergradient below the target, on quadratic problems with closed forms. A solver runs at
smaller and smaller values of its own tolerance, half a decade at a time, until the judge is content; calls and time
are those of that run. `--success` counts seeds instead, each with a start of its own, with `--once` of one run at the
target itself.
`benchmarks.bilevel.ridge` tunes ridge penalties.
"""

import argparse
import os
import statistics
import sys
import time
import warnings
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy is imported

import numpy as np  # noqa: E402

from benchmarks.bilevel.judge import stationarity  # noqa: E402
from benchmarks.bilevel.quadratic import Oracle, Peer, Quadratic, quadratic  # noqa: E402

Start = tuple[np.ndarray, np.ndarray]

LADDER = tuple(10.0 ** (-k / 2) for k in range(4, 23))

#: kind -> sizes and what the problem is drawn with
KINDS = {
    "well": ((50, 100, 200, 500), {}),
    "ill": ((50, 100), {"cond": 1e3}),
    "flat": ((50, 100), {"flat": 20}),
    "box": ((50, 100), {"half": 1.0}),
}


def peers(names: list[str] | None) -> list[Peer]:
    """Every table of the folder; a peer that is not installed is left out."""
    found: list[Peer] = []
    package = import_module("benchmarks.bilevel.peers")
    for module in iter_modules(package.__path__):
        try:
            found += import_module(f"{package.__name__}.{module.name}").PEERS
        except ModuleNotFoundError as error:
            if (error.name or "").startswith(("benchmarks", "sparsetheory")):
                raise
            print(f"{module.name} is left out: no {error.name}", file=sys.stderr)
    return [peer for peer in found if names is None or peer.name in names]


def problems(kinds: list[str], seeds: int, sizes: list[int] | None) -> Iterator[Quadratic]:
    for kind in kinds:
        known, drawn = KINDS[kind]
        for d in sizes or known:
            for seed in range(seeds):
                yield quadratic(seed, d, **drawn)


def common(problem: Quadratic) -> Start:
    """The start of the table."""
    return np.ones(problem.d), np.zeros(problem.d)


def drawn(problem: Quadratic, seed: int) -> Start:
    """A normal start, y inside its bounds."""
    x, y = np.random.default_rng([seed, problem.d, 1]).standard_normal((2, problem.d))
    return x, np.clip(y, -problem.half, problem.half)


def once(peer: Peer, problem: Quadratic, tol: float, start: Start) -> tuple[float, int, float]:
    """Judged stationarity, calls and CPU seconds of one run; NaN for a solver that gave up."""
    oracle, (x, y) = Oracle(problem), (each.copy() for each in start)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # the judge says what is not converged
        begun = time.process_time()
        try:
            x = peer.solve(oracle, x, y, tol)
        except NotImplementedError:
            x = np.full(problem.d, np.nan)
        seconds = time.process_time() - begun  # the judge's time is nobody's
        return stationarity(problem, x), oracle.calls, seconds


def climb(
    peer: Peer, problem: Quadratic, start: Start, target: float, repeats: int, ladder: tuple[float, ...] = LADDER
) -> tuple[bool, float, int, float]:
    """Whether the target was reached, the best stationarity, calls and seconds of the rung that counts."""
    best = np.inf
    for tol in (t for t in ladder if 0.999e-4 * target <= t <= 10 * target):
        off, calls, seconds = once(peer, problem, tol, start)
        if np.isnan(off):
            break
        best = min(best, off)
        if off <= target:
            again = [once(peer, problem, tol, start)[2] for _ in range(repeats - 1)] if repeats > 1 else []
            times = again if peer.warm_up and again else [seconds, *again]
            return True, off, calls, statistics.median(times)
    return False, best, 0, np.inf


def table(rivals: list[Peer], args: argparse.Namespace) -> None:
    """Calls and milliseconds, one line a problem."""
    print("| problem | " + " | ".join(f"{peer.name} {peer.version}" for peer in rivals) + " |")
    print("|---|" + "---|" * len(rivals))
    for problem in problems(args.problems, 1, args.sizes):
        cells = []
        for peer in rivals:
            reached, off, calls, seconds = climb(peer, problem, common(problem), args.target, args.repeats)
            count = f"{calls}, " if peer.counted else ""
            cells.append(f"{count}{1e3 * seconds:.3g} ms" if reached else f"- ({off:.0e})" if off < np.inf else "-")
        print(f"| {problem.name.removesuffix(' seed=0')} | " + " | ".join(cells) + " |", flush=True)


def success(rivals: list[Peer], args: argparse.Namespace) -> None:
    """Seeds that reach the target, one line a kind, and the median calls of those."""
    print("| problem | " + " | ".join(f"{peer.name} {peer.version}" for peer in rivals) + " |")
    print("|---|" + "---|" * len(rivals))
    ladder = (args.target,) if args.once else LADDER
    rows = [(kind, d) for kind in args.problems for d in args.sizes or KINDS[kind][0][:1]]
    for kind, d in rows:
        cells = []
        for peer in rivals:
            drawings = enumerate(problems([kind], args.seeds, [d]))
            found = [climb(peer, p, drawn(p, seed), args.target, 1, ladder) for seed, p in drawings]
            calls = [each[2] for each in found if each[0]]
            middle = f", {statistics.median(calls):.0f}" if calls and peer.counted else ""
            cells.append(f"{len(calls)}/{len(found)}{middle}")
        print(f"| {kind} d={d} | " + " | ".join(cells) + " |", flush=True)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bilevel", description=__doc__)
    parser.add_argument("--problems", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--sizes", nargs="+", type=int, help="default: all, and the smallest with --success")
    parser.add_argument("--peers", nargs="+", help="names (default: all)")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--target", type=float, help="default: 1e-4, and 1e-6 with --success")
    parser.add_argument("--success", action="store_true", help="count the seeds that reach the target")
    parser.add_argument("--once", action="store_true", help="with --success: one run, at the target as tolerance")
    args = parser.parse_args(argv)
    args.target = args.target or (1e-6 if args.success else 1e-4)
    (success if args.success else table)(peers(args.peers), args)
    return 0


if __name__ == "__main__":
    sys.exit(main())
