"""The polynomial system: exact coefficients, the Hermite solution of order 2m - 1, none of order 2m."""

import math
from fractions import Fraction

import numpy as np
import pytest

from sparsetheory import moe


def value(equation, point):
    return sum(float(c) * math.prod(x**e for x, e in zip(point, exponents)) for exponents, c in equation.items())


@pytest.mark.parametrize("m", range(2, 8))
def test_hermite_rule_solves_all_orders_below_2m(m):
    x, c, w = moe.hermite_solution(m)
    point = np.column_stack([x, c, np.sqrt(w)]).ravel()
    values = [value(equation, point) for equation in moe.polynomial_system(m, 2 * m)]
    assert np.abs(values[:-1]).max() < 1e-12
    assert values[-1] == pytest.approx(-math.factorial(m) / math.factorial(2 * m), rel=1e-6)


def test_system_is_the_taylor_expansion():
    """Orders up to 3 in one dimension, written out."""
    equations = moe.polynomial_system(1, 3)
    assert equations[2] == {(3, 0, 2): Fraction(1, 6), (1, 1, 2): Fraction(1)}
    assert len(moe.polynomial_system(2, 2, d=1)) == 5


@pytest.mark.parametrize("d", [0, 2])
def test_values_keep_the_arithmetic_of_the_point(d):
    rng = np.random.default_rng(d)
    point = rng.normal(size=2 * (2 * d + 3))
    exact = [Fraction(float(x)) for x in point]
    for equation in moe.polynomial_system(2, 4, d=d):
        assert moe.polynomial_value(equation, point) == pytest.approx(value(equation, point), rel=1e-12, abs=1e-12)
        in_fractions = moe.polynomial_value(equation, exact)
        assert isinstance(in_fractions, Fraction)
        assert float(in_fractions) == pytest.approx(value(equation, point), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("d", [1, 2])
def test_solutions_without_slopes_solve_the_whole_system(d):
    x, c, w = moe.hermite_solution(2)
    zeros = np.zeros((2, 2 * d))
    point = np.column_stack([zeros, x, c, np.sqrt(w)]).ravel()
    assert max(abs(value(e, point)) for e in moe.polynomial_system(2, 3, d=d)) < 1e-12


def test_rates():
    for m in (2, 3, 4):
        rates = moe.predicted_rates("softmax", m)
        assert rates["b"] == rates["beta1"] == Fraction(-1, 4 * m)
        assert rates["a"] == rates["v"] == Fraction(-1, 2 * m)
    assert set(moe.predicted_rates("softmax").values()) == {Fraction(-1, 2)}
    assert set(moe.predicted_rates("merged", 3).values()) == {Fraction(-1, 2)}
    assert moe.predicted_rates("activation", 2)["beta1"] == Fraction(-1, 4)
    assert moe.predicted_rates("activation", 2)["v"] == Fraction(-1, 4)
