"""Probabilities in proportion to L_b cancel the steps 1/L_b: the average gain is a share of the squared gradient."""

from fractions import Fraction

import sympy as sp

from sparsetheory.bcd.one_step_proof import averaged_step
from sparsetheory.verify import Proof, Step, find
from sparsetheory.verify.certify.contraction import convexity_step, gain_step, quotient_step, taylor_step

CLAIM = find("bcd.lipschitz_sampling_rate")
HYPOTHESES = (
    r"strong convexity in the Euclidean norm: bounds the error by the squared length of the gradient",
    r"$L_b$ bounds the curvature along block $b$: the model with curvature $L_b$ is above $f$ there",
)
#: Unequal curvatures 2 and 5 on single coordinates, along the eigenvector of the eigenvalue 1.
EXTREMAL = (
    [[Fraction(2), Fraction(2)], [Fraction(2), Fraction(5)]],
    [Fraction(2), Fraction(-1)],
    [range(1), range(1, 2)],
)


def _average(factor):
    """Average s_b / (2 L_b), the gains, over three blocks with probabilities L_b / S; s_b = |g_b|^2."""
    squares = sp.symbols("s_1:4", nonnegative=True)
    L = sp.symbols("L_1:4", positive=True)
    average = sum(scale / sum(L) * s / (2 * scale) for scale, s in zip(L, squares))
    gap = sp.simplify(average - factor * sum(squares) / (2 * sum(L)))
    return gap == 0, f"remainder {gap}"


def prove() -> Proof:
    """Return the proof of `bcd.lipschitz_sampling_rate`."""
    steps = (
        taylor_step(),
        gain_step(),
        Step(
            name="the average gain",
            evidence="identity",
            statement=(
                r"$\sum_b (L_b/S) \, \|g_b\|^2/(2 L_b) = \|g\|^2/(2 S)$ (three blocks checked, a sum like any other). "
                r"So $G = \|g\|_2^2$."
            ),
            check=lambda: _average(sp.Integer(1)),
            anti_test=lambda: _average(sp.Rational(1001, 1000)),
        ),
        convexity_step(),
        quotient_step(CLAIM.bound, gain="G/(2*S)", error="G/(2*mu)"),
        averaged_step(CLAIM.bound, symbols=lambda mu, L: {"mu": mu, "S": sum(L)}, sampled=True, extremal=EXTREMAL),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
