"""Polynomial systems over the reals: eliminate all unknowns but one, then count its real roots in an interval exactly.

Elimination alone is not enough: over the complex numbers a system may have solutions, and its Groebner basis be
different from {1}, while no real one exists, or none with the sign that the unknowns must have. What closes such a
proof is Sturm's count on the interval that the unknown lives in. The converse fails as well: a real root of the
eliminant need not belong to a real solution of the system.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from ...errors import InvalidArgument
from .rational import exact

__all__ = ["RootCount", "count_roots", "eliminant", "positive_on"]


def eliminant(polynomials: Sequence[Any], *, keep: Any) -> Any:
    """Return a polynomial in `keep` alone that vanishes at every solution of the system, real or complex.

    It generates the ideal of all such polynomials (a lexicographic Groebner basis), and is checked to lie in the ideal
    a second time, by reduction with respect to a basis in another order.

    Parameters
    ----------
    polynomials : sequence of sympy expressions
        Equal to zero, with rational coefficients.
    keep : sympy Symbol

    Returns
    -------
    sympy Poly
        Zero where the system does not restrict `keep`; 1 where it has no solution, not even a complex one.

    Examples
    --------
    >>> import sympy as sp
    >>> w, t = sp.symbols("w t")
    >>> eliminant([t**2 + w, t - w - 1], keep=w).as_expr()
    w**2 + 3*w + 1
    """
    import sympy as sp

    system = [sp.sympify(p) for p in polynomials]
    symbols = sorted(set().union(*(p.free_symbols for p in system)) - {keep}, key=str)
    for p in system:
        domain = sp.Poly(p, *symbols, keep).domain if p.is_polynomial(*symbols, keep) else None
        if domain not in (sp.ZZ, sp.QQ):
            raise InvalidArgument("polynomials", "polynomials with rational coefficients", p)
    basis = sp.groebner(system, *symbols, keep, order="lex", domain="QQ")
    alone = [p for p in basis.exprs if p.free_symbols <= {keep}]
    found = sp.Poly(alone[-1] if alone else 0, keep, domain="QQ")
    if alone and not sp.groebner(system, *symbols, keep, order="grevlex", domain="QQ").contains(found.as_expr()):
        raise ArithmeticError(f"{found.as_expr()} is not in the ideal")
    return found.clear_denoms(convert=True)[1].primitive()[1]


@dataclass(frozen=True, kw_only=True)
class RootCount:
    """The number of distinct real roots of a polynomial in an interval, by Sturm's theorem.

    Attributes
    ----------
    polynomial : tuple of Fraction
        Coefficients, highest degree first.
    low, high : Fraction or None
        Ends of the interval; None for infinity.
    closed : tuple of bool
        Whether each end belongs to it.
    count : int
    variations : tuple of int
        Sign changes of the chain at the two ends.
    """

    polynomial: tuple[Fraction, ...]
    low: Fraction | None
    high: Fraction | None
    closed: tuple[bool, bool]
    count: int
    variations: tuple[int, int]

    def report(self) -> tuple[bool, str]:
        """Return whether there is no root, and what was seen, in the form that a `Step` asks for."""
        ends = [str(end) if end is not None else infinity for end, infinity in ((self.low, "-oo"), (self.high, "oo"))]
        left, right = "[" if self.closed[0] else "(", "]" if self.closed[1] else ")"
        interval = f"{left}{ends[0]}, {ends[1]}{right}"
        degree = len(self.polynomial) - 1
        return self.count == 0, f"degree {degree}, {self.count} real roots in {interval}"


def count_roots(
    polynomial: Any, low: Any = None, high: Any = None, *, closed: tuple[bool, bool] = (False, False)
) -> RootCount:
    """Count the distinct real roots of a polynomial between two exact numbers.

    Parameters
    ----------
    polynomial : sympy expression or Poly in one variable, or sequence of coefficients, highest degree first
        Rational coefficients, not zero.
    low, high : exact numbers, default infinite
    closed : pair of bool, default open at both ends

    Returns
    -------
    RootCount

    Examples
    --------
    The system of two components that has no solution with positive weights has complex ones:

    >>> import sympy as sp
    >>> w = sp.Symbol("w")
    >>> count_roots((w + 1) * (w**2 + w + 1), low=0).report()
    (True, 'degree 3, 0 real roots in (0, oo)')
    >>> count_roots((w + 1) * (w**2 + w + 1)).count
    1
    """
    coefficients = _coefficients(polynomial)
    ends = [None if end is None else exact(end, name) for end, name in ((low, "low"), (high, "high"))]
    if None not in ends and ends[0] > ends[1]:  # type: ignore[operator]
        raise InvalidArgument("low", "a number <= high", low)
    chain = _sturm_chain(coefficients)
    variations = (_variations(chain, ends[0], -1), _variations(chain, ends[1], 1))
    count = variations[0] - variations[1]  # roots in (low, high]
    at_low, at_high = (end is not None and _evaluate(coefficients, end) == 0 for end in ends)
    count += (at_low and closed[0]) - (at_high and not closed[1])
    if ends[0] is not None and ends[0] == ends[1]:
        count = int(at_low and all(closed))
    return RootCount(
        polynomial=coefficients, low=ends[0], high=ends[1], closed=closed, count=int(count), variations=variations
    )


def positive_on(
    polynomial: Any, low: Any = None, high: Any = None, *, closed: tuple[bool, bool] = (False, False)
) -> tuple[bool, str]:
    """Return whether a polynomial is positive on an interval: no root there, and positive at one point of it.

    Examples
    --------
    >>> import sympy as sp
    >>> s = sp.Symbol("s")
    >>> positive_on(1 - s + s**2 / 2, low=0)
    (True, 'degree 2, 0 real roots in (0, oo), positive at 1')
    >>> positive_on(1 - 2 * s + s**2, low=0)[0]
    False
    """
    found = count_roots(polynomial, low, high, closed=closed)
    a, b = found.low, found.high
    if a is None:
        a = Fraction(0) if b is None else b - 2
    point = (a + (a + 2 if b is None else b)) / 2
    positive = _evaluate(found.polynomial, point) > 0
    return found.count == 0 and positive, f"{found.report()[1]}, {'' if positive else 'not '}positive at {point}"


def _coefficients(polynomial: Any) -> tuple[Fraction, ...]:
    import sympy as sp

    if isinstance(polynomial, sp.Poly):
        polynomial = polynomial.as_expr()
    if isinstance(polynomial, sp.Expr):
        symbols = polynomial.free_symbols
        if len(symbols) > 1 or not polynomial.is_polynomial(*symbols):
            raise InvalidArgument("polynomial", "a polynomial in one variable", polynomial)
        polynomial = sp.Poly(polynomial, *(symbols or [sp.Dummy()])).all_coeffs()
    coefficients = [exact(c, "polynomial") for c in polynomial]
    while coefficients and coefficients[0] == 0:
        coefficients.pop(0)
    if not coefficients:
        raise InvalidArgument("polynomial", "one that is not zero", polynomial)
    return tuple(coefficients)


def _divide(p: Sequence[Fraction], q: Sequence[Fraction]) -> tuple[list[Fraction], list[Fraction]]:
    """Return quotient and remainder, the latter without leading zeros."""
    quotient, rest = [], list(p)
    while len(rest) >= len(q):
        factor = rest[0] / q[0]
        quotient.append(factor)
        rest = [a - factor * b for a, b in zip(rest, [*q, *[Fraction(0)] * (len(rest) - len(q))])][1:]
    while rest and rest[0] == 0:
        rest.pop(0)
    return quotient, rest


def _sturm_chain(p: Sequence[Fraction]) -> list[Sequence[Fraction]]:
    """The signed remainders of p and p', without their common divisor: repeated roots would make all of them zero."""
    n = len(p) - 1
    chain = [list(p)]
    following = [c * (n - k) for k, c in enumerate(p[:-1])]
    while following:
        chain.append(following)
        following = [-c for c in _divide(chain[-2], chain[-1])[1]]
    return [_divide(member, chain[-1])[0] for member in chain]


def _evaluate(p: Sequence[Fraction], x: Fraction) -> Fraction:
    value = Fraction(0)
    for c in p:
        value = value * x + c
    return value


def _variations(chain: Sequence[Sequence[Fraction]], x: Fraction | None, side: int) -> int:
    """Count sign changes at x, or at infinity on the given side, where leading terms decide."""
    values = [p[0] * side ** (len(p) - 1) if x is None else _evaluate(p, x) for p in chain]
    signs = [value > 0 for value in values if value]
    return sum(a != b for a, b in pairwise(signs))
