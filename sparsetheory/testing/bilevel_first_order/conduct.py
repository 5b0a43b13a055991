"""How a bilevel solver behaves at its interface: honest, strict at the door, and asking only where it may."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..finding import UNIT, Limit, Measure, prop
from ..interface import accepted, altered, answer, answer_to
from .certificate import outside, promise, stationarity
from .problem import BilevelProblem

__all__ = ["asks_inside", "honest_status", "refuses_bad_shape", "refuses_nonfinite", "refuses_outside"]

Solver = Callable[..., Any]


@prop
def honest_status(solver: Solver, problem: BilevelProblem, tol: float) -> Measure:
    """A result that says converged has, and the ``.fun`` that it reports is f at its point."""
    result = answer(solver, problem)
    if not (hasattr(result, "converged") or hasattr(result, "fun")):
        return Measure(np.nan, None)
    x, y = problem.split(problem.read(result))
    promised = float(getattr(result, "tol", tol))
    steep = stationarity(problem, x, promised)
    lie = steep / promise(problem, x, promised).value if getattr(result, "converged", False) else 0.0
    value = problem.levels.f(x, y)
    reported = float(getattr(result, "fun", value))
    q = problem.levels
    size = 1 + abs(value) + float(np.abs(x) @ (np.abs(q.P) @ np.abs(x) + np.abs(q.R) @ np.abs(y)))
    drift = abs(reported - value) / (64 * UNIT * sum(q.R.shape) * size)
    message = f"converged {getattr(result, 'converged', '-')} at {steep:.1e}, f {reported:.9g}, is {value:.9g}"
    worse = np.nan if np.isnan(reported) else max(lie, drift)
    return Measure(worse, Limit(1.0, "1, in units of the promise and of rounding"), message)


@prop
def asks_inside(solver: Solver, problem: BilevelProblem, tol: float) -> Measure:
    """Values and gradients are asked for at points of X and Y, or beside them by no more than differences take."""
    worst = 0.0

    def watched(oracle: Callable[..., Any]) -> Callable[[Any, Any], Any]:
        def asked(x: Any, y: Any) -> Any:
            nonlocal worst
            worst = max(worst, outside(problem, np.asarray(x, dtype=float), np.asarray(y, dtype=float)))
            return oracle(x, y)

        return asked

    given = {name: watched(v) if callable(v) else v.copy() for name, v in problem.arguments.items()}
    problem.read(answer_to(solver, given))
    return Measure(worst, Limit(1e-3, "1e-3 (1 + |bound|), a coarse difference"), f"asked {worst:.1e} outside")


@prop
def refuses_nonfinite(solver: Solver, problem: BilevelProblem, tol: float) -> Measure:
    """NaN or inf in a start, and gradients that are NaN, raise an exception."""
    bad = (np.nan, np.inf)
    cases: list[tuple[str, dict[str, Any]]] = [
        (f"{v} in {name}", {name: altered(getattr(problem, name), v)}) for name in ("x0", "y0") for v in bad
    ]
    spoilt = tuple(np.full_like(v, np.nan) for v in (problem.x0, problem.y0))
    cases += [(f"NaN from {name}", {name: lambda x, y: spoilt}) for name in ("grad_f", "grad_g")]
    return accepted(solver, problem, cases)


@prop
def refuses_bad_shape(solver: Solver, problem: BilevelProblem, tol: float) -> Measure:
    """Starts and bounds of a wrong length, and a start that is a matrix, raise an exception."""
    cases: list[tuple[str, dict[str, Any]]] = []
    for start, bounds in (("x0", "X"), ("y0", "Y")):
        v, rows = getattr(problem, start), getattr(problem, bounds)
        cases += [(f"{start} too long", {start: np.append(v, v[-1])}), (f"{start} as a row", {start: v[None]}),
                  (f"a bound too many in {bounds}", {bounds: np.vstack([rows, rows[-1:]])})]  # fmt: skip
    return accepted(solver, problem, cases)


@prop
def refuses_outside(solver: Solver, problem: BilevelProblem, tol: float) -> Measure:
    """A start outside X, and bounds in the wrong order, raise an exception."""
    return accepted(solver, problem, [("x0 beyond its upper bound", {"x0": problem.X[:, 1] + 1}),
                                      ("lower above upper", {"X": problem.X[:, ::-1].copy()})])  # fmt: skip
