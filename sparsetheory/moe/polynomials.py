"""The polynomial system behind the rates of over-specified mixtures, its solutions, and its order rbar(m) = 2m."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from .._validation import check_count
from ..errors import InvalidArgument

__all__ = ["Polynomial", "hermite_solution", "polynomial_system", "polynomial_value", "rbar"]

#: Exponents of the variables -> coefficient, exactly.
Polynomial = Mapping[tuple[int, ...], Fraction]


def rbar(m: int) -> int:
    r"""Return the order at which the polynomial system of a cell of m atoms has no solution any more.

    .. math:: \bar r(m) = 2m \quad (m \ge 2), \qquad \bar r(1) = 1

    A cell of m fitted atoms around one true atom slows the rates of its parameters down to powers of
    :math:`n^{-1/(2 \bar r(m))}`. Published are :math:`\bar r(2) = 4` and :math:`\bar r(3) = 6`. That 2m - 1 equations
    can be solved is shown exactly by the Gauss-Hermite rule (`hermite_solution`); that 2m cannot, by counting sign
    changes of m + 1 Gaussians. The singleton is 1 by convention: its parts have exponent 1.

    Parameters
    ----------
    m : int
        Number >= 1 of fitted atoms.

    References
    ----------
    N. Ho, X. Nguyen, "Convergence rates of parameter estimation for some weakly identifiable finite mixtures",
    Ann. Statist. 44, 2016.

    Examples
    --------
    >>> from sparsetheory import moe
    >>> [moe.rbar(m) for m in (1, 2, 3, 4)]
    [1, 4, 6, 8]
    """
    m = check_count(m, "m")
    return 1 if m == 1 else 2 * m


def polynomial_system(m: int, r: int, *, d: int = 0) -> tuple[Polynomial, ...]:
    r"""Return the equations of order up to r for a cell of m atoms, with exact coefficients.

    .. math:: \sum_{j=1}^m \sum_{\alpha_1 + \alpha_2 = \ell_1,\ |\alpha_2| + \alpha_3 + 2 \alpha_4 = \ell_2}
        p_{5j}^2 \frac{p_{1j}^{\alpha_1} p_{2j}^{\alpha_2} p_{3j}^{\alpha_3} p_{4j}^{\alpha_4}}{\alpha!} = 0,
        \qquad 1 \le |\ell_1| + \ell_2 \le r

    Parameters
    ----------
    m : int
        Atoms in the cell, >= 1.
    r : int
        Order, >= 1.
    d : int, default 0
        Dimension of the covariate. With 0 only the equations of location and scale are left (``l1 = 0``), which have a
        non-trivial solution exactly when all have.

    Returns
    -------
    tuple of mappings
        One an equation (l1, l2), from exponents to coefficients. The variables are, atom by atom,
        ``p1 (d), p2 (d), p3, p4, p5``: gate slope, expert slope, location, half the variance, root of the weight.
        A solution is non-trivial when no p5 is zero and some p3 is not.

    Examples
    --------
    >>> from sparsetheory import moe
    >>> first, second = moe.polynomial_system(1, 2)
    >>> {exponents: str(c) for exponents, c in second.items()}
    {(2, 0, 2): '1/2', (0, 1, 2): '1'}
    """
    m, r, d = check_count(m, "m"), check_count(r, "r"), check_count(d, "d", minimum=0)
    return tuple(
        _equation(m, l1, l2) for l1 in _multi_indices(d, r) for l2 in range(r - sum(l1) + 1) if sum(l1) + l2 >= 1
    )


def polynomial_value(equation: Polynomial, point: Sequence[Any]) -> Any:
    """Return the value of an equation at a point, in the arithmetic of the point.

    Parameters
    ----------
    equation : mapping
        One of `polynomial_system`.
    point : sequence
        A value a variable: floats, Fractions, mpmath numbers or symbols.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from sparsetheory import moe
    >>> second = moe.polynomial_system(1, 2)[1]
    >>> moe.polynomial_value(second, (Fraction(1), Fraction(-1, 2), Fraction(3)))
    Fraction(0, 1)
    """
    return sum(
        math.prod((x**e for x, e in zip(point, exponents, strict=True) if e), start=coefficient)
        for exponents, coefficient in equation.items()
    )


def _multi_indices(d: int, largest: int) -> Iterator[tuple[int, ...]]:
    """Yield the tuples of d nonnegative integers with a sum of at most `largest`."""
    return (index for index in itertools.product(range(largest + 1), repeat=d) if sum(index) <= largest)


def _equation(m: int, l1: tuple[int, ...], l2: int) -> Polynomial:
    """Return one equation: the same terms for every atom."""
    width = 2 * len(l1) + 3
    terms = dict(_terms(l1, l2))
    return {
        (0,) * (width * j) + exponents + (0,) * (width * (m - j - 1)): coefficient
        for j in range(m)
        for exponents, coefficient in terms.items()
    }


def _terms(l1: tuple[int, ...], l2: int) -> Iterator[tuple[tuple[int, ...], Fraction]]:
    """Yield exponents and coefficients of one atom."""
    for al2 in itertools.product(*(range(entry + 1) for entry in l1)):
        al1 = tuple(entry - part for entry, part in zip(l1, al2))
        left = l2 - sum(al2)
        for al4 in range(left // 2 + 1):
            al3 = left - 2 * al4
            factorials = math.prod(math.factorial(k) for k in (*al1, *al2, al3, al4))
            yield (*al1, *al2, al3, al4, 2), Fraction(1, factorials)


def hermite_solution(m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Return a non-trivial solution of the system of order 2m - 1: the Gauss-Hermite rule.

    .. math:: \sum_j w_j e^{x_j t - t^2 / 2} = 1 - \frac{m!}{(2m)!} t^{2m} + O(t^{2m+1})

    Parameters
    ----------
    m : int
        Number of atoms, >= 2.

    Returns
    -------
    x, c, w : ndarray of shape (m,)
        Locations p3, half variances p4 = -1/2 and weights p5^2, which sum to one.

    Examples
    --------
    >>> from sparsetheory import moe
    >>> x, c, w = moe.hermite_solution(3)
    >>> x.round(3).tolist(), w.round(3).tolist()
    ([-1.732, 0.0, 1.732], [0.167, 0.667, 0.167])
    """
    m = check_count(m, "m", minimum=2)
    if m > 100:
        raise InvalidArgument("m", "at most 100, where the weights are representable", m)
    x, w = np.polynomial.hermite_e.hermegauss(m)
    return x, np.full(m, -0.5), w / w.sum()
