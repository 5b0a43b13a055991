"""The callables of a problem with their calls counted and their answers checked."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from math import isfinite
from typing import Any

import numpy as np

from ..errors import InvalidArgument
from .problem import Problem

__all__ = ["Counts", "Oracles", "OracleFailure"]

_HALF = float(np.sqrt(np.finfo(float).eps))  # forward differences of exact gradients
_FIFTH = float(np.finfo(float).eps ** 0.2)  # of fourth order
_THIRD = float(np.cbrt(np.finfo(float).eps))  # central differences of values


class OracleFailure(Exception):
    """A callable returned a number that is not finite; its name is the message."""


@dataclass
class Counts:
    """How often each callable was asked; a gradient at one point is one call, whichever of its parts was needed.

    Attributes
    ----------
    f, g : int
        Values.
    grad_f, grad_g : int
        Gradients.
    sample_f, sample_g : int
        Sampled gradients, each at one point.
    hvp : int
        Second derivatives times vectors that the user's own callables answered.
    """

    f: int = 0
    g: int = 0
    grad_f: int = 0
    grad_g: int = 0
    sample_f: int = 0
    sample_g: int = 0
    hvp: int = 0

    @property
    def gradients(self) -> int:
        """Gradients of both levels, sampled ones too, a product with a second derivative counted as two."""
        return self.grad_f + self.grad_g + self.sample_f + self.sample_g + 2 * self.hvp

    def __str__(self) -> str:
        return ", ".join(f"{each.name} {getattr(self, each.name)}" for each in fields(self) if getattr(self, each.name))


@dataclass
class Oracles:
    """A problem's callables, counted; a non-finite answer raises `OracleFailure`, a wrong shape `InvalidArgument`.

    What g and its derivatives say is divided by `unit` (see `lower_unit`), which changes no lower solution.
    """

    problem: Problem
    p: int
    q: int
    counts: Counts = field(default_factory=Counts)
    unit: float = 1.0

    @property
    def exact(self) -> bool:
        """Whether gradients are the user's own, rather than differences of values."""
        return self.problem.grad_f is not None and self.problem.grad_g is not None

    def difference(
        self, slope: Callable[[np.ndarray], np.ndarray], y: np.ndarray, base: np.ndarray
    ) -> Callable[[np.ndarray], np.ndarray]:
        """Return v -> difference quotients of `slope` at y along v, off y by a small share; `base` is slope(y)."""
        reach = self._reach(y)

        def times(v: np.ndarray) -> np.ndarray:
            t = reach / (float(v.dot(v)) ** 0.5 or 1.0)
            return (slope(y + t * v) - base) / t

        return times

    def _reach(self, y: np.ndarray) -> float:
        return (_HALF if self.exact else _THIRD) * (1.0 + float(y.dot(y)) ** 0.5)

    def f(self, x: np.ndarray, y: np.ndarray) -> float:
        """Return the upper objective."""
        self.counts.f += 1
        return _number(self.problem.f(x, y), "f")

    def g(self, x: np.ndarray, y: np.ndarray) -> float:
        """Return the lower objective."""
        self.counts.g += 1
        return _number(self.problem.g(x, y), "g") / self.unit

    def grad_f(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the gradient of f in x and y."""
        if self.problem.grad_f is None:
            return self._differences(self.f, x, y)
        self.counts.grad_f += 1
        return self._pair(self.problem.grad_f(x, y), "grad_f")

    def grad_g(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the gradient of g in x and y."""
        if self.problem.grad_g is None:
            return self._differences(self.g, x, y)
        self.counts.grad_g += 1
        return self._in_units(self._pair(self.problem.grad_g(x, y), "grad_g"))

    def grad_f_y(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the gradient of f in y alone."""
        if self.problem.grad_f_y is None:
            return self.grad_f(x, y)[1]
        self.counts.grad_f += 1
        return _vector(self.problem.grad_f_y(x, y), self.q, "grad_f_y")

    def grad_g_y(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the gradient of g in y alone."""
        if self.problem.grad_g_y is None:
            return self.grad_g(x, y)[1]
        self.counts.grad_g += 1
        slope = _vector(self.problem.grad_g_y(x, y), self.q, "grad_g_y")
        return slope if self.unit == 1.0 else slope / self.unit

    def grad_f_at(self, x: np.ndarray, y: np.ndarray, key: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the gradient of f on a sample; the gradient itself where the problem has no samples of it."""
        if self.problem.grad_f_at is None:
            return self.grad_f(x, y)
        self.counts.sample_f += 1
        return self._pair(self.problem.grad_f_at(x, y, key), "grad_f_at")

    def grad_g_at(self, x: np.ndarray, y: np.ndarray, key: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the gradient of g on a sample; the gradient itself where the problem has no samples of it."""
        if self.problem.grad_g_at is None:
            return self.grad_g(x, y)
        self.counts.sample_g += 1
        return self._in_units(self._pair(self.problem.grad_g_at(x, y, key), "grad_g_at"))

    def products(self, x: np.ndarray, y: np.ndarray, slope: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """Return v -> the Hessian of g in y times v, a gradient each; `slope` is the gradient in y there."""
        if self.problem.hvp_yy is not None:
            return lambda v: self._given("hvp_yy", self.q, x, y, v)
        return self.difference(lambda at: self.grad_g_y(x, at), y, slope)

    def hvp_yy(self, x: np.ndarray, y: np.ndarray, v: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """Return the Hessian of g in y times v; `slope` is the gradient in y there."""
        return self.products(x, y, slope)(v)

    def second(
        self, x: np.ndarray, y: np.ndarray, v: np.ndarray, *, fine: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return both second derivatives times v, the mixed one first; by central differences where they are not given.

        The pair of gradients that one of them takes gives the other too. `fine` takes a second pair, for differences
        of fourth order: their error is eps^(4/5) of v in place of eps^(2/3), a hundredth.
        """
        given = {"hvp_xy": self.p, "hvp_yy": self.q}
        known = {name: getattr(self.problem, name) is not None for name in given}
        if all(known.values()):
            mixed, below = (self._given(name, length, x, y, v) for name, length in given.items())
            return mixed, below
        far = _FIFTH if fine else _THIRD  # the larger step loses nothing
        t = far / _HALF * self._reach(y) / (float(v.dot(v)) ** 0.5 or 1.0)
        both = self._central(x, y, t * v)
        if fine:
            wide = self._central(x, y, 2 * t * v)
            both = tuple((8 * near - other) / 6 for near, other in zip(both, wide, strict=True))
        mixed, below = (
            self._given(name, length, x, y, v) if known[name] else difference / t
            for (name, length), difference in zip(given.items(), both, strict=True)
        )
        return mixed, below

    def _central(self, x: np.ndarray, y: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the central difference of both gradients of g for a step in y."""
        up, down = self.grad_g(x, y + step), self.grad_g(x, y - step)
        return tuple((high - low) / 2 for high, low in zip(up, down, strict=True))

    def _given(self, name: str, length: int, x: np.ndarray, y: np.ndarray, v: np.ndarray) -> np.ndarray:
        self.counts.hvp += 1
        return _vector(getattr(self.problem, name)(x, y, v), length, name) / self.unit

    def _in_units(self, pair: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        return pair if self.unit == 1.0 else (pair[0] / self.unit, pair[1] / self.unit)

    def _pair(self, answer: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
        try:
            in_x, in_y = answer
        except (TypeError, ValueError):
            raise InvalidArgument(name, "a pair of arrays, in x and in y", type(answer).__name__) from None
        return _vector(in_x, self.p, name), _vector(in_y, self.q, name)

    def _differences(
        self, value: Callable[[np.ndarray, np.ndarray], float], x: np.ndarray, y: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return central differences of a value in every coordinate of x and of y."""
        return (
            _central(lambda at: value(at, y), x),
            _central(lambda at: value(x, at), y),
        )


def _central(value: Callable[[np.ndarray], float], at: np.ndarray) -> np.ndarray:
    slope = np.empty(len(at))
    for i in range(len(at)):
        t = _THIRD * (1.0 + abs(at[i]))
        up, down = at.copy(), at.copy()
        up[i] += t
        down[i] -= t
        slope[i] = (value(up) - value(down)) / (up[i] - down[i])
    return slope


def _number(answer: Any, name: str) -> float:
    if type(answer) is not float:
        array = np.asarray(answer)
        if array.ndim or array.dtype.kind not in "biuf":
            raise InvalidArgument(name, "a callable that returns a real number", repr(answer))
        answer = float(array)
    if not isfinite(answer):
        raise OracleFailure(name)
    return answer


def _vector(answer: Any, length: int, name: str) -> np.ndarray:
    try:
        array = np.array(answer)  # a copy: callables may answer in the same memory every time
        if array.dtype != np.float64:
            if array.dtype.kind not in "biuf":
                raise TypeError
            array = array.astype(np.float64)
    except (TypeError, ValueError):
        raise InvalidArgument(name, f"a callable that returns {length} real numbers", repr(answer)) from None
    if array.shape != (length,):
        raise InvalidArgument(name, f"a callable that returns {length} numbers", f"shape {array.shape}")
    if np.count_nonzero(np.isfinite(array)) < length:  # in a third of the time of all()
        raise OracleFailure(name)
    return array
