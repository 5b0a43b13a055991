"""EM while it is fast, Newton's method from where it is not; where there are many samples, on some of them first."""

import math

import numpy as np

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
_STRIDE = 16  # samples of which one is in the part that a fit begins on
_SAMPLES, _PER_PARAMETER = 1500, 64  # in that part at least, and for each free parameter
_NEAR = 0.1  # of the gradient that the maximum of the part has on all samples
_WARM = 50  # steps on the part
_GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)


class Automatic:
    """The default: EM steps are cheap and far-sighted, Newton steps end what EM would never end.

    Near well separated experts EM needs a few steps and no Hessian. Where the gradient's decrease says that EM would
    take more than ten further steps, Newton's method takes over; where that finds no better point, EM goes on for a
    while from there.

    Many samples are begun with one in two to sixteen: the maximum of these is as near to that of all as the sampling
    error of the part, and so is their Hessian. Steps from there cost little more than the gradient on all samples, and
    leave a tenth of the error each. The first chunk goes to the maximum of the part; where the objective on all samples
    is lower there than at the start, the start stays.
    """

    def __init__(self, likelihood: Likelihood, at: Parameters) -> None:
        self.likelihood = likelihood
        n, least = len(likelihood.weight), max(_SAMPLES, _PER_PARAMETER * likelihood.layout.n_free)
        stride = min(_STRIDE, n // least)
        self._part = likelihood.on(spread_rows(n, stride)) if stride > 1 else None
        self._now: EM | Newton | None = EM(likelihood, at) if self._part is None else None
        self._start = at
        self._done, self._least = 0, _FIRST

    @property
    def at(self) -> Parameters:
        """Where the iteration is."""
        return self._start if self._now is None else self._now.at

    def advance(self, budget: int) -> Chunk:
        """Make one step of the method that is due, the first time on the part to its end."""
        if self._now is None:
            self._now = self._begun()
            return Chunk(n_iter=1, error=self._now.error, objective=self._now.found.value)
        before, moved = self._now.error, self._now.step()
        self._done += 1
        chunk = Chunk(n_iter=1, error=self._now.error, objective=self._now.found.value)
        if isinstance(self._now, EM):
            if not moved or (self._done >= self._least and self._slow(before, self._now.error)):
                self._now = Newton(self.likelihood, self.at, part=self._part)
            return chunk
        if moved:
            return chunk
        if self._least == _FIRST:
            self._now, self._done, self._least = EM(self.likelihood, self.at), 0, _RESCUE
            return chunk
        return Chunk(n_iter=1, error=chunk.error, objective=chunk.objective, stop=Status.STALLED)

    def _begun(self) -> EM | Newton:
        """Go near the maximum of the part, and return what goes on from there, or from the start if that is better."""
        part = self._part
        assert part is not None
        warm, tol = Automatic(part, self._start), _NEAR / math.sqrt(len(part.weight))
        for _ in range(_WARM):
            chunk = warm.advance(1)
            if chunk.error <= tol or chunk.stop is not None:
                break
        self.likelihood.n_passes += part.n_passes
        newton = Newton(self.likelihood, warm.at, part=part)
        if newton.found.value >= self.likelihood.value(self._start):
            return newton
        return EM(self.likelihood, self._start)

    @staticmethod
    def _slow(before: float, after: float) -> bool:
        """Whether the last decrease predicts more than `_PATIENCE` further steps."""
        if after <= _TARGET:
            return False
        if not 0 < after < before:
            return True
        return math.log(_TARGET / after) / math.log(after / before) > _PATIENCE


def spread_rows(n: int, stride: int) -> np.ndarray:
    """Return one row of every `stride`, at golden-section offsets: samples in any order or period are hit evenly."""
    first = np.arange(0, n - stride + 1, stride)
    return first + (np.arange(len(first)) * _GOLDEN % 1.0 * stride).astype(np.int64)
