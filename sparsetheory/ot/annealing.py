"""The way down from a large regularisation to the target, and the decision that nothing more can be gained."""

import math
from typing import NamedTuple

import numpy as np

from .ascent import Ascent

__all__ = ["Annealing"]

_FACTOR = 4.0  # between two levels of reg
#: Walks down, tried in turn: (spread of the costs over the first reg, L1 error that ends a level above the target).
#: The first is quick. Small masses that a loose level leaves misplaced cannot move later, when nothing couples them:
#: the others start higher and track the solution more tightly.
_WALKS = ((100.0, 5e-3), (20.0, 1e-6), (20.0, 1e-9))
_LEVEL_STEPS = 60  # steps that end a level anyway
_PATIENCE = 15  # steps at the target without halving the error that end a walk
_FLOOR_PATIENCE = 3  # the same near the floor
_NEAR_FLOOR = 2.0  # of the estimate; what is reached is a fifth to a half of it
_FAR = 0.6  # a warm start with a larger error than this is walked down like a cold one


class _Walk(NamedTuple):
    """Where to start, levels down to the target, the error that ends one above it, the error that ends the walk."""

    start: np.ndarray
    levels: np.ndarray
    level_error: float
    hopeless: float = math.inf


class Annealing:
    """Walks an `Ascent` down the levels and keeps the best point at the target reg.

    Potentials are extrapolated in reg from one level to the next: where the plan has settled on its edges they are
    affine in reg, up to exponentially small terms. A warm start is a walk whose only level is the target.

    Attributes
    ----------
    exhausted : bool
        No walk is left, or the error is at the floor and stays there.
    """

    def __init__(self, ascent: Ascent, reg: float, spread: float, start: np.ndarray | None) -> None:
        self.ascent, self.reg = ascent, reg
        cold = np.zeros_like(ascent.b)
        self._walks = [_Walk(cold, _levels(spread / share, reg), error) for share, error in _WALKS]
        if start is not None:
            self._walks.insert(0, _Walk(start, np.array([reg]), 0.0, hopeless=_FAR))
        self._best_error, self._best = math.inf, (ascent.f, ascent.g)
        self.exhausted = False
        self._walk = self._walks[0]
        self._waited = _PATIENCE  # the first step begins the first walk

    @property
    def at_target(self) -> bool:
        """Whether the current point belongs to the target reg."""
        return self.ascent.reg == self.reg

    def advance(self) -> None:
        """Begin a walk, take one step, or go down one level."""
        ascent = self.ascent
        if self._walks and (self._waited >= _PATIENCE or ascent.error > self._walk.hopeless):
            self._begin()
        elif self.at_target or (ascent.error > self._walk.level_error and self._steps < _LEVEL_STEPS):
            self._steps += 1
            ascent.step()
        else:
            self._descend()
        if self.at_target:
            self._look()

    def best(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (f, g) of the smallest error at the target; from above the target, go there at once."""
        if math.isinf(self._best_error):
            self.ascent.evaluate(self.ascent.g, self.reg)
            self._look()
        return self._best

    def _begin(self) -> None:
        self._walk = self._walks.pop(0)
        self._levels = [float(level) for level in self._walk.levels]
        self._previous: tuple[float, np.ndarray] | None = None
        self._steps = self._waited = 0
        self._walk_error = math.inf
        self.ascent.evaluate(self._walk.start, self._levels.pop(0))

    def _descend(self) -> None:
        ascent = self.ascent
        reg, g, lower = ascent.reg, ascent.g, self._levels.pop(0)
        guess = g
        if self._previous is not None:
            reg_before, g_before = self._previous
            guess = g + (g - g_before) * ((lower - reg) / (reg - reg_before))
        self._previous, self._steps = (reg, g), 0
        ascent.evaluate(guess, lower)

    def _look(self) -> None:
        """Keep the best point at the target, count steps without progress, see whether anything is left to try."""
        ascent = self.ascent
        if ascent.error < self._best_error:
            self._best_error, self._best = ascent.error, (ascent.f.copy(), ascent.g)
        self._waited = 0 if ascent.error < 0.5 * self._walk_error else self._waited + 1
        self._walk_error = min(self._walk_error, ascent.error)
        if self._best_error <= _NEAR_FLOOR * ascent.floor:
            self.exhausted = self._waited >= _FLOOR_PATIENCE
        else:
            self.exhausted = self._waited >= _PATIENCE and not self._walks


def _levels(first: float, reg: float) -> np.ndarray:
    """Regularisations from the first to the target, a constant factor of at most `_FACTOR` apart."""
    first = max(first, reg)
    n_levels = math.ceil((math.log(first) - math.log(reg)) / math.log(_FACTOR)) + 1
    levels = np.geomspace(first, reg, n_levels)
    levels[-1] = reg
    return levels
