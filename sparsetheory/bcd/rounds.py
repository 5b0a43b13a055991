"""The rounds that every sparse regression goes through: improve the coefficients, measure them, keep the best."""

from abc import ABC, abstractmethod
from typing import Any, Protocol

import numpy as np

from .. import _loop
from .._loop import Chunk, settle
from ..progress import Callback
from ..result import Status
from .covariates import Covariates
from .lasso_certificate import Optimality
from .sparse_result import SparseResult

__all__ = ["Fit", "Rounds"]

_FIRST = 100  # columns that enter at once, beyond those in use
_IDLE = 3  # rounds without a smaller gap, a lower objective or a new column after which there is nothing left to gain
_LOWER = 1e-3  # of the gap: what an objective has to fall by to be lower
_ROUNDING = 1e-14  # of the largest slope ever seen: violations that are rounding


class Fit(Protocol):
    """A problem that can say what coefficients prove of themselves."""

    covariates: Covariates
    v: np.ndarray
    penalty: Any  # `Shrinkage`, or that of groups
    null_value: float

    def optimality(self, w: np.ndarray) -> Optimality:
        """Return objective, gap, best intercept and slopes at w, from the data."""
        ...


class Rounds(ABC):
    """Coefficients on their way to the minimum; a subclass says what a round does to them."""

    def __init__(self, fit: Fit, w: np.ndarray, tol: float) -> None:
        self.fit, self.w, self.tol = fit, np.maximum(w, fit.penalty.lower), tol
        self.inside = np.zeros(len(w), dtype=bool)
        self.unit = fit.null_value or 1.0
        self.now: Optimality | None = None
        self.best: Optimality | None = None
        self.best_coef = self.w.copy()
        self.floor = 0.0
        self._idle, self._share, self._least = 0, 1.0, np.inf

    @abstractmethod
    def improve(self, now: Optimality, new: np.ndarray) -> None:
        """Move `w`, measured as `now`, over the columns in work and the `new` ones."""

    @property
    @abstractmethod
    def working(self) -> int:
        """Number of columns in work."""

    def candidates(self, now: Optimality) -> np.ndarray:
        """Return columns to take in: those in use, and as many violating ones as the support suggests."""
        score = self.fit.penalty.violation(self.w, now.slopes)
        score[self.inside] = 0.0
        used = (self.w != 0) | self.fit.penalty.free
        score[used & ~self.inside] = np.inf
        room = max(_FIRST, 2 * int(np.count_nonzero(used))) + int(np.isinf(score).sum())
        order = np.flatnonzero(score > 0)
        if len(order) > room:
            order = order[np.argpartition(-score[order], room)[:room]]
        return np.sort(order)

    def bearable(self, grown: bool) -> float:
        """Return a violation that the tolerance can bear; a tenth whenever no column was missing and it did not.

        A violation d of stationarity costs about ``2 d sum |w_j|`` of the gap.
        """
        self._share *= 1.0 if grown else 0.1
        size = float(np.sum(np.abs(self.w)))
        return max(self._share * self.tol * self.unit / size if size > 0 else 0.0, self.floor)

    def advance(self, budget: int) -> Chunk:
        """Do one round: improve the coefficients if there is a measurement, then measure."""
        grown = True
        if self.now is not None:
            new = self.candidates(self.now)
            self.inside[new] = True
            grown = len(new) > 0
            self.improve(self.now, new)
        now = self._measure()
        lower = self._remember(now)
        self._idle = 0 if grown or lower else self._idle + 1
        stop = Status.STALLED if self._idle >= _IDLE else None
        extra = {"support": int(np.count_nonzero(self.w)), "working": self.working}
        return Chunk(n_iter=1, error=now.gap / self.unit, objective=now.objective, stop=stop, extra=extra)

    def _measure(self) -> Optimality:
        """Return the evidence at `w`; a start that is worse than none gives way to zero."""
        now = self.fit.optimality(self.w)
        if self.now is None and self.w.any() and not now.objective <= self.fit.null_value:
            self.w = np.zeros_like(self.w)
            now = self.fit.optimality(self.w)
        return now

    def _remember(self, now: Optimality) -> bool:
        """Keep the measurement, and the coefficients if they are the best; return whether anything is lower."""
        smaller = self.best is None or now.gap < self.best.gap
        best = now if self.best is None or smaller else self.best
        if smaller:
            self.best_coef = self.w.copy()
        lower = now.objective < self._least - _LOWER * best.gap
        self.now, self.best, self._least = now, best, min(self._least, now.objective)
        self.floor = max(self.floor, _ROUNDING * float(np.max(np.abs(now.slopes))))
        return smaller or lower

    def run(self, max_iter: int, callback: Callback | None) -> SparseResult:
        """Go through the rounds, and return the best coefficients with the certificate at them."""
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused by name
            outcome = _loop.run(
                self.advance, tol=self.tol, max_iter=max_iter, callback=callback, solution=lambda: self.w.copy()
            )
        best = self.best
        assert best is not None
        error = best.gap / self.unit
        self.best_coef.flags.writeable = False
        return SparseResult(
            status=settle(outcome.status, error, self.tol), n_iter=outcome.n_iter, error=error, tol=self.tol,
            trace=outcome.trace, coef=self.best_coef, intercept=best.intercept, objective=best.objective, gap=best.gap,
        )  # fmt: skip
