"""What every solver returns: a status that owns its sentence, a trace cut to length, a frozen base class."""

import enum
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self, TypeVar

import numpy as np

from .errors import ConvergenceError, ConvergenceWarning, InvalidArgument

__all__ = ["OnFailure", "Result", "Status", "Trace", "conclude"]

OnFailure = Literal["warn", "raise", "ignore"]


class Status(enum.Enum):
    """Why a solver stopped. Each member owns the sentence that users read."""

    CONVERGED = "converged", "The certificate meets the tolerance."
    FLOOR = (
        "floor",
        "The tolerance is below what double precision can reach on this data; the solver ran to the floor. "
        "Ask for a larger tol.",
    )
    MAX_ITER = "max_iter", "The iteration limit came before the tolerance. Raise max_iter or tol."
    STALLED = (
        "stalled",
        "Progress stopped above the tolerance. Try another method, a larger reg or a larger tol.",
    )
    STOPPED = "stopped", "The callback asked to stop before the tolerance was met."
    NONFINITE = (
        "nonfinite",
        "A non-finite number appeared; the last finite iterate is returned. Rescale the data.",
    )

    def __init__(self, code: str, sentence: str) -> None:
        self.code, self.sentence = code, sentence

    def __str__(self) -> str:
        return self.code


def _readonly(values: Any) -> np.ndarray:
    array = np.array(values)
    array.flags.writeable = False
    return array


@dataclass(frozen=True, kw_only=True, eq=False)
class Trace:
    """History of a solve at its checkpoints; all columns have the same length.

    Attributes
    ----------
    n_iter : ndarray of int
        Iterations done when the row was written.
    error : ndarray
        The quantity compared with ``tol``.
    objective : ndarray
        The objective the solver moves, NaN where it was not computed.
    elapsed : ndarray
        Seconds since the start, time spent in callbacks excluded.
    extra : mapping of str to ndarray
        What else a solver records (for instance the density of a sparsified Hessian).
    """

    n_iter: np.ndarray
    error: np.ndarray
    objective: np.ndarray
    elapsed: np.ndarray
    extra: Mapping[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def from_rows(cls, rows: list[dict[str, Any]]) -> Self:
        """Build the columns from checkpoint rows; a key missing from a row becomes NaN."""
        keys = dict.fromkeys(k for row in rows for k in row)
        columns = {k: _readonly([row.get(k, np.nan) for row in rows]) for k in keys}
        own = {k: columns.pop(k, _readonly([])) for k in ("n_iter", "error", "objective", "elapsed")}
        return cls(**own, extra=columns)

    def __len__(self) -> int:
        return len(self.n_iter)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Result:
    """Base of every family's result.

    Attributes
    ----------
    status : Status
        Why the solver stopped.
    n_iter : int
        Iterations done.
    error : float
        The certificate, recomputed from the returned point by code that did not produce it.
    tol : float
        What ``error`` was compared with.
    trace : Trace
        History at the checkpoints.
    floor : float
        What double precision can be expected to reach on this data, 0 where unknown.
    """

    status: Status
    n_iter: int
    error: float
    tol: float
    trace: Trace
    floor: float = 0.0

    error_name: ClassVar[str] = "error"

    @property
    def converged(self) -> bool:
        """Whether the certificate meets the tolerance."""
        return self.status is Status.CONVERGED

    @property
    def message(self) -> str:
        """The status in a sentence, with its numbers."""
        numbers = f"{self.error_name} {self.error:.3g}, tol {self.tol:.3g}, {self.n_iter} iterations"
        if self.status is Status.FLOOR:
            numbers += f", floor about {self.floor:.1e}"
        return f"{self.status.sentence} ({numbers})"

    def raise_if_failed(self) -> Self:
        """Return the result itself, or raise `ConvergenceError` when it did not converge."""
        if not self.converged:
            raise ConvergenceError(self.message, self)
        return self

    def _headline(self) -> str:
        """Return what the family wants in the first line of the repr."""
        return ""

    def __repr__(self) -> str:
        name = type(self).__name__
        return (
            f"{name}: {self.status} {self._headline()}".rstrip()
            + f"\n  {self.error_name} {self.error:.3g} (tol {self.tol:.3g}) after {self.n_iter} iterations"
            + f"\n  {self.status.sentence}"
        )


R = TypeVar("R", bound=Result)


def check_on_failure(value: str) -> OnFailure:
    """Return `value` when it is one of the three policies."""
    if value not in ("warn", "raise", "ignore"):
        raise InvalidArgument("on_failure", "'warn', 'raise' or 'ignore'", repr(value))
    return value  # type: ignore[return-value]


def conclude(result: R, on_failure: OnFailure, *, stacklevel: int = 3) -> R:
    """Hand the result back under the caller's failure policy; called last by every solver.

    `stacklevel` counts from here to the user's line: 3 when the public function calls `conclude` itself.
    """
    if result.converged or on_failure == "ignore":
        return result
    if on_failure == "raise":
        raise ConvergenceError(result.message, result)
    warnings.warn(result.message, ConvergenceWarning, stacklevel=stacklevel)
    return result
