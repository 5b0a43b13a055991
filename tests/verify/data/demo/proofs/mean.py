"""The variance of a mean is the variance of one number over n."""

from sparsetheory.verify import Proof, Step


def _variance(factor):
    import sympy

    n = sympy.Symbol("n", positive=True)
    return sympy.simplify(n * (1 / n) ** 2 - factor / n) == 0


def prove():
    return Proof(
        claim="demo.mean",
        steps=(
            Step(
                name="variance",
                evidence="identity",
                statement=r"$n (1/n)^2 = 1/n$",
                check=lambda: _variance(1),
                anti_test=lambda: _variance(2),
            ),
        ),
    )
