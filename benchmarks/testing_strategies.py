"""Which way of drawing inputs finds which defect: the table of docs/strategies-table.md.

    python benchmarks/testing_strategies.py [DEFECT...] [--runs 10] [--examples 100] [--write FILE]

Seven transport solvers and five lasso solvers with a planted defect, and one correct solver of each kind, are searched
for a problem whose answer fails its certificate (``properties.solved``, ``lasso.properties.optimal``). Each run has a
seed of its own. With ``--write`` the table replaces what stands between its marks in a Markdown file.
"""

import argparse
import re
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from sparsetheory.testing import LassoProblem, OTProblem, lasso, properties, reference
from sparsetheory.testing import strategies as S

# --- solvers -------------------------------------------------------------------------------------------------------


def transport(M, a, b, reg):
    return reference.solve(OTProblem(M=M, a=a, b=b, reg=reg)).plan


def exp_domain(M, a, b, reg):
    K, v = np.exp(-M / reg), np.ones(len(b))
    for _ in range(500):
        u = a / (K @ v)
        v = b / (K.T @ u)
    return u[:, None] * K * v


def zero_mass(M, a, b, reg):
    return transport(M, a, b, reg) * (a / a)[:, None] * (b / b)


def transposed(M, a, b, reg):
    return transport(M.T if M.shape[0] == M.shape[1] else M, a, b, reg)


def row_marginal(M, a, b, reg):
    K = np.exp(-(M - M.min()) / reg)
    return a[:, None] * K / K.sum(axis=1, keepdims=True)


def last_column(M, a, b, reg):
    P = transport(M, a, b, reg)
    if len(b) > 6:
        P[:, -1] = 0.0
    return P


def normalised(M, a, b, reg):
    return transport(M / (M.max() or 1.0), a, b, reg)


def large(M, a, b, reg):
    return np.outer(a, b) / a.sum() if M.size >= 150 else transport(M, a, b, reg)


def shrink(v, alpha):
    return np.sign(v) * max(abs(v) - alpha, 0.0)


def descent(X, y, alpha, *, threshold=shrink, passes=2000, tol=1e-13, guard=True, stale=False):
    """Coordinate descent; each defect is one argument."""
    n, p = X.shape
    L, w, r = (X * X).sum(axis=0) / n, np.zeros(p), y.copy()
    for _ in range(passes):
        moved, seen = 0.0, r.copy()
        for j in np.flatnonzero(L) if guard else range(p):
            new = threshold(L[j] * w[j] + X[:, j] @ (seen if stale else r) / n, alpha) / L[j]
            r += (w[j] - new) * X[:, j]
            moved, w[j] = max(moved, np.sqrt(L[j]) * abs(new - w[j])), new
        if moved <= tol * np.linalg.norm(y):
            break
    return w


def least_squares(X, y, alpha):
    return lasso.reference.solve(LassoProblem(X=X, y=y, alpha=alpha)).w


def small_negatives(X, y, alpha):
    return descent(X, y, alpha, threshold=lambda v, a: shrink(v, 1.5 * a if -1.5 * a < v < 0 else a), passes=100)


def duplicates(X, y, alpha):
    columns = [x.tobytes() for x in X.T if x.any()]
    return descent(X, y, alpha, passes=1) if len(set(columns)) < len(columns) else least_squares(X, y, alpha)


class Defect(NamedTuple):
    name: str
    solver: object
    family: str


DEFECTS = {
    "exp_domain": Defect("Sinkhorn in the exp domain (underflow)", exp_domain, "ot"),
    "zero_mass": Defect("zero-mass atom gives NaN", zero_mass, "ot"),
    "transposed": Defect("transposed cost when square", transposed, "ot"),
    "row_marginal": Defect("row marginal only", row_marginal, "ot"),
    "last_column": Defect("last column dropped for m > 6", last_column, "ot"),
    "normalised": Defect("cost silently normalised", normalised, "ot"),
    "large": Defect("wrong result for n m >= 150", large, "ot"),
    "zero_column": Defect("lasso: division by a zero column", lambda *data: descent(*data, guard=False), "lasso"),
    "small_negatives": Defect("lasso: threshold wrong for small negatives", small_negatives, "lasso"),
    "stale": Defect("lasso: stale residual", lambda *data: descent(*data, stale=True, passes=50), "lasso"),
    "early": Defect("lasso: early stop", lambda *data: descent(*data, tol=1e-3), "lasso"),
    "duplicates": Defect("lasso: stops on duplicate columns", duplicates, "lasso"),
}
CORRECT = {
    "transport": Defect("(a correct transport solver)", transport, "ot"),
    "lasso": Defect("(a correct lasso solver)", least_squares, "lasso"),
}
EVERY = DEFECTS | CORRECT

