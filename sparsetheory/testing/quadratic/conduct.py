"""How a solver of quadratics behaves at its interface: layouts, honesty, descent, bad input, starting points."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..finding import UNIT, Limit, Measure, SolverFailed, prop
from ..interface import FORMS, Form, accepted, altered, answer, ask, starts_untouched, takes
from .certificate import distance, gradient, promise, reach, rounding, value
from .problem import QuadraticProblem

__all__ = ["descends", "honest_status", "init_untouched", "layouts", "refuses_asymmetric", "refuses_bad_shape",
           "refuses_indefinite", "refuses_nonfinite", "refuses_unbounded", "sparse_input", "warm_start"]  # fmt: skip

Solver = Callable[..., Any]


def _share(measured: float, limit: float) -> float:
    """Return measured / limit; an exact match of an exact zero is a match."""
    if measured == 0:
        return 0.0
    return measured / limit if limit > 0 else np.inf


def _through(
    solver: Solver, problem: QuadraticProblem, tol: float, name: str, form: Form, unit: float = UNIT
) -> Measure:  # fmt: skip
    """Compare the answers to plain arrays and to another form of them, in units of what they may differ by."""
    try:
        plain, other = ask(solver, problem), ask(solver, problem, form=form)
    except SolverFailed as failure:
        raise SolverFailed(f"{name}: {failure}") from failure
    measured, limit, message = distance(problem, plain, other, tol=tol, what=name, unit=unit)
    assert limit is not None
    if limit.value >= limit.vacuous:
        return Measure(0.0, None)
    ratio = _share(measured, limit.value)
    text = f"1, in units of {limit.formula} (u of float32 where that is passed)"
    return Measure(ratio, Limit(1.0, text), message)


@prop
def layouts(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """Fortran order, strided views, read-only arrays, lists and float32 give the answer of plain arrays.

    float32 may be computed in float32, and is compared with float64 arrays of the same numbers.
    """
    cases = [_through(solver, problem, tol, name, form) for name, form in FORMS.items()]
    A, c = (array.astype(np.float32).astype(np.float64) for array in (problem.A, problem.c))
    if np.array_equal(A, problem.A) and np.array_equal(c, problem.c):  # else c may have left the range of A
        cases.append(_through(solver, problem, tol, "float32", np.float32, unit=2.0**-24))
    decided = [case for case in cases if case.limit is not None]
    return max(decided, key=lambda case: case.measured, default=Measure(0.0, None))


@prop
def sparse_input(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """A matrix in compressed rows gives the answer of the dense one."""
    from scipy.sparse import csr_array

    return _through(solver, problem, tol, "compressed rows", lambda a: csr_array(a) if a.ndim == 2 else a.copy())


@prop
def honest_status(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """A result that says converged has, and the value ``.objective`` that it reports is that of its point."""
    result = answer(solver, problem)
    if not (hasattr(result, "converged") or hasattr(result, "objective")):
        return Measure(np.nan, None)
    x = problem.read(result)
    most = promise(problem, x, float(getattr(result, "tol", tol)))
    lie = _share(float(np.abs(gradient(problem, x)).max()), most.value) if getattr(result, "converged", False) else 0.0
    reported = float(getattr(result, "objective", value(problem, x)))
    drift = _share(abs(reported - value(problem, x)), float(np.abs(x).sum()) * rounding(problem, x))
    message = f"converged {getattr(result, 'converged', '-')}, value {reported:.9g}, is {value(problem, x):.9g}"
    worse = np.nan if np.isnan(reported) else max(lie, drift)
    return Measure(worse, Limit(1.0, f"1, in units of the promise ({most.formula}) and of rounding"), message)


@prop
def descends(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """Where the result has ``.objectives``, they never rise, and the last one is the value at the answer."""
    result = answer(solver, problem)
    if not hasattr(result, "objectives"):
        return Measure(np.nan, None)
    x, values = problem.read(result), np.asarray(result.objectives, dtype=np.float64)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        return Measure(np.inf, Limit(0.0, "a vector of finite values"), f"objectives of shape {values.shape}")
    rise = float(np.diff(values).max(initial=0.0))
    end = max(abs(float(values[-1]) - value(problem, x)) - 0.5 * reach(problem, x, tol) ** 2, 0.0)
    # a value is a sum of entries, each as wrong as its gradient is; on the way points are no longer than twice the end
    size = max(float(np.abs(x).sum()), float(np.abs(problem.c / problem.exact.root).sum()) / problem.exact.least)
    limit = Limit(2 * size * rounding(problem, x), "2 |x|_1 rounding of the gradient")
    return Measure(max(rise, end), limit, f"largest rise {rise:.1e}, the last one is off by {end:.1e}")


@prop
def refuses_nonfinite(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """NaN or inf in A or c raises an exception."""
    bad = (np.nan, np.inf)
    cases = [(f"{v} in A", {"A": altered(problem.A, v)}) for v in bad]
    return accepted(solver, problem, cases + [(f"{v} in c", {"c": altered(problem.c, v)}) for v in bad])


@prop
def refuses_bad_shape(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """A c of the wrong length and an A that is no square matrix raise an exception."""
    A, c = problem.A, problem.c
    cases = [("c too long", {"c": np.append(c, c[-1])}), ("c too short", {"c": c[:-1]}),
             ("A without its last row", {"A": A[:-1]}), ("A as a vector", {"A": A.ravel()}),
             ("A of three axes", {"A": A[None]})]  # fmt: skip
    return accepted(solver, problem, cases)


@prop
def refuses_unbounded(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """A negative diagonal entry, or a zero row under an entry of c that is not zero, raises: there is no minimum."""
    n = len(problem.c)
    A, c = np.zeros((n + 1, n + 1)), np.append(problem.c, problem.exact.slope or 1.0)
    A[:n, :n] = problem.A
    bent = altered(A, -float(np.abs(A).max()) or -1.0)
    return accepted(
        solver, problem, [("a linear variable", {"A": A, "c": c}), ("a negative diagonal", {"A": bent, "c": c})]
    )


@prop
def refuses_indefinite(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """A negative eigenvalue behind a positive diagonal raises an exception."""
    n = len(problem.c)
    A, size = np.zeros((n + 2, n + 2)), float(np.abs(problem.A).max()) or 1.0
    A[:n, :n] = problem.A
    A[n:, n:] = [[size, 2 * size], [2 * size, size]]
    return accepted(solver, problem, [("an indefinite block", {"A": A, "c": np.append(problem.c, [size, -size])})])


@prop
def refuses_asymmetric(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """A matrix that is not symmetric raises an exception."""
    A = problem.A.copy()
    A[0, -1] += 0.5 * float(np.abs(A).max()) or 1.0
    return accepted(solver, problem, [("A[0, -1] changed", {"A": A})]) if len(A) > 1 else Measure(np.nan, None)


def _starts(solver: Solver, problem: QuadraticProblem) -> dict[str, np.ndarray]:
    """Return where a warm start may begin: at the solver's own answer, and away from it."""
    size = np.linalg.norm(problem.c / problem.exact.root) / problem.exact.least
    far = (size or 1.0) * np.random.default_rng(problem.seed or 0).standard_normal(len(problem.c)) / problem.exact.root
    return {"its own answer": ask(solver, problem), "a random start": far}


@prop
def warm_start(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """A solver with an argument ``init`` solves the problem from anywhere."""
    if not takes(solver, "init"):
        return Measure(np.nan, None)
    worst = Measure(-1.0, None)
    for name, start in _starts(solver, problem).items():
        x = problem.read(answer(solver, problem, init=start.copy()))
        most = promise(problem, x, tol)
        ratio = _share(float(np.abs(gradient(problem, x)).max()), most.value)
        if ratio > worst.measured:
            text = f"1, in units of the promise ({most.formula})"
            worst = Measure(ratio, Limit(1.0, text), f"from {name}: gradient {ratio * most.value:.2e}")
    return worst


@prop
def init_untouched(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """The array that was passed as ``init`` is what it was before."""
    if not takes(solver, "init"):
        return Measure(np.nan, None)
    return starts_untouched(solver, problem, _starts(solver, problem))
