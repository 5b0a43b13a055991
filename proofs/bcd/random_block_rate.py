"""The average of the gains of all blocks is a share of the squared gradient, and so of the error."""

from fractions import Fraction

import sympy as sp

from sparsetheory.bcd.one_step_proof import averaged_step
from sparsetheory.verify import Proof, Step, find
from sparsetheory.verify.certify.contraction import convexity_step, gain_step, quotient_step, taylor_step

CLAIM = find("bcd.random_block_rate")
HYPOTHESES = (
    r"strong convexity in the Euclidean norm: bounds the error by the squared length of the gradient",
    r"$L \geq L_b$ for every block: the model with curvature $L$ is above $f$",
)
#: Two blocks whose Hessians are the identity, along the eigenvector of the smallest eigenvalue, 2/3.
EXTREMAL = (
    [[Fraction(int(i == j)) + Fraction(int(abs(i - j) == 2), 3) for j in range(4)] for i in range(4)],
    [Fraction(3), Fraction(4), Fraction(-3), Fraction(-4)],
    [range(2), range(2, 4)],
)


def _average(factor):
    """Average s_b / (2 L), the gains, over three blocks with equal probability; s_b = |g_b|^2."""
    squares = sp.symbols("s_1:4", nonnegative=True)
    L = sp.Symbol("L", positive=True)
    gap = sp.simplify(sum(s / (2 * L) for s in squares) / 3 - factor * sum(squares) / (2 * 3 * L))
    return gap == 0, f"remainder {gap}"


def prove() -> Proof:
    """Return the proof of `bcd.random_block_rate`."""
    steps = (
        taylor_step(),
        gain_step(),
        Step(
            name="the average gain",
            evidence="identity",
            statement=(
                r"$\frac{1}{m} \sum_b \|g_b\|^2/(2 L) = \|g\|^2/(2 m L)$: the blocks cover every variable once (three "
                r"blocks checked, a sum like any other). So $G = \|g\|_2^2$."
            ),
            check=lambda: _average(sp.Integer(1)),
            anti_test=lambda: _average(sp.Rational(1001, 1000)),
        ),
        convexity_step(),
        quotient_step(CLAIM.bound, gain="G/(2*m*L)", error="G/(2*mu)"),
        averaged_step(
            CLAIM.bound,
            symbols=lambda mu, L: {"mu": mu, "m": Fraction(len(L)), "L": max(L)},
            sampled=False,
            extremal=EXTREMAL,
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
