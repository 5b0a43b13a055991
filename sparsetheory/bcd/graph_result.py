"""What the solvers of graph systems return, and the residual that decides their success."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from .._loop import Outcome, settle
from ..result import OnFailure, Result, conclude

__all__ = ["GraphResult", "attainable_residual", "certified", "relative_residual"]

_ROUNDINGS = 8.0  # of size u |A| |x| in a row of A x - c after an exact block solve


@dataclass(frozen=True, kw_only=True, repr=False)
class GraphResult(Result):
    r"""Minimiser of :math:`\tfrac12 x^\top A x - c^\top x`.

    Attributes
    ----------
    x : ndarray of shape (n,)
        The point; the certificate is ``|A x - c| / |c|`` in the Euclidean norm.
    """

    x: np.ndarray

    error_name = "relative residual"

    def _headline(self) -> str:
        return f"({len(self.x)} unknowns)"


def relative_residual(A: sparse.csr_array, x: np.ndarray, c: np.ndarray) -> float:
    """Return ``|A x - c| / |c|``, with 1 for the norm of a zero c."""
    return float(np.linalg.norm(A @ x - c) / (np.linalg.norm(c) or 1.0))


def attainable_residual(A: sparse.csr_array, x: np.ndarray, c: np.ndarray) -> float:
    """Estimate the relative residual that rounding alone leaves at x."""
    unit = np.finfo(np.float64).eps / 2
    size = np.linalg.norm(abs(A) @ np.abs(x) + np.abs(c))
    return float(_ROUNDINGS * unit * size / (np.linalg.norm(c) or 1.0))


def certified(
    A: sparse.csr_array, c: np.ndarray, x: np.ndarray, outcome: Outcome, tol: float, on_failure: OnFailure
) -> GraphResult:
    """Build the result; its residual, recomputed here, decides the status."""
    error = relative_residual(A, x, c)
    floor = 0.0 if error <= tol else attainable_residual(A, x, c)  # costs two products: only where it explains
    near = error <= 4 * floor  # far above it, the floor is no excuse
    result: Any = GraphResult(
        status=settle(outcome.status, error, tol, floor if near else 0.0),
        n_iter=outcome.n_iter, error=error, tol=tol, trace=outcome.trace, floor=floor, x=x,
    )  # fmt: skip
    return conclude(result, on_failure, stacklevel=4)
