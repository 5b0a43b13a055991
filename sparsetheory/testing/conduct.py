"""How a transport solver behaves at its interface: repeatable, gentle with its inputs, honest, strict at the door."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .finding import (
    UNIT,
    Limit,
    Measure,
    SolverFailed,
    answer,
    ask,
    call,
    closeness,
    marginal_error,
    plan_of,
    promise,
    prop,
    rounding,
)
from .problem import OTProblem

__all__ = ["deterministic", "honest_status", "inputs_untouched", "layouts", "refuses_bad_reg", "refuses_bad_shape",
           "refuses_infeasible", "refuses_negative_mass", "refuses_nonfinite", "refuses_unequal_masses"]  # fmt: skip

Solver = Callable[..., Any]


@prop
def deterministic(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """Two calls return the same bits."""
    difference = float(np.abs(ask(solver, problem) - ask(solver, problem)).max())
    return Measure(difference, Limit(0.0, "0: same bits"), f"two calls differ by {difference:.1e}")


@prop
def inputs_untouched(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """The arrays that were passed are what they were before."""
    given: list[np.ndarray] = []

    def remember(array: np.ndarray) -> np.ndarray:
        given.append(array.copy())
        return given[-1]

    ask(solver, problem, form=remember)
    before = (problem.M, problem.a, problem.b)
    changed = [name for name, x, y in zip("Mab", before, given) if not np.array_equal(x, y, equal_nan=True)]
    return Measure(len(changed), Limit(0, "0 arrays"), f"changed: {', '.join(changed) or 'nothing'}")


def _readonly(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flags.writeable = False
    return array


def _strided(array: np.ndarray) -> np.ndarray:
    return np.repeat(array, 2, axis=-1)[..., ::2]


_FORMS: dict[str, Callable[[np.ndarray], Any]] = {
    "Fortran order": np.asfortranarray,
    "strided": _strided,
    "read-only": _readonly,
    "lists": np.ndarray.tolist,
    "float32": np.float32,
}


@prop
def layouts(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """Fortran order, strided views, read-only arrays, lists and float32 give the answer of plain arrays.

    float32 may be computed in float32, and is compared with float64 arrays of the same numbers.
    """
    single = OTProblem(**{k: getattr(problem, k).astype(np.float32) for k in "Mab"}, reg=problem.reg)
    # masses that float32 cannot hold are no longer of equal sum
    exact = abs(single.a.sum() - single.b.sum()) <= UNIT * single.a.sum()
    forms = {name: form for name, form in _FORMS.items() if name != "float32" or exact}
    worst = Measure(0.0, None)
    for name, form in forms.items():
        case, unit = (single, 2.0**-24) if name == "float32" else (problem, UNIT)
        try:
            plan, other = ask(solver, case), ask(solver, case, form=form)
        except SolverFailed as failure:
            raise SolverFailed(f"{name}: {failure}") from failure
        errors = marginal_error(plan, case), marginal_error(other, case)
        loose = tol if unit == UNIT else tol + rounding(case, unit)
        limit = closeness(case, plan, *errors, tol=loose, unit=unit)
        if limit.value >= limit.vacuous:
            continue
        ratio = float(np.abs(plan - other).sum()) / limit.value
        if ratio >= worst.measured:
            text = f"1, in units of {limit.formula} (u of float32 where that is passed)"
            worst = Measure(ratio, Limit(1.0, text), f"{name}: plans differ by {ratio * limit.value:.1e} in L1")
    return worst


@prop
def honest_status(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """A result that says converged has, and the marginal error it reports is that of its plan."""
    result = answer(solver, problem)
    if not (hasattr(result, "converged") or hasattr(result, "marginal_error")):
        return Measure(np.nan, None)
    error = marginal_error(plan_of(result, problem), problem)
    # its own tolerance, where it states one, is what "converged" was decided with
    most = promise(problem, float(getattr(result, "tol", tol)))
    lie = error / most.value if getattr(result, "converged", False) else 0.0
    reported = float(getattr(result, "marginal_error", error))
    drift = abs(reported - error) / (rounding(problem) * problem.exact.mass)
    message = f"converged {getattr(result, 'converged', '-')}, reported {reported:.2e}, recomputed {error:.2e}"
    worse = np.nan if np.isnan(reported) else max(lie, drift)
    return Measure(worse, Limit(1.0, f"1, in units of the promise ({most.formula}) and of rounding"), message)


def _accepted(solver: Solver, cases: Iterator[tuple[str, Any, Any, Any, Any]]) -> Measure:
    """Count the bad inputs that came back with an answer instead of an exception."""
    taken = []
    for name, M, a, b, reg in cases:
        try:
            call(solver, M, a, b, reg)
        except Exception:
            continue
        taken.append(name)
    message = f"accepted: {', '.join(taken)}" if taken else "every one refused"
    return Measure(len(taken), Limit(0, "0 accepted"), message)


def _with(array: np.ndarray, value: float) -> np.ndarray:
    """Return a copy whose last entry is `value`."""
    array = array.copy()
    array[(-1,) * array.ndim] = value
    return array


@prop
def refuses_nonfinite(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """NaN or -inf in the cost, NaN or inf in a mass, raise an exception."""
    M, a, b, reg = problem.M, problem.a, problem.b, problem.reg
    cases = [("NaN cost", _with(M, np.nan), a, b, reg), ("-inf cost", _with(M, -np.inf), a, b, reg)]
    cases += [(f"{x} mass in a", M, _with(a, x), b, reg) for x in (np.nan, np.inf)]
    cases += [(f"{x} mass in b", M, a, _with(b, x), reg) for x in (np.nan, np.inf)]
    return _accepted(solver, iter(cases))


@prop
def refuses_negative_mass(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """A negative mass raises an exception, also when the sums agree."""
    n, m = problem.M.shape
    if min(n, m) < 2:
        return Measure(np.nan, None)
    a, b = problem.a.copy(), problem.b.copy()
    for masses in (a, b):  # the first atom gives more than it has to the last one
        masses[-1] += 1.5 * masses[0]
        masses[0] *= -0.5
    cases = [("negative a", problem.M, a, problem.b, problem.reg), ("negative b", problem.M, problem.a, b, problem.reg)]
    return _accepted(solver, iter(cases))


@prop
def refuses_unequal_masses(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """Masses that differ by a fifth raise an exception: no plan has such marginals."""
    M, a, b, reg = problem.M, problem.a, problem.b, problem.reg
    return _accepted(solver, iter([("1.2 b", M, a, 1.2 * b, reg), ("1.2 a", M, 1.2 * a, b, reg)]))


@prop
def refuses_bad_shape(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """Masses of the wrong length and costs that are not matrices raise an exception."""
    M, a, b, reg = problem.M, problem.a, problem.b, problem.reg
    long_a, long_b = np.append(a[:-1], [a[-1] / 2] * 2), np.append(b[:-1], [b[-1] / 2] * 2)
    cases = [("a too long", M, long_a, b, reg), ("b too long", M, a, long_b, reg)]
    cases += [("cost as a vector", M.ravel(), a, b, reg), ("cost of three axes", M[None], a, b, reg)]
    return _accepted(solver, iter(cases))


@prop
def refuses_bad_reg(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """Zero, negative or NaN reg raises an exception."""
    M, a, b = problem.M, problem.a, problem.b
    return _accepted(solver, ((f"reg = {reg}", M, a, b, reg) for reg in (0.0, -problem.reg, np.nan)))


@prop
def refuses_infeasible(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """A row with mass and no allowed edge raises an exception."""
    M = problem.M.copy()
    M[int(np.argmax(problem.a))] = np.inf
    return _accepted(solver, iter([("a row of +inf", M, problem.a, problem.b, problem.reg)]))
