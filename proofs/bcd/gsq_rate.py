"""The score of the quadratic model is the dual of the sum of H-norms of blocks."""

from fractions import Fraction

from sparsetheory.bcd.one_step_proof import greedy_step
from sparsetheory.verify import Proof, find
from sparsetheory.verify.certify.contraction import (
    convexity_step,
    dual_norm_step,
    gain_step,
    norms_step,
    quotient_step,
    taylor_step,
)

CLAIM = find("bcd.gsq_rate")
HYPOTHESES = (
    r"strong convexity in the norm of the rule: bounds the error by the largest score",
    r"$H_b \succeq \nabla^2_{bb} f$: the model with curvature $H_b$ is above $f$ along every block",
)
FACTORS = (
    [[Fraction(1), Fraction(0)], [Fraction(2), Fraction(1)]],
    [[Fraction(3), Fraction(0)], [Fraction(-1), Fraction(1)]],
)


def _metric(Q, blocks):
    """Return a matrix above Q."""
    return [[Q[i][j] + Fraction(i + 1) * (i == j) for j in range(len(Q))] for i in range(len(Q))]


def prove() -> Proof:
    """Return the proof of `bcd.gsq_rate`."""
    steps = (
        taylor_step(),
        gain_step(),
        dual_norm_step(
            r"$N^*(g)^2 = \max_b g_b^T H_b^{-1} g_b$ ($M_b = H_b$): the rule takes the block that attains it, and "
            r"gains half of that."
        ),
        convexity_step(),
        quotient_step(CLAIM.bound, gain="G/2", error="G/(2*mu_H)"),
        norms_step(
            r"Where $H_b \preceq D_b$ the norm with $H_b$ is the smaller one, so $\mu_H \geq \mu_D$; in the same "
            r"way $\mu_H \geq \mu_L$ where $H_b \preceq L_b I$."
        ),
        greedy_step(
            CLAIM.bound,
            symbols=lambda mu, M: {"mu_H": mu},
            metric=_metric,
            factors=FACTORS,
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
