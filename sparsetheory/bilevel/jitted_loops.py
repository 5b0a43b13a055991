"""What loops may ask of a problem whose callables Numba compiled, and the loops compiled around them.

Nothing here is cached on disk: compiled loops contain the user's functions, whose changes a cache would not notice.
"""

import functools
import logging
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
from numba.core.errors import NumbaError
from numba.extending import overload, register_jitable

from .loops import HELPERS, Access, call, draw, project, sample
from .oracles import Oracles
from .sets import ConvexSet

__all__ = ["Fast"]

_LOG = logging.getLogger("sparsetheory.bilevel")
_LAST_KEY = 2**63 - 1


class Value(NamedTuple):
    """f or g. The tally, here and below: calls so far, and 0 or, once an answer was no good, NaN."""

    function: Any
    tally: np.ndarray


class Gradient(NamedTuple):
    """The gradients in x and y, also for whoever asks for a sample."""

    function: Any
    tally: np.ndarray


class Sampled(NamedTuple):
    """The gradients in x and y on a sample."""

    function: Any
    tally: np.ndarray


class Second(NamedTuple):
    """The part in y of both gradients."""

    function: Any
    tally: np.ndarray


class Partial(NamedTuple):
    """The gradient in y."""

    function: Any
    tally: np.ndarray


class Bounds(NamedTuple):
    """A box; the whole space is one without bounds."""

    lower: np.ndarray
    upper: np.ndarray


@register_jitable
def _note(tally: np.ndarray, answer: np.ndarray, like: np.ndarray) -> None:
    """Zero times a number is zero where it is finite, else NaN; a wrong shape is no good either."""
    tally[1] += 0.0 * answer.sum() if answer.shape == like.shape else np.nan


@register_jitable
def _noted(tally: np.ndarray, x: np.ndarray, y: np.ndarray, answer: Any) -> Any:
    tally[0] += 1
    _note(tally, answer[0], x)
    _note(tally, answer[1], y)
    return answer


# numba compares annotations of an overload and of its meanings: all are Any


def _value(oracle: Any, x: Any, y: Any) -> Any:
    number = float(oracle.function(x, y))
    oracle.tally[0] += 1
    oracle.tally[1] += 0.0 * number
    return number


def _partial(oracle: Any, x: Any, y: Any) -> Any:
    in_y = oracle.function(x, y)
    oracle.tally[0] += 1
    _note(oracle.tally, in_y, y)
    return in_y


def _pair(oracle: Any, x: Any, y: Any) -> Any:
    return _noted(oracle.tally, x, y, oracle.function(x, y))


def _second(oracle: Any, x: Any, y: Any) -> Any:
    return _noted(oracle.tally, x, y, oracle.function(x, y))[1]


def _on_any(oracle: Any, x: Any, y: Any, key: Any) -> Any:
    return _noted(oracle.tally, x, y, oracle.function(x, y))


def _on_sample(oracle: Any, x: Any, y: Any, key: Any) -> Any:
    return _noted(oracle.tally, x, y, oracle.function(x, y, key))


def _clip(convex: Any, v: Any) -> Any:
    return np.minimum(np.maximum(v, convex.lower), convex.upper)


def _next(keys: Any) -> Any:
    return keys.integers(0, _LAST_KEY, endpoint=True)  # the stream of rng.integers(2**63)


def _none(keys: Any) -> Any:
    return 0


_CALL = {Value: _value, Gradient: _pair, Second: _second, Partial: _partial}
_SAMPLE = {Gradient: _on_any, Sampled: _on_sample}


@overload(call)
def _call(oracle: Any, x: Any, y: Any) -> Any:
    return _CALL.get(oracle.instance_class)


@overload(sample)
def _sample(oracle: Any, x: Any, y: Any, key: Any) -> Any:
    return _SAMPLE.get(oracle.instance_class)


@overload(project)
def _project(convex: Any, v: Any) -> Any:
    return _clip


@overload(draw)
def _draw(keys: Any) -> Any:
    return _none if keys is numba.types.none else _next


@functools.cache
def _compiled(loop: Callable[..., Any]) -> Callable[..., Any]:
    for function in HELPERS:
        _register(function)
    return numba.njit(nogil=True, error_model="numpy")(loop)


_register = functools.cache(register_jitable)


class Fast:
    """Compiled runs of loops on a problem over boxes."""

    def __init__(self, oracles: Oracles, X: ConvexSet, Y: ConvexSet, rng: np.random.Generator | None) -> None:
        self.oracles, self.rng, self.works = oracles, rng, True
        p = oracles.problem
        self.tallies = {name: np.zeros(2) for name in ("f", "g", "grad_f", "grad_g", "sample_f", "sample_g")}
        of_f, of_g = (_gradients(*each) for each in (
            (p.f, p.grad_f, p.grad_f_y, p.grad_f_at, [self.tallies[name] for name in ("f", "grad_f", "sample_f")]),
            (p.g, p.grad_g, p.grad_g_y, p.grad_g_at, [self.tallies[name] for name in ("g", "grad_g", "sample_g")]),
        ))  # fmt: skip
        self.access = Access(
            *(each for pair in zip(of_f, of_g, strict=True) for each in pair),
            _bounds(X, oracles.p), _bounds(Y, oracles.q), rng,
        )  # fmt: skip

    def __call__(self, loop: Callable[..., Any], *arguments: Any) -> Any:
        """Return what the loop returns; None where that has to be found out in plain Python."""
        if not self.works:
            return None
        before = None if self.rng is None else self.rng.bit_generator.state
        for tally in self.tallies.values():
            tally[:] = 0.0
        try:
            found = _compiled(loop)(self.access, *arguments)
        except NumbaError as error:
            self.works = False
            _LOG.info("%s runs in plain Python: %s", loop.__name__, error)
            return None
        except Exception as error:  # whatever a callable raises, it raises again in plain Python
            _LOG.info("%s runs once more in plain Python: %r", loop.__name__, error)
            found = None
        if found is None or any(np.isnan(tally[1]) for tally in self.tallies.values()):
            if self.rng is not None:
                self.rng.bit_generator.state = before
            return None
        for name, tally in self.tallies.items():
            setattr(self.oracles.counts, name, getattr(self.oracles.counts, name) + int(tally[0]))
        return found


def _gradients(value: Any, grad: Any, grad_y: Any, grad_at: Any, tallies: list[np.ndarray]) -> tuple[Any, ...]:
    """Return the value, slope, gradient and sample of one level for `Access`; what is not compiled is left out."""
    of_value, of_grad, of_sample = tallies
    value, grad, grad_y, grad_at = (
        each if hasattr(each, "py_func") else None for each in (value, grad, grad_y, grad_at)
    )
    gradient = None if grad is None else Gradient(grad, of_grad)
    return (
        None if value is None else Value(value, of_value),
        Partial(grad_y, of_grad) if grad_y is not None else grad and Second(grad, of_grad),
        gradient,
        Sampled(grad_at, of_sample) if grad_at is not None else gradient,
    )


def _bounds(convex: ConvexSet, length: int) -> Bounds:
    lower, upper = getattr(convex, "lower", -np.inf), getattr(convex, "upper", np.inf)
    return Bounds(*(np.array(np.broadcast_to(each, length), dtype=np.float64) for each in (lower, upper)))
