"""Two rank-one matrices of trace at most r^2: their distance as squares that are left over."""

from fractions import Fraction

import sympy as sp

from sparsetheory.ldp import gram_sensitivity
from sparsetheory.verify import Proof, Step, find

CLAIM = find("ldp.gram_sensitivity")
HYPOTHESES = (r"$\|x\|, \|x'\| \leq r$: the leftover squares are nonnegative",)
R = sp.Symbol("r", real=True)
BOUND = CLAIM.bound.expression


def _frobenius(cross):
    """|xx' - zz'|^2 = |x|^4 + |z|^4 - cross <x, z>^2 in the plane."""
    x, z = sp.Matrix(sp.symbols("x_1 x_2", real=True)), sp.Matrix(sp.symbols("z_1 z_2", real=True))
    square = sum(entry**2 for entry in x * x.T - z * z.T)
    return sp.expand(square - (x.dot(x) ** 2 + z.dot(z) ** 2 - cross * x.dot(z) ** 2)) == 0


def _leftover(bound):
    """bound^2 - a^2 - b^2 + 2 t^2 as a sum of products of nonnegative numbers, for a = |x|^2, b = |x'|^2 <= r^2."""
    a, b, t = sp.symbols("a b t", real=True)
    rest = (R**2 - a) * (R**2 + a) + (R**2 - b) * (R**2 + b) + 2 * t**2
    return sp.expand(bound**2 - (a**2 + b**2 - 2 * t**2) - rest) == 0, str(rest)


def _attained(bound):
    first, second = sp.Matrix([R, 0]), sp.Matrix([0, R])
    square = sum(entry**2 for entry in first * first.T - second * second.T)
    return sp.expand(bound**2 - square) == 0, f"squared distance {sp.factor(square)}"


def _isometry(weight):
    """Both entries (i, j) and (j, i) against one that carries the weight; a diagonal entry is alone."""
    entry = sp.Symbol("A_ij", real=True)
    return sp.expand(2 * entry**2 - (weight * entry) ** 2) == 0


def _plain(constant):
    """The sum of the squared diagonal entries of x x' - z z' is at most constant (|x|^4 + |z|^4): products are left."""
    u, w = sp.symbols("u_1:4", nonnegative=True), sp.symbols("w_1:4", nonnegative=True)
    rest = sp.expand(constant * (sum(u) ** 2 + sum(w) ** 2) - sum((p - q) ** 2 for p, q in zip(u, w)))
    return all(c >= 0 for c in sp.Poly(rest, *u, *w).coeffs()), f"{len(sp.Poly(rest, *u, *w).coeffs())} coefficients"


def _returned(factor):
    """What the package returns, squared in rationals, against 2 r^4."""
    radii = (1.0, 0.1, 3.7, 1e-3, 1e6, 12.345)
    off = [Fraction(gram_sensitivity(r) * factor) ** 2 / (2 * Fraction(r) ** 4) - 1 for r in radii]
    worst = max(map(abs, off))
    return worst <= Fraction(8, 2**53), f"squares off by {float(worst):.1e}"


def prove() -> Proof:
    """Return the proof of `ldp.gram_sensitivity`."""
    steps = (
        Step(
            name="a plane will do",
            evidence="reduction",
            statement=(
                r"Rotations leave norms and Frobenius distances as they are, so $x$ and $x'$ may be taken from the "
                r"span of the first two coordinates."
            ),
        ),
        Step(
            name="distance",
            evidence="identity",
            statement=r"$\|x x^T - x' {x'}^T\|_F^2 = \|x\|^4 + \|x'\|^4 - 2 \langle x, x' \rangle^2$.",
            check=lambda: _frobenius(2),
            anti_test=lambda: _frobenius(1),
        ),
        Step(
            name="what is left of the bound",
            evidence="exact certificate",
            statement=(
                r"$2 r^4 - \|x\|^4 - \|x'\|^4 + 2 t^2 = (r^2 - \|x\|^2)(r^2 + \|x\|^2) + (r^2 - \|x'\|^2)(r^2 + "
                r"\|x'\|^2) + 2 t^2 \geq 0$, zero exactly for $t = 0$ and norms $r$."
            ),
            check=lambda: _leftover(BOUND),
            anti_test=lambda: _leftover(sp.Rational(999, 1000) * BOUND),
        ),
        Step(
            name="attained",
            evidence="identity",
            statement=r"$x = r e_1$, $x' = r e_2$.",
            check=lambda: _attained(BOUND),
            anti_test=lambda: _attained(2 * R**2),
        ),
        Step(
            name="packing",
            evidence="identity",
            statement=r"An off-diagonal entry occurs twice in the norm: once with weight $\sqrt{2}$ is the same.",
            check=lambda: _isometry(sp.sqrt(2)),
            anti_test=lambda: _isometry(1),
        ),
        Step(
            name="plain triangle",
            evidence="exact certificate",
            statement=(
                r"Without weights the squared norm is $(\|D\|_F^2 + \sum_i D_{ii}^2)/2$. With $u_i = x_i^2$, $w_i = "
                r"{x_i'}^2$: $\|x\|^4 + \|x'\|^4 - \sum_i (u_i - w_i)^2$ has nonnegative coefficients; they belong to "
                r"pairs of coordinates, so three coordinates show all there are. Both terms are $2 r^4$ at $r e_1$, "
                r"$r e_2$."
            ),
            check=lambda: _plain(1),
            anti_test=lambda: _plain(sp.Rational(9, 10)),
        ),
        Step(
            name="what the package returns",
            evidence="exact certificate",
            statement=r"`gram_sensitivity` squared, in rationals, is $2 r^4$ to a few roundings.",
            check=lambda: _returned(1.0),
            anti_test=lambda: _returned(1 - 1e-12),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
