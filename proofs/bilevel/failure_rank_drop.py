r"""Minimise over y in closed form, then over x: one stationary point with x > 0."""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.failure_rank_drop")
HYPOTHESES = (r"$\alpha, \beta, c, \sigma > 0$: the minimum over $y$ is unique for $\sigma > 0$",)
A, B, C, S, X = sp.symbols("alpha beta c s x", positive=True)
VALUE = A * C**2 / 2 * B * X**2 / (A * S + B * X**2)


def _value(claimed):
    """Minimise f + g / s over y; the lower level has the value 0 at y = 0."""
    y = sp.Symbol("y", real=True)
    h = A * (y - C) ** 2 / 2 + B * X**2 * y**2 / (2 * S)
    at = sp.solve(sp.diff(h, y), y)[0]
    gap = sp.simplify(h.subs(y, at) - claimed)
    return gap == 0, f"at y = {at}"


def _steepest(bound):
    """Find the one positive root of the second derivative, and the slope there."""
    slope = sp.diff(VALUE, X)
    roots = sp.solve(sp.numer(sp.together(sp.diff(slope, X))), X)
    if len(roots) != 1:
        return False, f"roots {roots}"
    height = slope.subs(X, roots[0])
    claimed = bound.subs({sp.Symbol(str(v), real=True): v for v in (A, B, C, S)})
    return sp.simplify(height**2 - claimed**2) == 0, f"at x = {roots[0]}"


def _ends(order):
    """The slope vanishes at both ends, like x and like x^-3."""
    slope = sp.diff(VALUE, X)
    far = sp.limit(slope * X**order, X, sp.oo)
    return slope.subs(X, 0) == 0 and far.is_finite is True and far != 0, f"far away {far} x^-{order}"


def prove() -> Proof:
    """Return the proof of `bilevel.failure_rank_drop`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="the penalty function",
            evidence="identity",
            statement=r"$\psi_\sigma = \frac{\alpha c^2}{2} \cdot \frac{\beta x^2}{\alpha \sigma + \beta x^2}$",
            check=lambda: _value(VALUE),
            anti_test=lambda: _value(2 * VALUE),
        ),
        Step(
            name="both ends",
            evidence="identity",
            statement=r"$\psi_\sigma'$ is zero at $x = 0$ and falls like $x^{-3}$: it has a maximum between.",
            check=lambda: _ends(3),
            anti_test=lambda: _ends(4),
        ),
        Step(
            name="the steepest slope",
            evidence="identity",
            statement=r"The only stationary point is $\beta x^2 = \alpha \sigma/3$, with the claim's slope.",
            check=lambda: _steepest(bound),
            anti_test=lambda: _steepest(bound * sp.Rational(1001, 1000)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
