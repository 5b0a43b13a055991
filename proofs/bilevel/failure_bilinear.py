r"""The penalised lower point is $-x/(c \sigma)$ clipped to the interval, the lower solution its end."""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.failure_bilinear")
HYPOTHESES = (r"$a, c, R, \sigma > 0$", r"$x > 0$; $x < 0$ is its mirror image under $(x, y) \to (-x, -y)$")
A, C, R, S, X = sp.symbols("a c R s x", positive=True)


def _inside(bound, weight):
    """For x < c R s: y_s = -x / (c s) inside, so that psi_s' = a x + (y_s - (-R)) / s."""
    y, share = -X / (weight * C * S), sp.Symbol("q", positive=True)
    stationary = sp.simplify(S * C * y + X)
    error = (y + R) / S
    claimed = bound.subs({sp.Symbol(str(v), real=True): v for v in (R, S, X, C)})
    inner = {X: C * R * S * share / (1 + share)}  # every x between 0 and c R s
    gap = sp.simplify((error - claimed).subs(inner))
    return stationary == 0 and gap == 0, f"stationarity {stationary}, difference {gap}"


def _outside(bound, sign):
    """For x >= c R s the minimiser is -R, and the error is zero."""
    excess = sp.Symbol("r", nonnegative=True)
    outer = {X: C * R * S + excess}
    slope = sp.simplify((sign * S * C * (-R) + X).subs(outer))  # derivative at -R: not negative
    claimed = bound.subs({sp.Symbol(str(v), real=True): v for v in (R, S, X, C)}).subs(outer)
    return sp.simplify(slope - excess) == 0 and sp.simplify(claimed) == 0, f"slope {slope}, bound {claimed}"


def _kink(claimed):
    """From the right psi_s has the slope R / s at 0, from the left the opposite: a kink, where psi jumps."""
    value = A * X**2 / 2 + C * (X / (C * S)) ** 2 / 2 + (-(X**2) / (C * S) + R * X) / S
    right = sp.limit(sp.diff(value, X), X, 0)
    return sp.simplify(right - claimed) == 0, f"slope {right}"


def prove() -> Proof:
    """Return the proof of `bilevel.failure_bilinear`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="inside",
            evidence="identity",
            statement=(
                r"For $0 < x < c R \sigma$: $y_\sigma = -x/(c \sigma)$ and $\psi_\sigma' - a x = (y_\sigma + R)/\sigma "
                r"= R/\sigma - x/(c \sigma^2)$."
            ),
            check=lambda: _inside(bound, 1),
            anti_test=lambda: _inside(bound, 2),
        ),
        Step(
            name="outside",
            evidence="identity",
            statement=r"For $x \geq c R \sigma$ both lower points are $-R$, and the error is zero.",
            check=lambda: _outside(bound, 1),
            anti_test=lambda: _outside(bound, -1),
        ),
        Step(
            name="at zero",
            evidence="identity",
            statement=r"From the right $\psi_\sigma$ has the slope $R/\sigma$ at 0, and it is even: a kink.",
            check=lambda: _kink(R / S),
            anti_test=lambda: _kink(0),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
