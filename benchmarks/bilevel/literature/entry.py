"""What a test problem of the literature consists of, and when it counts as solved.

The criterion, fixed before any solver ran: from the published start (other starts allowed) a point (x, y) with

    |f(x, y) - f*| <= 1e-2 (1 + |f*|),    g(x, y) - min g(x, .) <= 1e-2 (1 + |g(x, y)|),    constraints within 1e-4

where f* is the reference value of `references.json` and min g(x, .) is found by code that shares nothing with ours.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from sparsetheory import bilevel

VALUE, GAP, OUTSIDE = 1e-2, 1e-2, 1e-4

Lower = Literal["linear", "convex", "nonconvex"]


@dataclass(frozen=True)
class Region:
    """All v with lower <= v <= upper and A v <= b."""

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    A: tuple[tuple[float, ...], ...] = ()
    b: tuple[float, ...] = ()

    @property
    def size(self) -> int:
        return len(self.lower)

    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """All constraints as rows of one system, finite bounds first."""
        low, high, eye = np.array(self.lower), np.array(self.upper), np.eye(self.size)
        below, above = np.isfinite(low), np.isfinite(high)
        A = np.array(self.A).reshape(-1, self.size)
        return np.vstack([-eye[below], eye[above], A]), np.concatenate([-low[below], high[above], self.b])

    def outside(self, v: np.ndarray) -> float:
        """Largest violation of a constraint."""
        A, b = self.rows()
        return float((A @ v - b).max(initial=0.0))

    def as_set(self) -> Any:
        """The set as the package knows it."""
        if self.A:
            return bilevel.Polyhedron(*self.rows())
        return bilevel.Box(self.lower, self.upper) if np.isfinite([*self.lower, *self.upper]).any() else bilevel.Free()


def interval(low: float, high: float, size: int = 1) -> Region:
    """The cube of points with coordinates between two numbers."""
    return Region((low,) * size, (high,) * size)


def free(size: int) -> Region:
    return interval(-np.inf, np.inf, size)


@dataclass(frozen=True, kw_only=True, eq=False)
class Entry:
    """A problem; its callables take the coordinates of x and then those of y, numbers or arrays of one shape.

    Attributes
    ----------
    name, source : str
        The name in the BOLIB report (Zhou, Zemkoho, Tin) unless the source says otherwise; the paper and its example.
    f, g : callable -> value
    grad_f, grad_g : callable -> p + q slopes
    X, Y : Region
    start : (x, y)
        Published start, as printed; where it lies outside the sets a run begins at the nearest point of them.
    printed : float
        The best upper value that the collection prints.
    lower : str
        Whether g(x, .) is linear, convex or nonconvex on Y.
    around : (low, high)
        Where to look for x when X is unbounded.
    change : str
        The change of variables that took x out of the constraints on y, where there was one.
    """

    name: str
    source: str
    f: Callable[..., Any]
    g: Callable[..., Any]
    grad_f: Callable[..., tuple[Any, ...]]
    grad_g: Callable[..., tuple[Any, ...]]
    X: Region
    Y: Region
    start: tuple[tuple[float, ...], tuple[float, ...]]
    printed: float
    lower: Lower
    around: tuple[float, float] = field(default=(-np.inf, np.inf))
    change: str = ""

    def search_box(self) -> tuple[np.ndarray, np.ndarray]:
        """Bounds of X, those of `around` where it has none."""
        low, high = np.array(self.X.lower), np.array(self.X.upper)
        return np.where(np.isfinite(low), low, self.around[0]), np.where(np.isfinite(high), high, self.around[1])

    def gradient(self, which: Callable[..., tuple[Any, ...]], x: np.ndarray, y: np.ndarray) -> tuple[Any, Any]:
        """Slopes in x and slopes in y."""
        slopes = np.array(which(*x, *y), dtype=np.float64)
        return slopes[: self.X.size], slopes[self.X.size :]

    def problem(self) -> bilevel.Problem:
        """The problem as the package takes it."""
        return bilevel.Problem(
            f=lambda x, y: float(self.f(*x, *y)),
            g=lambda x, y: float(self.g(*x, *y)),
            grad_f=lambda x, y: self.gradient(self.grad_f, x, y),
            grad_g=lambda x, y: self.gradient(self.grad_g, x, y),
            X=self.X.as_set(),
            Y=self.Y.as_set(),
        )

    def first(self) -> tuple[np.ndarray, np.ndarray]:
        """The published start, moved to the nearest points of X and Y."""
        x, y = (np.array(part, dtype=np.float64) for part in self.start)
        return self.X.as_set().project(x), self.Y.as_set().project(y)
