"""What a block coordinate descent run returns."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..result import Result

__all__ = ["BCDResult"]


@dataclass(frozen=True, kw_only=True, repr=False)
class BCDResult(Result):
    """A point, its certificate, and the history of the run.

    Attributes
    ----------
    x : ndarray of shape (n,)
        The point.
    objective : float
        F at x, the penalty included.
    error : float
        KKT residual of x over ``max_i |g_i(0)|``: the largest entry of the least element of the subdifferential of F
        (without a penalty, of the gradient), relative to the largest gradient entry at zero.
    gap : float
        Duality gap, at least ``F(x) - min F`` up to rounding; NaN where there is none (see
        `sparsetheory.bcd.certificate.duality_gap`).
    objectives : ndarray of shape (n_iter + 1,)
        F before the first iteration and after each one.
    visited : tuple of ndarray
        The variables of the block that moved, one array an iteration.
    identified_at : int
        After this iteration the zeros, signs and active bounds of x never changed again; 0 if they never did.
    partition, select, update : str
        The rules.

    Notes
    -----
    ``trace`` has a row each ``check_every`` iterations, with the columns ``support`` (variables that are not zero),
    ``block`` (number of the last block, -1 where blocks are variable) and ``error`` in ``trace.error``.
    """

    x: np.ndarray
    objective: float
    gap: float
    objectives: np.ndarray
    visited: tuple[np.ndarray, ...]
    identified_at: int
    partition: str
    select: str
    update: str

    error_name: ClassVar[str] = "KKT residual"

    @property
    def support(self) -> np.ndarray:
        """Indices of the variables that are not zero."""
        return np.flatnonzero(self.x)

    def _headline(self) -> str:
        return f"({self.partition}, {self.select}, {self.update}) objective {self.objective:.10g}"
