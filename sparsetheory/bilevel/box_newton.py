"""Newton's method for logarithms of penalties on a box, in coordinates in which losses are nearly parabolas."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from .outer import stationarity
from .sets import Box

__all__ = ["BoxNewton", "Gated"]

_LONGEST = 2.0  # largest entry of a step: longer ones jump between basins
_SHIFT = 1e-3  # least shift of the Hessian that is not zero, relative to its diagonal
_EASE = 8.0  # how fast the shift falls while the model is good
_TRIALS = 60
_PASSES = 3  # on the faces of the box that the model's minimiser may lie on


class Gated(Protocol):
    """A point with its value, gradient, gates in (0, 1) and, where asked for, Hessian."""

    @property
    def value(self) -> float:
        """Value of the function, infinite where it has none."""

    @property
    def gradient(self) -> np.ndarray:
        """Gradient."""

    @property
    def gates(self) -> np.ndarray:
        """What bends the coordinates, one a coordinate."""

    def hessian(self, free: np.ndarray) -> np.ndarray:
        """Return the rows and columns of the Hessian that belong to these indices."""


class BoxNewton:
    r"""One function on a box; each call of `advance` takes one step.

    A penalty acts as a gate: along one of them, log penalty :math:`x`, the validation loss of ridge regression is a
    parabola in :math:`s` with

    .. math:: x + \log\bigl(1 + s / (1 - a s)\bigr)

    as the new logarithm, a the point's gate. Newton's model in the s of all coordinates that no bound holds therefore
    sees what a penalty does on the way to infinity, where one in x moves by one a step. It is shifted until it is
    positive definite and minimised on the box, two units of x at most away; the step has to gain a share of what it
    promises (Levenberg 1944, Marquardt 1963). The shift falls back to zero where the model is good: all coordinates
    agree to first order, and steps end as Newton's.
    """

    def __init__(self, X: Box, evaluate: Callable[[np.ndarray], Gated], x: np.ndarray) -> None:
        self.X, self.evaluate = X, evaluate
        self.x = X.project(x)
        self.at, self.shift = evaluate(self.x), 0.0

    @property
    def error(self) -> float:
        """Stationarity of the current point."""
        return stationarity(self.X, self.x, self.at.gradient)

    def advance(self) -> bool:
        """Take one step; False where no shift gives one that falls."""
        free = np.flatnonzero(self.X.free(self.x, self.at.gradient))
        slope, gates, x = self.at.gradient[free], self.at.gates[free], self.x[free]
        hessian = self.at.hessian(free)
        hessian.flat[:: len(free) + 1] += (2 * gates - 1) * slope  # from the bend of the coordinates
        size = float(np.abs(np.diag(hessian)).max(initial=0.0))
        noise = 1e-14 * abs(self.at.value)
        bottom = np.maximum(self.X.lower, self.x - _LONGEST)[free]
        top = np.minimum(self.X.upper, self.x + _LONGEST)[free]
        low, high = _opened(bottom - x, gates), _opened(top - x, gates)
        for _ in range(_TRIALS):
            way = box_minimiser(hessian, slope, low, high, self.shift)
            if way is not None:
                there = self.x.copy()
                there[free] = np.where(way >= high, top, np.where(way <= low, bottom, x + _turned(way, gates)))
                new = self.evaluate(there)
                promised = -float(slope @ way + way @ hessian @ way / 2)
                fallen = self.at.value - new.value
                if promised > -noise and fallen >= 1e-4 * promised - noise:
                    self._trust((fallen + noise) / (promised + noise), size)
                    self.x, self.at = there, new
                    return True
            self.shift = max(4 * self.shift, _SHIFT * size)
        return False

    def _trust(self, ratio: float, size: float) -> None:
        """Adapt the shift to how much of the promised fall came."""
        if ratio < 0.25:
            self.shift = max(2 * self.shift, _SHIFT * size)
        elif ratio > 0.75:
            self.shift = self.shift / _EASE if self.shift > 1e-6 * size else 0.0


def _opened(turn: np.ndarray, gates: np.ndarray) -> np.ndarray:
    """Return s where the logarithm changes by `turn`."""
    grown = np.expm1(turn)
    return grown / (1 + gates * grown)


def _turned(way: np.ndarray, gates: np.ndarray) -> np.ndarray:
    """Return the change of the logarithm at s."""
    return np.log1p(way / (1 - gates * way))


def box_minimiser(
    hessian: np.ndarray, slope: np.ndarray, low: np.ndarray, high: np.ndarray, shift: float
) -> np.ndarray | None:
    """Return a point of the box where the shifted model is low, its minimiser where that is found in few passes.

    Newton's step of the coordinates that no bound holds, clipped, again from there; None where the model is not convex
    in them or rises.
    """
    from scipy.linalg.lapack import dposv

    shifted = hessian.copy()
    shifted.flat[:: len(slope) + 1] += shift
    best, lowest, gradient = np.zeros(len(slope)), 0.0, slope
    for _ in range(_PASSES):
        held = ((best <= low) & (gradient > 0)) | ((best >= high) & (gradient < 0))
        free = np.flatnonzero(~held)
        if len(free) == 0:
            break
        block = shifted if len(free) == len(slope) else shifted[free][:, free]
        _, step, info = dposv(block, -gradient[free], lower=1)
        if info != 0:
            return None
        way = best.copy()
        way[free] += step
        inside = bool(((way >= low) & (way <= high)).all())
        way = np.minimum(np.maximum(way, low), high)
        image = shifted @ way
        value = float(slope @ way + way @ image / 2)
        if not value < lowest:
            break
        best, lowest, gradient = way, value, slope + image
        if inside:
            break
    return best if lowest < 0 else None
