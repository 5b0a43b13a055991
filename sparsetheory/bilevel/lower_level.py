"""The lower level at a fixed x: minimise sigma f + g over Y to a stated accuracy, from gradients alone."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from .conjugate_gradients import conjugate_gradients
from .oracles import Oracles
from .recycled import Recycled
from .sets import Box, ConvexSet, Face, Free

__all__ = ["LowerLevel", "LowerSolution", "minimize_level"]

_NOISE = 4 * np.finfo(float).eps
_UNBOUNDED = 1e12  # a step of this size, downhill all the way, is taken for a ray


@dataclass(frozen=True, eq=False)
class LowerSolution:
    """A point of Y and what is known of it.

    Attributes
    ----------
    y : ndarray, shape (q,)
    slope : ndarray, shape (q,)
        Gradient in y there.
    residual : float
        |y - P(y - slope)|, zero exactly at stationary points.
    n_iter : int
    ray : ndarray or None
        A direction along which the objective fell as far as we went.
    """

    y: np.ndarray
    slope: np.ndarray
    residual: float
    n_iter: int
    ray: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class LowerLevel:
    """The function y -> sigma f(x, y) + g(x, y) over Y; sigma = 0 is the lower level itself."""

    oracles: Oracles
    x: np.ndarray
    Y: ConvexSet
    sigma: float = 0.0

    def value(self, y: np.ndarray) -> float:
        """Return the objective."""
        value = self.oracles.g(self.x, y)
        return value + self.sigma * self.oracles.f(self.x, y) if self.sigma else value

    def slope(self, y: np.ndarray) -> np.ndarray:
        """Return the gradient in y."""
        slope = self.oracles.grad_g_y(self.x, y)
        return slope + self.sigma * self.oracles.grad_f_y(self.x, y) if self.sigma else slope

    def curvature(self, y: np.ndarray, slope: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """Return v -> the Hessian at y times v, where `slope` is the gradient there."""
        if not self.sigma:
            return self.oracles.products(self.x, y, slope)
        return self.oracles.difference(self.slope, y, slope)

    def residual(self, y: np.ndarray, slope: np.ndarray) -> float:
        """Return the length of a unit projected gradient step."""
        if isinstance(self.Y, Free):
            return float(slope.dot(slope)) ** 0.5
        return float(np.linalg.norm(y - self.Y.project(y - slope)))

    def at(self, y: np.ndarray, n_iter: int = 0, ray: np.ndarray | None = None) -> LowerSolution:
        """Return y with its gradient and residual."""
        slope = self.slope(y)
        return LowerSolution(y, slope, self.residual(y, slope), n_iter, ray)


def minimize_level(
    level: LowerLevel, y: np.ndarray, *, tol: float, max_iter: int = 200, memory: Recycled | None = None
) -> LowerSolution:
    """Return a stationary point of the level near y: |y - P(y - slope)| <= tol, or the best point of `max_iter` steps.

    Newton steps by conjugate gradients on the free coordinates of a box or the whole space, where each product with
    the Hessian is one gradient; spectral projected gradients on other sets. Both go downhill, so the start decides
    which of several local minimisers is found. `memory` is what products at earlier points taught, and learns.
    """
    start = level.at(level.Y.project(y))
    if isinstance(level.Y, Box | Free):
        return _newton(level, start, tol, max_iter, Recycled(len(y)) if memory is None else memory)
    return _spectral_gradient(level, start, tol, 50 * max_iter)


def _newton(level: LowerLevel, at: LowerSolution, tol: float, max_iter: int, memory: Recycled) -> LowerSolution:
    for k in range(max_iter):
        if at.residual <= tol:
            break
        at = _on_bounds(level, at)
        tangent = _tangent(level.Y, at)
        moved = _recycled_step(level, at, tangent, memory) if memory.sharp else None
        if moved is None:
            moved = _newton_step(level, at, tangent, tol, memory)
        if moved is None or moved.ray is not None:
            return moved or at
        at = replace(moved, n_iter=k + 1)
    return at


def _on_bounds(level: LowerLevel, at: LowerSolution) -> LowerSolution:
    """Return the point with the coordinates that a bound holds put on it: Newton steps leave them where they are."""
    if not isinstance(level.Y, Box):
        return at
    y = np.where(level.Y.free(at.y, at.slope), at.y, np.where(at.slope > 0, level.Y.lower, level.Y.upper))
    return at if np.array_equal(y, at.y) else level.at(y, at.n_iter)


def _tangent(Y: ConvexSet, at: LowerSolution) -> Callable[[np.ndarray], np.ndarray] | None:
    """Return the projection onto the coordinates that no bound holds, None where that is all of them."""
    if not isinstance(Y, Box):
        return None
    free = Y.free(at.y, at.slope)
    return None if free.all() else lambda v: np.where(free, v, 0.0)


def _recycled_step(
    level: LowerLevel, at: LowerSolution, tangent: Callable[[np.ndarray], np.ndarray] | None, memory: Recycled
) -> LowerSolution | None:
    """Return the point that the remembered inverse Hessian points to where its residual is a quarter at most."""
    target = -at.slope if tangent is None else tangent(-at.slope)
    step = memory.times(target)
    moved = level.at(level.Y.project(at.y + (step if tangent is None else tangent(step))))
    memory.contraction = moved.residual / at.residual
    if not memory.contraction <= 0.25:
        return None
    if memory.contraction > 0.01:
        memory.learn([(moved.y - at.y, moved.slope - at.slope)])
    return moved


def _newton_step(
    level: LowerLevel, at: LowerSolution, tangent: Callable[[np.ndarray], np.ndarray] | None, tol: float,
    memory: Recycled,
) -> LowerSolution | None:  # fmt: skip
    """Solve the linear model as far as it holds, and where the gradient at its solution confirms it go there."""
    target = -at.slope if tangent is None else tangent(-at.slope)
    size = float(target.dot(target)) ** 0.5
    reach = memory.times(target)
    goal = max(0.5 * tol, min(0.01 * size, memory.bend * float(reach.dot(reach))))
    found = conjugate_gradients(
        level.curvature(at.y, at.slope), target, tol=goal, memory=memory,
        face=None if tangent is None else Face(tangent), max_iter=min(10 * len(target) + 20, 2000),
    )  # fmt: skip
    step = found.solution
    if not step.any():  # not even the first direction: as far as the line search likes
        return _along(level, at, found.flat, may_grow=True) if found.flat is not None else None
    if found.flat is None:
        y = at.y + step
        inside = level.Y.project(y)
        if inside is y or np.array_equal(inside, y):
            moved = level.at(y)
            off = moved.slope + found.residual if tangent is None else tangent(moved.slope + found.residual)
            memory.bend = float(off.dot(off)) ** 0.5 / float(step.dot(step))
            if moved.residual <= max(tol, 0.1 * at.residual):
                return moved
    return _along(level, at, step, may_grow=False)


def _along(level: LowerLevel, at: LowerSolution, step: np.ndarray, *, may_grow: bool) -> LowerSolution | None:
    """Return the first point of the projected line that falls enough; None where rounding hides any fall.

    Along a direction without curvature the step grows while the objective falls, up to a ray.
    """
    value, t = level.value(at.y), 1.0
    noise = _NOISE * (1.0 + abs(value))
    for _ in range(60):
        y = level.Y.project(at.y + t * step)
        fallen = value - level.value(y)
        if fallen >= -1e-4 * float(at.slope @ (y - at.y)) - noise:
            break
        t *= 0.25
    else:
        return None
    if may_grow:
        y, ray = _as_far_as_it_falls(level, at, step, t)
        if ray is not None:
            return level.at(y, ray=ray)
    moved = level.at(y)
    if fallen <= noise and moved.residual > 0.9 * at.residual:
        return None  # neither the value nor the gradient can tell the points apart
    return moved


def _as_far_as_it_falls(
    level: LowerLevel, at: LowerSolution, step: np.ndarray, t: float
) -> tuple[np.ndarray, np.ndarray | None]:
    best = level.Y.project(at.y + t * step)
    value = level.value(best)
    while True:
        t *= 4.0
        y = level.Y.project(at.y + t * step)
        if np.array_equal(y, best):
            return best, None  # the set ends here
        new = level.value(y)
        if not new < value:
            return best, None
        best, value = y, new
        if _far(y, at.y):
            return best, step / float(np.linalg.norm(step))


def _spectral_gradient(level: LowerLevel, start: LowerSolution, tol: float, max_iter: int) -> LowerSolution:
    """Projected gradient steps of Barzilai and Borwein's length under a nonmonotone line search of ten values."""
    at = start
    length = 1.0 / max(1.0, float(np.abs(at.slope).max(initial=0.0)))
    values = [level.value(at.y)]
    for k in range(max_iter):
        if at.residual <= tol:
            break
        way = level.Y.project(at.y - length * at.slope) - at.y
        fall, t = float(at.slope @ way), 1.0
        ceiling = max(values[-10:]) + _NOISE * (1.0 + abs(values[-1]))
        while (value := level.value(at.y + t * way)) > ceiling + 1e-4 * t * fall and t > 1e-12:
            t *= 0.5
        y = at.y + t * way
        slope = level.slope(y)
        turned, moved = slope - at.slope, y - at.y
        bend, size = float(turned @ moved), float(moved @ moved)
        length = min(max(size / bend, 1e-10), 1e10) if bend > 0 else min(10.0 * length, _reach(y, slope))
        values.append(value)
        at = LowerSolution(y, slope, level.residual(y, slope), k + 1)
        if size == 0.0:
            break
        if value < values[0] and _far(y, start.y):
            return replace(at, ray=(y - start.y) / float(np.linalg.norm(y - start.y)))
    return at


def _far(y: np.ndarray, start: np.ndarray) -> bool:
    return float(np.linalg.norm(y - start)) > _UNBOUNDED * (1.0 + float(np.linalg.norm(start)))


def _reach(y: np.ndarray, slope: np.ndarray) -> float:
    """Return the length of the longest step: on linear levels steps grow, and a projection loses digits from afar."""
    return 1e6 * (1.0 + float(np.abs(y).max(initial=0.0))) / max(float(np.abs(slope).max(initial=0.0)), 1e-300)
