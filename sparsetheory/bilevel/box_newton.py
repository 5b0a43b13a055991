"""Newton's method on a box for smooth functions with exact Hessians, convex or not."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from .outer import stationarity
from .sets import Box

__all__ = ["BoxNewton", "Curved"]

_LONGEST = 2.0  # largest entry of a step: longer ones jump between basins
_SHIFT = 1e-3  # least shift of the Hessian that is not zero, relative to its diagonal
_TRIALS = 60


class Curved(Protocol):
    """A point with its value, gradient and, where asked for, Hessian."""

    @property
    def value(self) -> float:
        """Value of the function."""

    @property
    def gradient(self) -> np.ndarray:
        """Gradient."""

    def hessian(self) -> np.ndarray:
        """Return the Hessian."""


class BoxNewton:
    """One function on a box; each call of `advance` takes one step.

    On the coordinates that no bound holds the Hessian is shifted until it is positive definite and the step, bent by
    the projection and cut at two units, gains a share of what the model promises (Levenberg 1944, Marquardt 1963); the
    shift falls back to zero where the model is good, and steps end as Newton's.
    """

    def __init__(self, X: Box, evaluate: Callable[[np.ndarray], Curved], x: np.ndarray) -> None:
        self.X, self.evaluate = X, evaluate
        self.x = X.project(x)
        self.at, self.shift = evaluate(self.x), 0.0

    @property
    def error(self) -> float:
        """Stationarity of the current point."""
        return stationarity(self.X, self.x, self.at.gradient)

    def advance(self) -> bool:
        """Take one step; False where no shift gives one that falls."""
        gradient, hessian = self.at.gradient, self.at.hessian()
        free = self.X.free(self.x, gradient)
        size = float(np.abs(np.diag(hessian)).max())
        noise = 1e-14 * abs(self.at.value)
        for _ in range(_TRIALS):
            way = _step(hessian[np.ix_(free, free)], gradient[free], self.shift)
            if way is not None:
                x = self.x.copy()
                x[free] += way * min(1.0, _LONGEST / max(float(np.abs(way).max()), 1e-300))
                x = self.X.project(x)
                step, new = x - self.x, self.evaluate(x)
                promised = -float(gradient @ step + step @ hessian @ step / 2)
                fallen = self.at.value - new.value
                if promised > -noise and fallen >= 1e-4 * promised - noise:
                    self._trust((fallen + noise) / (promised + noise), size)
                    self.x, self.at = x, new
                    return True
            self.shift = max(4 * self.shift, _SHIFT * size)
        return False

    def _trust(self, ratio: float, size: float) -> None:
        """Adapt the shift to how much of the promised fall came."""
        if ratio < 0.25:
            self.shift = max(2 * self.shift, _SHIFT * size)
        elif ratio > 0.75:
            self.shift = self.shift / 8 if self.shift > 1e-6 * size else 0.0


def _step(hessian: np.ndarray, gradient: np.ndarray, shift: float) -> np.ndarray | None:
    """Return the minimiser of the shifted model, None where it has none."""
    from scipy.linalg.lapack import dposv

    shifted = hessian.copy()
    shifted.flat[:: len(gradient) + 1] += shift
    _, step, info = dposv(shifted, -gradient, lower=1, overwrite_a=1)
    return step if info == 0 else None
