"""A concave function of the inner product: its largest value, inside the interval or at its end."""

from itertools import product

import sympy as sp

from sparsetheory.ldp import joint_sensitivity
from sparsetheory.verify import Proof, Step, find

CLAIM = find("ldp.joint_sensitivity")
HYPOTHESES = (
    r"$\|x\|, \|x'\| \leq r$ and $|y|, |y'| \leq \tau$: every coefficient that is replaced grows",
    r"$a, b, r, \tau > 0$: which of the two cases it is depends on $b \tau$ against $\sqrt{2} a r$",
)
A, B, R, TAU = sp.symbols("a b r tau", real=True)
T = sp.Symbol("t", real=True)
SQUARE = CLAIM.bound.expression**2
LARGEST = 2 * A**2 * (R**4 - T**2) + 2 * B**2 * TAU**2 * (R**2 + T)  # at norms r and responses tau, -tau


def _with_share(expression, share):
    """Replace the minimum in the claim's formula by one of its arguments."""
    return expression.replace(sp.Min, lambda *arguments: share)


INSIDE = B**2 * TAU**2 / (2 * A**2 * R**2)


def _distance(sign):
    """|(a xx', b xy) - (a zz', b zw)|^2 in terms of norms and the inner product."""
    x, z = sp.Matrix(sp.symbols("x_1 x_2", real=True)), sp.Matrix(sp.symbols("z_1 z_2", real=True))
    y, w = sp.symbols("y w", real=True)
    square = A**2 * sum(e**2 for e in x * x.T - z * z.T) + B**2 * sum(e**2 for e in y * x - w * z)
    p, q, t = x.dot(x), z.dot(z), x.dot(z)
    claimed = A**2 * (p**2 + q**2 - 2 * t**2) + B**2 * (p * y**2 + q * w**2 + sign * 2 * y * w * t)
    return sp.expand(square - claimed) == 0


def _growth(factor):
    """LARGEST less the distance is a sum of products of nonnegative numbers: u = r^2 - p, v = tau^2 - y^2 and so on."""
    p, q, u, h, Y, W, v, g, s = sp.symbols("p q u h Y W v g s", nonnegative=True)  # Y = y^2, W = w^2, s = |t|
    # r^2 = p + u = q + h and tau^2 = Y + v = W + g; -2 y w t <= 2 |y w| s <= (Y + W) s
    r2_p, r2_q, tau2_y, tau2_w = p + u, q + h, Y + v, W + g
    gram = (r2_p**2 - p**2) + (r2_q**2 - q**2)
    cross = (r2_p * tau2_y - factor * p * Y) + (r2_q * tau2_w - factor * q * W)
    inner = (tau2_y - Y) * s + (tau2_w - W) * s
    return all(c >= 0 for part in (gram, cross, inner) for c in sp.Poly(sp.expand(part)).coeffs())


def _interior(share):
    """The bound less the function of t is 2 a^2 (t - t*)^2."""
    rest = sp.simplify(_with_share(SQUARE, share) - LARGEST - 2 * A**2 * (T - INSIDE * R**2) ** 2)
    return rest == 0, f"rest {rest}"


def _end(share):
    """With b^2 tau^2 = 2 a^2 r^2 + h: (r^2 - t)(2 a^2 (r^2 - t) + 2 h) is left, nonnegative for t <= r^2."""
    h = sp.Symbol("h", nonnegative=True)
    rest = sp.expand((_with_share(SQUARE, share) - LARGEST).subs(B, sp.sqrt(2 * A**2 * R**2 + h) / TAU))
    return sp.simplify(rest - (R**2 - T) * (2 * A**2 * (R**2 - T) + 2 * h)) == 0


def _free(weight):
    """A = 1, b = sqrt2 c: the sensitivity of z z'."""
    c = sp.Symbol("c", positive=True)
    claimed = 2 * (R**2 + weight * c**2 * TAU**2) ** 2
    return sp.simplify(_with_share(SQUARE, INSIDE).subs({A: 1, B: sp.sqrt(2) * c}) - claimed) == 0


def _returned(factor):
    """The package's numbers against the claim's formula at rational points, on both sides of the case."""
    worst = sp.Integer(0)
    for a, b, r, tau in product((1, 3), (sp.Rational(1, 2), 2, 7), (1, 4), (1, sp.Rational(3, 2))):
        exact = CLAIM.bound.expression.subs({A: a, B: b, R: r, TAU: tau})
        found = joint_sensitivity(float(r), float(tau), gram_weight=float(a), cross_weight=float(b)) * factor
        worst = max(worst, abs(sp.N(sp.Rational(found) / exact - 1, 40)))
    return bool(worst < sp.Rational(8, 2**53)), f"off by {float(worst):.1e}"


def prove() -> Proof:
    """Return the proof of `ldp.joint_sensitivity`."""
    steps = (
        Step(
            name="distance",
            evidence="identity",
            statement=(
                r"With $t = \langle x, x' \rangle$ the squared distance is $a^2 (\|x\|^4 + \|x'\|^4 - 2 t^2) + b^2 "
                r"(\|x\|^2 y^2 + \|x'\|^2 {y'}^2 - 2 y y' t)$; a plane will do, by rotation."
            ),
            check=lambda: _distance(-1),
            anti_test=lambda: _distance(1),
        ),
        Step(
            name="largest norms and responses",
            evidence="exact certificate",
            statement=(
                r"$-2 y y' t \leq (y^2 + {y'}^2) |t|$. Replacing $\|x\|^2, \|x'\|^2$ by $r^2$ and $y^2, {y'}^2$ by "
                r"$\tau^2$ adds polynomials with nonnegative coefficients in what was missing: at most $f(|t|) = 2 "
                r"a^2 (r^4 - "
                r"t^2) + 2 b^2 \tau^2 (r^2 + |t|)$, where $|t| \leq r^2$."
            ),
            check=lambda: _growth(1),
            anti_test=lambda: _growth(2),
        ),
        Step(
            name="largest inside",
            evidence="exact certificate",
            statement=r"For $s < 1$ the bound less $f(t)$ is $2 a^2 (t - s r^2)^2$: zero at $t = s r^2$.",
            check=lambda: _interior(INSIDE),
            anti_test=lambda: _interior(sp.Rational(99, 100) * INSIDE),
        ),
        Step(
            name="largest at the end",
            evidence="exact certificate",
            statement=(
                r"For $b^2 \tau^2 = 2 a^2 r^2 + h$, $h \geq 0$, the bound less $f(t)$ is $(r^2 - t) (2 a^2 (r^2 - t) + "
                r"2 h)$: zero at $t = r^2$."
            ),
            check=lambda: _end(1),
            anti_test=lambda: _end(sp.Rational(99, 100)),
        ),
        Step(
            name="attained",
            evidence="reduction",
            statement=(
                r"$x, x'$ of norm $r$ with $\langle x, x' \rangle = s r^2$, $y = \tau$ and $y' = -\tau$ exist in every "
                r"dimension from two on, and reach $f(s r^2)$."
            ),
        ),
        Step(
            name="a report of the squared response is free",
            evidence="identity",
            statement=r"$a = 1$, $b = \sqrt{2} c$, $s < 1$: the bound is $\sqrt{2} (r^2 + c^2 \tau^2)$.",
            check=lambda: _free(1),
            anti_test=lambda: _free(2),
        ),
        Step(
            name="what the package returns",
            evidence="exact certificate",
            statement=r"`joint_sensitivity` is the formula to a few roundings, in both cases, at rational points.",
            check=lambda: _returned(1.0),
            anti_test=lambda: _returned(1 - 1e-12),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
