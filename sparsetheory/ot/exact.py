"""Rounding in exact arithmetic: the algorithm of `round_plan` on rationals, or on any ordered field."""

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import InvalidArgument

__all__ = ["round_exact"]


def round_exact(
    P: Sequence[Sequence[Any]], a: Sequence[Any], b: Sequence[Any], *, minimum: Callable[[Any, Any], Any] = min
) -> list[list[Any]]:
    r"""Round a nonnegative matrix to the exact marginals `a` and `b`, without rounding errors.

    Rows are scaled by ``min(1, a_i / r_i)``, then columns by ``min(1, b_j / c_j)``, then the rank-one matrix of the
    missing masses is added (Altschuler, Weed, Rigollet 2017, Algorithm 2).

    Parameters
    ----------
    P : sequence of n sequences of m numbers
        Nonnegative. `fractions.Fraction` entries give an exactly feasible plan; every float is a fraction.
    a, b : sequences of n and of m numbers
        Nonnegative targets of equal sum.
    minimum : callable (x, y) -> number, optional
        The smaller of two; replace it where the arithmetic is symbolic.

    Returns
    -------
    list of n lists of m numbers

    Raises
    ------
    InvalidArgument
        If the lengths do not fit. Signs and sums are not checked: the entries may be symbols.

    References
    ----------
    J. Altschuler, J. Weed, P. Rigollet, "Near-linear time approximation algorithms for optimal transport via Sinkhorn
    iteration", NeurIPS 2017.

    Examples
    --------
    >>> from fractions import Fraction as F
    >>> half = F(1, 2)
    >>> R = round_exact([[F(3, 4), F(0)], [F(0), F(1, 2)]], [half, half], [half, half])
    >>> [sum(row) for row in R] == [half, half] == [sum(column) for column in zip(*R)]
    True
    """
    if len(P) != len(a) or any(len(row) != len(b) for row in P):
        raise InvalidArgument("P", f"{len(a)} rows of {len(b)}", f"{len(P)} rows of {sorted({len(row) for row in P})}")
    r = [sum(row) for row in P]
    rows = [[x * minimum(1, a_i / r_i) if r_i != 0 else x for x in row] for row, a_i, r_i in zip(P, a, r)]
    c = [sum(column) for column in zip(*rows)]
    scale = [minimum(1, b_j / c_j) if c_j != 0 else 1 for b_j, c_j in zip(b, c)]
    scaled = [[x * s for x, s in zip(row, scale)] for row in rows]
    missing_rows = [a_i - sum(row) for a_i, row in zip(a, scaled)]
    missing_columns = [b_j - sum(column) for b_j, column in zip(b, zip(*scaled))]
    total = sum(missing_rows)
    if total == 0:
        return scaled
    return [[x + d * e / total for x, e in zip(row, missing_columns)] for row, d in zip(scaled, missing_rows)]
