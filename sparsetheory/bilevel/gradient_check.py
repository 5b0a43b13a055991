"""Whether the gradients a user wrote are those of the objectives: central differences in random directions."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .._validation import check_count, check_generator, check_vector
from ..errors import InvalidArgument
from .oracles import OracleFailure, Oracles
from .problem import Problem

__all__ = ["check_gradients"]

_STEP = float(np.cbrt(np.finfo(float).eps))
_WRONG = 1e-4  # relative; a correct gradient of a smooth function comes within 1e-7


def check_gradients(problem: Problem, x: Any, y: Any, *, rng: np.random.Generator, n_directions: int = 8) -> float:
    """Raise where a gradient disagrees with its objective at (x, y); return the largest relative error.

    Parameters
    ----------
    problem : Problem
    x, y : array_like, shapes (p,) and (q,)
    rng : numpy.random.Generator
        Draws the directions, in x alone and in y alone.
    n_directions : int, default 8

    Returns
    -------
    float
        |difference - slope| over the larger of their sizes and the rounding of the difference.

    Raises
    ------
    InvalidArgument
        Naming the gradient, the part and the two numbers, where they differ by more than 1e-4; naming the callable
        where an answer is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import bilevel
    >>> problem = bilevel.Problem(
    ...     f=lambda x, y: np.sum(x * y), g=lambda x, y: np.sum((y - x) ** 2),
    ...     grad_f=lambda x, y: (y, x), grad_g=lambda x, y: (2 * (x - y), 2 * (x - y)),
    ... )
    >>> bilevel.check_gradients(problem, [1.0], [3.0], rng=np.random.default_rng(0))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    sparsetheory.errors.InvalidArgument: grad_g: expected slope ... in y by central differences, got ...
    """
    if not isinstance(problem, Problem):
        raise InvalidArgument("problem", "a bilevel.Problem", type(problem).__name__)
    at_x, at_y = check_vector(x, "x"), check_vector(y, "y")
    n_directions, rng = check_count(n_directions, "n_directions"), check_generator(rng, "rng")
    oracles = Oracles(problem, len(at_x), len(at_y))
    try:
        return _largest_error(problem, oracles, at_x, at_y, rng, n_directions)
    except OracleFailure as failure:
        raise InvalidArgument(str(failure), "finite numbers near (x, y)", "NaN or infinity") from None


def _largest_error(
    problem: Problem, oracles: Oracles, at_x: np.ndarray, at_y: np.ndarray, rng: np.random.Generator,
    n_directions: int,
) -> float:  # fmt: skip
    worst = 0.0
    for name, value, gradient in (
        ("grad_f", oracles.f, problem.grad_f and oracles.grad_f),
        ("grad_g", oracles.g, problem.grad_g and oracles.grad_g),
    ):
        if gradient is None:
            continue
        in_x, in_y = gradient(at_x, at_y)
        for _ in range(n_directions):
            for part, along, at, slope in (
                ("x", partial(_first, value, at_y), at_x, in_x), ("y", partial(value, at_x), at_y, in_y)
            ):  # fmt: skip
                worst = max(worst, _compare(along, at, slope, name, part, rng))
    return worst


def _first(value: Callable[[np.ndarray, np.ndarray], float], y: np.ndarray, x: np.ndarray) -> float:
    return value(x, y)


def _compare(
    value: Callable[[np.ndarray], float], at: np.ndarray, gradient: np.ndarray, name: str, part: str,
    rng: np.random.Generator,
) -> float:  # fmt: skip
    way = rng.standard_normal(len(at))
    way /= np.linalg.norm(way)
    t = _STEP * (1.0 + float(np.linalg.norm(at)))
    up, down = value(at + t * way), value(at - t * way)
    slope, difference = float(gradient @ way), (up - down) / (2 * t)
    rounding = 4 * np.finfo(float).eps * (abs(up) + abs(down)) / t
    off = abs(slope - difference) / max(abs(slope), abs(difference), 1e4 * rounding, 1e-300)
    if off > _WRONG:
        raise InvalidArgument(name, f"slope {difference:.10g} in {part} by central differences", f"{slope:.10g}")
    return off
