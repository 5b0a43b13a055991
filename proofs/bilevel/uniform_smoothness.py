r"""The Hessian of a least value twice, their difference over sigma, and norms term by term."""

import sympy as sp

from sparsetheory.verify import Proof, Step, find

CLAIM = find("bilevel.uniform_smoothness")
HYPOTHESES = (
    r"$|M|, |N| \leq 1/\mu$ for $M = (H(y_\sigma) + \sigma F_{yy})^{-1}$ and $N = H(z)^{-1}$",
    r"$|y_\sigma - z| \leq \sigma \ell/\mu$ (`bilevel.lower_gap`)",
)
S = sp.Symbol("s", positive=True)


def _envelope(sign):
    """The second derivative of min_y h is h_xx - h_xy h_yy^-1 h_yx: a quadratic in one x and two y."""
    x, y1, y2 = sp.symbols("x y_1 y_2", real=True)
    p, u, v, h, w, k = sp.symbols("p u v h w k", real=True)
    value = p * x**2 / 2 + x * (u * y1 + v * y2) + h * y1**2 / 2 + w * y1 * y2 + k * y2**2 / 2
    at = sp.solve([sp.diff(value, y1), sp.diff(value, y2)], [y1, y2])
    mixed, bend = sp.Matrix([[u, v]]), sp.Matrix([[h, w], [w, k]])
    claimed = p - sign * (mixed * bend.inv() * mixed.T)[0]
    return sp.simplify(sp.diff(value.subs(at), x, 2) - claimed) == 0, "difference 0 for the claimed sign"


def _split(factor):
    """Of non-commuting blocks: (sF + A) M (sF + A)' - B N B' in terms whose norms are known."""
    F, A, B, M, N = sp.symbols("F A B M N", commutative=False)
    f, a, b = sp.symbols("F' A' B'", commutative=False)  # transposes
    whole = (S * F + A) * M * (S * f + a) - B * N * b
    parts = S**2 * F * M * f + factor * S * (F * M * a + A * M * f)
    parts += (A - B) * M * a + B * M * (a - b) + B * (M - N) * b
    gap = sp.expand(whole - parts)
    return gap == 0, f"difference {gap}"


def _inverses(sign):
    """M - N = M (N^-1 - M^-1) N."""
    P, R = sp.symbols("P R", commutative=False)  # the inverses of M and N
    M, N = P**-1, R**-1
    gap = sp.expand(M - N - sign * (M * R * N - M * P * N))
    return gap == 0, f"difference {gap}"


def _norms(bound, factor):
    """Put the norms of all terms together and divide by sigma."""
    named = {str(v): v for v in bound.free_symbols}
    s, mu, el, b = (named[n] for n in ("s", "mu", "l", "b"))
    step = s * el / mu
    mixed = factor * 2 * named["c_x"] * step * b / mu
    inverse = b**2 * (s * named["a_y"] + named["c_y"] * step) / mu**2
    first = s**2 * named["a_xy"] ** 2 / mu + 2 * s * named["a_xy"] * b / mu
    total = named["a_xx"] + named["c_xx"] * step / s + (first + mixed + inverse) / s
    gap = sp.simplify(total - bound)
    return gap == 0, f"difference {gap}"


def _reached(bound):
    """Take f = a_y y^2/2, g = mu y^2/2 - b x y has psi_s'' = b^2 a_y/(mu (mu + s a_y))."""
    named = {str(v): v for v in bound.free_symbols}
    x, y = sp.symbols("x y", real=True)
    s, mu, b, a = sp.symbols("s_0 mu_0 b_0 a_0", positive=True)

    def least(weight):
        h = weight * a * y**2 / 2 + mu * y**2 / 2 - b * x * y
        return h.subs(y, sp.solve(sp.diff(h, y), y)[0])

    bend = sp.limit(sp.simplify(sp.diff((least(s) - least(0)) / s, x, 2)), s, 0)
    values = {named[n]: 0 for n in ("a_xx", "a_xy", "c_xx", "c_x", "c_y")}
    claimed = bound.subs(values | {named["mu"]: mu, named["b"]: b, named["a_y"]: a})
    return sp.simplify(bend - claimed) == 0, f"limit {bend}"


def prove() -> Proof:
    """Return the proof of `bilevel.uniform_smoothness`."""
    bound = CLAIM.bound.expression
    steps = (
        Step(
            name="Hessian of a least value",
            evidence="identity",
            statement=r"$\nabla^2_x \min_y h = h_{xx} - h_{xy} h_{yy}^{-1} h_{yx}$ (one $x$, two $y$).",
            check=lambda: _envelope(1),
            anti_test=lambda: _envelope(-1),
        ),
        Step(
            name="the difference of two",
            evidence="identity",
            statement=(
                r"With $F = \nabla^2_{xy} f$, $A = \nabla^2_{xy} g$ at $y_\sigma$ and $B$ at $z$: $(\sigma F + A) M "
                r"(\sigma F + A)^T - B N B^T = \sigma^2 F M F^T + \sigma (F M A^T + A M F^T) + (A - B) M A^T + B M (A "
                r"- B)^T + B (M - N) B^T$."
            ),
            check=lambda: _split(1),
            anti_test=lambda: _split(2),
        ),
        Step(
            name="difference of inverses",
            evidence="identity",
            statement=r"$M - N = M (N^{-1} - M^{-1}) N$, so $|M - N| \leq (\sigma a_y + c_y \sigma \ell/\mu)/\mu^2$.",
            check=lambda: _inverses(1),
            anti_test=lambda: _inverses(-1),
        ),
        Step(
            name="norms",
            evidence="identity",
            statement=(
                r"$|A - B| \leq c_x \sigma \ell/\mu$, $|\nabla^2_{xx} g(y_\sigma) - \nabla^2_{xx} g(z)| \leq c_{xx} "
                r"\sigma \ell/\mu$: divided by $\sigma$, the sum of all norms is the formula."
            ),
            check=lambda: _norms(bound, 1),
            anti_test=lambda: _norms(bound, 2),
        ),
        Step(
            name="between two points",
            evidence="reduction",
            statement=(
                r"A bound of $|\nabla^2 \psi_\sigma|$ on the segment is a Lipschitz constant of $\nabla \psi_\sigma$ "
                r"between its ends."
            ),
        ),
        Step(
            name="reached",
            evidence="identity",
            statement=(
                r"$f = \frac12 a_y y^2$, $g = \frac12 \mu y^2 - b x y$: $\psi_\sigma'' \to b^2 a_y/\mu^2$, the formula."
            ),
            check=lambda: _reached(bound),
            anti_test=lambda: _reached(bound * sp.Rational(1001, 1000)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
