r"""Steps for mechanisms whose density is that of a base law times one of two numbers, on a set and off it.

With $q$ the mass off the set and $p$ the probability of a draw from it, the two numbers are $p/(1-q)$ and $(1-p)/q$.
"""

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from ..proof import Step

__all__ = ["drawn_step", "equality_step", "scale_step"]


def _equality(epsilon: Any) -> bool:
    import sympy as sp

    eps, q = sp.Symbol("epsilon", real=True), sp.Symbol("q", positive=True)
    p = sp.exp(eps) * (1 - q) / (sp.exp(eps) * (1 - q) + q)
    ratio = (p / (1 - q)) / ((1 - p) / q)
    return bool(sp.simplify(ratio / sp.exp(epsilon) - 1) == 0)


def equality_step(epsilon: Any) -> Step:
    """Return the step that the ratio of the two numbers is the exponential of the claim's formula."""
    return Step(
        name="equality",
        evidence="identity",
        statement=(
            r"$p = e^\varepsilon (1-q)/(e^\varepsilon (1-q) + q)$ gives $\frac{p/(1-q)}{(1-p)/q} = e^\varepsilon$: any "
            r"two inputs have densities that differ by this factor at most, and by it on a set of positive mass."
        ),
        check=lambda: _equality(epsilon),
        anti_test=lambda: _equality(epsilon * Fraction(999, 1000)),
    )


def _exact(probability: float) -> Fraction:
    """Return what a coin of 64 bits shows for a probability."""
    return Fraction(min(int(probability * 2.0**64), 2**64 - 1), 2**64)


def _drawn(balls: Iterable[Any], less: float) -> tuple[bool, str]:
    """Whether p/(1-q) <= e^(epsilon - less) (1-p)/q for what is drawn, in rationals and one ball around the power."""
    from flint import arb, ctx, fmpq

    before, ctx.prec = ctx.prec, 128
    try:
        room = []
        for ball in balls:
            p, tail = _exact(ball.tilt.p), Fraction(ball.tilt.tail)
            ratio = (p / tail) / ((1 - p) / (1 - tail))
            level = arb(fmpq(*Fraction(ball.epsilon).as_integer_ratio())) - arb(
                fmpq(*Fraction(less).as_integer_ratio())
            )
            gap = level - arb(fmpq(ratio.numerator, ratio.denominator)).log()
            room.append(gap)
        least = min(float(gap.lower()) for gap in room)
        return all(gap >= 0 for gap in room), f"{len(room)} mechanisms, epsilon to spare at least {least:.1e}"
    finally:
        ctx.prec = before


def drawn_step(balls: Iterable[Any]) -> Step:
    """Return the step that the numbers with which randomisers draw satisfy the inequality."""
    balls = tuple(balls)
    return Step(
        name="the numbers that are drawn with",
        evidence="enclosure",
        statement=(
            r"The coin has 64 bits and the mass $1 - q$ is a float: both are rational, and the set is the one that has "
            r"this mass. Their ratio is at most $e^\varepsilon$, and more than $e^{\varepsilon - 10^{-9}}$."
        ),
        check=lambda: _drawn(balls, 0.0),
        anti_test=lambda: _drawn(balls, 1e-9),
    )


def _scales(cases: Iterable[tuple[float, Any]], factor: float, tolerance: float) -> tuple[bool, str]:
    from flint import arb

    off = [abs(arb(found) * factor / exact - 1) for found, exact in cases]
    return all(gap < tolerance for gap in off), f"off by at most {max(float(gap.upper()) for gap in off):.1e}"


def scale_step(cases: Callable[[], Iterable[tuple[float, Any]]], statement: str, tolerance: float = 1e-11) -> Step:
    """Return the step that numbers of the package are enclosed by balls around what they stand for."""
    return Step(
        name="the scale of reports",
        evidence="enclosure",
        statement=statement,
        check=lambda: _scales(cases(), 1.0, tolerance),
        anti_test=lambda: _scales(cases(), 1.0 + 100 * tolerance, tolerance),
    )
