"""What a property says of a solver on one problem, how a solver is asked, and where the tolerances come from."""

import functools
import inspect
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np

from .problem import OTProblem

__all__ = ["TOL", "Finding", "Limit", "Measure", "Property", "SolverFailed", "ask", "closeness", "conditioning",
           "marginal_error", "promise", "prop", "rounding"]  # fmt: skip

#: L1 marginal error at mass one that a solver is taken to promise unless `check_solver` is told otherwise.
TOL = 1e-8

UNIT = np.finfo(np.float64).eps / 2


class SolverFailed(Exception):
    """The solver raised on a valid problem, or what it returned is no plan at all."""


class Limit(NamedTuple):
    """A tolerance with the formula it came from; from `vacuous` on it says nothing about the answer."""

    value: float
    formula: str
    vacuous: float = math.inf


class Measure(NamedTuple):
    """What a property measured, and what it may be; `limit` None: the property says nothing about this problem."""

    measured: float
    limit: Limit | None
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The answer of one property on one problem.

    Attributes
    ----------
    name : str
        The property.
    ok : bool or None
        None: not decided, because the property does not apply or its tolerance would let anything pass.
    measured, tolerance : float
        The property holds when measured <= tolerance; NaN never holds.
    tolerance_formula : str
        Where the tolerance comes from.
    message : str
        What was seen, in words.
    problem : str
        One line that builds the problem again.
    """

    name: str
    ok: bool | None
    measured: float
    tolerance: float
    tolerance_formula: str
    message: str
    problem: str

    @property
    def ratio(self) -> float:
        """How much of the tolerance was used; 0 for an exact match of a zero tolerance."""
        if self.measured == 0:
            return 0.0
        return self.measured / self.tolerance if self.tolerance > 0 else math.inf

    def __str__(self) -> str:
        word = {True: "holds", False: "fails", None: "undecided"}[self.ok]
        numbers = f"measured {self.measured:.3g}, tolerance {self.tolerance:.3g} = {self.tolerance_formula}"
        return f"{self.name} {word}: {self.message} ({numbers}) on {self.problem}"


class Property(Protocol):
    """A pure function of a solver and a problem."""

    __name__: str
    __doc__: str | None

    def __call__(self, solver: Callable[..., Any], problem: OTProblem, *, tol: float = TOL) -> Finding:
        """Return what was found."""
        ...


def prop(function: Callable[[Callable[..., Any], OTProblem, float], Measure]) -> Property:
    """Turn a function that measures into a property that judges; a solver that fails makes it fail."""

    @functools.wraps(function)
    def judge(solver: Callable[..., Any], problem: OTProblem, *, tol: float = TOL) -> Finding:
        blank = Finding(
            name=function.__name__, ok=None, measured=math.nan, tolerance=math.nan, tolerance_formula="",
            message="does not apply", problem=repr(problem),
        )  # fmt: skip
        try:
            with np.errstate(all="ignore"):  # plans may be anything, and NaN never passes
                measured, limit, message = function(solver, problem, tol)
        except SolverFailed as failure:
            return replace(blank, ok=False, tolerance_formula="a plan is expected", message=str(failure))
        if limit is None:
            return blank
        ok = bool(measured <= limit.value)
        return replace(
            blank, ok=None if ok and limit.value >= limit.vacuous else ok, measured=float(measured),
            tolerance=float(limit.value), tolerance_formula=limit.formula, message=message,
        )  # fmt: skip

    return judge


@functools.lru_cache(maxsize=64)
def _by_name(solver: Callable[..., Any]) -> tuple[str, ...]:
    """Return which of the four arguments a solver wants by keyword: all if it has those names, else only `reg`."""
    try:
        parameters = inspect.signature(solver).parameters
    except (TypeError, ValueError):
        return ()
    if {"M", "a", "b", "reg"} <= set(parameters):
        return ("M", "a", "b", "reg")
    return ("reg",) if "reg" in parameters else ()


def call(solver: Callable[..., Any], M: Any, a: Any, b: Any, reg: Any) -> Any:
    """Call a solver as (M, a, b, reg), or by these names where its signature has them; warnings are its own affair."""
    arguments = {"M": M, "a": a, "b": b, "reg": reg}
    names = _by_name(solver)
    positional = [value for name, value in arguments.items() if name not in names]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return solver(*positional, **{name: arguments[name] for name in names})


def ask(solver: Callable[..., Any], problem: OTProblem, *, form: Callable[[np.ndarray], Any] = np.array) -> np.ndarray:
    """Return the plan as a finite float64 matrix of the right shape, or raise `SolverFailed`.

    `form` turns each array into what the solver is given; by default a writable copy of its own.
    """
    return plan_of(answer(solver, problem, form=form), problem)


def answer(solver: Callable[..., Any], problem: OTProblem, *, form: Callable[[np.ndarray], Any] = np.array) -> Any:
    """Return whatever the solver returns; an exception on a valid problem is a failure."""
    try:
        return call(solver, form(problem.M), form(problem.a), form(problem.b), problem.reg)
    except Exception as error:
        raise SolverFailed(f"raised {type(error).__name__}: {str(error)[:200]}") from error


def plan_of(result: Any, problem: OTProblem) -> np.ndarray:
    """Return a copy of the plan of a result, which is an array or has it as `.plan`; solvers may reuse a buffer."""
    try:
        plan = np.array(getattr(result, "plan", result), dtype=np.float64)
    except (TypeError, ValueError):
        raise SolverFailed(f"returned {type(result).__name__}: neither an array nor an object with .plan") from None
    if plan.shape != problem.M.shape:
        raise SolverFailed(f"returned a plan of shape {plan.shape} for a cost of shape {problem.M.shape}")
    if not np.isfinite(plan).all():
        raise SolverFailed(f"returned a plan with {int((~np.isfinite(plan)).sum())} entries that are not finite")
    return plan


def marginal_error(plan: np.ndarray, problem: OTProblem) -> float:
    """L1 error of both marginals."""
    return float(np.abs(plan.sum(axis=1) - problem.a).sum() + np.abs(plan.sum(axis=0) - problem.b).sum())


def rounding(problem: OTProblem, unit: float = UNIT) -> float:
    """Relative L1 error of a plan that rounding alone can cause.

    Changing the cost by E moves the exact plan by at most mass * max|E| / reg in L1 (the response is a projection in
    the norm weighted by the plan), and rounding changes it by u max|M|; n + m more roundings come from the sums.
    """
    return float(16 * unit * (problem.exact.magnitude / problem.reg + sum(problem.M.shape)))


def promise(problem: OTProblem, tol: float) -> Limit:
    """Marginal error that a solver may leave whose tolerance is `tol`, be it absolute or relative to the mass."""
    mass = problem.exact.mass
    value = tol * max(1.0, mass) + rounding(problem) * mass
    return Limit(value, "tol max(1, mass) + 16 u mass (max|M|/reg + n + m)", mass)


def conditioning(plan: np.ndarray) -> float:
    """Return k such that moving the marginals by d in L1 moves the entropic plan by at most k d in L1, to first order.

    The response is P o (x + y) with H (x, y) = d and H = [[diag r, P], [P', diag c]]. By Cauchy-Schwarz its L1 norm is
    at most sqrt(mass d'H^+ d), and after scaling by the marginals the least positive eigenvalue of H is 1 - s2, with s2
    the second singular value of diag(r)^-1/2 P diag(c)^-1/2. Hence k = sqrt(mass / (least marginal (1 - s2))).
    """
    plan = plan[np.ix_(plan.sum(axis=1) > 0, plan.sum(axis=0) > 0)]
    if plan.size == 0:
        return math.inf
    r, c = plan.sum(axis=1), plan.sum(axis=0)
    scaled = plan / np.sqrt(r)[:, None] / np.sqrt(c)
    if not np.isfinite(scaled).all():
        return math.inf
    s = np.linalg.svd(scaled, compute_uv=False)
    gap = 1.0 - s[1] if len(s) > 1 else 1.0
    if gap <= 64 * UNIT * sum(plan.shape):  # numerically disconnected: the marginals do not determine the plan
        return math.inf
    return math.sqrt(plan.sum() / (min(r.min(), c.min()) * gap))


def closeness(problem: OTProblem, base: np.ndarray, *errors: float, tol: float, unit: float = UNIT) -> Limit:
    """How far two plans of one problem may lie apart in L1, given the marginal errors they have.

    Errors count up to what was promised. The factor 2 covers the change of the conditioning along the way.
    """
    mass = problem.exact.mass
    most = promise(problem, tol).value
    left = sum(min(error, most) for error in errors)
    value = 2 * (conditioning(base) * left if left > 0 else 0.0) + 2 * rounding(problem, unit) * mass
    return Limit(value, "2 k (marginal errors <= promise) + 32 u mass (max|M|/reg + n + m), "
                        "k = sqrt(mass/(least marginal (1 - s2)))", mass)  # fmt: skip
