"""Newton's method on the semi-dual, rows exact, along a decreasing regularisation: the default solver."""

import math
from typing import Any

import numpy as np

from .. import _loop
from .._loop import Chunk
from .._validation import check_count, check_nonnegative
from ..progress import Callback
from ..result import OnFailure, Status, check_on_failure
from ._semi_dual import fused_pass
from ._sinkhorn_iteration import update
from .conclusion import attainable_error, certified, initial_potentials
from .hessian import newton_direction
from .problem import Problem, Reduced
from .result import OTResult

__all__ = ["newton"]

_FACTOR = 4.0  # between two levels of reg
_FIRST_LEVEL = 20.0  # the first reg is the spread of the costs over this
_LEVEL_ERROR = 1e-3  # L1 error that ends a level above the target
_LEVEL_STEPS = 20  # steps that end it anyway
_FAR = 0.6  # L1 error above which a Sinkhorn step is the better step
_ARMIJO = 1e-4
_PATIENCE = 8  # steps without halving the error before the solver calls it the floor


class _Ascent:
    """Maximises h(g) = a.f(g) + b.g at one reg after another; mass 1."""

    def __init__(self, cost: np.ndarray, a: np.ndarray, b: np.ndarray, g: np.ndarray) -> None:
        n, m = cost.shape
        self.cost, self.a, self.b, self.g = cost, a, b, g
        self.f, self.columns, self.plan = np.empty(n), np.empty(m), np.empty((n, m))
        self.passes, self.cg_iter, self.newton_steps = 0, 0, 0
        self.shift, self.drop_factor, self.density = 1e-3, 2e-3, math.nan
        self.was_sinkhorn = False

    def evaluate(self, g: np.ndarray, reg: float) -> None:
        """Make the rows exact for g; one sweep."""
        fused_pass(self.cost, self.a, g, reg, self.f, self.plan, self.columns)
        self.g, self.reg = g, reg
        self.passes += 1
        self.error = float(np.abs(self.columns - self.b).sum())
        self.value = float(self.a @ self.f + self.b @ self.g)

    def step(self) -> None:
        """Take one ascent step: Newton, or Sinkhorn where Newton is not to be trusted."""
        lagging = float(np.min(self.columns / self.b)) < 1e-3 and not self.was_sinkhorn
        self.was_sinkhorn = self.error > _FAR or lagging or not self._newton()
        if self.was_sinkhorn:
            g = self.g.copy()
            update(self.b, self.columns, self.reg, g)
            self.evaluate(g, self.reg)

    def _newton(self) -> bool:
        error, g, columns = self.error, self.g, self.columns.copy()
        direction = newton_direction(
            self.plan, self.a, self.b, columns,
            drop=max(self.drop_factor * error, 1e-16), shift=self.shift * min(1.0, error),
            forcing=min(0.1, 0.3 * math.sqrt(error)),
        )  # fmt: skip
        self.newton_steps += 1
        self.cg_iter += direction.cg_iter
        self.density = direction.density
        alpha = self._search(g, self.reg * direction.step, columns)
        if alpha == 1.0:
            self.shift /= 3.0
            if self.error > 0.3 * error:
                self.drop_factor /= 10.0
        else:
            self.shift = min(4.0 * self.shift, 1.0)
        return alpha > 0.0

    def _search(self, g: np.ndarray, step: np.ndarray, columns: np.ndarray) -> float:
        """Backtrack from the full step; on failure restore the point and return 0."""
        error, value = self.error, self.value
        slope = float((self.b - columns) @ step)
        resolution = 1e-14 * (self.a @ np.abs(self.f) + self.b @ np.abs(g))
        alpha = 1.0
        while alpha > 1e-4 and slope > 0:
            self.evaluate(g + alpha * step, self.reg)
            gain = self.value - value
            if alpha * slope > 100 * resolution:
                good = gain >= _ARMIJO * alpha * slope
            else:  # h is flat to rounding: only the gradient still says something
                good = self.error < error
            if good:
                return alpha
            end = float((self.b - self.columns) @ step)
            alpha *= min(max(slope / (slope - end), 0.1), 0.5) if end < 0 else 0.3
        self.evaluate(g, self.reg)
        return 0.0


def _levels(spread: float, reg: float) -> np.ndarray:
    """Regularisations from the first level to the target, a constant factor of at most `_FACTOR` apart."""
    first = max(reg, spread / _FIRST_LEVEL)
    n_levels = math.ceil(math.log(first / reg) / math.log(_FACTOR)) + 1
    levels = np.geomspace(first, reg, n_levels)
    levels[-1] = reg
    return levels


