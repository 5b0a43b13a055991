"""What the answer of a first-order bilevel solver must satisfy: both levels solved, and the same however it is stated.

Every property is a pure function ``property(solver, problem, *, tol=1e-8) -> Finding``. A solver is called as
``solver(f, grad_f, g, grad_g, X, Y, x0, y0)``, or by these names where its signature has them, and returns the pair
(x, y) or an object with ``.x`` and ``.y``. `tol` is the length of x - P(x - grad psi(x)) that it promises, with a y as
good as that of a penalty method whose last sigma is `tol`. u is the unit roundoff of double precision.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..finding import UNIT, Limit, Measure, prop
from ..interface import ask, deterministic, inputs_untouched
from .certificate import gap_limit, minimiser, outside, promise, rounding, stationarity
from .conduct import asks_inside, honest_status, refuses_bad_shape, refuses_nonfinite, refuses_outside
from .problem import BilevelProblem

__all__ = [
    "asks_inside", "deterministic", "honest_status", "inputs_untouched", "inside", "lower_constants", "lower_level",
    "no_worse_than_start", "order", "origin", "refuses_bad_shape", "refuses_nonfinite", "refuses_outside", "solves",
    "stationary", "units", "upper_constant",
]  # fmt: skip

Solver = Callable[..., Any]


def _answer(solver: Solver, problem: BilevelProblem) -> tuple[np.ndarray, np.ndarray]:
    return problem.split(ask(solver, problem))


@prop
def inside(solver: Solver, problem: BilevelProblem, tol: float) -> Measure:
    """The answer lies in X and Y, up to the last bits of a bound."""
    worst = outside(problem, *_answer(solver, problem))
    return Measure(worst, Limit(4 * UNIT, "4 u (1 + |bound|)"), f"outside by {worst:.1e}")


@prop
def stationary(solver: Solver, problem: BilevelProblem, tol: float) -> Measure:
    """The gradient of psi, known in closed form, vanishes up to the promise or points out of X."""
    x, _ = _answer(solver, problem)
    steep = stationarity(problem, x, tol)
    return Measure(steep, promise(problem, x, tol), f"projected gradient of psi {steep:.2e}")


@prop
def lower_level(solver: Solver, problem: BilevelProblem, tol: float) -> Measure:
    """The gap of g at y, known in closed form, is no larger than a penalty method with sigma = tol leaves it."""
    x, y = _answer(solver, problem)
    gap = problem.levels.exact.lower_gap(x, y)
    return Measure(abs(gap), gap_limit(problem, x, tol), f"g(x, y) is {gap:.2e} above its minimum")


@prop
def no_worse_than_start(solver: Solver, problem: BilevelProblem, tol: float) -> Measure:
    """The value psi at x is not above psi at the start."""
    x, _ = _answer(solver, problem)
    first, last = problem.levels.exact.psi(problem.x0), problem.levels.exact.psi(x)
    slack = (tol + rounding(problem, x)) * (1 + float(np.linalg.norm(x - problem.x0)))
    return Measure(last - first, Limit(slack, "(tol + rounding) (1 + |x - x0|)"), f"psi from {first:.6g} to {last:.6g}")


@prop
def solves(solver: Solver, problem: BilevelProblem, tol: float) -> Measure:
    """Where psi is a convex quadratic, x is its minimiser over X, which a search over all faces of X finds."""
    found = minimiser(problem)
    if found is None:
        return Measure(np.nan, None)
    best, least, most = found
    x, _ = _answer(solver, problem)
    left = promise(problem, x, tol).value + stationarity(problem, best, tol)
    distance = float(np.linalg.norm(x - best))
    limit = Limit((1 + most) / least * left, "(1 + L)/mu (tol + rounding)", float(np.linalg.norm(np.ptp(problem.X, 1))))
    return Measure(distance, limit, f"x is {distance:.2e} from the minimiser")


def _stated(solver: Solver, problem: BilevelProblem, tol: float, what: str, **change: Any) -> Measure:
    """Judge the answer to another statement of the problem, brought back: in units of what it may miss."""
    twin = problem.stated(**change)
    x, y = _answer(solver, twin)
    # the solver rounds numbers of the size that it sees
    c = twin.change
    seen = tol + UNIT * sum(float(np.abs(v).max()) for v in (c.slope, c.x_origin, c.y_origin))
    far = 1 + float(np.abs(c.x_origin).max() + np.abs(c.y_origin).max())
    parts = {
        "outside": outside(problem, x, y) / (8 * UNIT * far),
        "gradient of psi": stationarity(problem, x, seen) / promise(problem, x, seen).value,
        "lower level": abs(problem.levels.exact.lower_gap(x, y)) / gap_limit(problem, x, seen).value,
    }  # fmt: skip
    worst = max(parts, key=lambda name: parts[name])
    limit = Limit(1.0, "1, in units of the tolerances of inside, stationary and lower_level")
    return Measure(parts[worst], limit, f"{what}: {worst} {parts[worst]:.2e} of what it may be")


def _rng(problem: BilevelProblem) -> np.random.Generator:
    return np.random.default_rng(problem.seed)


@prop
def upper_constant(solver: Solver, problem: BilevelProblem, tol: float) -> Measure:
    """A constant on top of f changes nothing."""
    return _stated(solver, problem, tol, "f + 1000", f_added=1000.0)


@prop
def lower_constants(solver: Solver, problem: BilevelProblem, tol: float) -> Measure:
    """What depends on x alone, a constant and a slope, changes nothing on top of g."""
    slope = _rng(problem).choice([-64.0, 64.0], len(problem.x0))
    return _stated(solver, problem, tol, "g + 8 + slope'x", g_added=8.0, slope=slope)


@prop
def units(solver: Solver, problem: BilevelProblem, tol: float) -> Measure:
    """The lower objective times 16 has the same minimisers."""
    return _stated(solver, problem, tol, "g times 16", g_scale=16.0)


@prop
def order(solver: Solver, problem: BilevelProblem, tol: float) -> Measure:
    """Reversing the coordinates of both levels reverses the answer."""
    n, m = problem.levels.R.shape
    reverse = {"x_order": np.arange(n)[::-1], "y_order": np.arange(m)[::-1]}
    return _stated(solver, problem, tol, "coordinates reversed", **reverse)


@prop
def origin(solver: Solver, problem: BilevelProblem, tol: float) -> Measure:
    """Another point called zero, for both levels, moves the answer along."""
    n, m = problem.levels.R.shape
    far = {"x_origin": _rng(problem).choice([-4.0, 4.0], n), "y_origin": _rng(problem).choice([-4.0, 4.0], m)}
    return _stated(solver, problem, tol, "another origin", **far)
