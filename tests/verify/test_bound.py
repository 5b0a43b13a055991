import pickle

import numpy as np
import pytest

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify import Bound

SNS = Bound("6*n**2*exp(-eta*gap)", n="atoms a side", eta="1/reg", gap="vertex gap")


def test_numbers_arrays_and_broadcasting():
    assert SNS(n=2, eta=1.0, gap=0.0) == 24
    values = SNS(n=2, eta=np.array([[1.0], [2.0]]), gap=np.array([0.5, 1.0, 2.0]))
    np.testing.assert_allclose(values, 24 * np.exp(-np.array([[0.5, 1.0, 2.0], [1.0, 2.0, 4.0]])), rtol=1e-15)


def test_numpy_and_sympy_agree_on_every_function():
    import sympy

    names = ("exp", "log", "sqrt", "tanh", "sin", "cos", "ceiling", "floor")
    bound = Bound("+".join(f"{name}(x)" for name in names) + "+Abs(-x)+Min(x,2)*Max(x,3)+pi*E", x="a number")
    for x in (0.3, 1.7, 4.2):
        exact = bound.expression.subs(sympy.Symbol("x", real=True), sympy.Rational(str(x))).evalf(30)
        assert float(bound(x=x)) == pytest.approx(float(exact), rel=1e-14)


def test_the_expression_is_exact():
    import sympy

    assert Bound("0.1*x", x="x").expression == sympy.Symbol("x", real=True) / 10


def test_latex():
    assert Bound("a/sqrt(n)", a="a", n="n").latex == r"\frac{a}{\sqrt{n}}"


def test_the_hash_is_of_the_formula_not_of_its_spelling():
    assert Bound("2 * x", x="one wording").hash == Bound("(2*x)", x="another").hash
    assert Bound("2*x", x="x").hash != Bound("3*x", x="x").hash
    assert Bound("2*x", x="x") == Bound("2 * x", x="x")
    assert Bound("2*x", x="x") != "2*x"


def test_pickles_also_after_use():
    SNS(n=1, eta=1, gap=1)
    again = pickle.loads(pickle.dumps(SNS))
    assert again == SNS
    assert again(n=2, eta=1.0, gap=0.0) == 24


@pytest.mark.parametrize(
    ("formula", "symbols", "message"),
    [
        ("x +", {"x": "x"}, "Python expression"),
        ("x + y", {"x": "x"}, r"\['x', 'y'\]"),
        ("x", {"x": "x", "y": "y"}, "exactly the symbols"),
        ("__import__('os')", {}, "calls of"),
        ("x.real", {"x": "x"}, "Attribute"),
        ("x if x else 1", {"x": "x"}, "IfExp"),
        ("'a'*x", {"x": "x"}, "numbers only"),
        ("gamma(x)", {"x": "x"}, "calls of"),
        ("x[0]", {"x": "x"}, "Subscript"),
    ],
)
def test_anything_but_arithmetic_in_declared_symbols_is_refused(formula, symbols, message):
    with pytest.raises(InvalidArgument, match=message):
        Bound(formula, **symbols)


def test_values_have_to_be_those_of_the_symbols():
    with pytest.raises(InvalidArgument, match="eta"):
        SNS(n=2, gap=1.0)
    with pytest.raises(InvalidArgument, match="kappa"):
        SNS(n=2, gap=1.0, eta=1.0, kappa=2.0)
