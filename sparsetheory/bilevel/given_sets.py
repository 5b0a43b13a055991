"""What a user may give for a set: nothing, bounds as in SciPy, a projection of their own, or one of ours."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InvalidArgument
from .sets import Box, ConvexSet, Face, Free

__all__ = ["Projection", "as_set", "check_bounds", "check_inside"]


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
        """Return a face of which nothing is known."""
        return Face(lambda v: v, margin=0.0, known=False)

    def check(self, length: int, name: str) -> None:
        """Refuse a function that does not keep the length or is not a projection at a few points."""
        for v in (np.zeros(length), np.ones(length), np.linspace(-3.0, 3.0, length)):
            once = self.project(v.copy())
            if once.shape != v.shape or not np.isfinite(once).all():
                raise InvalidArgument(name, f"a projection that returns {length} finite numbers", once)
            if np.abs(self.project(once.copy()) - once).max(initial=0.0) > 1e-7 * (1 + np.abs(once).max(initial=0.0)):
                raise InvalidArgument(name, "a projection (twice is the same as once)", "another function")


def as_set(value: Any, length: int, name: str) -> ConvexSet:
    """Return the set that a user means: None for the whole space, pairs for a box, a callable for a projection.

    An object that only knows how to project is one too.
    """
    found: ConvexSet
    if isinstance(value, type):
        raise InvalidArgument(name, "a set, not a class of them", value.__name__)
    if value is None:
        found = Free()
    elif hasattr(value, "project"):
        complete = hasattr(value, "face") and hasattr(value, "check")
        found = value if complete else Projection(value.project)
    elif callable(value):
        found = Projection(value)
    else:
        pairs = check_bounds(value, length, name)
        found = Box(pairs[:, 0], pairs[:, 1])
    found.check(length, name)
    return found


def check_inside(convex: ConvexSet, point: np.ndarray, name: str) -> None:
    """Refuse a point that the projection moves."""
    nearest = convex.project(point.copy())
    off = float(np.abs(nearest - point).max(initial=0.0))
    if off > 1e-8 * (1.0 + float(np.abs(point).max(initial=0.0))):
        raise InvalidArgument(name, "a point of its set (nearest one: " + np.array2string(nearest) + ")", point)


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
