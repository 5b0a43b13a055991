r"""Stationarity of y_sigma against strong convexity towards z, on any convex Y; and what growth alone allows."""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.lower_gap")
HYPOTHESES = (
    r"$y_\sigma$ stationary on the convex $Y$: $\langle \sigma \nabla f + \nabla g, z - y_\sigma \rangle \geq 0$",
    r"strong convexity: $g(z) \geq g(y_\sigma) + \langle \nabla g(y_\sigma), z - y_\sigma \rangle + \frac{\mu}{2} d^2$",
    r"strong convexity at the minimiser $z$ of $Y$: $g(y_\sigma) - g(z) \geq \frac{\mu}{2} d^2$",
)
L, S, MU = (sp.Symbol(name, positive=True) for name in ("l", "s", "mu"))
D = sp.Symbol("d", nonnegative=True)


def _in(expression):
    return expression.subs({sp.Symbol(str(v), real=True): v for v in (L, S, MU)})


def _gap(bound):
    gap = sp.simplify(bound - (S * L * D - MU * D**2 / 2) - MU / 2 * (D - S * L / MU) ** 2)
    return gap == 0, f"remainder {gap}"


def _way(bound):
    """With mu d^2 / 2 <= s l d - mu d^2 / 2 comes d <= s l / mu: the last d where the difference is not negative."""
    ends = sp.solve(sp.Eq(S * L * D - MU * D**2 / 2 - MU * D**2 / 2, 0), D)
    largest = MU / 2 * max(ends, key=lambda d: d.subs({S: 1, L: 1, MU: 1})) ** 2
    return sp.simplify(largest - bound) == 0, f"d at most {ends}, squared way {largest}"


def _attained(bound, weight):
    """Take g = mu y^2 / 2 and f = -l y: gap and squared way."""
    y = weight * S * L / MU
    gap = sp.simplify(MU * y**2 / 2 - bound)
    return gap == 0, f"difference {gap}"


def _ripples(share, height=20):
    """With period T = share * 2 s l / mu, is the well at T better than every point up to s l / mu?

    There h sin^2 does not help: sigma f + g >= mu u^2 / 2 - s l u >= -(s l)^2 / (2 mu) at best, but within the first
    well, u <= delta T, it is at least -s l delta T, and between the wells h sin^2(pi delta) outweighs.
    """
    T, delta = share * 2, sp.Rational(1, 25)  # units of s l / mu = 1, mu = 1
    well = T**2 / 2 - T
    near = -delta * T
    hill = height * T**2 * sp.sin(sp.pi * delta) ** 2 - sp.Rational(1, 2)
    better = bool(well < near) and bool(hill > 0)
    return better and T > 1, f"well {float(well):.3g} at {float(T):.3g}, near the solution at least {float(near):.3g}"


def prove() -> Proof:
    """Return the proof of `bilevel.lower_gap`."""
    bound = _in(CLAIM.bound.expression)
    steps = (
        Step(
            name="stationarity against convexity",
            evidence="reduction",
            statement=(
                r"$g(y_\sigma) - g(z) \leq \langle \nabla g(y_\sigma), y_\sigma - z \rangle - \frac{\mu}{2} d^2 \leq "
                r"\sigma \langle \nabla f, z - y_\sigma \rangle - \frac{\mu}{2} d^2 \leq \sigma \ell d - "
                r"\frac{\mu}{2} d^2$, $d = |y_\sigma - z|$."
            ),
        ),
        Step(
            name="the gap",
            evidence="identity",
            statement=(
                r"$\frac{\ell^2 \sigma^2}{2 \mu} - (\sigma \ell d - \frac{\mu}{2} d^2) = \frac{\mu}{2} "
                r"(d - \sigma \ell/\mu)^2 \geq 0$"
            ),
            check=lambda: _gap(bound),
            anti_test=lambda: _gap(bound * sp.Rational(999, 1000)),
        ),
        Step(
            name="the way",
            evidence="identity",
            statement=(
                r"$\frac{\mu}{2} d^2 \leq g(y_\sigma) - g(z) \leq \sigma \ell d - \frac{\mu}{2} d^2$ holds up to "
                r"$d = \sigma \ell/\mu$ and no further."
            ),
            check=lambda: _way(bound),
            anti_test=lambda: _way(bound * 2),
        ),
        Step(
            name="attained",
            evidence="identity",
            statement=r"$f = -\ell y$, $g = \frac12 \mu y^2$: $y_\sigma = \sigma \ell/\mu$ attains both.",
            check=lambda: _attained(bound, 1),
            anti_test=lambda: _attained(bound, sp.Rational(99, 100)),
        ),
        Step(
            name="growth alone",
            evidence="identity",
            statement=(
                r"$g = \frac12 \mu u^2 + h \sin^2(\pi u/T)$ grows with $\mu$; for $T = 1.9 \, \sigma \ell/\mu$ and "
                r"$h = 20 \mu T^2$ the well at $T$ beats all points nearer than $0.04 \, T$, and between the wells "
                r"$\sigma f + g$ is positive. A well beyond $2 \sigma \ell/\mu$ would not be better."
            ),
            check=lambda: _ripples(sp.Rational(19, 20)),
            anti_test=lambda: _ripples(sp.Rational(21, 20)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
