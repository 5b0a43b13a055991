"""The penalty function psi_sigma: two lower solves give its value and its gradient."""

from dataclasses import dataclass

import numpy as np

from .lower_level import LowerLevel, LowerSolution, minimize_level
from .oracles import Oracles
from .sets import ConvexSet

__all__ = ["Penalised", "penalised"]


@dataclass(frozen=True, eq=False)
class Penalised:
    r"""Value and gradient of :math:`\psi_\sigma(x) = \min_y f + (g - \min_z g) / \sigma`.

    Attributes
    ----------
    value : float
    gradient : ndarray, shape (p,)
    y : LowerSolution
        Minimiser of sigma f + g.
    z : LowerSolution
        Minimiser of g.
    upper : float
        f(x, z), not below psi(x) where z is a solution of the lower level; f(x, y) <= value <= psi(x) <= upper.
    below : float
        g(x, z).
    """

    value: float
    gradient: np.ndarray
    y: LowerSolution
    z: LowerSolution
    upper: float
    below: float

    @property
    def bracket(self) -> tuple[float, float]:
        """What psi(x) lies between, where both solves are exact."""
        return self.value, self.upper


def penalised(
    oracles: Oracles, x: np.ndarray, Y: ConvexSet, sigma: float, *, y: np.ndarray, z: np.ndarray, tol: float
) -> Penalised:
    """Return psi_sigma at x from warm starts; `tol` is the accuracy asked of its gradient.

    Both solves get to ``tol * sigma``: the gradient divides their difference by sigma. Where y is better for g than
    z is, z sat in another basin and starts again from y.
    """
    accuracy = tol * sigma
    down = minimize_level(LowerLevel(oracles, x, Y), z, tol=accuracy)
    up = minimize_level(LowerLevel(oracles, x, Y, sigma), y, tol=accuracy)
    below, beside = oracles.g(x, down.y), oracles.g(x, up.y)
    if beside < below - 1e-9 * (1.0 + abs(below)):
        down = minimize_level(LowerLevel(oracles, x, Y), up.y, tol=accuracy)
        below = oracles.g(x, down.y)
    f_x, _ = oracles.grad_f(x, up.y)
    g_up, g_down = oracles.grad_g(x, up.y)[0], oracles.grad_g(x, down.y)[0]
    value = oracles.f(x, up.y) + (beside - below) / sigma
    return Penalised(value, f_x + (g_up - g_down) / sigma, up, down, oracles.f(x, down.y), below)