class _Schedule:
    """Walks an `_Ascent` down the levels; extrapolates the potential in reg from one to the next."""

    def __init__(self, ascent: _Ascent, levels: np.ndarray) -> None:
        self.ascent, self.levels = ascent, list(levels)
        self.previous: tuple[float, np.ndarray] | None = None
        self.steps = 0
        ascent.evaluate(ascent.g, self.levels.pop(0))

    @property
    def at_target(self) -> bool:
        return not self.levels

    def advance(self) -> None:
        """Take one step, or go down one level."""
        ascent = self.ascent
        if self.at_target or (ascent.error > _LEVEL_ERROR and self.steps < _LEVEL_STEPS):
            self.steps += 1
            ascent.step()
            return
        reg, g, lower = ascent.reg, ascent.g, self.levels.pop(0)
        guess = g
        if self.previous is not None:
            reg_before, g_before = self.previous
            guess = g + (g - g_before) * ((lower - reg) / (reg - reg_before))
        self.previous, self.steps = (reg, g), 0
        ascent.evaluate(guess, lower)


def newton(
    M: Any,
    a: Any = None,
    b: Any = None,
    *,
    reg: float,
    tol: float = 1e-9,
    max_iter: int | None = None,
    init: Any = None,
    callback: Callback | None = None,
    on_failure: OnFailure = "warn",
) -> OTResult:
    """Solve entropic optimal transport by sparse Newton steps on the semi-dual along a decreasing regularisation."""
    reduced = Problem.validated(M, a, b, reg).reduce()
    tol = check_nonnegative(tol, "tol")
    max_iter = 2_000 if max_iter is None else check_count(max_iter, "max_iter")
    on_failure = check_on_failure(on_failure)
    f, g, outcome = _solve(reduced, initial_potentials(reduced, init), tol, max_iter, callback)
    return certified(reduced, f, g, outcome, tol, on_failure)


def _solve(
    reduced: Reduced,
    start: tuple[np.ndarray, np.ndarray] | None,
    tol: float,
    max_iter: int,
    callback: Callback | None,
) -> tuple[np.ndarray, np.ndarray, _loop.Outcome]:
    """Ascend in the smaller of the two sides."""
    n, m = reduced.cost.shape
    flipped = m > n
    cost = np.ascontiguousarray(reduced.cost.T) if flipped else reduced.cost
    a, b = (reduced.b, reduced.a) if flipped else (reduced.a, reduced.b)
    mass, reg = reduced.problem.mass, reduced.reg
    g = np.zeros(len(b)) if start is None else start[0 if flipped else 1]
    ascent = _Ascent(cost, a, b, g)
    levels = _levels(reduced.spread, reg)
    schedule = _Schedule(ascent, levels[-1:] if start is not None else levels)
    if ascent.error > _FAR and start is not None:
        schedule = _Schedule(ascent, levels)
    best_error, best, waited, first = math.inf, (ascent.f, ascent.g), 0, True

    def potentials(f: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return (g, f) if flipped else (f, g)

    def advance(budget: int) -> Chunk:
        nonlocal best_error, best, waited, first
        before = ascent.passes
        if first:
            first, before = False, 0
        else:
            schedule.advance()
        spent = ascent.passes - before
        extra = {
            "reg": ascent.reg, "level_error": ascent.error, "newton_steps": ascent.newton_steps,
            "cg_iter": ascent.cg_iter, "density": ascent.density,
        }  # fmt: skip
        if not schedule.at_target:  # whatever g is, exact rows bound the error of its plan at the target by 2
            return Chunk(n_iter=spent, error=2.0 * mass, extra=extra)
        floor = attainable_error(reduced, *potentials(ascent.f, ascent.g))
        waited = 0 if ascent.error < 0.5 * best_error else waited + 1
        if ascent.error < best_error or not math.isfinite(ascent.error):
            best_error, best = ascent.error, (ascent.f.copy(), ascent.g)
        objective = (ascent.value - reg) * mass
        stop = Status.STALLED if waited >= _PATIENCE and best_error * mass <= 100 * floor else None
        if waited >= 50:
            stop = Status.STALLED
        return Chunk(n_iter=spent, error=ascent.error * mass + floor, objective=objective, stop=stop, extra=extra)

    outcome = _loop.run(advance, tol=tol, max_iter=max_iter, callback=callback, solution=lambda: ascent.g)
    return *potentials(*best), outcome
