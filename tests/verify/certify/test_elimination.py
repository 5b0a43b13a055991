from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify import certify

w, s, t = sp.symbols("w s t")


def moments(degree):
    """What two components of masses 1 and w have to satisfy to match one up to a degree.

    Shifts -w and 1 (first moments cancel, the scale is free), variances s and t.
    """
    components = ((1, -w, s), (w, 1, t))

    def moment(order, shift, variance):
        return sum(shift ** (order - 2 * k) * variance**k / (sp.factorial(order - 2 * k) * sp.factorial(k))
                   for k in range(order // 2 + 1))  # fmt: skip

    return [sp.expand(sum(mass * moment(order, a, b) for mass, a, b in components)) for order in range(2, degree + 1)]


def test_the_degree_of_two_gaussian_components():
    """Up to degree 3 every ratio of masses works; degree 4 has complex solutions, and none with positive masses."""
    assert certify.eliminant(moments(3), keep=w).is_zero
    found = certify.eliminant(moments(4), keep=w)
    assert found.as_expr() == sp.expand(w * (w + 1) * (w**2 + w + 1))  # not 1: elimination alone proves nothing
    assert certify.count_roots(found, low=0).report() == (True, "degree 4, 0 real roots in (0, oo)")
    assert not certify.count_roots(found).report()[0]  # the sign of the masses is what closes the proof


def test_a_system_without_any_solution_and_one_that_says_nothing():
    assert certify.eliminant([s * w - 1, s], keep=w).as_expr() == 1
    assert certify.eliminant([s - t], keep=w).is_zero


def test_elimination_agrees_with_the_resultant():
    p, q = s**3 + w * s + 1, s**2 - w * s + w**2 - 3
    resultant = sp.Poly(sp.resultant(p, q, s), w)
    found = certify.eliminant([p, q], keep=w)
    assert sp.rem(resultant, found).is_zero
    assert (
        found.sqf_part() == resultant.primitive()[1].sqf_part()
        or found.sqf_part() == -resultant.primitive()[1].sqf_part()
    )


def test_floats_and_other_functions_are_refused():
    for system in ([0.5 * s - w], [sp.exp(s) - w], [sp.sqrt(2) * s - w]):
        with pytest.raises(InvalidArgument, match="rational coefficients"):
            certify.eliminant(system, keep=w)


ROOTS = st.lists(st.fractions(min_value=-4, max_value=4, max_denominator=3), max_size=5)
ENDS = st.one_of(st.none(), st.fractions(min_value=-5, max_value=5, max_denominator=3))


@settings(max_examples=150, deadline=None)
@given(ROOTS, st.sampled_from([1, w**2 + 1, w**2 - 2, (w**2 - 3) ** 2]), ENDS, ENDS, st.booleans(), st.booleans())
def test_sturm_counts_what_is_there(roots, factor, low, high, left, right):
    if low is not None and high is not None and low > high:
        low, high = high, low
    polynomial = sp.Poly(-3 * factor * sp.prod(w - sp.Rational(r.numerator, r.denominator) for r in roots), w)
    irrational = {w**2 - 2: (2,), (w**2 - 3) ** 2: (3,)}.get(factor, ())
    places = {sp.Rational(r.numerator, r.denominator) for r in roots} | {
        e * sp.sqrt(a) for a in irrational for e in (-1, 1)
    }

    def inside(root):
        a = -sp.oo if low is None else sp.Rational(low.numerator, low.denominator)
        b = sp.oo if high is None else sp.Rational(high.numerator, high.denominator)
        return (a < root < b) or (left and root == a and (right or a < b)) or (right and root == b and (left or a < b))

    expected = sum(bool(inside(root)) for root in places)
    assert certify.count_roots(polynomial, low, high, closed=(left, right)).count == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-9, 9), min_size=2, max_size=7).filter(lambda c: any(c[:-1])))
def test_sturm_agrees_with_isolation(coefficients):
    polynomial = sp.Poly(coefficients, w)
    assert certify.count_roots(coefficients).count == len(set(sp.real_roots(polynomial)))


def test_positivity():
    sigma = sp.Symbol("sigma")
    assert certify.positive_on(2 - sigma, 0, 2)[0]
    assert not certify.positive_on(2 - sigma, 0, 2, closed=(True, True))[0]
    assert not certify.positive_on(-1 - sigma**2)[0]
    assert not certify.positive_on((sigma - 1) ** 2, 0, 3)[0]
    assert certify.positive_on((sigma - 1) ** 2, high=1)[0]


def test_bad_polynomials_are_refused():
    for bad in (s * w, sp.Integer(0) * w, [], [0.5, 1], "w", sp.sqrt(2) * w):
        with pytest.raises(InvalidArgument):
            certify.count_roots(bad)
    with pytest.raises(InvalidArgument, match="high"):
        certify.count_roots(w, 2, 1)
    assert certify.count_roots([1, 0, -2], Fraction(1), "3/2").report() == (False, "degree 2, 1 real roots in (1, 3/2)")