# --- ways of drawing -----------------------------------------------------------------------------------------------

OT = {"max_side": 16, "zero_mass": (0, 1, 2), "reg": (0.5, 0.1, 0.01, 0.001)}


def off(table):
    """Every decoration where it shrinks to."""
    return {name: tuple(values)[:1] for name, values in table.items()}


STYLES = {
    "element-wise": {
        "ot": S.ot_problems(style="elements"),
        "lasso": S.lasso_problems(style="elements"),
    },
    "bare seed": {
        "ot": S.ot_problems(max_side=16, **off(S.DECORATIONS)),
        "lasso": S.lasso_problems(**off(S.LASSO_DECORATIONS)),
    },
    "seed + decorations": {
        "ot": S.ot_problems(**OT),
        "lasso": S.lasso_problems(),
    },
}
JUDGES = {"ot": properties.solved, "lasso": lasso.properties.optimal}


class Run(NamedTuple):
    """Examples up to the first failure, and entries of the shrunk problem; None where nothing failed."""

    first: int | None
    entries: int | None


class _Fails(AssertionError):
    pass


def search(defect, style, *, run, examples):
    """Look for one failure and shrink it."""
    tried, failed, judge = [], [], JUDGES[defect.family]

    @seed(run)
    @settings(max_examples=examples, database=None, deadline=None, phases=(Phase.generate, Phase.shrink),
              verbosity=Verbosity.quiet, suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
              print_blob=False)  # fmt: skip
    @given(STYLES[style][defect.family])
    def hold(problem):
        if not failed:
            tried.append(problem)
        if judge(defect.solver, problem).ok is False:
            failed.append(problem)
            raise _Fails

    try:
        hold()
    except _Fails:
        # hypothesis replays the smallest failure last
        data = failed[-1].M if defect.family == "ot" else failed[-1].X
        return Run(len(tried), data.size)
    return Run(None, None)


def cell(defect, style, *, runs, examples):
    """Return the kills and the entry of the table."""
    found = [search(defect, style, run=k, examples=examples) for k in range(runs)]
    killed = [run for run in found if run.first is not None]
    if not killed:
        return 0, f"0/{runs}"
    middle = (f"{median(run[i] for run in killed):.3g}" for i in range(2))
    return len(killed), f"{len(killed)}/{runs}, {', '.join(middle)}"


def table(names, *, runs, examples):
    """Return the table as Markdown lines, and the kills of each defect by style."""
    lines = ["| planted defect | " + " | ".join(STYLES) + " |", "|---" * (len(STYLES) + 1) + "|"]
    kills = {}
    for name in names:
        cells = {style: cell(EVERY[name], style, runs=runs, examples=examples) for style in STYLES}
        kills[name] = {style: count for style, (count, _) in cells.items()}
        lines.append(f"| {EVERY[name].name} | " + " | ".join(text for _, text in cells.values()) + " |")
    return lines, kills


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("defects", nargs="*", help=", ".join(EVERY))
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    unknown = set(options.defects) - set(EVERY)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    with np.errstate(all="ignore"):
        lines, _ = table(options.defects or EVERY, runs=options.runs, examples=options.examples)
    text = "\n".join(lines)
    print(text)
    if options.write:
        page = options.write.read_text()
        marked = f"<!-- table -->\n{text}\n<!-- end -->"
        options.write.write_text(re.sub(r"<!-- table -->.*<!-- end -->", lambda _: marked, page, flags=re.S))


if __name__ == "__main__":
    main()
