r"""Compare y_sigma with the lower solution next to it: growth against the slope of f, what is left is a square."""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.value_closeness")
HYPOTHESES = (
    r"growth: $g(x, y_\sigma) - \min g \geq \frac{\mu}{2} d^2$, $d = dist(y_\sigma, S(x))$, in the square",
    r"$f(x, p) - f(x, y_\sigma) \leq \ell d$ for $p$ in $S(x)$ next to $y_\sigma$, in the square",
    r"optimistic $\psi$: $\psi(x) \leq f(x, p)$",
)
L, S, MU = (sp.Symbol(name, positive=True) for name in ("l", "s", "mu"))
D = sp.Symbol("d", nonnegative=True)


def _in(expression):
    return expression.subs({sp.Symbol(str(v), real=True): v for v in (L, S, MU)})


def _square(bound):
    """The bound less l d - mu d^2 / (2 s) is a square times a positive number."""
    gap = sp.expand(bound - (L * D - MU * D**2 / (2 * S)) - MU / (2 * S) * (D - S * L / MU) ** 2)
    return sp.simplify(gap) == 0, f"remainder {sp.simplify(gap)}"


def _attained(bound, weight=1):
    """Minimise f + g / s for f = b'y and g = (w_1 y_1^2 + w_2 y_2^2) / 2, with b along the first axis and w_1 = mu."""
    y = sp.symbols("y_1 y_2", real=True)
    more = sp.Symbol("w", positive=True)
    h = -L * y[0] + (weight * MU * y[0] ** 2 + (MU + more) * y[1] ** 2) / (2 * S)
    at = sp.solve([sp.diff(h, v) for v in y], y, dict=True)[0]
    gap = sp.simplify(-h.subs(at) - bound)
    return gap == 0, f"psi - psi_sigma - bound = {gap}"


def _growth(height):
    """u^2 + 3 sin^2 u - (growth) u^2 as a multiple of a square: the nonconvex example has mu = 2."""
    u = sp.Symbol("u", real=True)
    g = u**2 + 3 * sp.sin(u) ** 2
    remainder = sp.expand(g - height * u**2 - 3 * sp.sin(u) ** 2)
    bends = sp.diff(g, u, 2).subs(u, sp.pi / 2)
    return remainder == 0 and bends < 0, f"remainder {remainder}, curvature {bends} at pi/2"


def prove() -> Proof:
    """Return the proof of `bilevel.value_closeness`."""
    bound = _in(CLAIM.bound.expression)
    steps = (
        Step(
            name="below psi",
            evidence="reduction",
            statement=(
                r"At the best $z \in S(x)$ the function $f + (g - \min g)/\sigma$ is $f(x, z) = \psi(x)$: its minimum "
                r"$\psi_\sigma(x)$ is not larger."
            ),
        ),
        Step(
            name="growth against slope",
            evidence="reduction",
            statement=(
                r"$\psi - \psi_\sigma \leq f(x, p) - f(x, y_\sigma) - (g(x, y_\sigma) - \min g)/\sigma \leq \ell d - "
                r"\mu d^2/(2 \sigma)$ by $\psi \leq f(x, p)$, the slope and the growth."
            ),
        ),
        Step(
            name="a square",
            evidence="identity",
            statement=(
                r"$\frac{\ell^2 \sigma}{2 \mu} - \left( \ell d - \frac{\mu d^2}{2 \sigma} \right) = "
                r"\frac{\mu}{2 \sigma} \left( d - \frac{\sigma \ell}{\mu} \right)^2 \geq 0$"
            ),
            check=lambda: _square(bound),
            anti_test=lambda: _square(bound * sp.Rational(999, 1000)),
        ),
        Step(
            name="attained",
            evidence="identity",
            statement=r"$f = -\ell y_1$, $g = \frac12 (\mu y_1^2 + (\mu + w) y_2^2)$ attain the bound.",
            check=lambda: _attained(bound),
            anti_test=lambda: _attained(bound, sp.Rational(11, 10)),
        ),
        Step(
            name="growth without convexity",
            evidence="identity",
            statement=(
                r"$u^2 + 3 \sin^2 u - u^2$ is $3 \sin^2 u \geq 0$: growth with $\mu = 2$, though the curvature at "
                r"$\pi/2$ is $-4$."
            ),
            check=lambda: _growth(1),
            anti_test=lambda: _growth(sp.Rational(101, 100)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
