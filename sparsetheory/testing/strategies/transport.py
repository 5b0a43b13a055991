"""Transport problems, their masses and their costs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from ...errors import InvalidArgument
from ..problem import KINDS, OFF, OTProblem, build_cost, build_masses
from .drawing import MAX_ELEMENTS, check_choices, decorations, seeds

__all__ = ["DECORATIONS", "cost_matrices", "histograms", "ot_problems"]

#: What `ot_problems` draws from, unless told otherwise; the first value is where shrinking ends.
DECORATIONS: Mapping[str, Sequence[Any]] = {
    "reg": (0.5, 1.0, 0.2, 0.1),
    "kind": KINDS,
    "duplicates": (False, True),
    "uneven": (False, False, True),
    "log_scale": (0, 1, -1, 3, -3),
}


@st.composite
def histograms(
    draw: st.DrawFn,
    n: int,
    *,
    zeros: Sequence[int] = (0,),
    min_mass: float = 0.0,
    exact_sum: bool = True,
    uneven: Sequence[bool] = (False, True),
) -> np.ndarray:
    """Draw n nonnegative masses that sum to one.

    Parameters
    ----------
    n : int
        Number of masses.
    zeros : sequence of int, default (0,)
        How many masses may be exactly zero; shrinks to the first.
    min_mass : float, default 0
        Least positive mass (at least 2**-20 in any case, at most 1/n).
    exact_sum : bool, default True
        The sum is 1 without rounding in any order of summation; otherwise masses are divided by their sum.
    uneven : sequence of bool
        Whether masses may span six decades.

    Examples
    --------
    >>> from sparsetheory.testing import strategies as S
    >>> from hypothesis import given
    >>> @given(S.histograms(5, zeros=(0, 2), min_mass=1e-3))
    ... def check(a):
    ...     assert a.sum() == 1 and (a[a > 0] >= 1e-3).all()
    >>> check()
    """
    if not 0 <= min_mass * n <= 1:
        raise InvalidArgument("min_mass", "a number between 0 and 1/n", min_mass)
    rng = np.random.default_rng(draw(seeds()))
    k = draw(st.sampled_from(tuple(zeros)))
    masses = build_masses(rng, n, zeros=k, uneven=draw(st.sampled_from(tuple(uneven))), min_mass=min_mass)
    if exact_sum:
        return masses
    masses = masses * rng.uniform(0.5, 1.0, n)
    return masses / masses.sum()


@st.composite
def cost_matrices(
    draw: st.DrawFn, n: int, m: int, *, kind: str | None = None, scale: tuple[int, int] = (-3, 3)
) -> np.ndarray:
    """Draw an (n, m) cost.

    Parameters
    ----------
    n, m : int
    kind : {"random", "sqeuclid", "metric", "ties"}, optional
        Family of the cost; drawn when left out.
    scale : (int, int), default (-3, 3)
        Range of the power of ten the cost of order one is multiplied by; shrinks towards 0.
    """
    rng = np.random.default_rng(draw(seeds()))
    family = draw(st.sampled_from(KINDS)) if kind is None else kind
    return 10.0 ** draw(st.integers(*scale)) * build_cost(rng, n, m, family)


def ot_problems(
    *, min_side: int = 1, max_side: int = 16, style: str = "seed", **choices: Sequence[Any]
) -> st.SearchStrategy[OTProblem]:
    """Return a strategy of transport problems.

    Parameters
    ----------
    min_side, max_side : int, default 1 and 16
        Range of n and m; every second problem is square.
    style : {"seed", "elements"}
        "seed": arrays come from a seed and decorations. "elements": every entry is drawn by hypothesis, at most
        64 of them.
    **choices : sequences
        Decoration of `OTProblem.build` -> the values it may take, instead of those in `DECORATIONS`; the first value is
        where shrinking ends. ``zero_mass=(1, 2)`` makes zero masses certain, ``zero_mass=(0, 1)`` possible.

    Examples
    --------
    >>> from hypothesis import find, settings
    >>> from sparsetheory.testing import strategies as S
    >>> find(S.ot_problems(zero_mass=(0, 1)), lambda p: (p.a == 0).any(), settings=settings(database=None))
    OTProblem.build(seed=0, n=2, m=1, zero_mass=1)
    """
    check_choices(choices, OFF)
    if style == "elements":
        return _by_elements(min_side, max_side, choices.get("reg", DECORATIONS["reg"]))
    if style != "seed":
        raise InvalidArgument("style", "'seed' or 'elements'", repr(style))
    return _by_seed(min_side, max_side, {**DECORATIONS, **choices})


@st.composite
def _by_seed(draw: st.DrawFn, low: int, high: int, table: Mapping[str, Sequence[Any]]) -> OTProblem:
    n = draw(st.integers(low, high))
    m = draw(st.integers(low, high))
    if draw(st.booleans()):
        n = m = max(n, m)  # the longer side: shrinking one side never changes a square, and the square goes last
    on = decorations(draw, table)
    return OTProblem.build(seed=draw(seeds()), n=n, m=m, **on)


@st.composite
def _by_elements(draw: st.DrawFn, low: int, high: int, regs: Sequence[float]) -> OTProblem:
    n = draw(st.integers(low, min(high, MAX_ELEMENTS)))
    m = draw(st.integers(low, min(high, MAX_ELEMENTS // n)))
    unit = st.floats(0.0, 1.0, allow_subnormal=False)
    M = [[draw(unit) for _ in range(m)] for _ in range(n)]
    # the first atom keeps some mass, so that none is left without any
    a, b = (np.array([draw(st.integers(int(k == 0), 100)) for k in range(side)], dtype=float) for side in (n, m))
    return OTProblem(M=np.array(M), a=a / a.sum(), b=b / b.sum(), reg=draw(st.sampled_from(tuple(regs))))
