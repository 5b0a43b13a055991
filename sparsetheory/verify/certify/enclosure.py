"""Inequalities on a whole box by ball arithmetic: evaluate, subdivide where it is not decided, count the boxes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import inf, isfinite, nextafter
from typing import Any

from ..._validation import check_count
from ...errors import InvalidArgument

__all__ = ["Enclosure", "enclose", "prove_positive"]


@dataclass(frozen=True, kw_only=True)
class Enclosure:
    """How an inequality on a box came out.

    Attributes
    ----------
    proved : bool or None
        True on the whole box; False at `counterexample`; None where the boxes ran out first.
    boxes : int
        Boxes that were evaluated.
    least : float or None
        A number that the expression is nowhere below, if proved.
    counterexample : dict of str to float, or None
        Where ball arithmetic shows that the expression is not positive.
    """

    proved: bool | None
    boxes: int
    least: float | None = None
    counterexample: dict[str, float] | None = None

    def report(self) -> tuple[bool, str]:
        """Return whether it is proved and what was seen, in the form that a `Step` asks for."""
        if self.proved:
            return True, f"at least {self.least:.4g} on {self.boxes} boxes"
        if self.counterexample is not None:
            return False, f"not positive at {self.counterexample}"
        return False, f"open after {self.boxes} boxes"


def prove_positive(
    expression: Any, box: Mapping[Any, tuple[Any, Any]], *, max_boxes: int = 200_000, precision: int = 64
) -> Enclosure:
    """Prove that an expression is positive on a closed box, or find a point where it is not.

    The box is bisected along the side that contributes most to what is not known, until balls decide. An expression
    that comes down to zero somewhere on the box cannot be proved positive like this: divide the zero out, or cut off
    a neighbourhood and treat it by hand.

    Parameters
    ----------
    expression : sympy expression, or callable of flint balls in the order of `box`
        Without floats: 0.1 is not the number that was meant.
    box : mapping of symbol or name to (low, high)
        Integers, Fractions, strings such as "1/3", or sympy numbers; irrational ends are enclosed.
    max_boxes : int, default 200000
    precision : int, default 64
        Bits.

    Returns
    -------
    Enclosure

    Examples
    --------
    >>> import sympy as sp
    >>> x = sp.Symbol("x")
    >>> prove_positive(sp.exp(x) - 1 - x, {x: ("1/100", 3)}).report()
    (True, 'at least ... on ... boxes')
    >>> prove_positive(sp.exp(x) - 1 - 2 * x, {x: ("1/100", 3)}).proved
    False
    """
    from flint import ctx

    check_count(max_boxes, "max_boxes")
    before, ctx.prec = ctx.prec, check_count(precision, "precision", minimum=24)
    try:
        names = [str(key) for key in box]
        function = _function(expression, names)
        start = [_side(name, ends) for name, ends in zip(names, box.values())]
        return _subdivide(function, start, names, max_boxes)
    finally:
        ctx.prec = before


def enclose(expression: Any, box: Mapping[Any, tuple[Any, Any]], *, precision: int = 64) -> tuple[float, float]:
    """Return two floats between which the expression stays on the box, from one evaluation.

    Examples
    --------
    >>> import sympy as sp
    >>> L, N = sp.symbols("L N")
    >>> low, high = enclose(L / (4 * N + 2), {L: (1, 1), N: (10, 10)})
    >>> low <= 1 / 42 <= high and high - low < 1e-17
    True
    """
    from flint import ctx

    before, ctx.prec = ctx.prec, check_count(precision, "precision", minimum=24)
    try:
        names = [str(key) for key in box]
        value = _function(expression, names)(*(_ball(*_side(name, ends)) for name, ends in zip(names, box.values())))
        return _down(value), _up(value)
    finally:
        ctx.prec = before


def _subdivide(function: Callable[..., Any], start: list[Any], names: list[str], max_boxes: int) -> Enclosure:
    from flint import arb

    open_boxes, boxes, least = [start], 0, inf
    while open_boxes:
        sides = open_boxes.pop()
        boxes += 1
        balls = [_ball(low, high) for low, high in sides]
        value = function(*balls)
        if value > 0:
            least = min(least, _down(value))
            continue
        middle = [(low + high) / 2 for low, high in sides]  # exact: a ball overlaps the outside of its box a little
        if value <= 0 or function(*map(arb, middle)) <= 0:
            where = {name: float(Fraction(int(x.p), int(x.q))) for name, x in zip(names, middle)}
            return Enclosure(proved=False, boxes=boxes, counterexample=where)
        if not sides or boxes + len(open_boxes) >= max_boxes:
            return Enclosure(proved=None, boxes=boxes)
        k = _worst_side(function, balls, middle)
        for half in ((sides[k][0], middle[k]), (middle[k], sides[k][1])):
            open_boxes.append([*sides[:k], half, *sides[k + 1 :]])
    return Enclosure(proved=True, boxes=boxes, least=least)


def _worst_side(function: Callable[..., Any], balls: list[Any], middle: list[Any]) -> int:
    """Return the side without which the value would be known best; the widest one where that says nothing."""
    from flint import arb

    def uncertainty(k: int) -> tuple[float, float]:
        rest = float(function(*balls[:k], arb(middle[k]), *balls[k + 1 :]).rad()) if len(balls) > 1 else 0.0
        return (rest if isfinite(rest) else inf, -float(balls[k].rad()))

    return min(range(len(balls)), key=uncertainty)


def _ball(low: Any, high: Any) -> Any:
    """Return a ball that contains everything between two rationals."""
    from flint import arb

    return arb(arb((low + high) / 2), arb((high - low) / 2))


def _side(name: str, ends: tuple[Any, Any]) -> tuple[Any, Any]:
    """Return rational ends; those that are irrational go outwards by an ulp of the working precision."""
    low, high = _end(ends[0], name, -1), _end(ends[1], name, 1)
    if low > high:
        raise InvalidArgument(name, "(low, high) with low <= high", ends)
    return low, high


def _end(value: Any, name: str, outwards: int) -> Any:
    from flint import fmpq

    if isinstance(value, float):
        raise InvalidArgument(name, "exact ends: integers, Fractions, strings such as '1/3', sympy numbers", value)
    if getattr(value, "is_number", False) and not value.is_Rational:
        ball = _function(value, [])()
        mantissa, exponent = (ball.lower() if outwards < 0 else ball.upper()).man_exp()
        return fmpq(mantissa) * fmpq(2) ** int(exponent)
    try:
        number = Fraction(str(value))
    except ValueError:
        raise InvalidArgument(name, "exact ends: integers, Fractions, strings such as '1/3'", repr(value)) from None
    return fmpq(number.numerator, number.denominator)


def _down(ball: Any) -> float:
    """Return a float that the ball is not below."""
    return nextafter(float(ball.lower()), -inf)


def _up(ball: Any) -> float:
    return nextafter(float(ball.upper()), inf)


def _function(expression: Any, names: list[str]) -> Callable[..., Any]:
    """Return the expression as a function of balls."""
    import sympy as sp

    if not isinstance(expression, sp.Basic):
        if callable(expression):
            return expression
        raise InvalidArgument("expression", "a sympy expression or a callable of balls", type(expression).__name__)
    free = {symbol.name for symbol in expression.free_symbols} - set(names)
    if free:
        raise InvalidArgument("box", "an interval for every symbol", f"none for {sorted(free)}")
    compiled = _compile(expression, {name: k for k, name in enumerate(names)})
    return lambda *sides: compiled(sides)


#: sympy function -> what a ball calls it.
FUNCTIONS = {"exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tanh": "tanh", "sinh": "sinh", "cosh": "cosh",
             "atan": "atan", "erf": "erf", "gamma": "gamma", "Abs": "__abs__"}  # fmt: skip


def _compile(expression: Any, where: Mapping[str, int]) -> Callable[[Any], Any]:
    """Translate node by node; `lambdify` would turn rational constants into floats on the way."""
    import sympy as sp
    from flint import arb, fmpq

    if expression.is_Symbol:
        k = where[expression.name]
        return lambda sides: sides[k]
    if expression.is_Rational:
        constant = arb(fmpq(int(expression.p), int(expression.q)))
        return lambda sides: constant
    if expression in (sp.pi, sp.E):
        transcendental = arb.pi() if expression is sp.pi else arb(1).exp()
        return lambda sides: transcendental
    parts = [_compile(argument, where) for argument in expression.args]
    if expression.is_Add or expression.is_Mul:
        return _fold(parts, add=expression.is_Add)
    if expression.is_Pow:
        return _power(parts, expression.exp)
    name = FUNCTIONS.get(type(expression).__name__)
    if name is None:
        raise InvalidArgument("expression", f"sums, products, powers and {sorted(FUNCTIONS)}", expression)
    return lambda sides: getattr(parts[0](sides), name)()


def _fold(parts: list[Callable[[Any], Any]], *, add: bool) -> Callable[[Any], Any]:
    first, rest = parts[0], parts[1:]

    def fold(sides: Any) -> Any:
        total = first(sides)
        for part in rest:
            total = total + part(sides) if add else total * part(sides)
        return total

    return fold


def _power(parts: list[Callable[[Any], Any]], exponent: Any) -> Callable[[Any], Any]:
    base, power = parts
    if exponent.is_Integer:
        n = int(exponent)
        return lambda sides: _integer_power(base(sides), n)
    if exponent == Fraction(1, 2):
        return lambda sides: base(sides).sqrt()
    return lambda sides: base(sides) ** power(sides)


def _integer_power(ball: Any, n: int) -> Any:
    """Even powers of balls around zero are not negative, which the power of a ball does not see."""
    if n > 0 and n % 2 == 0 and ball.contains(0):
        return (ball.abs_lower() ** n).union(ball.abs_upper() ** n)
    return ball**n
