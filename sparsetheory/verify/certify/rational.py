"""Exact arithmetic of certificates: numbers, dyadic rounding, pivots of symmetric matrices, linear equations."""

import math
import numbers
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from ...errors import InvalidArgument

__all__ = ["dyadic", "exact", "is_positive_semidefinite", "pivots", "repair"]


def exact(value: Any, name: str) -> Fraction:
    """Return `value` as a Fraction; floats are refused, because 0.1 is not the number that was meant.

    Parameters
    ----------
    value : int, Fraction, sympy Rational, or a string such as "1/3" or "0.1"
    name : str
        For the message.

    Raises
    ------
    InvalidArgument
        For floats and for anything that is no rational number.

    Examples
    --------
    >>> exact("0.1", "mu")
    Fraction(1, 10)
    """
    if isinstance(value, Fraction):
        return value
    if isinstance(value, numbers.Rational) and not isinstance(value, bool):
        return Fraction(int(value.numerator), int(value.denominator))  # NumPy integers would overflow silently
    if isinstance(value, str):
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError):
            pass
    raise InvalidArgument(name, "an exact number: an integer, a Fraction, or a string such as '1/3'", repr(value))


def dyadic(value: float, *, bits: int) -> Fraction:
    """Return the multiple of 2^-bits nearest to a float."""
    return Fraction(round(math.ldexp(1, bits) * Fraction(value)), 1 << bits)


def pivots(matrix: Sequence[Sequence[Fraction]]) -> tuple[Fraction, ...] | None:
    """Return the pivots D of an exact factorisation A = L D L', or None where A is not positive semidefinite.

    The elimination is Bareiss's: over the integers, after one common denominator, with exact divisions only; the
    pivots are quotients of successive minors. A zero pivot is allowed where its row is zero as well, which for a
    symmetric matrix is equivalent to semidefiniteness.

    Parameters
    ----------
    matrix : (n, n) sequence of sequences of Fraction
        Symmetric; both triangles are compared.

    Returns
    -------
    tuple of n Fraction, or None

    Examples
    --------
    >>> pivots([[Fraction(2), Fraction(1)], [Fraction(1), Fraction(1, 2)]])
    (Fraction(2, 1), Fraction(0, 1))
    >>> pivots([[Fraction(2), Fraction(1)], [Fraction(1), Fraction(0)]]) is None
    True
    """
    n = len(matrix)
    if any(matrix[i][j] != matrix[j][i] for i in range(n) for j in range(i)):
        return None
    scale = math.lcm(*(entry.denominator for row in matrix for entry in row))
    rows = [[entry.numerator * (scale // entry.denominator) for entry in row] for row in matrix]
    found, previous = [], 1
    for k in range(n):
        minor = rows[k][k]
        if minor < 0 or (minor == 0 and any(rows[k][k + 1 :])):
            return None
        found.append(Fraction(minor, previous * scale))
        if minor == 0:
            continue
        for i in range(k + 1, n):
            factor, row = rows[k][i], rows[i]
            for j in range(i, n):  # the upper triangle suffices
                row[j] = (minor * row[j] - factor * rows[k][j]) // previous
        previous = minor
    return tuple(found)


def is_positive_semidefinite(matrix: Sequence[Sequence[Fraction]]) -> bool:
    """Return whether a symmetric rational matrix has no negative eigenvalue; decided exactly."""
    return pivots(matrix) is not None


def _reduce(column: dict[Any, Fraction], basis: Mapping[Any, Any]) -> tuple[dict[Any, Fraction], dict[Any, Fraction]]:
    """Eliminate the leading rows of a basis from a column; return the rest and the combination that was subtracted."""
    used: dict[Any, Fraction] = {}
    for row, (reduced, recipe) in basis.items():  # in the order of insertion: later ones have zeros in earlier rows
        factor = column.get(row)
        if factor:
            for other, entry in reduced.items():
                column[other] = column.get(other, Fraction(0)) - factor * entry
            for name, share in recipe.items():
                used[name] = used.get(name, Fraction(0)) + factor * share
    return {row: entry for row, entry in column.items() if entry}, used


def repair(
    columns: Mapping[Any, Mapping[Any, Fraction]], residual: Mapping[Any, Fraction], order: Sequence[Any]
) -> dict[Any, Fraction] | None:
    """Solve sum_k delta_k column_k = residual exactly, with the first independent columns of `order`.

    Parameters
    ----------
    columns : mapping of name to sparse column
    residual : sparse column
        What is missing.
    order : sequence of names
        Columns to use first, those whose multiplier is farthest from zero and can best take a change.

    Returns
    -------
    dict of names to Fraction, or None where the equations contradict each other

    Examples
    --------
    >>> repair({"a": {0: Fraction(2)}, "b": {0: Fraction(1), 1: Fraction(1)}}, {1: Fraction(3)}, ["a", "b"])
    {'a': Fraction(-3, 2), 'b': Fraction(3, 1)}
    """
    basis: dict[Any, tuple[dict[Any, Fraction], dict[Any, Fraction]]] = {}
    rows = len({row for column in columns.values() for row in column})
    for name in order:
        if len(basis) == rows:
            break
        rest, used = _reduce(dict(columns[name]), basis)
        if rest:
            row, lead = next(iter(rest.items()))
            recipe = {name: 1 / lead} | {key: -share / lead for key, share in used.items()}
            basis[row] = ({r: entry / lead for r, entry in rest.items()}, recipe)
    rest, used = _reduce(dict(residual), basis)
    return None if rest else {name: used[name] for name in order if used.get(name)}
