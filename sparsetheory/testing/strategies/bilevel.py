"""Bilevel problems."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from ..bilevel import BILEVEL_OFF, BilevelInstance
from .drawing import check_choices, decorations, seeds

__all__ = ["BILEVEL_DECORATIONS", "bilevel_instances"]

#: What `bilevel_instances` draws from, unless told otherwise; the first value is where shrinking ends.
BILEVEL_DECORATIONS: Mapping[str, Sequence[Any]] = {
    "constrained": (False, True),
    "multi_solution": (False, True),
    "cond": (1.0, 10.0, 1000.0),
}


def bilevel_instances(
    *, upper: tuple[int, int] = (1, 4), lower: tuple[int, int] = (1, 6), **choices: Sequence[Any]
) -> st.SearchStrategy[BilevelInstance]:
    """Return a strategy of bilevel problems with quadratic levels, all solved in closed form.

    Parameters
    ----------
    upper, lower : (int, int), default (1, 4) and (1, 6)
        Ranges of the lengths of x and y.
    **choices : sequences
        Decoration of `BilevelInstance.build` -> the values it may take, instead of those in ``BILEVEL_DECORATIONS``.

    Examples
    --------
    >>> from hypothesis import find, settings
    >>> from sparsetheory.testing import strategies as S
    >>> find(S.bilevel_instances(), lambda q: (q.curvature == 0).any(), settings=settings(database=None))
    BilevelInstance.build(seed=0, n=1, m=1, multi_solution=True)
    """
    check_choices(choices, BILEVEL_OFF)
    return _instances(upper, lower, {**BILEVEL_DECORATIONS, **choices})


@st.composite
def _instances(
    draw: st.DrawFn, upper: tuple[int, int], lower: tuple[int, int], table: Mapping[str, Sequence[Any]]
) -> BilevelInstance:
    n, m = draw(st.integers(*upper)), draw(st.integers(*lower))
    on = decorations(draw, table)
    return BilevelInstance.build(seed=draw(seeds()), n=n, m=m, **on)
