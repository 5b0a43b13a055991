"""Problems that are built from a seed and named decorations, and write themselves down in one line."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import InvalidArgument

__all__ = ["complete", "frozen", "one_line", "streams"]


def complete(decorations: Mapping[str, Any], off: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return all decorations with their values, and those alone that are on; refuse names that do not exist."""
    unknown = set(decorations) - set(off)
    if unknown:
        raise InvalidArgument("decorations", f"some of {tuple(off)}", sorted(unknown))
    whole = {**off, **decorations}
    return whole, {name: value for name, value in whole.items() if value != off[name]}


def one_line(kind: str, *, seed: int, sizes: Mapping[str, int], on: Mapping[str, Any]) -> str:
    """Return the call that builds a problem again."""
    parts = {"seed": seed, **sizes, **on}
    return f"{kind}.build({', '.join(f'{name}={value!r}' for name, value in parts.items())})"


def streams(seed: int, count: int) -> list[np.random.Generator]:
    """Return a stream for each ingredient: switching one decoration off leaves the rest of a problem as it was."""
    return [np.random.default_rng((seed, k)) for k in range(count)]


def frozen(array: np.ndarray) -> np.ndarray:
    """Return a read-only copy, in the memory order of the original."""
    array = np.array(array)
    array.flags.writeable = False
    return array
