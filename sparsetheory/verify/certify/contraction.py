r"""The identities behind a rate of one step, as steps of a proof: gain, dual norm, strong convexity, quotient.

With :math:`G = N^*(\nabla f)^2`, a step gains at least :math:`G/(2c)` and the error is at most :math:`G/(2\mu_N)`; the
quotient of the two is the share of the error that the step removes.
"""

from fractions import Fraction
from itertools import combinations
from typing import Any

from ..bound import Bound
from ..proof import Step

__all__ = [
    "convexity_step", "dual_norm_step", "evaluate", "gain_step", "norms_step", "quotient_step", "taylor_step",
]  # fmt: skip

Answer = tuple[bool, str]


def evaluate(bound: Bound, **values: Fraction) -> Fraction:
    """Return a bound at rational numbers, exactly.

    Examples
    --------
    >>> evaluate(Bound("mu/(m*L)", mu="", m="", L=""), mu=Fraction(1, 2), m=Fraction(3), L=Fraction(5))
    Fraction(1, 30)
    """
    import sympy as sp

    exact = {sp.Symbol(k, real=True): sp.Rational(v.numerator, v.denominator) for k, v in values.items()}
    number = bound.expression.subs(exact)
    return Fraction(int(number.p), int(number.q))


def _gain(part: Any) -> Answer:
    import sympy as sp

    d = sp.Matrix(sp.symbols("d_1:4", real=True))
    M = sp.Matrix(3, 3, lambda i, j: sp.Symbol(f"M_{min(i, j)}{max(i, j)}", real=True))
    g = -M * d
    gap = sp.expand((g.T * d)[0] + (d.T * M * d)[0] / 2 + part * (d.T * M * d)[0])
    return gap == 0, f"remainder {gap}"


def gain_step() -> Step:
    """Return the step on what ``d = -M^{-1} g`` gains in the model."""
    import sympy as sp

    return Step(
        name="what a step gains",
        evidence="identity",
        statement=(
            r"With $M d = -g$ the model $g^T d + \frac{1}{2} d^T M d$ is $-\frac{1}{2} d^T M d = "
            r"-\frac{1}{2} g^T M^{-1} g$, for any symmetric $M$ (three variables checked; the terms of more are alike)."
        ),
        check=lambda: _gain(sp.Rational(1, 2)),
        anti_test=lambda: _gain(sp.Rational(501, 1000)),
    )


def taylor_step() -> Step:
    """Return the argument that the model is above the function."""
    return Step(
        name="the model is above f",
        evidence="reduction",
        statement=(
            r"$f(x + U_b d) = f(x) + g_b^T d + \int_0^1 (1 - t) \, d^T \nabla^2_{bb} f(x + t U_b d) \, d \, dt \leq "
            r"f(x) + g_b^T d + \frac{1}{2} d^T M_b d$ whenever $M_b \succeq \nabla^2_{bb} f$; for gradients that are "
            r"only Lipschitz with constant $L_b$, $M_b = L_b I$, by integrating $(g_b(x + t U_b d) - g_b(x))^T d \leq "
            r"t L_b \|d\|^2$."
        ),
    )


def _dual_norm(factor: Any) -> Answer:
    import sympy as sp

    a, b = sp.symbols("a_1:5", real=True), sp.symbols("b_1:5", real=True)
    squares = sum((a[i] * b[j] - a[j] * b[i]) ** 2 for i, j in combinations(range(4), 2))
    product = factor * sum(s**2 for s in a) * sum(t**2 for t in b)
    gap = sp.expand(product - sum(s * t for s, t in zip(a, b)) ** 2 - squares)
    return gap == 0, f"remainder {gap}"


def dual_norm_step(score: str) -> Step:
    """Return the step that identifies the square of the dual norm with the largest score."""
    import sympy as sp

    return Step(
        name="the score is the dual norm",
        evidence="identity",
        statement=(
            r"With $M_b = F_b F_b^T$, $a = F_b^{-1} g_b$ and $t = F_b^T x_b$: $\|a\|^2 \|t\|^2 - (a^T t)^2 = "
            r"\sum_{i<j} "
            r"(a_i t_j - a_j t_i)^2 \geq 0$ (Lagrange; four variables checked). Hence $|g^T x| \leq \max_b \|a_b\| "
            r"\sum_b \|t_b\|$: the dual of $N(x) = \sum_b \|x_b\|_{M_b}$ is the largest block norm, and " + score
        ),
        check=lambda: _dual_norm(sp.Integer(1)),
        anti_test=lambda: _dual_norm(sp.Rational(999, 1000)),
    )


