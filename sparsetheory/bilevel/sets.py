"""Sets that know their projection and, at a point, the face that a small move stays on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from .._validation import check_positive
from ..errors import InvalidArgument

__all__ = ["Ball", "Box", "ConvexSet", "Face", "Free", "Simplex", "active_tolerance"]

_ON = 1e-9  # a constraint is active below this slack, relative to the size of the point


@dataclass(frozen=True, eq=False)
class Face:
    """Where a minimiser over the set may move to first order, and how the constraint bends there.

    Attributes
    ----------
    tangent : callable
        Orthogonal projection of a vector onto the directions along the face.
    curvature : float or ndarray
        What the multiplier of a curved constraint adds to the Hessian along the face; 0 on flat faces. One number a
        coordinate on products, where every part bends by itself.
    margin : float
        How far the point is from another face: smallest multiplier of an active constraint or slack of another one.
        Derivatives of the minimiser are those of this face only where the margin is positive.
    known : bool
        Whether the set can tell its faces at all.
    """

    tangent: Callable[[np.ndarray], np.ndarray]
    curvature: float | np.ndarray = 0.0
    margin: float = np.inf
    known: bool = True

    @property
    def bent(self) -> bool:
        """Whether the face is curved."""
        return self.curvature != 0.0 if isinstance(self.curvature, float) else bool(np.any(self.curvature))

    def add_curvature(self, product: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Return the product of a Hessian with v on the face, given that with what bends it left out."""
        along = self.tangent(product)
        return along + self.curvature * v if self.bent else along


class ConvexSet(Protocol):
    """What a method asks of a set: a projection, and the face a minimiser lies on."""

    def project(self, v: np.ndarray) -> np.ndarray:
        """Return the point of the set nearest to v."""

    def face(self, y: np.ndarray, gradient: np.ndarray) -> Face:
        """Return the face of a minimiser y of a function with this gradient there."""

    def check(self, length: int, name: str) -> None:
        """Raise `InvalidArgument` where points of this length cannot belong to the set."""


def active_tolerance(y: np.ndarray) -> float:
    """Return the slack below which a constraint is active at y."""
    return _ON * (1.0 + float(np.abs(y).max(initial=0.0)))


def _numbers(value: Any, name: str) -> np.ndarray:
    try:
        return np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidArgument(name, "a number or a vector", repr(value)) from None


@dataclass(frozen=True)
class Free:
    """The whole space.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import bilevel
    >>> bilevel.Free().project(np.array([3.0, -1.0]))
    array([ 3., -1.])
    """

    def project(self, v: np.ndarray) -> np.ndarray:
        """Return v."""
        return v

    def face(self, y: np.ndarray, gradient: np.ndarray) -> Face:
        """Return the whole space."""
        return Face(lambda v: v)

    def check(self, length: int, name: str) -> None:
        """Accept any length."""


