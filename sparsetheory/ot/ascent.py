"""Globalised Newton steps on the semi-dual at one regularisation."""

import math

import numpy as np

from ._semi_dual import fused_pass
from ._sinkhorn_iteration import update
from .conclusion import attainable_error
from .hessian import newton_direction

__all__ = ["Ascent"]

_FAR = 0.6  # L1 error above which a Sinkhorn step is the better step
_LAGGING = 1e-3  # so is it when a column has less than this share of its mass: Newton would overshoot
_ARMIJO = 1e-4
_SHORTEST = 1e-4  # share of the first trial at which a line search gives up
_RADIUS = 5.0  # first bound on a step of g, in units of reg


class Ascent:
    r"""Maximises :math:`h(g) = a \cdot f(g) + b \cdot g` over the column potential, rows exact.

    The gradient is ``b - c``, c the column sums of the plan of (f(g), g). The masses have sum 1.

    Attributes
    ----------
    f, g, plan, columns, value, error
        The current point, its plan and column sums, h and ``|b - c|_1``.
    passes, newton_steps, cg_iter, density
        Work so far, and the share of the plan that the last Hessian kept.
    """

    def __init__(self, cost: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
        n, m = cost.shape
        self.cost, self.a, self.b, self.g = cost, a, b, np.zeros(m)
        self.f, self.columns, self.plan = np.empty(n), np.empty(m), np.empty((n, m))
        self.reg, self.error = math.nan, math.inf
        self.passes = self.newton_steps = self.cg_iter = 0
        self.density = math.nan
        self._shift, self._drop, self._radius = 1e-3, 2e-3, _RADIUS
        self._after_sinkhorn = False

    def evaluate(self, g: np.ndarray, reg: float) -> None:
        """Move to g, in the gauge ``b.g = 0``: one sweep makes the rows exact."""
        g = g - float(self.b @ g)  # drift costs digits: at a large reg a step moves all of g by that much
        fused_pass(self.cost, self.a, g, reg, self.f, self.plan, self.columns)
        self.g, self.reg = g, reg
        self.passes += 1
        self.error = float(np.abs(self.columns - self.b).sum())
        self.value = float(self.a @ self.f + self.b @ self.g)

    @property
    def floor(self) -> float:
        """L1 marginal error that rounding alone leaves at this point (see `attainable_error`)."""
        return attainable_error(self.a, self.f, self.b, self.g, self.reg)

    def step(self) -> None:
        """Take one ascent step: Newton's, or Sinkhorn's where Newton's is not to be trusted."""
        lagging = not self._after_sinkhorn and bool((self.columns < _LAGGING * self.b).any())
        self._after_sinkhorn = self.error > _FAR or lagging or not self._newton()
        if self._after_sinkhorn:
            g = self.g.copy()
            update(self.cost, self.b, self.columns, self.reg, self.f, g)
            self.evaluate(g, self.reg)

    def _newton(self) -> bool:
        """Step along the Newton direction as far as the radius and the line search allow; False if nowhere."""
        error, columns = self.error, self.columns.copy()
        direction = newton_direction(
            self.plan, self.a, self.b, columns,
            drop=max(self._drop * error, 1e-16), shift=self._shift * min(1.0, error),
            forcing=min(0.1, 0.3 * math.sqrt(error)),
        )  # fmt: skip
        self.newton_steps += 1
        self.cg_iter += direction.cg_iter
        self.density = direction.density
        step = direction.step - float(self.b @ direction.step)
        length = float(np.abs(step).max())
        if not length > 0.0:
            return False
        first = min(1.0, self._radius / length)
        taken = self._search(self.reg * step, columns, first)
        if taken == 1.0:
            self._shift /= 3.0
            if self.error > 0.3 * error:  # a full step should have done better: what was dropped is missing
                self._drop /= 10.0
        elif taken == first:
            self._radius *= 4.0
        else:
            self._shift = min(4.0 * self._shift, 1.0)
            self._radius = max(taken * length, 1.0)
        return taken > 0.0

    def _search(self, step: np.ndarray, columns: np.ndarray, first: float) -> float:
        """Backtrack from `first` times the step; where that fails return to the point and report 0."""
        g, error, value = self.g, self.error, self.value
        slope = float((self.b - columns) @ step)
        resolution = 1e-12 * float(self.a @ np.abs(self.f) + self.b @ np.abs(g))
        share = first
        while share > _SHORTEST * first and slope > 0:
            self.evaluate(g + share * step, self.reg)
            end = float((self.b - self.columns) @ step)
            # h is concave: a slope still upward proves ascent. Where h is flat to rounding only the gradient speaks.
            resolved = share * slope > resolution
            if end >= 0 or (self.value - value >= _ARMIJO * share * slope if resolved else self.error < error):
                return share
            share *= min(max(slope / (slope - end), 0.1), 0.5)
        self.evaluate(g, self.reg)
        return 0.0
