"""The first fit of a fresh process: importing, a cold fit of 10 000 samples with two experts, and the same fit again.

``python -m benchmarks.moe.first_fit [--repeats K]``. CPU seconds of the whole process, one thread, and wall seconds in
brackets; the best of K. In a second table every process starts with an empty folder for compiled kernels; in the first
an unmeasured process has filled it. The files of the packages are in the page cache.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

#: name -> (import, fit)
FITS = {
    "sparsetheory maximize_likelihood": ("from sparsetheory import moe", "moe.maximize_likelihood(X, y, 2)"),
    "sparsetheory GaussianMoE": ("from sparsetheory import moe", "moe.GaussianMoE(2, random_state=0).fit(X, y)"),
}

_PROGRAM = """
import json, time
def now():
    return time.process_time(), time.perf_counter()
at = [now()]
import numpy as np
{imports}
at.append(now())
rng = np.random.default_rng(0)
X = rng.uniform(-1, 1, (10_000, 1))
first = rng.random(10_000) < 1 / (1 + np.exp(-2 * X[:, 0]))
y = np.where(first, 1 + X[:, 0], -1 - X[:, 0]) + 0.7 * rng.standard_normal(10_000)
for _ in range(2):
    at.append(now())
    {fit}
    at.append(now())
print(json.dumps([[b[k] - a[k] for k in (0, 1)] for a, b in zip(at[::2], at[1::2])]))
"""


def once(name: str, cache: str) -> list[list[float]]:
    """(CPU, wall) seconds of the import, the first and the second fit in a process of its own."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    imports, fit = FITS[name]
    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(imports=imports, fit=fit)],
        env=os.environ | threads | {"NUMBA_CACHE_DIR": cache}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(run.stdout)


def show(name: str, runs: list[list[list[float]]]) -> None:
    best = min(runs, key=lambda run: run[0][0] + run[1][0])
    cells = [f"{cpu:.3f} ({wall:.3f})" for cpu, wall in best]
    both = [best[0][k] + best[1][k] for k in (0, 1)]
    print(f"| {name} | {' | '.join(cells)} | {both[0]:.2f} ({both[1]:.2f}) |", flush=True)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.moe.first_fit", description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args(argv)
    head = "| solver | import | first fit | second fit | import + first fit |\n|---|---|---|---|---|"
    print(f"Kernels compiled by an earlier process: CPU seconds (wall)\n\n{head}")
    cold = {}
    for name in FITS:
        with tempfile.TemporaryDirectory() as cache:
            cold[name] = once(name, cache)
            show(name, [once(name, cache) for _ in range(args.repeats)])
    print(f"\nNothing compiled: CPU seconds (wall)\n\n{head}")
    for name, run in cold.items():
        show(name, [run])


if __name__ == "__main__":
    main()
