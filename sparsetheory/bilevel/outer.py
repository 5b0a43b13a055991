"""The upper level as a smooth function on X: projected quasi-Newton steps, on gradients that are only nearly exact."""

from collections import deque
from collections.abc import Callable
from typing import Protocol

import numpy as np

from .curvature import Pairs
from .sets import Box, ConvexSet, Free

__all__ = ["Evaluation", "QuasiNewton", "stationarity"]

_SEEN = 100
_TRIALS = 40
_SHARPER, _SHARPEST = 1e-2, 1e-4
_WOLFE = 0.9  # share of the slope that may be left


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
    step = x - X.project(x - gradient)
    return float(step.dot(step)) ** 0.5


class QuasiNewton:
    """One function on X; each call of `advance` takes one step.

    On a box or the whole space the direction is that of BFGS on the coordinates that no bound holds, and the path is
    bent by the projection (Bertsekas 1982); on other sets it is a projected gradient step of Barzilai and Borwein's
    length. The line search asks for the weak Wolfe conditions: with them BFGS also gets to minimisers at kinks, where
    its matrix learns which directions are bent sharply (Lewis, Overton 2013).
    """

    def __init__(self, X: ConvexSet, evaluate: Evaluate, x: np.ndarray, accuracy: float) -> None:
        self.X, self.evaluate = X, evaluate
        self.pairs = Pairs(len(x))
        self.seen: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=_SEEN)
        self.length = np.inf  # of the last step
        self.share = 1.0  # of the slope: accuracy that evaluations are asked for
        self.x = X.project(x)
        self.at, self.accuracy = evaluate(self.x, accuracy), accuracy
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
        """Take one step; False where no step along the direction helps.

        After a failure the evaluations are doubted: at a kink the face of the lower solution has to be right, and the
        error of a value is no longer the square of that of the solution.
        """
        if self._search(self._direction(self.at.gradient)):
            return True
        if self.share <= _SHARPEST or not len(self.pairs):
            return False
        self.share *= _SHARPER
        way = self._direction(self.at.gradient)
        self.sharpen(self.share * min(self.error, self._steepness(way)))
        return self._search(self._direction(self.at.gradient))

    def sharpen(self, accuracy: float) -> None:
        """Evaluate the current point again, to more digits."""
        self.at, self.accuracy = self.evaluate(self.x, accuracy), accuracy

    def doubt(self, accuracy: float) -> None:
        """Forget the gradients seen, evaluate the current point again, and ask later ones for more digits."""
        self.seen.clear()
        self.share = max(_SHARPER * self.share, _SHARPEST)
        self.sharpen(accuracy)
        self.seen.append((self.x, self.at.gradient))

    def along(self, gradient: np.ndarray) -> bool:
        """Take a step down what the caller says is the gradient along a kink; False where none helps.

        The matrix is almost zero across the kink, so that the first direction is Newton's along it.
        """
        return self._search(self._direction(gradient)) or self._search(-gradient)

    def afresh(self) -> bool:
        """Take a step without the curvature that earlier ones have shown; False where there was none or none helps."""
        if not len(self.pairs):
            return False
        self.pairs.clear()
        return self._search(self._direction(self.at.gradient))

    def _direction(self, gradient: np.ndarray) -> np.ndarray:
        if not isinstance(self.X, Box | Free):
            return self.X.project(self.x - self._length() * gradient) - self.x
        free = self.X.free(self.x, gradient) if isinstance(self.X, Box) else np.ones(len(gradient), dtype=bool)
        slope = np.where(free, gradient, 0.0)
        way = np.where(free, -self.pairs.times_inverse(slope, free, self._length()), 0.0)
        return way if float(way @ gradient) < 0 else -slope

    def _length(self) -> float:
        """Return the step of Barzilai and Borwein, 1 / |gradient| before there is any."""
        if not len(self.pairs):
            return 1.0 / max(1.0, float(np.linalg.norm(self.at.gradient)))
        step, turn = self.pairs.last
        return float(step @ step) / float(step @ turn)

    def _search(self, way: np.ndarray) -> bool:
        """Move to a point of the projected path that falls enough and, where the path is straight, is not too near."""
        accuracy = self.share * min(self.error, self._steepness(way))
        low, high, t = 0.0, np.inf, 1.0
        near, far = self.at, None
        for _ in range(_TRIALS):
            straight = self.x + t * way
            x = self.X.project(straight)
            if np.array_equal(x, self.x):
                return False
            new = self.evaluate(x, accuracy)
            self.seen.append((x, new.gradient))
            if not self._falls(x, new):
                high, far = t, new
            elif self._too_near(x, new, way, straight):
                low, near = t, new
            else:
                self._move(x, new)
                self.accuracy = accuracy
                return True
            t = 2.0 * low if far is None else low + (high - low) * _between(near, far, (high - low) * way)
        return False

    def _steepness(self, way: np.ndarray) -> float:
        """Return the slope along the way: at a kink it vanishes long before the gradient, and decides what is down."""
        length = float(way.dot(way)) ** 0.5
        return max(abs(float(self.at.gradient.dot(way))) / length, 1e-300) if length > 0 else 1e-300

    def _falls(self, x: np.ndarray, new: Evaluation) -> bool:
        """Armijo's rule; where values are too close to tell, the slope along the step must have shrunk."""
        step = x - self.x
        slope, then = float(self.at.gradient @ step), float(new.gradient @ step)
        fallen = self.at.value - new.value
        noise = 1e-12 * (1.0 + abs(self.at.value)) + self.at.noise + new.noise
        return fallen >= -1e-4 * slope or (fallen >= -noise and abs(then) <= 0.9 * abs(slope))

    def _too_near(self, x: np.ndarray, new: Evaluation, way: np.ndarray, straight: np.ndarray) -> bool:
        """Whether the slope says go on; where the path is bent it says nothing."""
        if float(new.gradient.dot(way)) >= _WOLFE * float(self.at.gradient.dot(way)):
            return False
        return x is straight or bool(np.allclose(x - self.x, straight - self.x, rtol=1e-9, atol=0.0))

    def _move(self, x: np.ndarray, new: Evaluation) -> None:
        self.pairs.add(x - self.x, new.gradient - self.at.gradient)
        self.length = float(np.linalg.norm(x - self.x))
        self.x, self.at = x, new


def _between(near: Evaluation, far: Evaluation, step: np.ndarray) -> float:
    """Return where on the step to look next, as a share of it.

    Where the slope changes sign the tangents at both ends meet, at the kink if there is one; else the parabola through
    both values and the first slope says it.
    """
    slope, then, rise = float(near.gradient @ step), float(far.gradient @ step), far.value - near.value
    bend = 2.0 * (rise - slope)
    if slope < 0 < then:
        share = (rise - then) / (slope - then)
        share += 0.25 * min(share, 1.0 - share)  # beyond a kink: right at it, rounding decides which piece answers
    else:
        share = -slope / bend if bend > 0 else 0.5
    return float(np.clip(share, 0.1, 0.9))
