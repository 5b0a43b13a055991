"""``python -m benchmarks.bilevel.literature.reference``: best values recomputed without any bilevel solver.

- branches (linear and convex levels): the lower level is replaced by its optimality conditions; for each set of
  constraints that may carry multipliers SLSQP minimises f over (x, y, multipliers) from many starts. The branches
  cover all solutions, and each is smooth.
- grid (one variable on each level): min f over {y : g <= min g + eps} on a grid of x, refined around its best
  points while eps falls from 1e-2 to 1e-9; these values fall short of the best one and rise to it.
- bound: f is nowhere less on X times Y, and the point is a global solution of the lower level.

The results lie in `references.json`.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from benchmarks.bilevel.literature.catalogue import ENTRIES
from benchmarks.bilevel.literature.entry import VALUE, Entry
from benchmarks.bilevel.literature.lower_minimum import ends, solutions
from benchmarks.bilevel.literature.regularity import Regularity, hessian, judge

STORE = Path(__file__).with_name("references.json")
SAME = 1e-6  # relative; two values of one problem


@dataclass(frozen=True)
class Found:
    value: float
    x: np.ndarray
    y: np.ndarray
    method: str


def branches(entry: Entry, starts: int = 12) -> list[Found]:
    """Solutions of all branches that are feasible and optimal below."""
    A, b = entry.Y.rows()
    rng = np.random.default_rng(len(entry.name))
    carriers = [rows for size in range(entry.Y.size + 1) for rows in combinations(range(len(b)), size)]
    found = []
    for rows in carriers:
        for _ in range(starts):
            point = _branch(entry, A, b, list(rows), rng)
            if point is not None:
                found.append(point)
    return found


def _branch(entry: Entry, A: np.ndarray, b: np.ndarray, rows: list[int], rng: np.random.Generator) -> Found | None:
    """One local solution of the branch in which only these rows have multipliers; None where SLSQP finds none."""
    p, q = entry.X.size, entry.Y.size
    C, c = entry.X.rows()

    def level(v: np.ndarray) -> np.ndarray:
        return np.concatenate([entry.gradient(entry.grad_g, v[:p], v[p : p + q])[1] + A[rows].T @ v[p + q :],
                               A[rows] @ v[p : p + q] - b[rows]])  # fmt: skip

    def level_slopes(v: np.ndarray) -> np.ndarray:
        steps = [np.array(entry.grad_g(*(v[: p + q] + 1e-30j * unit)), dtype=complex).imag[p:] / 1e-30
                 for unit in np.eye(p + q)]  # fmt: skip
        above = np.hstack([np.array(steps).T, A[rows].T])
        return np.vstack([above, np.hstack([np.zeros((len(rows), p)), A[rows], np.zeros((len(rows), len(rows)))])])

    others, zero = np.setdiff1d(np.arange(len(b)), rows), np.zeros  # a row twice would leave SLSQP stuck

    def inside(v: np.ndarray) -> np.ndarray:
        return np.concatenate([c - C @ v[:p], b[others] - A[others] @ v[p : p + q], v[p + q :]])

    sides = np.vstack([
        np.hstack([-C, zero((len(c), q + len(rows)))]),
        np.hstack([zero((len(others), p)), -A[others], zero((len(others), len(rows)))]),
        np.hstack([zero((len(rows), p + q)), np.eye(len(rows))]),
    ])  # fmt: skip
    low, high = entry.search_box()
    start = np.concatenate([rng.uniform(low, high), rng.uniform(-1, 3, q), rng.exponential(2.0, len(rows))])
    with np.errstate(all="ignore"):
        least = minimize(
            lambda v: float(entry.f(*v[: p + q])), start, method="SLSQP",
            jac=lambda v: np.concatenate([*entry.gradient(entry.grad_f, v[:p], v[p : p + q]), zero(len(rows))]),
            constraints=[{"type": "eq", "fun": level, "jac": level_slopes},
                         {"type": "ineq", "fun": inside, "jac": lambda v: sides}],
            options={"ftol": 1e-14, "maxiter": 300},
        )  # fmt: skip
    x, y = least.x[:p], least.x[p : p + q]
    if not np.isfinite(least.x).all() or np.abs(level(least.x)).max() > 1e-7:
        return None
    if inside(least.x).min(initial=0.0) < -1e-7:
        return None
    if np.linalg.eigvalsh(hessian(entry, x, y))[0] < -1e-9:
        return None  # a convex level has no such point
    return Found(float(entry.f(*x, *y)), x, y, "branches")


def grid(entry: Entry, rows: int = 2001, keep: int = 6) -> list[Found]:
    """The best points of the relaxed problem, with the relaxation refined around them."""
    (low,), (high,) = entry.search_box()
    around, step = np.linspace(low, high, rows), (high - low) / (rows - 1)
    whole = around
    for eps in 10.0 ** np.arange(-2, -10, -1):
        values, _ = _relaxed(entry, np.concatenate([around, whole]), eps)
        best = np.concatenate([around, whole])[np.argsort(values, kind="stable")]
        centres = [best[0]]
        for x in best:
            if len(centres) < keep and min(abs(x - y) for y in centres) > 2 * step:
                centres.append(x)
        around = np.unique(np.clip([c + step * np.linspace(-2, 2, 81) for c in centres], low, high))
        step /= 20
    candidates = np.concatenate([around, whole])
    values, lowest = _relaxed(entry, candidates, 1e-9)
    order = np.flatnonzero(values <= values.min() + SAME * (1 + abs(values.min())))[:200]
    return [Found(float(values[k]), candidates[[k]], lowest[[k]], "grid") for k in order]


def _relaxed(entry: Entry, x: np.ndarray, eps: float) -> tuple[np.ndarray, np.ndarray]:
    """For every x the least f, and where, among grid points and dips of g with values within eps of the least."""
    low, high = ends(entry)
    y = np.linspace(low, high, 1201)
    values, points = np.empty(len(x)), np.empty(len(x))
    for part in np.array_split(np.arange(len(x)), max(1, len(x) // 200)):
        column, grid_y = x[part][:, None], np.broadcast_to(y, (len(part), len(y)))
        g = np.broadcast_to(entry.g(column, grid_y), grid_y.shape)
        dips = np.argsort(np.where(_is_dip(g), g, np.inf), axis=1)[:, :6]
        width = y[1] - y[0]
        fine = _section(lambda v, at=column: entry.g(at, v), y[dips] - width, y[dips] + width, low, high)
        all_y = np.hstack([grid_y, fine])
        all_g = np.hstack([g, np.broadcast_to(entry.g(column, fine), fine.shape)])
        least = all_g.min(axis=1, keepdims=True)
        f = np.where(all_g <= least + eps * (1 + abs(least)), entry.f(column, all_y), np.inf)
        k = f.argmin(axis=1)
        values[part], points[part] = f[np.arange(len(part)), k], all_y[np.arange(len(part)), k]
    return values, points


def _is_dip(g: np.ndarray) -> np.ndarray:
    padded = np.pad(g, ((0, 0), (1, 1)), constant_values=np.inf)
    return (g <= padded[:, :-2]) & (g <= padded[:, 2:])


def _section(
    value: Callable[[np.ndarray], np.ndarray], a: np.ndarray, b: np.ndarray, low: float, high: float
) -> np.ndarray:
    """Golden section on many intervals at once."""
    a, b, share = np.clip(a, low, high), np.clip(b, low, high), (np.sqrt(5) - 1) / 2
    for _ in range(40):
        c, d = b - share * (b - a), a + share * (b - a)
        left = value(c) < value(d)
        a, b = np.where(left, a, c), np.where(left, d, b)
    return (a + b) / 2


def bound(entry: Entry) -> list[Found]:
    """The minimiser of f over X times Y, whatever the lower level says."""
    p, (low, high) = entry.X.size, entry.search_box()
    start = np.concatenate([(low + high) / 2, (np.array(entry.Y.lower) + entry.Y.upper) / 2])
    least = minimize(
        lambda v: float(entry.f(*v)), start, jac=lambda v: np.array(entry.grad_f(*v), dtype=float),
        method="L-BFGS-B", bounds=list(zip([*low, *entry.Y.lower], [*high, *entry.Y.upper])),
    )  # fmt: skip
    return [Found(float(least.fun), least.x[:p], least.x[p:], "bound")]


def reference(entry: Entry) -> dict[str, object]:
    """The record of one problem: the best value, a best point (a regular one where one was found), what it is like."""
    scalar = entry.X.size == entry.Y.size == 1
    main = branches(entry) if entry.lower != "nonconvex" else grid(entry) if scalar else bound(entry)
    checked = [point for point in main if _optimal_below(entry, point)]
    best = min(point.value for point in checked)
    ties = [point for point in checked if point.value <= best + SAME * (1 + abs(best))]
    point, verdict = _most_regular(entry, ties)
    second = min(other.value for other in grid(entry)) if scalar and entry.lower != "nonconvex" else None
    wrong = abs(entry.printed - best) > VALUE * (1 + abs(best))
    return {
        "value": best, "x": point.x.tolist(), "y": point.y.tolist(), "lower": float(entry.g(*point.x, *point.y)),
        "method": point.method, "grid": second, "printed": entry.printed, "printed_is_wrong": bool(wrong),
        "regular": verdict.regular, "unique": verdict.unique, "independent": verdict.independent,
        "margin": verdict.margin, "curvature": verdict.curvature,
    }  # fmt: skip


def _most_regular(entry: Entry, ties: list[Found]) -> tuple[Found, Regularity]:
    """The first best point that is regular, else the first."""
    first = judge(entry, ties[0].x, ties[0].y)
    for point in ties:
        verdict = judge(entry, point.x, point.y)
        if verdict.regular:
            return point, verdict
    return ties[0], first


def _optimal_below(entry: Entry, point: Found) -> bool:
    value, _ = solutions(entry, point.x, tie=0.0, y=point.y)
    return float(entry.g(*point.x, *point.y)) - value <= 1e-7 * (1 + abs(value))


def load() -> dict[str, dict]:
    """The stored records."""
    return json.loads(STORE.read_text())


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bilevel.literature.reference", description=__doc__)
    parser.add_argument("--problems", nargs="+", choices=ENTRIES, default=list(ENTRIES))
    parser.add_argument("--store", action="store_true", help="write references.json")
    args = parser.parse_args(argv)
    records = load() if STORE.exists() else {}
    for name in args.problems:
        records[name] = record = reference(ENTRIES[name])
        tag = "regular" if record["regular"] else "-"
        wrong = f"  printed {record['printed']}" if record["printed_is_wrong"] else ""
        print(f"{name:32s} {record['value']:12.6f}  {record['method']:9s} {tag:8s}{wrong}", flush=True)
    if args.store:
        STORE.write_text(json.dumps({name: records[name] for name in ENTRIES}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
