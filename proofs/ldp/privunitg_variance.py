"""What is orthogonal to the input is normal noise; its scale is what makes the mean right."""

from fractions import Fraction
from itertools import product

import sympy as sp

from sparsetheory.ldp import PrivUnitG
from sparsetheory.verify import Proof, Step, find
from sparsetheory.verify.certify import enclose

CLAIM = find("ldp.privunitg_variance")
HYPOTHESES = ("vectors of the unit ball, lifted to the sphere by one more coordinate, which is dropped",)
LEVEL, ABOVE, BELOW = (sp.Symbol(name, real=True) for name in ("level", "above", "below"))
X = sp.Symbol("x", real=True)


def _mean(power):
    """E alpha, from the two pieces of its density, against 1 over the root of the claim's formula."""
    density = sp.exp(-(X**2) / 2) / sp.sqrt(2 * sp.pi)
    mean = ABOVE * sp.integrate(X * density, (X, LEVEL, sp.oo)) + BELOW * sp.integrate(X * density, (X, -sp.oo, LEVEL))
    return sp.simplify(sp.expand(mean**power * CLAIM.bound.expression)) == 1, f"mean {sp.factor(mean)}"


def _returned(factor):
    """The package's variance less that of the rounding, between the ends of the formula at its own numbers."""
    worst = 0.0
    for d, epsilon in product((1, 8, 64, 528), (0.05, 1.0, 4.0, 16.0)):
        ball = PrivUnitG(d, epsilon)
        numbers = {LEVEL: ball.tilt.level, ABOVE: ball.tilt.above, BELOW: ball.tilt.below}
        box = {symbol: (Fraction(value), Fraction(value)) for symbol, value in numbers.items()}
        low, high = enclose(CLAIM.bound.expression, box, precision=128)
        found = (ball.variance - ball.step**2 / 6) * factor
        worst = max(worst, abs(found / low - 1), abs(found / high - 1))
    return worst < 1e-11, f"off by {worst:.1e}"


def _rounding(share):
    """floor(r + U) has mean r and variance f (1 - f), f the fractional part: 1/6 on average over f."""
    f = sp.Symbol("f", real=True)
    mean = (1 - f) * 0 + f * 1
    return sp.expand(mean - f) == 0 and sp.integrate(f * (1 - f), (f, 0, 1)) == share


def prove() -> Proof:
    """Return the proof of `ldp.privunitg_variance`."""
    steps = (
        Step(
            name="noise across the input",
            evidence="reduction",
            statement=(
                r"The report is $(W + (\alpha - \langle W, v \rangle) v)/m$: across $v$ it is $W/m$, normal of "
                r"variance "
                r"$1/m^2$, and along $v$ it is $\alpha/m$. It is unbiased exactly when $m = E \alpha$."
            ),
        ),
        Step(
            name="mean of the component",
            evidence="identity",
            statement=r"$E \alpha = \varphi(\gamma) (A - B)$, so that $1/m^2$ is the formula of the claim.",
            check=lambda: _mean(2),
            anti_test=lambda: _mean(1),
        ),
        Step(
            name="rounding",
            evidence="identity",
            statement=(
                r"Rounding $r/g$ to $\lfloor r/g + U \rfloor$ is unbiased and adds $g^2/6$ on average over the "
                r"position "
                r"on the grid; $g$ is a 64th of the noise, so that is less than $5 \cdot 10^{-5}$ of the variance."
            ),
            check=lambda: _rounding(sp.Rational(1, 6)),
            anti_test=lambda: _rounding(sp.Rational(1, 12)),
        ),
        Step(
            name="what the package returns",
            evidence="enclosure",
            statement=r"`variance` less $g^2/6$ is the formula at the package's level and densities, to $10^{-11}$.",
            check=lambda: _returned(1.0),
            anti_test=lambda: _returned(1 + 1e-9),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
