"""What the answer of a coordinate descent on a quadratic must satisfy: stationary, the solution, its invariances.

Every property is a pure function ``property(solver, problem, *, tol=1e-8) -> Finding``. A solver is called as
``solver(A, c)`` and returns the point or an object with ``.x``. `tol` is the largest entry of the gradient that it
promises, relative to the gradient at zero. u is the unit roundoff of double precision.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..finding import UNIT, Limit, Measure, prop
from ..interface import ask, deterministic, inputs_untouched
from .certificate import distance, energy, gradient, promise, reach, rounding, value
from .conduct import (
    descends,
    honest_status,
    init_untouched,
    layouts,
    refuses_asymmetric,
    refuses_bad_shape,
    refuses_indefinite,
    refuses_nonfinite,
    refuses_unbounded,
    sparse_input,
    warm_start,
)
from .problem import QuadraticProblem

__all__ = [
    "descends", "deterministic", "diagonal", "free_variable", "honest_status", "independent_parts", "init_untouched",
    "inputs_untouched", "layouts", "magnitude", "no_worse_than_zero", "null", "order", "refuses_asymmetric",
    "refuses_bad_shape", "refuses_indefinite", "refuses_nonfinite", "refuses_unbounded", "scaling", "signs", "solves",
    "sparse_input", "stationary", "units", "warm_start",
]  # fmt: skip

Solver = Callable[..., Any]


@prop
def stationary(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """The gradient Ax - c vanishes up to the promise: this certifies the answer."""
    x = ask(solver, problem)
    worst = float(np.abs(gradient(problem, x)).max())
    relative = worst / (problem.exact.slope or 1.0)
    return Measure(worst, promise(problem, x, tol), f"gradient {relative:.2e} of that at zero")


@prop
def solves(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """The answer is the solution that the problem was made from, up to the kernel of A."""
    if problem.solution is None:
        return Measure(np.nan, None)
    return distance(problem, ask(solver, problem), problem.solution, tol=tol, what="to the planted solution")


@prop
def no_worse_than_zero(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """The value at the answer is at most that at zero, where there is anything to gain."""
    x = ask(solver, problem)
    slack = 0.5 * reach(problem, x, tol) ** 2 + float(np.abs(x).sum()) * rounding(problem, x)
    limit = Limit(slack, "|g/d|^2 / (2 least eigenvalue) + |x|_1 rounding", 0.5 * problem.exact.depth**2 or np.inf)
    return Measure(value(problem, x), limit, f"f(x) = {value(problem, x):.3g}, f(0) = 0")


def _brought_back(
    solver: Solver, problem: QuadraticProblem, tol: float, undo: Callable[[np.ndarray], np.ndarray], what: str,
    *, A: np.ndarray, c: np.ndarray,
) -> Measure:  # fmt: skip
    """Compare the answer with the answer to a changed problem, brought back."""
    other = undo(ask(solver, QuadraticProblem(A=A, c=c)))
    return distance(problem, ask(solver, problem), other, tol=tol, what=what)


def _rng(problem: QuadraticProblem) -> np.random.Generator:
    return np.random.default_rng(problem.seed or 0)


@prop
def order(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """Reordering the variables reorders the answer."""
    p = _rng(problem).permutation(len(problem.c))
    back = np.argsort(p)
    return _brought_back(solver, problem, tol, lambda x: x[back], "variables reordered",
                         A=problem.A[np.ix_(p, p)], c=problem.c[p])  # fmt: skip


@prop
def signs(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """Changing the sign of variables changes the sign of their answers."""
    s = _rng(problem).choice([-1.0, 1.0], len(problem.c))
    s[0] = -1.0
    return _brought_back(solver, problem, tol, lambda x: s * x, "signs changed",
                         A=problem.A * np.outer(s, s), c=problem.c * s)  # fmt: skip


@prop
def units(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """Measuring variables in other units, powers of two, divides their answers by the unit."""
    d = 2.0 ** _rng(problem).integers(-3, 4, len(problem.c))
    twin = QuadraticProblem(A=problem.A * np.outer(d, d), c=problem.c * d)
    x, other = ask(solver, problem), ask(solver, twin)
    # the promise is about the gradient, whose entries have units: each problem vouches for its own answer
    limit = reach(problem, x, tol) + reach(twin, other, tol)
    apart, depth = energy(problem, x - d * other), problem.exact.depth
    text = "sum of |g/d| / sqrt(least eigenvalue) of the two problems"
    return Measure(apart, Limit(limit, text, depth or np.inf), f"other units: {apart:.2e} apart in energy")


@prop
def scaling(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """Multiplying A and c by one number changes nothing."""
    return _brought_back(solver, problem, tol, np.asarray, "A and c times 2^20",
                         A=2.0**20 * problem.A, c=2.0**20 * problem.c)  # fmt: skip


@prop
def magnitude(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """Multiplying c by one number multiplies the answer by it."""
    return _brought_back(solver, problem, tol, lambda x: 2.0**30 * x, "c over 2^30",
                         A=problem.A, c=problem.c / 2.0**30)  # fmt: skip


@prop
def independent_parts(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """Next to a second problem that shares no variable, the answer stays, and the second one is solved too."""
    n = len(problem.c)
    A = np.zeros((2 * n, 2 * n))
    A[:n, :n] = A[n:, n:] = problem.A
    both = ask(solver, QuadraticProblem(A=A, c=np.concatenate([problem.c, -problem.c])))
    worst = distance(problem, both[:n], -both[n:], tol=tol, what="two parts of opposite sign")
    own = distance(problem, ask(solver, problem), both[:n], tol=tol, what="beside an independent part")
    return max(worst, own, key=lambda m: m.measured / m.limit.value if m.limit and m.limit.value > 0 else m.measured)


@prop
def free_variable(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """A variable that occurs nowhere takes nothing from the others."""
    n = len(problem.c)
    A = np.zeros((n + 1, n + 1))
    A[1:, 1:] = problem.A
    return _brought_back(solver, problem, tol, lambda x: x[1:], "a variable that occurs nowhere",
                         A=A, c=np.concatenate([[0.0], problem.c]))  # fmt: skip


@prop
def diagonal(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """For a diagonal matrix the answer is c over the diagonal."""
    a = np.where(np.diagonal(problem.A) > 0, np.diagonal(problem.A), 1.0)
    twin = QuadraticProblem(A=np.diag(a), c=a * problem.exact.slope * _rng(problem).uniform(0.5, 1, len(a)))
    return distance(twin, ask(solver, twin), twin.c / a, tol=tol, what="a diagonal matrix")


@prop
def null(solver: Solver, problem: QuadraticProblem, tol: float) -> Measure:
    """For c = 0 nothing is left to gain: Ax = 0 up to rounding."""
    x = ask(solver, QuadraticProblem(A=problem.A, c=np.zeros_like(problem.c)))
    left = float(np.abs(problem.A @ x).max())
    # the answer may lie in the kernel, but not so far out that rounding hides anything
    size = min(float((np.abs(problem.A) @ np.abs(x)).max()), float(np.abs(problem.A).max()))
    return Measure(
        left, Limit(4 * UNIT * (len(x) + 2) * size, "4 u (n + 2) min(max|A||x|, max|A|)"), f"|Ax| {left:.1e}"
    )
