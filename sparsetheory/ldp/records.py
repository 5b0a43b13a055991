"""Records of users inside public bounds, and their second moments."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .._validation import check_matrix, check_positive, check_vector
from ..errors import InvalidArgument
from ._ball import clip_rows

__all__ = ["Bounds", "ClippedRecords", "Moments"]


class Bounds(Protocol):
    """What is public about a record."""

    @property
    def dim(self) -> int: ...  # noqa: D102
    @property
    def x_radius(self) -> float: ...  # noqa: D102
    @property
    def y_bound(self) -> float: ...  # noqa: D102
    @property
    def coordinate_bound(self) -> float | None: ...  # noqa: D102


@dataclass(frozen=True)
class Moments:
    """Sums over records: of x x^T (d, d), of x y (d,), of y^2, and of x y with x clipped by coordinate (d,).

    The last is what the published algorithm reports, and None otherwise.
    """

    gram: np.ndarray
    cross: np.ndarray
    square: float
    boxed_cross: np.ndarray | None = None

    def __add__(self, other: "Moments") -> "Moments":
        boxed = None
        if self.boxed_cross is not None and other.boxed_cross is not None:
            boxed = self.boxed_cross + other.boxed_cross
        return Moments(self.gram + other.gram, self.cross + other.cross, self.square + other.square, boxed)


class ClippedRecords:
    r"""Records (x, y) with :math:`|x|_2 \le r` and :math:`|y| \le \tau`. They are clipped by being made.

    Nothing else in this family privatises a record, so that a record outside the bounds cannot be privatised.

    Parameters
    ----------
    X : (n, d) or (d,) array
    y : (n,) array or float
        Finite.
    bounds : LDPParams
        Public.

    Attributes
    ----------
    unit : (n, d) array
        Covariates over r, in the unit ball.
    response : (n,) array
        Responses over tau, in [-1, 1].
    boxed : (n, d) array or None
        Covariates clipped by coordinate instead, over sqrt(d) tau_1, in the unit ball too; for the published mechanism.
    """

    __slots__ = ("bounds", "boxed", "response", "unit")

    def __init__(self, X: Any, y: Any, bounds: Bounds) -> None:
        X, y = np.atleast_2d(X), np.atleast_1d(y)
        X, y = check_matrix(X, "X"), check_vector(y, "y", length=len(X))
        if X.shape[1] != bounds.dim:
            raise InvalidArgument("X", f"{bounds.dim} columns", f"{X.shape[1]}")
        self.unit = np.empty_like(X)
        clip_rows(X, check_positive(bounds.x_radius, "x_radius"), self.unit)
        self.response = np.clip(y, -bounds.y_bound, bounds.y_bound) / bounds.y_bound
        tau1 = bounds.coordinate_bound
        self.boxed = None if tau1 is None else np.clip(X, -tau1, tau1) / tau1 / np.sqrt(bounds.dim)
        self.bounds = bounds
        for array in (self.unit, self.response, self.boxed):
            if array is not None:
                array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.unit)

    def some(self, which: Any) -> "ClippedRecords":
        """Return some of the records, as clipped as these."""
        part = object.__new__(ClippedRecords)
        part.bounds, part.unit, part.response = self.bounds, self.unit[which], self.response[which]
        part.boxed = None if self.boxed is None else self.boxed[which]
        return part

    def moments(self) -> Moments:
        """Return sums over the records, in the units of the data."""
        r, tau = self.bounds.x_radius, self.bounds.y_bound
        U, t = self.unit, self.response
        boxed = None
        if self.boxed is not None and self.bounds.coordinate_bound is not None:
            boxed = self.boxed.T @ t * (np.sqrt(self.bounds.dim) * self.bounds.coordinate_bound * tau)
        return Moments(U.T @ U * r**2, U.T @ t * (r * tau), float(t @ t) * tau**2, boxed)
