"""Data of Gaussian mixtures of experts."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from ..moe import GATES, MOE_OFF, MoEInstance
from ..moe_mle.problem import MoEProblem
from .drawing import check_choices, decorations, seeds

__all__ = ["MOE_DECORATIONS", "moe_instances", "moe_problems"]

#: What `moe_instances` draws from, unless told otherwise; the first value is where shrinking ends.
MOE_DECORATIONS: Mapping[str, Sequence[Any]] = {
    "over_specified": (0, 1, 2),
    "gate": GATES,
    "collinear": (False, True),
    "near_equal": (False, True),
}


def moe_instances(
    *,
    experts: tuple[int, int] = (1, 4),
    samples: tuple[int, int] = (1, 64),
    features: tuple[int, int] = (1, 3),
    **choices: Sequence[Any],
) -> st.SearchStrategy[MoEInstance]:
    """Return a strategy of data from a Gaussian mixture of linear experts with a softmax gate.

    Parameters
    ----------
    experts, samples, features : (int, int), default (1, 4), (1, 64) and (1, 3)
        Ranges of the number of true experts, of n and of d.
    **choices : sequences
        Decoration of `MoEInstance.build` -> the values it may take, instead of those in ``MOE_DECORATIONS``.

    Examples
    --------
    >>> from hypothesis import find, settings
    >>> from sparsetheory.testing import strategies as S
    >>> find(S.moe_instances(), lambda data: data.exact.experts_to_fit > 1, settings=settings(database=None))
    MoEInstance.build(seed=0, n=1, d=1, experts=1, over_specified=1)
    """
    check_choices(choices, MOE_OFF)
    return _built(MoEInstance, experts, samples, features, {**MOE_DECORATIONS, **choices})


def moe_problems(
    *,
    experts: tuple[int, int] = (1, 4),
    samples: tuple[int, int] = (1, 64),
    features: tuple[int, int] = (1, 3),
    **choices: Sequence[Any],
) -> st.SearchStrategy[MoEProblem]:
    """Return a strategy of maximum likelihood problems; the arguments are those of `moe_instances`."""
    check_choices(choices, MOE_OFF)
    return _built(MoEProblem, experts, samples, features, {**MOE_DECORATIONS, **choices})


@st.composite
def _built(
    draw: st.DrawFn,
    made: Any,
    experts: tuple[int, int],
    samples: tuple[int, int],
    features: tuple[int, int],
    table: Mapping[str, Sequence[Any]],
) -> Any:
    sizes = {
        "n": draw(st.integers(*samples)),
        "d": draw(st.integers(*features)),
        "experts": draw(st.integers(*experts)),
    }
    on = decorations(draw, table)
    return made.build(seed=draw(seeds()), **sizes, **on)
