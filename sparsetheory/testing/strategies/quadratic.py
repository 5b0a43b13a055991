"""Convex quadratics."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from ..quadratic.problem import QUADRATIC_OFF, QuadraticProblem
from .drawing import check_choices, decorations, seeds

__all__ = ["QUADRATIC_DECORATIONS", "quadratic_problems"]

#: What `quadratic_problems` draws from, unless told otherwise; the first value is where shrinking ends.
QUADRATIC_DECORATIONS: Mapping[str, Sequence[Any]] = {
    "kind": ("gram", "graph", "tree", "floating", "ring"),
    "duplicates": (0, 0, 1),
    "free": (0,),
    "decades": (0, 0, 2),
    "log_scale": (0, 1, -1, 3, -3),
}


def quadratic_problems(
    *, variables: tuple[int, int] = (1, 12), **choices: Sequence[Any]
) -> st.SearchStrategy[QuadraticProblem]:
    """Return a strategy of convex quadratics with a known solution.

    Parameters
    ----------
    variables : (int, int), default (1, 12)
        Range of n.
    **choices : sequences
        Decoration of `QuadraticProblem.build` -> the values it may take, instead of those in
        `QUADRATIC_DECORATIONS`; the first value is where shrinking ends.

    Examples
    --------
    >>> from hypothesis import find, settings
    >>> from sparsetheory.testing import strategies as S
    >>> find(S.quadratic_problems(), lambda p: p.exact.singular, settings=settings(database=None))
    QuadraticProblem.build(seed=0, n=2, duplicates=1)
    """
    check_choices(choices, QUADRATIC_OFF)
    return _quadratic_problems(variables, {**QUADRATIC_DECORATIONS, **choices})


@st.composite
def _quadratic_problems(
    draw: st.DrawFn, variables: tuple[int, int], table: Mapping[str, Sequence[Any]]
) -> QuadraticProblem:
    n = draw(st.integers(*variables))
    on = decorations(draw, table)
    return QuadraticProblem.build(seed=draw(seeds()), n=n, **on)
