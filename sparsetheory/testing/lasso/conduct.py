"""How a lasso solver behaves at its interface: indifferent to layouts, honest, strict at the door, well started."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..finding import UNIT, Limit, Measure, SolverFailed, prop
from ..interface import FORMS, Form, accepted, altered, answer, ask, starts_untouched, takes
from .certificate import duality_gap, objective, promise, rounding
from .fits import fit_distance
from .problem import LassoProblem
from .reference import solve

__all__ = ["honest_status", "init_untouched", "layouts", "refuses_bad_alpha", "refuses_bad_shape",
           "refuses_nonfinite", "sparse_input", "warm_start"]  # fmt: skip

Solver = Callable[..., Any]


def _through(solver: Solver, problem: LassoProblem, tol: float, name: str, form: Form, unit: float = UNIT) -> Measure:
    """Compare the answers to plain arrays and to another form of them, in units of what they may differ by."""
    try:
        plain, other = ask(solver, problem), ask(solver, problem, form=form)
    except SolverFailed as failure:
        raise SolverFailed(f"{name}: {failure}") from failure
    measured, limit, message = fit_distance(problem, plain, other, tol=tol, what=name, unit=unit)
    assert limit is not None
    if limit.value >= limit.vacuous:
        return Measure(0.0, None)
    text = f"1, in units of {limit.formula} (u of float32 where that is passed)"
    # an exact match of an exact zero is a match
    ratio = measured / limit.value if measured > 0 else 0.0
    return Measure(ratio, Limit(1.0, text), message)


@prop
def layouts(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """Fortran order, strided views, read-only arrays, lists and float32 give the answer of plain arrays.

    float32 may be computed in float32, and is compared with float64 arrays of the same numbers.
    """
    cases = [_through(solver, problem, tol, name, form) for name, form in FORMS.items()]
    X, y = (array.astype(np.float32).astype(np.float64) for array in (problem.X, problem.y))
    rounded = LassoProblem(X=X, y=y, alpha=problem.alpha)
    cases.append(_through(solver, rounded, tol, "float32", np.float32, unit=2.0**-24))
    decided = [case for case in cases if case.limit is not None]
    return max(decided, key=lambda case: case.measured, default=Measure(0.0, None))


@prop
def sparse_input(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """A design in compressed columns gives the answer of the dense one."""
    from scipy.sparse import csc_array

    return _through(solver, problem, tol, "compressed columns", lambda x: csc_array(x) if x.ndim == 2 else x.copy())


@prop
def honest_status(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """A result that says converged has, and the gap it reports is no less than what the objective lacks."""
    result = answer(solver, problem)
    reported = getattr(result, "gap", getattr(result, "dual_gap_", None))
    if reported is None and not hasattr(result, "converged"):
        return Measure(np.nan, None)
    w = problem.read(result)
    gap, floor = duality_gap(problem, w), rounding(problem, w)
    most = promise(problem, w, float(getattr(result, "tol", tol)))
    lie = gap / most.value if getattr(result, "converged", False) else 0.0
    message = f"converged {getattr(result, 'converged', '-')}, gap reported {reported}, recomputed {gap:.2e}"
    if reported is not None:
        # a difference of objectives, whose rounding comes on top
        floor += 16 * UNIT * sum(problem.X.shape) * max(objective(problem, w), problem.exact.null_value)
        lacking = objective(problem, w) - objective(problem, solve(problem).w)
        lie = np.nan if np.isnan(reported) else max(lie, (lacking - float(reported)) / floor)
    return Measure(lie, Limit(1.0, f"1, in units of the promise ({most.formula}) and of rounding"), message)


@prop
def refuses_nonfinite(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """NaN or inf in X or y raises an exception."""
    bad = (np.nan, np.inf)
    cases = [(f"{value} in X", {"X": altered(problem.X, value)}) for value in bad]
    cases += [(f"{value} in y", {"y": altered(problem.y, value)}) for value in bad]
    return accepted(solver, problem, cases)


@prop
def refuses_bad_shape(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """A y of the wrong length and an X that is no matrix raise an exception."""
    X, y = problem.X, problem.y
    cases = [("y too long", {"y": np.append(y, y[-1])}), ("X as a vector", {"X": X.ravel()}),
             ("X of three axes", {"X": X[None]})]  # fmt: skip
    if len(y) > 1:
        cases.append(("y too short", {"y": y[:-1]}))
    return accepted(solver, problem, cases)


@prop
def refuses_bad_alpha(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """Negative or NaN alpha raises an exception; zero is least squares and may be either."""
    return accepted(solver, problem, ((f"alpha = {value}", {"alpha": value}) for value in (-problem.alpha, np.nan)))


def _starts(solver: Solver, problem: LassoProblem) -> dict[str, np.ndarray]:
    """Return where a warm start may begin: at the solver's own answer, and far away."""
    scale = np.sqrt(2 * problem.exact.null_value) / (problem.exact.longest or 1.0)
    far = scale * np.random.default_rng(problem.seed or 0).standard_normal(problem.X.shape[1])
    return {"its own answer": ask(solver, problem), "a random start": far}


@prop
def warm_start(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """A solver with an argument ``init`` solves the problem from anywhere."""
    if not takes(solver, "init"):
        return Measure(np.nan, None)
    worst = Measure(-1.0, None)
    for name, start in _starts(solver, problem).items():
        w = problem.read(answer(solver, problem, init=start.copy()))
        most = promise(problem, w, tol)
        ratio = duality_gap(problem, w) / most.value
        if ratio > worst.measured:
            text = f"1, in units of the promise ({most.formula})"
            worst = Measure(ratio, Limit(1.0, text), f"from {name}: duality gap {ratio * most.value:.2e}")
    return worst


@prop
def init_untouched(solver: Solver, problem: LassoProblem, tol: float) -> Measure:
    """The array that was passed as ``init`` is what it was before."""
    if not takes(solver, "init"):
        return Measure(np.nan, None)
    return starts_untouched(solver, problem, _starts(solver, problem))
