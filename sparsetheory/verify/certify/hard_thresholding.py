"""A round of hard thresholding with noise, as steps of a proof."""

from typing import Any

from ..bound import Bound
from ..proof import Step

__all__ = ["contraction_step", "formula_step", "kept_step"]

Answer = tuple[bool, str]


def _contraction(step: Any) -> Answer:
    import sympy as sp

    theta, truth, noise, extra = (sp.Matrix(sp.symbols(f"{name}_1:4", real=True)) for name in ("t", "s", "w", "y"))
    E = sp.Matrix(3, 3, lambda i, j: sp.Symbol(f"E_{min(i, j)}{max(i, j)}", real=True))
    score = (sp.eye(3) + E) * (theta - truth) - extra + noise
    moved = theta - step * score
    gap = (moved - (truth - E * (theta - truth) + extra - noise)).applyfunc(sp.expand)
    return not any(gap), f"first entry off by {gap[0]}"


def contraction_step() -> Step:
    """Return the step on what is thresholded."""
    import sympy as sp

    return Step(
        name="a round starts anew",
        evidence="identity",
        statement=(
            r"With $I + E$ the second moment of a round of $m$ users, $u$ its mean of $x \zeta$ and $w$ the noise: "
            r"$\theta_t - g = \theta - E (\theta_t - \theta) + u - w$. $E$ and $u$ are of order $1/\sqrt m$ without "
            r"privacy's factor $\sqrt{V d}$, so what is thresholded is $\theta - w$ but for that, whatever $\theta_t$ "
            r"was: the last round decides (three coordinates as symbols)."
        ),
        check=lambda: _contraction(sp.Integer(1)),
        anti_test=lambda: _contraction(sp.Rational(99, 100)),
    )


def _kept(factor: Any) -> Answer:
    import sympy as sp

    z = sp.Symbol("z", positive=True)
    density = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)
    tail = (1 - sp.erf(z / sp.sqrt(2))) / 2
    gap = sp.expand(sp.diff(-(z * density + tail), z) - z**2 * density)
    # the second has the sign of a square, and its function vanishes at infinity: phi <= (z + 1/z) tail
    mills = sp.cancel((sp.diff(density * z / (1 + z**2) - tail, z) - factor * density / (1 + z**2) ** 2) / density)
    return gap == 0 and mills == 0, f"derivatives off by {gap}, {mills}"


def kept_step() -> Step:
    """Return the step on noise that is kept beside the coefficients."""
    return Step(
        name="noise that is kept",
        evidence="identity",
        statement=(
            r"Of $N = d - k$ normal variables the $k$ largest are those above $q$ with $2 N \Phi(-q) = k$, for large "
            r"$N$; their squares add up to $T = N E[Z^2; |Z| > q] = 2 N q \phi(q) + k$, by the antiderivative $-(z "
            r"\phi + \Phi(-z))$ of $z^2 \phi$. As $\phi(q) \leq (q + 1/q) \Phi(-q)$ and $2 \Phi(-q) \leq e^{-q^2/2}$, "
            r"$T \leq k (q^2 + 2)$ with $q^2 \leq 2 \log((d - k)/k)$."
        ),
        check=lambda: _kept(2),
        anti_test=lambda: _kept(1),
    )


def formula_step(bound: Bound, *, radius: str) -> Step:
    """Return the step that adds up the squares of a last round of n/3 users and finds the claim's own formula."""
    import sympy as sp

    names = {name: sp.Symbol(name, real=True) for name in bound.symbols}

    def check(expression: Any) -> Answer:
        square = sp.sympify(f"({radius})**2*V*(k + T)/(n/3)", locals=names, rational=True)
        gap = sp.simplify(expression**2 / square - 1)
        return gap == 0, f"quotient less 1: {gap}"

    return Step(
        name="the claim's formula",
        evidence="identity",
        statement=(
            rf"$k$ coefficients and $T$ of the noise, each with the variance $C^2 V/(n/3)$, $C = "
            rf"{sp.latex(sp.sympify(radius, locals=names, rational=True))}$: the square of the bound."
        ),
        check=lambda: check(bound.expression),
        anti_test=lambda: check(bound.expression * sp.Rational(1001, 1000)),
    )
