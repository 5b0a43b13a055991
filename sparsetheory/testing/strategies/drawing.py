"""What every strategy draws alike."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from ...errors import InvalidArgument

__all__ = ["MAX_ELEMENTS", "check_choices", "decorations", "seeds"]

#: Element-wise drawing is for looking at single entries; beyond this hypothesis runs out of bytes.
MAX_ELEMENTS = 64


def seeds() -> st.SearchStrategy[int]:
    """Return a strategy of small seeds: 16 bits keep failures short to write down."""
    return st.integers(0, 2**16 - 1)


def check_choices(choices: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse decorations that do not exist."""
    unknown = set(choices) - set(known)
    if unknown:
        raise InvalidArgument("choices", f"decorations among {tuple(known)}", sorted(unknown))


def decorations(draw: st.DrawFn, table: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Draw a value for each decoration; the first one is where shrinking ends."""
    return {name: draw(st.sampled_from(tuple(values))) for name, values in table.items()}
