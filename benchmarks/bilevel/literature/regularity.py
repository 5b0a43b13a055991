"""Whether a problem is regular at a solution: the conditions under which psi has a gradient there, decided by numbers.

The lower solution is unique (no other one found with a value that ties to 1e-6), active constraints are independent,
their multipliers and the slacks of the others exceed `MARGIN`, and the Hessian along the active face is positive by
the same margin, in units of the largest second derivative.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import null_space

from benchmarks.bilevel.literature.entry import Entry
from benchmarks.bilevel.literature.lower_minimum import solutions

MARGIN, ACTIVE, APART = 1e-4, 1e-6, 1e-3


@dataclass(frozen=True)
class Regularity:
    unique: bool
    independent: bool
    margin: float
    curvature: float

    @property
    def regular(self) -> bool:
        return self.unique and self.independent and self.margin > MARGIN and self.curvature > MARGIN


def hessian(entry: Entry, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Second derivatives of g in y, by complex steps through the gradient that was written by hand."""
    columns = [np.array(entry.grad_g(*x, *(y + 1e-30j * unit)), dtype=complex).imag / 1e-30 for unit in np.eye(len(y))]
    return np.array(columns)[:, entry.X.size :]


def judge(entry: Entry, x: np.ndarray, y: np.ndarray) -> Regularity:
    _, others = solutions(entry, x, tie=1e-6, y=y)
    unique = bool(np.linalg.norm(others - y, axis=1).max() <= APART * (1 + np.linalg.norm(y)))
    A, b = entry.Y.rows()
    slack = (b - A @ y) / np.linalg.norm(A, axis=1)
    active = slack <= ACTIVE * (1 + np.linalg.norm(y))
    slope = entry.gradient(entry.grad_g, x, y)[1]
    rows = A[active] / np.linalg.norm(A[active], axis=1)[:, None]
    independent = bool(np.linalg.matrix_rank(rows) == len(rows)) if len(rows) else True
    multipliers = np.linalg.lstsq(rows.T, -slope, rcond=None)[0] if len(rows) else np.empty(0)
    margin = min(multipliers.min(initial=np.inf), slack[~active].min(initial=np.inf))
    H = hessian(entry, x, y)
    basis = null_space(rows) if len(rows) else np.eye(len(y))
    least = np.linalg.eigvalsh(basis.T @ H @ basis)[0] if basis.shape[1] else np.inf
    return Regularity(unique, independent, float(margin), float(least / max(np.abs(H).max(), 1e-300)))