@dataclass(frozen=True, eq=False)
class Box:
    r"""All y with :math:`l \le y \le u`; a bound may be infinite, a number stands for a vector of them.

    Parameters
    ----------
    lower, upper : float or array_like

    Raises
    ------
    InvalidArgument
        Where a bound is NaN or a lower bound lies above its upper one.

    Examples
    --------
    >>> from sparsetheory import bilevel
    >>> import numpy as np
    >>> bilevel.Box(-1, [2.0, np.inf]).project(np.array([-3.0, 9.0]))
    array([-1.,  9.])
    """

    lower: Any = -np.inf
    upper: Any = np.inf

    def __post_init__(self) -> None:
        for name in ("lower", "upper"):
            bound = _numbers(getattr(self, name), name)
            if bound.ndim > 1 or np.isnan(bound).any():
                raise InvalidArgument(name, "a number or a vector without NaN", getattr(self, name))
            bound.flags.writeable = False
            object.__setattr__(self, name, bound)
        self._same_length()
        if (self.lower > self.upper).any():
            raise InvalidArgument("lower", "bounds with lower <= upper (the box is empty)", self.lower)

    def _same_length(self) -> None:
        try:
            np.broadcast_shapes(self.lower.shape, self.upper.shape)
        except ValueError:
            raise InvalidArgument(
                "upper", f"as many bounds as lower, {self.lower.shape}", f"shape {self.upper.shape}"
            ) from None

    def check(self, length: int, name: str) -> None:
        """Refuse bounds for another number of coordinates."""
        for bound in (self.lower, self.upper):
            if bound.ndim and len(bound) != length:
                raise InvalidArgument(name, f"bounds for {length} coordinates", f"{len(bound)} bounds")

    def project(self, v: np.ndarray) -> np.ndarray:
        """Clip every coordinate."""
        return np.minimum(np.maximum(v, self.lower), self.upper)

    def free(self, y: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Return which coordinates a descent step may move: those not held at a bound by the gradient."""
        near = 1e-4 * active_tolerance(y)  # bounds are met exactly, other constraints to rounding
        return ~(((y <= self.lower + near) & (gradient > 0)) | ((y >= self.upper - near) & (gradient < 0)))

    def face(self, y: np.ndarray, gradient: np.ndarray) -> Face:
        """Return the coordinates between their bounds; the margin compares slacks and multipliers."""
        near = 1e-4 * active_tolerance(y)  # bounds are met exactly, other constraints to rounding
        slack = np.minimum(y - self.lower, self.upper - y)
        inside = slack > near
        margin = np.where(inside, slack, np.abs(gradient)).min(initial=np.inf)
        return Face(lambda v: np.where(inside, v, 0.0), margin=float(margin))


@dataclass(frozen=True, eq=False)
class Ball:
    """All y with |y - center| <= radius, in the Euclidean norm.

    Examples
    --------
    >>> from sparsetheory import bilevel
    >>> import numpy as np
    >>> bilevel.Ball(1.0).project(np.array([3.0, 4.0]))
    array([0.6, 0.8])
    """

    radius: float
    center: Any = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", check_positive(self.radius, "radius"))
        center = _numbers(self.center, "center")
        if center.ndim > 1 or not np.isfinite(center).all():
            raise InvalidArgument("center", "a finite number or vector", self.center)
        object.__setattr__(self, "center", center)

    def check(self, length: int, name: str) -> None:
        """Refuse a centre of another length."""
        if self.center.ndim and len(self.center) != length:
            raise InvalidArgument(name, f"a ball in {length} dimensions", f"a centre of {len(self.center)}")

    def project(self, v: np.ndarray) -> np.ndarray:
        """Pull v to the sphere where it lies outside."""
        away = v - self.center
        norm = float(np.linalg.norm(away))
        return v if norm <= self.radius else self.center + away * (self.radius / norm)

    def face(self, y: np.ndarray, gradient: np.ndarray) -> Face:
        """Return the tangent plane of the sphere, with the curvature of its multiplier, or the whole space inside."""
        away = y - self.center
        slack = self.radius - float(np.linalg.norm(away))
        if slack > min(active_tolerance(y), 0.5 * self.radius):
            return Face(lambda v: v, margin=slack)
        normal = away / np.linalg.norm(away)
        multiplier = -float(gradient @ normal) / self.radius
        return Face(lambda v: v - normal * (normal @ v), max(multiplier, 0.0), margin=abs(multiplier))


@dataclass(frozen=True)
class Simplex:
    """All y >= 0 with sum(y) = total.

    Examples
    --------
    >>> from sparsetheory import bilevel
    >>> import numpy as np
    >>> bilevel.Simplex().project(np.array([0.5, 1.0, -3.0]))
    array([0.25, 0.75, 0.  ])
    """

    total: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "total", check_positive(self.total, "total"))

    def check(self, length: int, name: str) -> None:
        """Accept any length."""

    def project(self, v: np.ndarray) -> np.ndarray:
        """Shift and clip: the shift is found among the sorted entries (Held, Wolfe, Crowder 1974)."""
        if not np.isfinite(v).all():
            return np.full(len(v), np.nan)
        v = v - v.max()  # rounding of large entries would hide the total
        ordered = np.sort(v)[::-1]
        shifts = (np.cumsum(ordered) - self.total) / np.arange(1, len(v) + 1)
        last = int(np.nonzero(ordered > shifts)[0][-1])
        return np.maximum(v - shifts[last], 0.0)

    def face(self, y: np.ndarray, gradient: np.ndarray) -> Face:
        """Return the directions over the support whose entries add to zero."""
        support = y > min(active_tolerance(y), 0.5 * self.total / len(y))
        level = float(gradient[support].mean())
        margin = np.where(support, y, np.abs(gradient - level)).min()

        def tangent(v: np.ndarray) -> np.ndarray:
            return np.where(support, v - v[support].mean(), 0.0)

        return Face(tangent, margin=float(margin))