def _convexity(half: Any) -> Answer:
    import sympy as sp

    a, t, mu = sp.symbols("a t mu", positive=True)
    gap = sp.simplify(-a * t + mu * t**2 / 2 + half * a**2 / mu - (mu * t - a) ** 2 / (2 * mu))
    return gap == 0, f"remainder {gap}"


def convexity_step() -> Step:
    """Return the step from strong convexity in a norm to the bound on the error by the dual norm."""
    import sympy as sp

    return Step(
        name="the error is at most G over 2 mu",
        evidence="identity",
        statement=(
            r"With $a = N^*(g)$ and $t = N(y - x)$: $f(y) - f(x) \geq -a t + \frac{1}{2} \mu_N t^2 = "
            r"(\mu_N t - a)^2/(2 \mu_N) - a^2/(2 \mu_N)$. At the minimiser: $e \leq N^*(g)^2/(2 \mu_N)$."
        ),
        check=lambda: _convexity(sp.Rational(1, 2)),
        anti_test=lambda: _convexity(sp.Rational(499, 1000)),
    )


def quotient_step(bound: Bound, *, gain: str, error: str) -> Step:
    """Return the step that divides the gain by the bound on the error and finds the claim's own formula.

    Parameters
    ----------
    bound : Bound
        Of the claim.
    gain, error : str
        Expressions in the symbols of the bound and in G, the square of the dual norm.
    """
    import sympy as sp

    names = {name: sp.Symbol(name, real=True) for name in (*bound.symbols, "G")}
    quotient = sp.sympify(gain, locals=names, rational=True) / sp.sympify(error, locals=names, rational=True)

    def check(expression: Any) -> Answer:
        gap = sp.simplify(expression - quotient)
        return gap == 0, f"gain over error {sp.simplify(quotient)}"

    return Step(
        name="the claim's formula",
        evidence="identity",
        statement=(
            rf"A gain of at least ${sp.latex(sp.sympify(gain, locals=names))}$ and an error of at most "
            rf"${sp.latex(sp.sympify(error, locals=names))}$: the share removed is at least ${bound.latex}$."
        ),
        check=lambda: check(bound.expression),
        anti_test=lambda: check(bound.expression * sp.Rational(1001, 1000)),
    )


def _norms(factor: Any) -> Answer:
    import sympy as sp

    c, t = sp.symbols("c_1:5", nonnegative=True), sp.symbols("t_1:5", nonnegative=True)
    squares = sum((c[i] * t[j] - c[j] * t[i]) ** 2 for i, j in combinations(range(4), 2))
    above = factor * sum(s**2 for s in c) * sum(s**2 for s in t) - sum(r * s for r, s in zip(c, t)) ** 2
    below = sum(t) ** 2 - sum(s**2 for s in t) - 2 * sum(t[i] * t[j] for i, j in combinations(range(4), 2))
    return sp.expand(above - squares) == 0 and sp.expand(below) == 0, f"remainder {sp.expand(above - squares)}"


def norms_step(conclusion: str) -> Step:
    """Return the step that compares sums of norms, and what follows for constants of strong convexity."""
    import sympy as sp

    return Step(
        name="constants compared",
        evidence="identity",
        statement=(
            r"$\sum t_b^2 \leq (\sum t_b)^2$ and $(\sum c_b t_b)^2 \leq \sum c_b^2 \sum t_b^2$ for $t, c \geq 0$, by "
            r"the products and squares that are left over; $N \leq s N'$ makes $\mu_N \geq \mu_{N'}/s^2$. " + conclusion
        ),
        check=lambda: _norms(sp.Integer(1)),
        anti_test=lambda: _norms(sp.Rational(999, 1000)),
    )
