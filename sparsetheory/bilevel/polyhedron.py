"""Polyhedra: projection by nonnegative least squares, faces by their active rows."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._validation import check_matrix, check_vector
from ..errors import InvalidArgument
from .sets import Face, active_tolerance

__all__ = ["Polyhedron"]


@dataclass(frozen=True, eq=False)
class Polyhedron:
    r"""All y with :math:`A y \le b`.

    The projection is a least-distance problem, solved through nonnegative least squares (Lawson and Hanson 1974,
    chapter 23): exact up to rounding, made for up to a few hundred rows.

    Raises
    ------
    InvalidArgument
        Where shapes disagree or the set is empty.

    Examples
    --------
    >>> from sparsetheory import bilevel
    >>> import numpy as np
    >>> half = bilevel.Polyhedron([[1.0, 1.0]], [1.0])
    >>> half.project(np.array([1.0, 1.0])).round(12)
    array([0.5, 0.5])
    """

    A: Any
    b: Any
    _norms: np.ndarray = field(init=False, repr=False, default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        A = check_matrix(self.A, "A")
        b = check_vector(self.b, "b", length=len(A))
        object.__setattr__(self, "A", A)
        object.__setattr__(self, "b", b)
        object.__setattr__(self, "_norms", np.linalg.norm(A, axis=1))
        self._nearest(np.zeros(A.shape[1]))  # refuses an empty set

    def check(self, length: int, name: str) -> None:
        """Refuse rows of another length."""
        if self.A.shape[1] != length:
            raise InvalidArgument(name, f"rows of length {length}", f"length {self.A.shape[1]}")

    def _nearest(self, v: np.ndarray) -> np.ndarray:
        from scipy.optimize import nnls

        over = self.A @ v - self.b  # the step s has least norm with -A s >= over
        if (over <= 0).all():
            return v
        scale = float(np.abs(over).max())
        system = np.vstack([-self.A.T, over / scale])
        dual, _ = nnls(system, np.append(np.zeros(self.A.shape[1]), 1.0))
        residual = system @ dual
        residual[-1] -= 1.0
        if np.linalg.norm(residual) <= 1e-10:
            raise InvalidArgument("A", "inequalities that some point meets", "an empty set")
        return v - scale * residual[:-1] / residual[-1]

    def project(self, v: np.ndarray) -> np.ndarray:
        """Return the nearest point."""
        return self._nearest(v)

    def face(self, y: np.ndarray, gradient: np.ndarray) -> Face:
        """Return the null space of the active rows; their multipliers come from least squares."""
        slack = (self.b - self.A @ y) / np.maximum(self._norms, 1e-300)
        active = slack <= 10 * active_tolerance(y)
        margin = slack[~active].min(initial=np.inf)
        if not active.any():
            return Face(lambda v: v, margin=float(margin))
        rows = self.A[active]
        _, s, Vt = np.linalg.svd(rows, full_matrices=False)
        normals = Vt[s > 1e-10 * s[0]]
        if len(normals) < len(rows):
            margin = 0.0  # active rows depend on each other: multipliers are not unique
        else:
            multipliers = -np.linalg.lstsq(rows.T, gradient, rcond=None)[0] * self._norms[active]
            margin = min(float(margin), float(multipliers.min()))
        return Face(lambda v: v - normals.T @ (normals @ v), margin=max(float(margin), 0.0))
