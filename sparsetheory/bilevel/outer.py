"""The upper level as a smooth function on X: projected quasi-Newton steps, on gradients that are only nearly exact."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .sets import Box, ConvexSet, Free

__all__ = ["Evaluation", "QuasiNewton", "stationarity"]

_MEMORY = 100
_TRIALS = 40


class Evaluation(Protocol):
    """What the upper level needs to know of a point."""

    @property
    def value(self) -> float:
        """Value of the function."""

    @property
    def gradient(self) -> np.ndarray:
        """Gradient in x."""

    @property
    def noise(self) -> float:
        """Rounding of the value beyond that of a number of its size."""


Evaluate = Callable[[np.ndarray, float], Evaluation]


def stationarity(X: ConvexSet, x: np.ndarray, gradient: np.ndarray) -> float:
    """Return |x - P(x - gradient)|, zero exactly at stationary points of a function on X."""
    return float(np.linalg.norm(x - X.project(x - gradient)))


@dataclass(frozen=True, eq=False)
class _Pair:
    """A step, the change of the gradient along it, and their product."""

    step: np.ndarray
    turn: np.ndarray


class QuasiNewton:
    """One function on X; each call of `advance` takes one step.

    On a box or the whole space the direction is L-BFGS on the coordinates that no bound holds, and the path is bent by
    the projection (Bertsekas 1982); on other sets it is a projected gradient step of Barzilai and Borwein's length.
    """

    def __init__(self, X: ConvexSet, evaluate: Evaluate, x: np.ndarray, accuracy: float) -> None:
        self.X, self.evaluate = X, evaluate
        self.pairs: deque[_Pair] = deque(maxlen=_MEMORY)
        self.seen: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=_MEMORY)
        self.x = X.project(x)
        self.at = evaluate(self.x, accuracy)
        self.seen.append((self.x, self.at.gradient))

    @property
    def error(self) -> float:
        """Stationarity of the current point."""
        return stationarity(self.X, self.x, self.at.gradient)

    def nearby(self, radius: float) -> np.ndarray:
        """Return the gradients at the points seen lately within a relative distance, one a row."""
        reach = radius * (1.0 + float(np.linalg.norm(self.x)))
        return np.array([g for x, g in self.seen if float(np.linalg.norm(x - self.x)) <= reach])

    def advance(self) -> bool:
        """Take one step; False where no step along the direction helps."""
        accuracy = self.error
        way = self._direction()
        if self._search(way, accuracy):
            return True
        if not self.pairs:
            return False
        self.pairs.clear()  # curvature of another piece of the function
        return self._search(self._direction(), accuracy)

    def _direction(self) -> np.ndarray:
        gradient = self.at.gradient
        if not isinstance(self.X, Box | Free):
            return self.X.project(self.x - self._length() * gradient) - self.x
        free = self.X.free(self.x, gradient) if isinstance(self.X, Box) else np.ones(len(gradient), dtype=bool)
        way = np.where(free, -self._times_inverse(np.where(free, gradient, 0.0), free), 0.0)
        return way if float(way @ gradient) < 0 else -np.where(free, gradient, 0.0)

    def _length(self) -> float:
        """Return the step of Barzilai and Borwein, 1 / |gradient| before there is any."""
        if not self.pairs:
            return 1.0 / max(1.0, float(np.linalg.norm(self.at.gradient)))
        last = self.pairs[-1]
        return float(last.step @ last.step) / float(last.step @ last.turn)

    def _times_inverse(self, gradient: np.ndarray, free: np.ndarray) -> np.ndarray:
        """Return the L-BFGS inverse Hessian on the free coordinates times the gradient (two loops)."""
        pairs = [(np.where(free, p.step, 0.0), np.where(free, p.turn, 0.0)) for p in self.pairs]
        pairs = [(s, t) for s, t in pairs if float(s @ t) > 1e-10 * float(np.linalg.norm(s) * np.linalg.norm(t))]
        q, shares = gradient.copy(), []
        for s, t in reversed(pairs):
            shares.append(float(s @ q) / float(s @ t))
            q -= shares[-1] * t
        q *= float(pairs[-1][0] @ pairs[-1][1]) / float(pairs[-1][1] @ pairs[-1][1]) if pairs else self._length()
        for (s, t), share in zip(pairs, reversed(shares), strict=True):
            q += (share - float(t @ q) / float(s @ t)) * s
        return q

    def _search(self, way: np.ndarray, accuracy: float) -> bool:
        """Move to a point of the projected path that falls enough and, where the path is straight, is not too near.

        Weak Wolfe conditions by bisection: they also hold somewhere along a line with kinks (Lewis, Overton 2013).
        """
        low, high, t = 0.0, np.inf, 1.0
        for _ in range(_TRIALS):
            x = self.X.project(self.x + t * way)
            if np.array_equal(x, self.x):
                return False
            new = self.evaluate(x, accuracy)
            self.seen.append((x, new.gradient))
            if not self._falls(x, new):
                high = t
                t = max(low + 0.1 * (high - low), self._parabola(x, new, t)) if low == 0 else 0.5 * (low + high)
            elif self._too_near(x, new, way, t):
                low = t
                t = 0.5 * (low + high) if np.isfinite(high) else 2.0 * low
            else:
                self._move(x, new)
                return True
        return False

    def _falls(self, x: np.ndarray, new: Evaluation) -> bool:
        """Armijo's rule; where values are too close to tell, the slope along the step must have shrunk."""
        step = x - self.x
        slope, then = float(self.at.gradient @ step), float(new.gradient @ step)
        fallen = self.at.value - new.value
        noise = 1e-12 * (1.0 + abs(self.at.value)) + self.at.noise + new.noise
        return fallen >= -1e-4 * slope or (fallen >= -noise and abs(then) <= 0.9 * abs(slope))

    def _too_near(self, x: np.ndarray, new: Evaluation, way: np.ndarray, t: float) -> bool:
        straight = bool(np.allclose(x - self.x, t * way, rtol=1e-9, atol=0.0))
        return straight and float(new.gradient @ way) < 0.9 * float(self.at.gradient @ way)

    def _parabola(self, x: np.ndarray, new: Evaluation, t: float) -> float:
        """Return the minimiser of the parabola through both values and the first slope, at most t / 2."""
        slope = float(self.at.gradient @ (x - self.x))
        bend = 2.0 * (new.value - self.at.value - slope)
        return t * float(np.clip(-slope / bend, 0.1, 0.5)) if bend > 0 else 0.5 * t

    def _move(self, x: np.ndarray, new: Evaluation) -> None:
        pair = _Pair(x - self.x, new.gradient - self.at.gradient)
        if float(pair.step @ pair.turn) > 1e-10 * float(np.linalg.norm(pair.step) * np.linalg.norm(pair.turn)):
            self.pairs.append(pair)
        self.x, self.at = x, new
