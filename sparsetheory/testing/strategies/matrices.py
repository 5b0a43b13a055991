"""Positive definite matrices and designs."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from ..matrices import DESIGN_OFF, SPECTRA, Design, SPDMatrix
from .drawing import check_choices, decorations, seeds

__all__ = ["DESIGN_DECORATIONS", "designs", "spd_matrices"]

#: What `designs` draws from, unless told otherwise; the first value is where shrinking ends.
DESIGN_DECORATIONS: Mapping[str, Sequence[Any]] = {
    "correlation": (0.0, 0.5, 0.95),
    "zero_cols": (0, 1),
    "duplicates": (0, 1),
    "density": (1.0, 0.3),
}


@st.composite
def spd_matrices(
    draw: st.DrawFn, d: int, *, cond: tuple[float, float] = (1.0, 1e8), spectrum: str | None = None
) -> SPDMatrix:
    """Draw a (d, d) positive definite matrix whose eigenvalues are known exactly.

    Parameters
    ----------
    d : int
    cond : (float, float), default (1, 1e8)
        Range of the condition number, in nine steps evenly spaced on a logarithmic scale; shrinks to the first.
    spectrum : {"geom", "two-cluster", "flat"}, optional
        Drawn when left out.

    Examples
    --------
    >>> from hypothesis import given
    >>> from sparsetheory.testing import strategies as S
    >>> @given(S.spd_matrices(4, cond=(10, 1e4)))
    ... def check(matrix):
    ...     assert 10 * (1 - 1e-8) <= matrix.exact.cond <= 1e4 * (1 + 1e-8)
    >>> check()
    """
    low, high = cond
    kind = draw(st.sampled_from(SPECTRA)) if spectrum is None else spectrum
    steps = draw(st.integers(0, 8))
    # each step is a number of the range itself, also where powers round
    value = min(max(low * (high / low) ** (steps / 8), low), high)
    return SPDMatrix.build(seed=draw(seeds()), d=d, cond=float(value), spectrum=kind)


def designs(n: int, p: int, **choices: Sequence[Any]) -> st.SearchStrategy[Design]:
    """Return a strategy of (n, p) design matrices.

    Parameters
    ----------
    n, p : int
    **choices : sequences
        Decoration of `Design.build` -> the values it may take, instead of those in ``DESIGN_DECORATIONS``.

    Examples
    --------
    >>> from hypothesis import find, settings
    >>> from sparsetheory.testing import strategies as S
    >>> find(S.designs(2, 3), lambda design: design.exact.zeros, settings=settings(database=None))
    Design.build(seed=0, n=2, p=3, zero_cols=1)
    """
    check_choices(choices, DESIGN_OFF)
    return _designs(n, p, {**DESIGN_DECORATIONS, **choices})


@st.composite
def _designs(draw: st.DrawFn, n: int, p: int, table: Mapping[str, Sequence[Any]]) -> Design:
    on = decorations(draw, table)
    return Design.build(seed=draw(seeds()), n=n, p=p, **on)
