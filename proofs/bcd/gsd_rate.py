"""The score with diagonal scaling is the dual of the sum of D-norms of blocks; |b| L_i is above H_b."""

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

CLAIM = find("bcd.gsd_rate")
HYPOTHESES = (
    r"strong convexity in the norm of the rule: bounds the error by the largest score",
    r"$D_b \succeq H_b$: the model with curvature $D_b$ is above $f$ along every block",
)


def _metric(Q, blocks):
    """Return D_i = |b| L_i."""
    scale = {i: len(b) * Q[i][i] for b in blocks for i in b}
    return [[scale[i] * (i == j) for j in range(len(Q))] for i in range(len(Q))]


def prove() -> Proof:
    """Return the proof of `bcd.gsd_rate`."""
    steps = (
        taylor_step(),
        gain_step(),
        dual_norm_step(
            r"$N^*(g)^2 = \max_b \sum_{i \in b} g_i^2/D_i$ ($M_b = D_b$): the rule takes the block that attains "
            r"it, and gains half of that."
        ),
        convexity_step(),
        quotient_step(CLAIM.bound, gain="G/2", error="G/(2*mu_D)"),
        norms_step(
            r"For a positive semidefinite $H_b = F^T F$ with columns $f_i$: $\|\sum_i x_i f_i\|^2 \leq (\sum_i "
            r"|x_i| \, \|f_i\|)^2 \leq |b| \sum_i x_i^2 \|f_i\|^2$, so $|b| L_i$ is above $H_b$; smaller norms "
            r"have larger constants, so $\mu_D \leq \mu_H$."
        ),
        greedy_step(
            CLAIM.bound,
            symbols=lambda mu, M: {"mu_D": mu},
            metric=_metric,
            factors=(
                [[Fraction(1), Fraction(0)], [Fraction(0), Fraction(2)]],
                [[Fraction(3), Fraction(0)], [Fraction(0), Fraction(1)]],
            ),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
