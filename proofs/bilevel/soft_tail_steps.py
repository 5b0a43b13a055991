r"""Time of gradient flow on the tail, and why steps take that time.

:math:`|\psi'| = c x^{-(p+1)} (1 + x^{-2})^{-p/2-1}` with :math:`c = A p`.
"""

import sympy as sp

from sparsetheory.bilevel.exponent_balance import double_loop
from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.soft_tail_steps")
HYPOTHESES = (r"start at $x > 0$: the iterates grow", r"$a c \leq 1$, $\sigma = O(\epsilon)$", r"$A, p > 0$")
X, C, P, E, A = sp.symbols("x c p e a", positive=True)
SLOPE = C * X * (1 + X**2) ** (-P / 2 - 1)


def _derivative(power):
    """The slope of psi with A = c/p."""
    gap = sp.simplify(-sp.diff(C / P * (1 + X**2) ** (-P / power), X) / SLOPE - 1)
    return gap == 0, f"difference {gap}"


def _tail(power):
    """The slope over c x^-(p+1) tends to 1."""
    limit = sp.limit(sp.simplify((SLOPE / (C * X ** -(P + power))).subs(P, sp.Rational(1, 10))), X, sp.oo)
    exact = sp.simplify(SLOPE / (C * X ** -(P + power)) - (1 + X**-2) ** (-P / 2 - 1))
    return limit == 1 and exact == 0, f"limit {limit}"


def _time(bound, factor):
    """The time x^(p+2)/((p+2) c) has the derivative 1/|psi'| of the tail; at the point of slope e it is a times N."""
    time = X ** (P + 2) / ((P + factor) * C)
    rate = sp.simplify(sp.diff(time, X) * C * X ** -(P + 1))
    end = (C / E) ** (1 / (P + 1))
    names = {sp.Symbol(str(v), real=True): v for v in (C, P, E, A)}
    ratio = sp.simplify(sp.expand_log(sp.log(time.subs(X, end)) - sp.log(A * bound.subs(names)), force=True))
    return rate == 1 and ratio == 0, f"rate {rate}, log ratio {ratio}"


def _concave(power):
    """Second derivative c (1 + x^2)^(-p/2-2) ((p+1) x^2 - 1): the slope shrinks beyond x = (p+1)^(-1/2)."""
    gap = sp.simplify(sp.diff(-SLOPE, X) / (C * (1 + X**2) ** (-P / 2 - 2)) - ((P + power) * X**2 - 1))
    return gap == 0, f"difference {gap}"


def _orders(tied, order):
    """The exponent in the limit of small p, with the upper step a constant or the accuracy."""
    names = {sp.Symbol(str(v), real=True): v for v in (C, P, E, A)}
    bound = CLAIM.bound.expression.subs(names).subs(A, E if tied else 1)
    exponent = sp.simplify(sp.diff(sp.expand_log(sp.log(bound), force=True), E) * E)
    limit = sp.limit(exponent, P, 0)
    return limit == -order, f"exponent {exponent}"


def prove() -> Proof:
    """Return the proof of `bilevel.soft_tail_steps`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="slope",
            evidence="identity",
            statement=r"$\psi = \frac{c}{p} (1 + x^2)^{-p/2}$ has $-\psi' = c x (1 + x^2)^{-p/2-1}$.",
            check=lambda: _derivative(2),
            anti_test=lambda: _derivative(1),
        ),
        Step(
            name="tail",
            evidence="identity",
            statement=r"$|\psi'| = c x^{-(p+1)} (1 + x^{-2})^{-p/2-1}$, and the last factor tends to 1.",
            check=lambda: _tail(1),
            anti_test=lambda: _tail(2),
        ),
        Step(
            name="time of the flow",
            evidence="identity",
            statement=(
                r"$\int dx/|\psi'|$ on the tail is $x^{p+2}/((p+2) c)$; at $x = (c/\epsilon)^{1/(p+1)}$ it is $a$ "
                r"times the bound. What lies before the tail and the factor add a share that tends to 0."
            ),
            check=lambda: _time(bound, 2),
            anti_test=lambda: _time(bound, 1),
        ),
        Step(
            name="slopes shrink",
            evidence="identity",
            statement=r"$\psi'' = c (1 + x^2)^{-p/2-2} ((p+1) x^2 - 1)$, positive beyond $x = (p+1)^{-1/2}$.",
            check=lambda: _concave(1),
            anti_test=lambda: _concave(2),
        ),
        Step(
            name="steps take that time",
            evidence="reduction",
            statement=(
                r"There a step from $x_k$ to $x_{k+1} = x_k + a |\psi'(x_k)|$ takes a time $\int dx/|\psi'|$ between "
                r"$a$ and $a |\psi'(x_k)|/|\psi'(x_{k+1})|$, and that quotient tends to 1 with $|x_{k+1} - x_k|/x_k$. "
                r"The direction of F2BA is $\psi'$ at a point that is off by $\sigma |\psi'|$, which tends to 0 too."
            ),
        ),
        Step(
            name="orders as p falls",
            evidence="identity",
            statement=r"$-(p+2)/(p+1) \to -2$ for constant $a$, and -3 for $a = \epsilon$.",
            check=lambda: (_orders(False, 2)[0] and _orders(True, 3)[0], _orders(True, 3)[1]),
            anti_test=lambda: _orders(True, 2),
        ),
        Step(
            name="the orders of the analyses",
            evidence="exact certificate",
            statement=r"These are the optima 2 and 3 of the balances with and without uniform smoothness.",
            check=lambda: (
                double_loop(noise="none", uniform=True).certifies(2)[0]
                and double_loop(noise="none", uniform=False).certifies(3)[0]
            ),
            anti_test=lambda: double_loop(noise="none", uniform=False).certifies(2),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
