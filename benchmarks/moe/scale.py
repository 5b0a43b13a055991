"""Growing samples: CPU seconds and memory of fits with eight covariates and four experts, a process for each.

``python -m benchmarks.moe.scale [--sizes N ...]``. "from a start" is the common start of d8k4 to a gradient of 1e-9,
"cold" the default call. Memory is what the process takes at its peak beyond what it held with the data. The exponent is
the slope of log seconds over log samples from the size before.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
os.environ.update(THREADS)  # before NumPy is imported

#: name -> imports and the fit; `instance` is d8k4, `small` the same with few samples
FITS = {
    "sparsetheory, from a start": ("from benchmarks.moe.peers.sparsetheory import solve", "solve({}, 1e-9)"),
    "sparsetheory, cold": (
        "from sparsetheory import moe",
        "moe.maximize_likelihood({0}.X, {0}.y, 4, on_failure='ignore')",
    ),
    "NumPy EM, from a start": ("from benchmarks.moe.peers.numpy_em import solve", "solve({}, 1e-11)"),
}

_PROGRAM = """
import json, pickle, resource, sys, time
{imports}
small, instance = pickle.load(open(sys.argv[1], "rb"))
{small}
before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
{fit}
spent = time.process_time() - start
print(json.dumps([spent, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024]))
"""


def once(name: str, path: Path) -> tuple[float, float]:
    """CPU seconds and megabytes of one fit in a process of its own."""
    imports, fit = FITS[name]
    program = _PROGRAM.format(imports=imports, small=fit.format("small"), fit=fit.format("instance"))
    run = subprocess.run(
        [sys.executable, "-c", program, str(path)], env=os.environ | THREADS, capture_output=True, text=True, check=True
    )
    seconds, megabytes = json.loads(run.stdout)
    return seconds, megabytes


def problem(n: int):
    from benchmarks.moe.problems.normal import instances

    return next(instance for instance in instances(n) if instance.k == 4)


def main(argv: list[str] | None = None) -> None:
    import pickle

    parser = argparse.ArgumentParser(prog="python -m benchmarks.moe.scale", description=__doc__)
    parser.add_argument("--sizes", type=float, nargs="+", default=[1e4, 1e5, 1e6], help="numbers of samples")
    args = parser.parse_args(argv)
    print("| solver | n | CPU s | exponent | memory, MB | data, MB |\n|---|---|---|---|---|---|")
    last: dict[str, tuple[int, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for n in map(int, args.sizes):
            path, instance = Path(folder) / "data.pickle", problem(n)
            path.write_bytes(pickle.dumps((problem(500), instance), protocol=5))
            data = (instance.X.nbytes + instance.y.nbytes) / 2**20
            del instance
            for name in FITS:
                seconds, memory = once(name, path)
                slope = math.log(seconds / last[name][1]) / math.log(n / last[name][0]) if name in last else math.nan
                last[name] = n, seconds
                print(f"| {name} | {n:.0e} | {seconds:.3g} | {slope:.2f} | {memory:.0f} | {data:.1f} |", flush=True)


if __name__ == "__main__":
    main()
