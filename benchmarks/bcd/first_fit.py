"""The first fit of a fresh process: importing, a tiny fit (100 x 200), and the same fit again.

``python -m benchmarks.bcd.first_fit [--repeats K] [--cold] [--only TEXT]``. CPU seconds of the whole process, one
thread, and wall seconds in brackets; the best of K. With `--cold` every process starts with an empty folder for
compiled kernels, in a second table; otherwise an unmeasured process has filled it. The files of the packages
themselves are in the page cache, and Python's own bytecode is compiled.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

#: name -> (import, fit)
FITS = {
    "sparsetheory lasso": ("from sparsetheory import bcd", "bcd.lasso(X, y, alpha=alpha)"),
    "sparsetheory group_lasso": ("from sparsetheory import bcd", "bcd.group_lasso(X, y, groups=10, alpha=alpha)"),
    "sparsetheory sparse_logistic": ("from sparsetheory import bcd", "bcd.sparse_logistic(X, y, alpha=alpha)"),
    "sparsetheory Lasso": ("from sparsetheory import bcd", "bcd.Lasso(alpha=alpha).fit(X, y)"),
    "scikit-learn Lasso": ("from sklearn.linear_model import Lasso", "Lasso(alpha=alpha).fit(X, y)"),
    "celer Lasso": ("from celer import Lasso", "Lasso(alpha=alpha).fit(X, y)"),
    "skglm Lasso": ("from skglm import Lasso", "Lasso(alpha=alpha).fit(X, y)"),
    "sparsetheory GroupLasso": ("from sparsetheory import bcd", "bcd.GroupLasso(groups=10, alpha=alpha).fit(X, y)"),
    "celer GroupLasso": ("from celer import GroupLasso", "GroupLasso(groups=10, alpha=alpha).fit(X, y)"),
    "skglm GroupLasso": ("from skglm import GroupLasso", "GroupLasso(groups=10, alpha=alpha).fit(X, y)"),
    "sparsetheory SparseLogisticRegression": (
        "from sparsetheory import bcd",
        "bcd.SparseLogisticRegression(alpha=alpha).fit(X, y)",
    ),
    "scikit-learn LogisticRegression": (
        "from sklearn.linear_model import LogisticRegression",
        "LogisticRegression(l1_ratio=1, solver='liblinear', C=1 / (100 * alpha)).fit(X, y)",
    ),
    "celer LogisticRegression": (
        "from celer import LogisticRegression",
        "LogisticRegression(C=1 / (100 * alpha), fit_intercept=False).fit(X, y)",
    ),
    "skglm SparseLogisticRegression": (
        "from skglm import SparseLogisticRegression",
        "SparseLogisticRegression(alpha=alpha).fit(X, y)",
    ),
}

_PROGRAM = """
import json, time, warnings
def now():
    return time.process_time(), time.perf_counter()
at = [now()]
import numpy as np
{imports}
at.append(now())
rng = np.random.default_rng(0)
X = np.asfortranarray(rng.standard_normal((100, 200)))
y = X[:, :5].sum(axis=1) + rng.standard_normal(100)
if {classes}:
    y = np.sign(y)
alpha = 0.05 if {classes} else 0.5
warnings.simplefilter("ignore")
for _ in range(2):
    at.append(now())
    {fit}
    at.append(now())
print(json.dumps([[b[k] - a[k] for k in (0, 1)] for a, b in zip(at[::2], at[1::2])]))
"""


def once(imports: str, fit: str, cache: str) -> list[list[float]]:
    """(CPU, wall) seconds of the import, the first and the second fit in a process of its own."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    program = _PROGRAM.format(imports=imports, fit=fit, classes="ogistic" in fit)
    run = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | threads | {"NUMBA_CACHE_DIR": cache},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(run.stdout)


def fits(names: list[str], repeats: int, *, cold: bool) -> dict[str, list[list[list[float]]]]:
    """Repeats of every fit, round robin."""
    seen: dict[str, list[list[list[float]]]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as shared:
        if not cold:
            for name in names:
                once(*FITS[name], shared)
        for _ in range(repeats):
            for name in names:
                with tempfile.TemporaryDirectory() as own:
                    seen[name].append(once(*FITS[name], own if cold else shared))
    return seen


def show(seen: dict[str, list[list[list[float]]]], title: str) -> None:
    print(f"{title}\n\n| solver | import | first fit | second fit | import + first fit |\n|---|---|---|---|---|")
    for name, runs in seen.items():
        best = min(runs, key=lambda run: run[0][0] + run[1][0])
        cells = [f"{cpu:.3f} ({wall:.3f})" for cpu, wall in best]
        both = [best[0][k] + best[1][k] for k in (0, 1)]
        print(f"| {name} | {' | '.join(cells)} | {both[0]:.2f} ({both[1]:.2f}) |")


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bcd.first_fit", description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cold", action="store_true", help="also with nothing compiled")
    parser.add_argument("--only", default="", help="fits whose name holds this")
    args = parser.parse_args(argv)
    names = [name for name in FITS if args.only in name]
    show(fits(names, args.repeats, cold=False), "Kernels compiled by an earlier process: CPU seconds (wall)")
    if args.cold:
        show(fits(names, 1, cold=True), "\nNothing compiled: CPU seconds (wall)")


if __name__ == "__main__":
    main()
