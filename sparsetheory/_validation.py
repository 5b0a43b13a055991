"""Checks at the door: each takes (value, name) and returns a clean array or number, or raises `InvalidArgument`."""

import math
import operator
from collections.abc import Collection
from typing import Any

import numpy as np

from .errors import InvalidArgument

__all__ = [
    "check_choice",
    "check_cost",
    "check_count",
    "check_generator",
    "check_histogram",
    "check_init",
    "check_matrix",
    "check_nonnegative",
    "check_positive",
    "check_vector",
]


def _numeric(value: Any, name: str, ndim: int) -> np.ndarray:
    """Convert to a C-contiguous float64 array that is never the caller's own memory when it had to change."""
    what = {1: "a vector", 2: "a matrix"}[ndim]
    if np.ma.is_masked(value):  # conversion would uncover what is masked
        raise InvalidArgument(name, f"{what} without masked entries", type(value).__name__)
    try:
        raw = np.asarray(value)
        if not _real(raw):
            raise InvalidArgument(name, f"{what} of real numbers", f"dtype {raw.dtype}")
        array = np.ascontiguousarray(raw, dtype=np.float64) if raw.ndim else raw.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, InvalidArgument):
            raise
        raise InvalidArgument(name, f"{what} of real numbers", type(value).__name__) from None
    if array.ndim != ndim:
        raise InvalidArgument(name, f"{what} ({ndim}-D array)", f"shape {array.shape}")
    if array.size == 0:
        raise InvalidArgument(name, f"{what} with at least one entry", f"shape {array.shape}")
    return array


def _real(raw: np.ndarray) -> bool:
    """Whether the entries are real numbers; complex ones and strings, also among objects, do not convert silently."""
    if raw.dtype.kind == "O":
        return not any(isinstance(x, (str, bytes)) for x in raw.flat)
    return raw.dtype.kind in "biuf"


def _first(mask: np.ndarray) -> tuple[int, ...]:
    return tuple(int(k) for k in np.argwhere(mask)[0])


def _refuse_where(bad: np.ndarray, array: np.ndarray, name: str, expected: str) -> None:
    if bad.any():
        where = _first(bad)
        index = where[0] if len(where) == 1 else where
        raise InvalidArgument(name, expected, f"{array[where]} at index {index} ({int(bad.sum())} such entries)")


def check_vector(value: Any, name: str, *, length: int | None = None) -> np.ndarray:
    """Return a finite float64 vector, of the given length if one is given."""
    array = _numeric(value, name, 1)
    if length is not None and len(array) != length:
        raise InvalidArgument(name, f"length {length}", f"length {len(array)}")
    _refuse_where(~np.isfinite(array), array, name, "finite entries")
    return array


def check_matrix(value: Any, name: str) -> np.ndarray:
    """Return a finite float64 matrix."""
    array = _numeric(value, name, 2)
    _refuse_where(~np.isfinite(array), array, name, "finite entries")
    return array


def check_init(value: Any, length: int) -> np.ndarray:
    """Return a starting point as a vector of its own: zero for None."""
    return np.zeros(length) if value is None else np.array(check_vector(value, "init", length=length))


def check_histogram(value: Any, name: str, *, length: int) -> np.ndarray:
    """Return nonnegative finite masses with a positive sum."""
    array = check_vector(value, name, length=length)
    _refuse_where(array < 0, array, name, "nonnegative masses")
    total = array.sum()
    if not 0 < total < math.inf:
        raise InvalidArgument(name, "masses with a positive finite sum", f"sum {total}")
    return array


def check_cost(value: Any, name: str) -> np.ndarray:
    """Return a float64 matrix whose entries are finite or +inf (a forbidden edge)."""
    array = _numeric(value, name, 2)
    _refuse_where(np.isnan(array) | np.isneginf(array), array, name, "finite costs, or +inf for a forbidden edge")
    return array


def _number(value: Any, name: str, expected: str) -> float:
    try:
        if isinstance(value, (str, bytes)) or np.ndim(value) != 0:
            raise TypeError
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise InvalidArgument(name, expected, repr(value)) from None


def check_positive(value: Any, name: str) -> float:
    """Return a finite number > 0."""
    number = _number(value, name, "a positive finite number")
    if not 0 < number < math.inf:
        raise InvalidArgument(name, "a positive finite number", number)
    return number


def check_nonnegative(value: Any, name: str) -> float:
    """Return a finite number >= 0."""
    number = _number(value, name, "a nonnegative finite number")
    if not 0 <= number < math.inf:
        raise InvalidArgument(name, "a nonnegative finite number", number)
    return number


def check_count(value: Any, name: str, *, minimum: int = 1) -> int:
    """Return an integer >= minimum."""
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise InvalidArgument(name, f"an integer >= {minimum}", repr(value)) from None
    if number < minimum:
        raise InvalidArgument(name, f"an integer >= {minimum}", number)
    return number


def check_choice(value: Any, name: str, choices: Collection[str]) -> str:
    """Return a member of `choices`."""
    if not isinstance(value, str) or value not in choices:
        raise InvalidArgument(name, "one of " + ", ".join(repr(c) for c in choices), repr(value))
    return value


def check_generator(value: Any, name: str) -> np.random.Generator:
    """Return a random generator; seeds and the legacy `RandomState` are refused."""
    if not isinstance(value, np.random.Generator):
        raise InvalidArgument(name, "a numpy.random.Generator", type(value).__name__)
    return value
