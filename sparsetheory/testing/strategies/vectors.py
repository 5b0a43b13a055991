"""Vectors that a locally private mechanism is given."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from ..ldp_mechanism.problem import PLACES, VECTOR_OFF, VectorProblem
from .drawing import check_choices, decorations, seeds

__all__ = ["VECTOR_DECORATIONS", "vector_problems"]

#: What `vector_problems` draws from, unless told otherwise; the first value is where shrinking ends.
VECTOR_DECORATIONS: Mapping[str, Sequence[Any]] = {"place": PLACES, "repeated": (False, True)}


def vector_problems(
    *, users: tuple[int, int] = (1, 6), dim: tuple[int, int] = (1, 6), **choices: Sequence[Any]
) -> st.SearchStrategy[VectorProblem]:
    """Return a strategy of vectors of users: in the unit ball, on its sphere, outside, huge, tiny and zero.

    Parameters
    ----------
    users, dim : (int, int), default (1, 6)
        Ranges of the number of rows and of columns.
    **choices : sequences
        Decoration of `VectorProblem.build` -> the values it may take, instead of those in ``VECTOR_DECORATIONS``.

    Examples
    --------
    >>> from hypothesis import find, settings
    >>> from sparsetheory.testing import strategies as S
    >>> find(S.vector_problems(), lambda problem: True, settings=settings(database=None))
    VectorProblem.build(seed=0, n=1, d=1)
    """
    check_choices(choices, VECTOR_OFF)
    return _problems(users, dim, {**VECTOR_DECORATIONS, **choices})


@st.composite
def _problems(
    draw: st.DrawFn, users: tuple[int, int], dim: tuple[int, int], table: Mapping[str, Sequence[Any]]
) -> VectorProblem:
    n, d = draw(st.integers(*users)), draw(st.integers(*dim))
    on = decorations(draw, table)
    return VectorProblem.build(seed=draw(seeds()), n=n, d=d, **on)
