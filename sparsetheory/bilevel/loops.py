"""Loops of gradient steps, written once: plain Python, or compiled where Numba compiled every callable they need.

A loop is a function ``loop(access, *state)`` of arrays and named tuples. It reaches the problem through `call`,
`sample`, `project` and `draw` alone, each of which has a plain meaning here and a compiled one in `jitted_loops`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

from .methods import Setting
from .oracles import Oracles
from .sets import Box, Free

__all__ = ["HELPERS", "Access", "Runner", "call", "draw", "helper", "project", "sample", "size", "stationary"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

#: Functions that loops call by name; compiled together with them.
HELPERS: list[Callable[..., Any]] = []


def helper(function: F) -> F:
    """Let loops call a function of this package, which stays as it is."""
    HELPERS.append(function)
    return function


class Access(NamedTuple):
    """What a loop may ask of a problem.

    Attributes
    ----------
    f, g : values
    slope_f, slope_g : gradients in y alone
    grad_f, grad_g : gradients
    sample_f, sample_g : gradients on a sample, the gradients themselves where there are no samples
    X, Y : sets
    keys : source of the keys of samples
    """

    f: Any
    g: Any
    slope_f: Any
    slope_g: Any
    grad_f: Any
    grad_g: Any
    sample_f: Any
    sample_g: Any
    X: Any
    Y: Any
    keys: Any


def call(oracle: Any, x: np.ndarray, y: np.ndarray) -> Any:
    """Return what an oracle says at (x, y)."""
    return oracle(x, y)


def sample(oracle: Any, x: np.ndarray, y: np.ndarray, key: int) -> Any:
    """Return a gradient at (x, y) on the sample of a key."""
    return oracle(x, y, key)


def project(convex: Any, v: np.ndarray) -> np.ndarray:
    """Return the point of a set next to v."""
    return convex.project(v)


def draw(keys: Any) -> int:
    """Return the key of a new sample."""
    return keys()


@helper
def size(v: np.ndarray) -> float:
    """Return the Euclidean length of a vector."""
    return np.sqrt((v * v).sum())


@helper
def stationary(convex: Any, x: np.ndarray, gradient: np.ndarray) -> float:
    """Return |x - P(x - gradient)|."""
    return size(x - project(convex, x - gradient))


class Runner:
    """Runs loops on a problem, compiled where that can be done.

    A compiled run that meets a number which is not finite, or raises, is thrown away and done again in plain Python:
    there every call is checked and counted, and the callable at fault is known by name. Loops therefore leave their
    arguments as they are.
    """

    def __init__(self, setting: Setting, key: Callable[[], int], *, sampled: bool) -> None:
        o: Oracles = setting.oracles
        self.access = Access(
            o.f, o.g, o.grad_f_y, o.grad_g_y, o.grad_f, o.grad_g, o.grad_f_at, o.grad_g_at, setting.X, setting.Y, key
        )
        self.fast = None
        if _compiled(o, sampled) and all(isinstance(each, Box | Free) for each in (setting.X, setting.Y)):
            from .jitted_loops import Fast

            self.fast = Fast(o, setting.X, setting.Y, setting.rng)

    def __call__(self, loop: Callable[..., T], *arguments: Any) -> T:
        """Return ``loop(access, *arguments)``."""
        if self.fast is not None and (found := self.fast(loop, *arguments)) is not None:
            return found
        return loop(self.access, *arguments)


def _compiled(oracles: Oracles, sampled: bool) -> bool:
    """Whether every callable that the loops need is a Numba dispatcher."""
    p = oracles.problem
    if sampled:
        needed = [p.grad_f_at or p.grad_f, p.grad_g_at or p.grad_g]
    else:
        needed = [p.f, p.g, p.grad_f, p.grad_g, *(each for each in (p.grad_f_y, p.grad_g_y) if each is not None)]
    return all(hasattr(each, "py_func") for each in needed)
