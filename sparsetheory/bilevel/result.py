"""What `bilevel.minimize` returns."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..result import Result, Status
from .oracles import Counts

__all__ = ["BilevelResult"]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class BilevelResult(Result):
    r"""A point of the upper level with a solution of the lower one, and the evidence for both.

    Attributes
    ----------
    x : ndarray, shape (p,)
    y : ndarray, shape (q,)
        A solution of the lower level at x; among many the one that is best for f.
    fun : float
        f(x, y).
    psi_bracket : (float, float)
        What psi(x) lies between; a single number twice where the hypergradient is exact.
    hypergradient : ndarray, shape (p,)
        Gradient of psi, or of psi_sigma where psi has none that we can certify.
    kind : str
        ``"implicit"``: derivative through the lower solution; ``"selected"``: through the member of S(x) that is best
        for f, several solutions; ``"penalty"``: gradient of psi_sigma.
    sigma : float
        The last weight of f in the lower level; 0 where no penalty was involved.
    lower_residual : float
        Projected gradient of the lower level at y.
    lower_gap : float
        g(x, y) less the least value of g(x, .) that we know; negative only by rounding.
    counts : Counts
        Calls of each callable.
    reason : str
        What stood in the way, where something did.
    ray : ndarray or None
        A direction along which the lower level falls without bound.

    The `error` is |x - P(x - hypergradient)|, recomputed at x after the run from lower solves of its own.
    """

    x: np.ndarray
    y: np.ndarray
    fun: float
    psi_bracket: tuple[float, float]
    hypergradient: np.ndarray
    kind: str
    sigma: float
    lower_residual: float
    lower_gap: float
    counts: Counts
    reason: str = ""
    ray: np.ndarray | None = None

    error_name: ClassVar[str] = "stationarity"

    @property
    def message(self) -> str:
        """The status in a sentence, with its numbers and the reason."""
        return f"{super().message} {self.reason}".rstrip()

    @property
    def success(self) -> bool:
        """Whether the certificate meets the tolerance, by SciPy's name."""
        return self.status is Status.CONVERGED

    def _headline(self) -> str:
        return f"psi {self.fun:.10g}, {self.kind}, {self.counts}"
