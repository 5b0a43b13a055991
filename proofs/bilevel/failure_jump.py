r"""Which well is deeper, where the shallower one ends, and why a solver that goes downhill stays in it."""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.failure_jump")
HYPOTHESES = (r"$k, m > 0$, $c \neq 0$", r"$x \geq 0$; the other side is the mirror image $(x, y) \to (-x, -y)$ of $g$")
K, M, Y = sp.symbols("k m y", positive=True)
X, C = sp.symbols("x c", real=True)


def _lower(y):
    return K * (y**2 - M**2) ** 2 / 4 + X * y


def _deeper(sign):
    """For x > 0 the point -y is better than y > 0 by 2 x y."""
    gain = sp.expand(_lower(Y) - _lower(-Y))
    return sp.simplify(gain - sign * 2 * X * Y) == 0, f"g(x, y) - g(x, -y) = {gain}"


def _jump(factor):
    """At x = 0 the solutions are -m and m: f differs by 2 m c."""
    change = sp.expand(((-M - C) ** 2 - (M - C) ** 2) / 2)
    return sp.simplify(change - factor * M * C) == 0, f"psi(0+) - psi(0-) = {change}"


def _end(bound):
    """On y > 0 stationary points solve x = k y (m^2 - y^2), which has one maximum, at m / sqrt(3)."""
    path = K * Y * (M**2 - Y**2)
    tops = sp.solve(sp.diff(path, Y), Y)
    claimed = bound.subs({sp.Symbol(str(v), real=True): v for v in (K, M)})
    gap = sp.simplify(path.subs(Y, tops[0]) - claimed)
    bent = sp.simplify(sp.diff(path, Y, 2))
    return len(
        tops
    ) == 1 and gap == 0 and bent.is_negative, f"at y = {tops[0]}, x = {sp.simplify(path.subs(Y, tops[0]))}"


def _curvature(sign):
    """On the path g_yy = -dx/dy: positive above m / sqrt(3), and g_y is convex in y > 0."""
    slope = sp.diff(_lower(Y), Y)
    excess = sp.Symbol("e", positive=True)
    bend = sp.expand(sp.diff(slope, Y).subs(Y, M / sp.sqrt(3) + sign * excess))
    third = sp.diff(slope, Y, 2)
    return bend.is_positive is True and third.is_positive is True, f"g_yy = {bend}, g_yyy = {third}"


def prove() -> Proof:
    """Return the proof of `bilevel.failure_jump`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="the other well is deeper",
            evidence="identity",
            statement=r"$g(x, y) - g(x, -y) = 2 x y > 0$ for $x, y > 0$: no solution is positive.",
            check=lambda: _deeper(1),
            anti_test=lambda: _deeper(-1),
        ),
        Step(
            name="psi jumps",
            evidence="identity",
            statement=r"The solutions tend to $m$ and $-m$ from the two sides of 0, and $f$ differs there by $2 m c$.",
            check=lambda: _jump(2),
            anti_test=lambda: _jump(1),
        ),
        Step(
            name="the well ends",
            evidence="identity",
            statement=(
                r"Stationary points $y > 0$ solve $x = k y (m^2 - y^2)$, at most $2 k m^3/(3 \sqrt 3)$, at $y = "
                r"m/\sqrt 3$."
            ),
            check=lambda: _end(bound),
            anti_test=lambda: _end(bound * sp.Rational(1001, 1000)),
        ),
        Step(
            name="a local minimiser up to there",
            evidence="identity",
            statement=r"For $y > m/\sqrt 3$, $g_{yy} = k (3 y^2 - m^2) > 0$ and $g_{yyy} = 6 k y > 0$.",
            check=lambda: _curvature(1),
            anti_test=lambda: _curvature(-1),
        ),
        Step(
            name="Newton's steps stay",
            evidence="reduction",
            statement=(
                r"As $x$ rises the last point has $g_y > 0$ and lies above the minimiser of its well. There $g_y$ is "
                r"convex and increasing, so Newton's steps fall to the minimiser without passing it; gradient steps of "
                r"length $\leq 1/g_{yy}$ do as well."
            ),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
