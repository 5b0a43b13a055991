"""Lower solutions from many starts, and how starts are drawn: what sampling knows of a global minimiser."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InvalidArgument
from .lower_level import LowerLevel, minimize_level
from .oracles import Oracles
from .sets import Box, ConvexSet

__all__ = ["LowerPoint", "LowerSearch", "draw_starts"]

_REACH = 10.0  # how far from the first start others are drawn where nobody says, in units of 1 + |first|
_PULL = 1e-7  # weight of f that picks among tied lower solutions


@dataclass(frozen=True, eq=False)
class LowerPoint:
    """An upper point, its lower point, and how far that is from the best lower value known."""

    x: np.ndarray
    y: np.ndarray
    value: float
    gap: float


@dataclass(frozen=True, eq=False)
class LowerSearch:
    """Downhill from many starts."""

    oracles: Oracles
    Y: ConvexSet
    starts: list[np.ndarray]
    gap_tol: float

    def descend(self, x: np.ndarray, y: np.ndarray, sigma: float = 0.0) -> np.ndarray:
        """Return the lower solution that y leads to."""
        tol = 1e-9 if sigma == 0 else 1e-3 * sigma
        return minimize_level(LowerLevel(self.oracles, x, self.Y, sigma), y, tol=tol, max_iter=50).y

    def known(self, x: np.ndarray, y: np.ndarray) -> tuple[float, list[np.ndarray]]:
        """Return the least lower value that the starts and y lead to, and the solutions that tie with it."""
        points = [y, *(self.descend(x, start) for start in [y, *self.starts])]
        values = np.array([self.oracles.g(x, point) for point in points])
        best = float(values.min())
        return best, [point for point, value in zip(points, values, strict=True) if self.ties(value, best)]

    def ties(self, value: float, best: float) -> bool:
        """Whether a lower value counts as the least one."""
        return bool(value - best <= self.gap_tol * (1.0 + abs(best)))

    def best_at(self, x: np.ndarray, y: np.ndarray) -> LowerPoint:
        """Return x with the lower solution that f likes best among those known, y and what lies beside them."""
        best, tied = self.known(x, y)
        beside = [self.descend(x, point, _PULL) for point in tied]
        tied += [point for point in beside if self.ties(self.oracles.g(x, point), best)]
        chosen = min(tied, key=lambda point: self.oracles.f(x, point))
        return LowerPoint(x, chosen, self.oracles.f(x, chosen), self.oracles.g(x, chosen) - best)

    def verifies(self, point: LowerPoint) -> bool:
        """Whether the point's lower value counts as the least one known."""
        value = self.oracles.g(point.x, point.y)
        return self.ties(value, value - point.gap)

    def residual(self, x: np.ndarray, y: np.ndarray) -> float:
        """Return the projected gradient of the lower level at y."""
        return LowerLevel(self.oracles, x, self.Y).at(y).residual

    def beats(self, x: np.ndarray, y: np.ndarray) -> bool:
        """Whether some start leads lower than y."""
        return not self.ties(self.oracles.g(x, y), self.known(x, y)[0])


def draw_starts(
    domain: ConvexSet, first: np.ndarray, around: tuple[Any, Any] | None, number: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """Return points of the set, one in each of `number` parts of every coordinate's range, in the first one's order."""
    reach = _REACH * (1.0 + np.abs(first))
    low, high = first - reach, first + reach
    if around is not None:
        low, high = _range(around, first.shape)
        if not (np.isfinite(low) & np.isfinite(high) & (low <= high)).all():
            raise InvalidArgument("around", "finite numbers with low <= high", around)
    if isinstance(domain, Box):
        low = np.where(np.isfinite(domain.lower), domain.lower, low)
        high = np.where(np.isfinite(domain.upper), domain.upper, high)
    parts = np.array([np.arange(number), *(rng.permutation(number) for _ in first[1:])]).T
    shares = (parts + rng.uniform(size=parts.shape)) / max(number, 1)
    return [domain.project(low + share * (high - low)) for share in shares]


def _range(around: Any, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    try:
        low, high = (np.broadcast_to(np.asarray(end, dtype=np.float64), shape) for end in around)
    except (TypeError, ValueError):
        raise InvalidArgument("around", f"a pair of numbers or of arrays of shape {shape}", repr(around)) from None
    return low, high
