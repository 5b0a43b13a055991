"""What a property says of a solver on one problem; the same for every contract."""

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np

__all__ = ["TOL", "UNIT", "Finding", "Limit", "Measure", "Property", "SolverFailed", "prop"]

#: What a solver is taken to promise unless `check_solver` is told otherwise; each contract says what it measures.
TOL = 1e-8

#: Unit roundoff of double precision.
UNIT = np.finfo(np.float64).eps / 2


class SolverFailed(Exception):
    """The solver raised on a valid problem, or what it returned is no answer at all."""


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

    def __call__(self, solver: Callable[..., Any], problem: Any, *, tol: float = TOL) -> Finding:
        """Return what was found."""
        ...


def prop(function: Callable[[Callable[..., Any], Any, float], Measure]) -> Property:
    """Turn a function that measures into a property that judges; a solver that fails makes it fail."""

    @functools.wraps(function)
    def judge(solver: Callable[..., Any], problem: Any, *, tol: float = TOL) -> Finding:
        blank = Finding(
            name=function.__name__, ok=None, measured=math.nan, tolerance=math.nan, tolerance_formula="",
            message="does not apply", problem=repr(problem),
        )  # fmt: skip
        try:
            with np.errstate(all="ignore"):  # answers may be anything, and NaN never passes
                measured, limit, message = function(solver, problem, tol)
        except SolverFailed as failure:
            return replace(blank, ok=False, tolerance_formula="an answer is expected", message=str(failure))
        if limit is None:
            return blank
        ok = bool(measured <= limit.value)
        return replace(
            blank, ok=None if ok and limit.value >= limit.vacuous else ok, measured=float(measured),
            tolerance=float(limit.value), tolerance_formula=limit.formula, message=message,
        )  # fmt: skip

    return judge
