"""Locally private channels."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from ..channels import CHANNEL_OFF, CHANNELS, PrivateChannel
from .drawing import check_choices, decorations, seeds

__all__ = ["CHANNEL_DECORATIONS", "private_channels"]

#: What `private_channels` draws from, unless told otherwise; the first value is where shrinking ends.
CHANNEL_DECORATIONS: Mapping[str, Sequence[Any]] = {
    "eps": (1.0, 0.1, 4.0),
    "kind": CHANNELS,
    "split": (0, 1),
    "unreachable": (0, 1),
}


def private_channels(
    *, alphabet: tuple[int, int] = (2, 8), **choices: Sequence[Any]
) -> st.SearchStrategy[PrivateChannel]:
    """Return a strategy of channels whose privacy level is known exactly.

    Parameters
    ----------
    alphabet : (int, int), default (2, 8)
        Range of the number of inputs.
    **choices : sequences
        Decoration of `PrivateChannel.build` -> the values it may take, instead of those in ``CHANNEL_DECORATIONS``.

    Examples
    --------
    >>> from hypothesis import find, settings
    >>> from sparsetheory.testing import strategies as S
    >>> find(S.private_channels(), lambda channel: not channel.exact.attained, settings=settings(database=None))
    PrivateChannel.build(seed=0, alphabet=2, kind='mixture')
    """
    check_choices(choices, CHANNEL_OFF)
    return _channels(alphabet, {**CHANNEL_DECORATIONS, **choices})


@st.composite
def _channels(draw: st.DrawFn, alphabet: tuple[int, int], table: Mapping[str, Sequence[Any]]) -> PrivateChannel:
    k = draw(st.integers(*alphabet))
    on = decorations(draw, table)
    return PrivateChannel.build(seed=draw(seeds()), alphabet=k, **on)
