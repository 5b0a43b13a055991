"""In the plane, the gap of Cauchy-Schwarz is a square."""

from sparsetheory.verify import Proof, Step


def _lagrange(factor):
    import sympy

    a, b, c, d = sympy.symbols("a b c d", real=True)
    gap = (a**2 + b**2) * (c**2 + d**2) - (a * c + b * d) ** 2
    return sympy.expand(gap - factor * (a * d - b * c) ** 2) == 0


def prove():
    return Proof(
        claim="demo.triangle",
        steps=(
            Step(
                name="Lagrange's identity",
                evidence="identity",
                statement=r"$|x|^2 |y|^2 - \langle x, y\rangle^2 = (x_1 y_2 - x_2 y_1)^2$",
                check=lambda: _lagrange(1),
                anti_test=lambda: _lagrange(2),
            ),
        ),
    )
