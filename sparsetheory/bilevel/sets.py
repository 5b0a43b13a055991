"""Closed convex sets that know their projection and, at a point, the face that a small move stays on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from .._validation import check_count, check_matrix, check_positive, check_vector
from ..errors import InvalidArgument

__all__ = ["Ball", "Box", "ConvexSet", "Face", "Free", "Polyhedron", "Product", "Projection", "Simplex", "as_set"]

_ON = 1e-9  # a constraint is active below this slack, relative to the size of the point


@dataclass(frozen=True, eq=False)
class Face:
    """Where a minimiser over the set may move to first order, and how the constraint bends there.

    Attributes
    ----------
    tangent : callable
        Orthogonal projection of a vector onto the directions along the face.
    curvature : float
        What the multiplier of a curved constraint adds to the Hessian along the face; 0 on flat faces.
    margin : float
        How far the point is from another face: smallest multiplier of an active constraint or slack of another one.
        Derivatives of the minimiser are those of this face only where the margin is positive.
    """

    tangent: Callable[[np.ndarray], np.ndarray]
    curvature: float = 0.0
    margin: float = np.inf


class ConvexSet(Protocol):
    """What a method asks of a set: a projection, and the face a minimiser lies on."""

    def project(self, v: np.ndarray) -> np.ndarray:
        """Return the point of the set nearest to v."""

    def face(self, y: np.ndarray, gradient: np.ndarray) -> Face:
        """Return the face of a minimiser y of a function with this gradient there."""

    def check(self, length: int, name: str) -> None:
        """Raise `InvalidArgument` where points of this length cannot belong to the set."""


def _tolerance(y: np.ndarray) -> float:
    return _ON * (1.0 + float(np.abs(y).max(initial=0.0)))


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
            bound = np.array(getattr(self, name), dtype=np.float64)
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
        near = _tolerance(y)
        return ~(((y <= self.lower + near) & (gradient > 0)) | ((y >= self.upper - near) & (gradient < 0)))

    def face(self, y: np.ndarray, gradient: np.ndarray) -> Face:
        """Return the coordinates between their bounds; the margin compares slacks and multipliers."""
        near = _tolerance(y)
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
        center = np.array(self.center, dtype=np.float64)
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
        if slack > _tolerance(y):
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
        ordered = np.sort(v)[::-1]
        shifts = (np.cumsum(ordered) - self.total) / np.arange(1, len(v) + 1)
        last = int(np.nonzero(ordered > shifts)[0][-1])
        return np.maximum(v - shifts[last], 0.0)

    def face(self, y: np.ndarray, gradient: np.ndarray) -> Face:
        """Return the directions over the support whose entries add to zero."""
        support = y > _tolerance(y)
        level = float(gradient[support].mean())
        margin = np.where(support, y, np.abs(gradient - level)).min()

        def tangent(v: np.ndarray) -> np.ndarray:
            return np.where(support, v - v[support].mean(), 0.0)

        return Face(tangent, margin=float(margin))


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
        active = slack <= 10 * _tolerance(y)
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


@dataclass(frozen=True, eq=False)
class Product:
    """The product of sets, each over so many coordinates in turn.

    Examples
    --------
    >>> from sparsetheory import bilevel
    >>> import numpy as np
    >>> both = bilevel.Product([bilevel.Box(0, 1), bilevel.Free()], [1, 2])
    >>> both.project(np.array([7.0, 8.0, 9.0]))
    array([1., 8., 9.])
    """

    sets: Sequence[ConvexSet]
    sizes: Sequence[int]

    def __post_init__(self) -> None:
        if len(self.sets) != len(self.sizes):
            raise InvalidArgument("sizes", f"{len(self.sets)} numbers, one a set", f"{len(self.sizes)}")
        for part, size in zip(self.sets, self.sizes, strict=True):
            part.check(check_count(size, "sizes"), "sets")

    def check(self, length: int, name: str) -> None:
        """Refuse another total length."""
        if sum(self.sizes) != length:
            raise InvalidArgument(name, f"sets over {length} coordinates in all", f"{sum(self.sizes)}")

    def _split(self, v: np.ndarray) -> list[np.ndarray]:
        return np.split(v, np.cumsum(self.sizes)[:-1])

    def project(self, v: np.ndarray) -> np.ndarray:
        """Project part by part."""
        return np.concatenate([s.project(part) for s, part in zip(self.sets, self._split(v), strict=True)])

    def face(self, y: np.ndarray, gradient: np.ndarray) -> Face:
        """Return the product of the faces; through a curved part nothing is known."""
        parts = zip(self.sets, self._split(y), self._split(gradient), strict=True)
        faces = [s.face(part, slope) for s, part, slope in parts]
        if any(face.curvature for face in faces):
            return Face(lambda v: v, margin=0.0)  # one number cannot say how several parts bend

        def tangent(v: np.ndarray) -> np.ndarray:
            return np.concatenate([face.tangent(part) for face, part in zip(faces, self._split(v), strict=True)])

        return Face(tangent, margin=min(face.margin for face in faces))


@dataclass(frozen=True, eq=False)
class Projection:
    """A set of which only the projection is known.

    Faces are not: hypergradients come from the penalty only.
    """

    function: Callable[[np.ndarray], np.ndarray]

    def project(self, v: np.ndarray) -> np.ndarray:
        """Return what the function says."""
        return np.asarray(self.function(v), dtype=np.float64)

    def face(self, y: np.ndarray, gradient: np.ndarray) -> Face:
        """Return a face without margin: nothing is known of it."""
        return Face(lambda v: v, margin=0.0)

    def check(self, length: int, name: str) -> None:
        """Refuse a function that does not keep the length or is not a projection at a few points."""
        for v in (np.zeros(length), np.ones(length), np.linspace(-3.0, 3.0, length)):
            once = self.project(v.copy())
            if once.shape != v.shape or not np.isfinite(once).all():
                raise InvalidArgument(name, f"a projection that returns {length} finite numbers", once)
            if np.abs(self.project(once.copy()) - once).max(initial=0.0) > 1e-7 * (1 + np.abs(once).max(initial=0.0)):
                raise InvalidArgument(name, "a projection (twice is the same as once)", "another function")


def as_set(value: Any, length: int, name: str) -> ConvexSet:
    """Return the set that a user means: None for the whole space, pairs for a box, a callable for a projection."""
    found: ConvexSet
    if value is None:
        found = Free()
    elif hasattr(value, "project"):
        found = value
    elif callable(value):
        found = Projection(value)
    else:
        pairs = check_bounds(value, length, name)
        found = Box(pairs[:, 0], pairs[:, 1])
    found.check(length, name)
    return found


def check_bounds(value: Any, length: int, name: str) -> np.ndarray:
    """Return (lower, upper) rows; None in a pair means that there is no bound, as in SciPy."""
    try:
        pairs = [(-np.inf if low is None else low, np.inf if high is None else high) for low, high in value]
        array = np.array(pairs, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidArgument(name, "a set, a projection, or pairs (lower, upper)", repr(value)) from None
    if array.shape != (length, 2):
        raise InvalidArgument(name, f"{length} pairs (lower, upper)", f"shape {array.shape}")
    return array
