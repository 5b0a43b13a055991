import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from flint import arb, ctx, fmpq

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify import Proof, Step, certify
from sparsetheory.verify.certify.enclosure import _ball
from sparsetheory.verify.proof import holds

x, y, z = sp.symbols("x y z", real=True)


def test_a_strict_inequality_is_proved_and_a_false_one_refuted():
    # log(1 + x) >= 2 x / (2 + x) with a margin on [1/10, 10]
    margin = sp.log(1 + x) - 2 * x / (2 + x)
    found = certify.prove_positive(margin, {x: ("1/10", 10)})
    assert found.proved
    assert found.boxes > 5
    assert 0 < found.least <= float(margin.subs(x, 0.1))
    refuted = certify.prove_positive(margin - sp.Rational(1, 100), {x: ("1/10", 10)})
    assert refuted.proved is False
    assert float(margin.subs(x, refuted.counterexample["x"])) < 0.01


def test_three_variables():
    # the logarithmic mean lies strictly below the arithmetic mean, on a box away from equal arguments
    gap = (x + y) / 2 * (sp.log(y) - sp.log(x)) - (y - x) + z**2
    found = certify.prove_positive(gap, {x: ("1/2", 1), y: ("3/2", 3), z: (-1, 1)})
    assert found.proved
    rng = np.random.default_rng(5)
    points = rng.uniform([0.5, 1.5, -1], [1, 3, 1], size=(1000, 3))
    values = sp.lambdify((x, y, z), gap)(*points.T)
    assert found.least <= values.min()


def test_an_inequality_that_is_not_strict_stays_open():
    found = certify.prove_positive((x - sp.sqrt(2)) ** 2, {x: (1, 2)}, max_boxes=500)
    assert found.proved is None
    assert found.report() == (False, f"open after {found.boxes} boxes")


def test_in_a_proof():
    def claim(factor):
        return certify.prove_positive(sp.exp(x) - 1 - factor * x, {x: ("1/100", 1)}).report()

    step = Step(name="exp", evidence="enclosure", statement="$e^x > 1 + x$ on $[0.01, 1]$",
                check=lambda: claim(1), anti_test=lambda: claim(sp.Rational(101, 100)))  # fmt: skip
    assert holds(Proof(claim="demo.mean", steps=[step]).run())


def test_rational_constants_are_not_rounded():
    third = Fraction(1 / 3)  # the float, below 1/3 by less than 2^-54
    gap = sp.Rational(1, 3) - sp.Rational(third.numerator, third.denominator)
    assert certify.prove_positive(gap + 0 * x, {x: (0, 1)}, precision=128).proved
    assert certify.prove_positive(-gap + 0 * x, {x: (0, 1)}, precision=128).proved is False
    assert certify.prove_positive(x - sp.Rational(1, 3), {x: ("1/3", 1)}, max_boxes=200).proved is None


@pytest.mark.parametrize(
    "expression",
    [x * y + x / 3, sp.exp(-x) * sp.log(2 + y), sp.sqrt(1 + x**2), (2 + x) ** y, sp.tanh(x) - sp.pi * sp.E, abs(x - y),
     sp.sin(x) * sp.cos(y), (1 + x) ** sp.Rational(1, 3), sp.atan(x) + sp.erf(y), 1 / (2 + x)],
)  # fmt: skip
def test_balls_contain_the_values(expression):
    rng = np.random.default_rng(3)
    for _ in range(20):
        s, t = rng.uniform(0, 1, 2)
        width = Fraction(1, 50)
        box = {x: (Fraction(s), Fraction(s) + width), y: (Fraction(t), Fraction(t) + width)}
        low, high = certify.enclose(expression, box)
        inside = rng.uniform(0, float(width), 2)
        value = float(expression.subs({x: s + inside[0], y: t + inside[1]}))
        assert low <= value <= high
        assert high - low < 1


def test_balls_cover_their_boxes():
    rng = np.random.default_rng(8)
    for _ in range(200):
        low = Fraction(rng.normal() * 1e3)
        high = low + Fraction(abs(rng.normal())) / 3
        ball = _ball(*(fmpq(end.numerator, end.denominator) for end in (low, high)))
        assert all(ball.contains(arb(fmpq(end.numerator, end.denominator)).mid()) for end in (low, high))
        assert float(ball.rad()) <= float(high - low) / 2 * (1 + 1e-8)


def test_a_callable_of_balls_and_the_precision_left_as_it_was():
    before = ctx.prec
    assert certify.prove_positive(lambda s: s * s + 1, {"s": (-1, 1)}, precision=100).proved
    assert ctx.prec == before
    with pytest.raises(ZeroDivisionError):
        certify.prove_positive(lambda s: 1 // 0, {"s": (-1, 1)})
    assert ctx.prec == before


def test_poles_are_not_proved():
    assert certify.prove_positive(1 / x, {x: (0, 1)}, max_boxes=300).proved is None
    assert certify.prove_positive(sp.log(x) + 5, {x: (-1, 1)}, max_boxes=300).proved is not True


def test_bad_input():
    with pytest.raises(InvalidArgument, match="exact ends"):
        certify.prove_positive(x, {x: (0.1, 1)})
    with pytest.raises(InvalidArgument, match="low <= high"):
        certify.prove_positive(x, {x: (2, 1)})
    with pytest.raises(InvalidArgument, match="every symbol"):
        certify.prove_positive(x + y, {x: (0, 1)})
    with pytest.raises(InvalidArgument, match="expression"):
        certify.prove_positive(sp.zeta(x), {x: (2, 3)})
    with pytest.raises(InvalidArgument):
        certify.prove_positive(sp.Float(0.1) + x, {x: (2, 3)})
    with pytest.raises(InvalidArgument, match="callable"):
        certify.prove_positive("x", {x: (2, 3)})


def test_the_value_of_a_bound():
    L, N = sp.symbols("L N")
    low, high = certify.enclose(L / (4 * N + 2), {L: (1, 1), N: (10, 10)})
    assert low < Fraction(1, 42) < high
    assert high - low < 4e-17
    assert certify.enclose(x, {x: (sp.sqrt(2), sp.pi)}) == pytest.approx((math.sqrt(2), math.pi), rel=1e-8)
