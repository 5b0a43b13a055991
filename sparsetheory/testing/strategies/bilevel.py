"""Bilevel problems."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from ..bilevel import BILEVEL_OFF, BilevelInstance
from ..bilevel_first_order.problem import PROBLEM_OFF, BilevelProblem
from .drawing import check_choices, decorations, seeds

__all__ = ["BILEVEL_DECORATIONS", "BILEVEL_PROBLEM_DECORATIONS", "bilevel_instances", "bilevel_problems"]

#: What `bilevel_instances` draws from, unless told otherwise; the first value is where shrinking ends.
BILEVEL_DECORATIONS: Mapping[str, Sequence[Any]] = {
    "constrained": (False, True),
    "multi_solution": (False, True),
    "cond": (1.0, 10.0, 1000.0),
}

#: What `bilevel_problems` draws from, unless told otherwise: lower levels with one solution that moves smoothly.
BILEVEL_PROBLEM_DECORATIONS: Mapping[str, Sequence[Any]] = {"coupled": (False, True), "cond": (1.0, 10.0)}


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
    return _built(BilevelInstance, upper, lower, {**BILEVEL_DECORATIONS, **choices})


def bilevel_problems(
    *, upper: tuple[int, int] = (1, 3), lower: tuple[int, int] = (1, 4), **choices: Sequence[Any]
) -> st.SearchStrategy[BilevelProblem]:
    """Return a strategy of what the contract ``bilevel_first_order`` asks: levels as above, a box X and starts.

    Parameters
    ----------
    upper, lower : (int, int), default (1, 3) and (1, 4)
        Ranges of the lengths of x and y.
    **choices : sequences
        Decoration of `BilevelProblem.build` -> the values it may take, instead of those in
        ``BILEVEL_PROBLEM_DECORATIONS``.
    """
    check_choices(choices, PROBLEM_OFF)
    return _built(BilevelProblem, upper, lower, {**BILEVEL_PROBLEM_DECORATIONS, **choices})


@st.composite
def _built(
    draw: st.DrawFn, made: Any, upper: tuple[int, int], lower: tuple[int, int], table: Mapping[str, Sequence[Any]]
) -> Any:
    n, m = draw(st.integers(*upper)), draw(st.integers(*lower))
    on = decorations(draw, table)
    return made.build(seed=draw(seeds()), n=n, m=m, **on)
