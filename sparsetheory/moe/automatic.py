"""EM while it is fast, Newton's method from where it is not."""

import math

from .._loop import Chunk
from ..result import Status
from .em import EM
from .likelihood import Likelihood
from .newton import Newton
from .parameters import Parameters

__all__ = ["Automatic"]

_FIRST = 3  # EM steps before anything is decided
_TARGET = 1e-9
_PATIENCE = 10  # EM steps that a Newton finish, a handful of passes two to three times as long, is worth
_RESCUE = 20  # EM steps after Newton's method found no better point


class Automatic:
    """The default: EM steps are cheap and far-sighted, Newton steps end what EM would never end.

    Near well separated experts EM needs a few steps and no Hessian. Where the gradient's decrease says that EM would
    take more than ten further steps, Newton's method takes over; where that finds no better point, EM goes on for a
    while from there.
    """

    def __init__(self, likelihood: Likelihood, at: Parameters) -> None:
        self.likelihood = likelihood
        self._now: EM | Newton = EM(likelihood, at)
        self._done, self._least = 0, _FIRST

    @property
    def at(self) -> Parameters:
        """Where the iteration is."""
        return self._now.at

    def advance(self, budget: int) -> Chunk:
        """Make one step of the method that is due."""
        before, moved = self._now.error, self._now.step()
        self._done += 1
        chunk = Chunk(n_iter=1, error=self._now.error, objective=self._now.found.value)
        if isinstance(self._now, EM):
            if not moved or (self._done >= self._least and self._slow(before, self._now.error)):
                self._now = Newton(self.likelihood, self.at)
            return chunk
        if moved:
            return chunk
        if self._least == _FIRST:
            self._now, self._done, self._least = EM(self.likelihood, self.at), 0, _RESCUE
            return chunk
        return Chunk(n_iter=1, error=chunk.error, objective=chunk.objective, stop=Status.STALLED)

    @staticmethod
    def _slow(before: float, after: float) -> bool:
        """Whether the last decrease predicts more than `_PATIENCE` further steps."""
        if after <= _TARGET:
            return False
        if not 0 < after < before:
            return True
        return math.log(_TARGET / after) / math.log(after / before) > _PATIENCE
