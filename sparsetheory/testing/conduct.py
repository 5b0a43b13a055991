"""How a transport solver behaves at its interface: indifferent to layouts, honest, strict at the door."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .finding import UNIT, Limit, Measure, SolverFailed, prop
from .interface import FORMS, accepted, altered, answer, ask
from .plans import closeness, marginal_error, promise, rounding
from .problem import OTProblem

__all__ = ["honest_status", "layouts", "refuses_bad_reg", "refuses_bad_shape", "refuses_infeasible",
           "refuses_negative_mass", "refuses_nonfinite", "refuses_unequal_masses"]  # fmt: skip

Solver = Callable[..., Any]


@prop
def layouts(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """Fortran order, strided views, read-only arrays, lists and float32 give the answer of plain arrays.

    float32 may be computed in float32, and is compared with float64 arrays of the same numbers.
    """
    single = OTProblem(**{k: getattr(problem, k).astype(np.float32) for k in "Mab"}, reg=problem.reg)
    # masses that float32 cannot hold are no longer of equal sum
    exact = abs(single.a.sum() - single.b.sum()) <= UNIT * single.a.sum()
    forms = {**FORMS, "float32": np.float32} if exact else FORMS
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
    error = marginal_error(problem.read(result), problem)
    # its own tolerance, where it states one, is what "converged" was decided with
    most = promise(problem, float(getattr(result, "tol", tol)))
    lie = error / most.value if getattr(result, "converged", False) else 0.0
    reported = float(getattr(result, "marginal_error", error))
    drift = abs(reported - error) / (rounding(problem) * problem.exact.mass)
    message = f"converged {getattr(result, 'converged', '-')}, reported {reported:.2e}, recomputed {error:.2e}"
    worse = np.nan if np.isnan(reported) else max(lie, drift)
    return Measure(worse, Limit(1.0, f"1, in units of the promise ({most.formula}) and of rounding"), message)


@prop
def refuses_nonfinite(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """NaN or -inf in the cost, NaN or inf in a mass, raise an exception."""
    M, a, b = problem.M, problem.a, problem.b
    cases = [("NaN cost", {"M": altered(M, np.nan)}), ("-inf cost", {"M": altered(M, -np.inf)})]
    cases += [(f"{x} mass in a", {"a": altered(a, x)}) for x in (np.nan, np.inf)]
    cases += [(f"{x} mass in b", {"b": altered(b, x)}) for x in (np.nan, np.inf)]
    return accepted(solver, problem, cases)


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
    return accepted(solver, problem, [("negative a", {"a": a}), ("negative b", {"b": b})])


@prop
def refuses_unequal_masses(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """Masses that differ by a fifth raise an exception: no plan has such marginals."""
    return accepted(solver, problem, [("1.2 b", {"b": 1.2 * problem.b}), ("1.2 a", {"a": 1.2 * problem.a})])


@prop
def refuses_bad_shape(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """Masses of the wrong length and costs that are not matrices raise an exception."""
    M, a, b = problem.M, problem.a, problem.b
    long_a, long_b = np.append(a[:-1], [a[-1] / 2] * 2), np.append(b[:-1], [b[-1] / 2] * 2)
    cases = [("a too long", {"a": long_a}), ("b too long", {"b": long_b})]
    cases += [("cost as a vector", {"M": M.ravel()}), ("cost of three axes", {"M": M[None]})]
    return accepted(solver, problem, cases)


@prop
def refuses_bad_reg(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """Zero, negative or NaN reg raises an exception."""
    return accepted(solver, problem, ((f"reg = {reg}", {"reg": reg}) for reg in (0.0, -problem.reg, np.nan)))


@prop
def refuses_infeasible(solver: Solver, problem: OTProblem, tol: float) -> Measure:
    """A row with mass and no allowed edge raises an exception."""
    M = problem.M.copy()
    M[int(np.argmax(problem.a))] = np.inf
    return accepted(solver, problem, [("a row of +inf", {"M": M})])
