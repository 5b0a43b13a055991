"""What the solvers of sparse regressions return."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..result import Result

__all__ = ["SparseResult"]


@dataclass(frozen=True, kw_only=True, repr=False)
class SparseResult(Result):
    """Coefficients and what they prove of themselves.

    Attributes
    ----------
    coef : ndarray of shape (p,)
    intercept : float
        0 without one.
    objective : float
        Loss plus penalty at the coefficients.
    gap : float
        Duality gap in the units of the objective: the objective exceeds its minimum by no more, up to rounding.
    error : float
        `gap` relative to the objective at zero coefficients (`gap` itself where that is 0).
    n_iter : int
        Rounds, each with one pass over X.

    Notes
    -----
    ``trace`` has a row each round with the columns ``support`` (coefficients that are not zero) and ``working``
    (columns that the round worked on).
    """

    coef: np.ndarray
    intercept: float
    objective: float
    gap: float

    error_name: ClassVar[str] = "relative duality gap"

    @property
    def coef_(self) -> np.ndarray:
        """The coefficients by the name that estimators give them."""
        return self.coef

    @property
    def support(self) -> np.ndarray:
        """Indices of the coefficients that are not zero."""
        return np.flatnonzero(self.coef)

    def _headline(self) -> str:
        return f"{len(self.support)} of {len(self.coef)} coefficients, objective {self.objective:.10g}"
