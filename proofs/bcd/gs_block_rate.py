"""The longest block gradient is the dual of the sum of block norms: what Gauss-Southwell gains is a share of e."""

from fractions import Fraction

from sparsetheory.bcd.one_step_proof import greedy_step, row_sums
from sparsetheory.verify import Proof, find
from sparsetheory.verify.certify.contraction import (
    convexity_step,
    dual_norm_step,
    gain_step,
    norms_step,
    quotient_step,
    taylor_step,
)

CLAIM = find("bcd.gs_block_rate")
HYPOTHESES = (
    r"strong convexity in the norm of the rule: bounds the error by the largest score",
    r"$L \geq L_b$: the model with curvature $L$ is above $f$ along every block",
)
IDENTITY = [[Fraction(1), Fraction(0)], [Fraction(0), Fraction(1)]]


def _metric(Q, blocks):
    """Return L I with L the largest row sum within a block."""
    L = max(row_sums(Q, b) for b in blocks)
    return [[L * (i == j) for j in range(len(Q))] for i in range(len(Q))]


def prove() -> Proof:
    """Return the proof of `bcd.gs_block_rate`."""
    steps = (
        taylor_step(),
        gain_step(),
        dual_norm_step(
            r"$N^*(g) = \max_b \|g_b\|_2$ for $\sum_b \|x_b\|_2$ ($M_b = I$): the rule takes the block that "
            r"attains it, and gains $\|g_b\|^2/(2 L)$."
        ),
        convexity_step(),
        quotient_step(CLAIM.bound, gain="G/(2*L)", error="G/(2*mu_B)"),
        norms_step(r"With $c_b = 1$: $\mu/m \leq \mu_B \leq \mu$."),
        greedy_step(
            CLAIM.bound,
            symbols=lambda mu, M: {"mu_B": mu * M[0][0], "L": M[0][0]},
            metric=_metric,
            factors=(IDENTITY, IDENTITY),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
