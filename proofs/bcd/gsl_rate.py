"""The score of Gauss-Southwell-Lipschitz is the dual of a scaled sum of block norms."""

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

CLAIM = find("bcd.gsl_rate")
HYPOTHESES = (
    r"strong convexity in the norm of the rule: bounds the error by the largest score",
    r"$L_b$ bounds the curvature along block $b$: the model with curvature $L_b$ is above $f$ there",
)


def _scalar(t):
    return [[Fraction(t), Fraction(0)], [Fraction(0), Fraction(t)]]


def _metric(Q, blocks):
    """Return L_b I on every block, L_b its largest row sum."""
    scale = {i: row_sums(Q, b) for b in blocks for i in b}
    return [[scale[i] * (i == j) for j in range(len(Q))] for i in range(len(Q))]


def prove() -> Proof:
    """Return the proof of `bcd.gsl_rate`."""
    steps = (
        taylor_step(),
        gain_step(),
        dual_norm_step(
            r"$N^*(g)^2 = \max_b \|g_b\|^2/L_b$ ($M_b = L_b I$): the rule takes the block that attains it, and "
            r"gains $\|g_b\|^2/(2 L_b)$."
        ),
        convexity_step(),
        quotient_step(CLAIM.bound, gain="G/2", error="G/(2*mu_L)"),
        norms_step(
            r"With $c_b = \sqrt{L_b}$: $\mu_L \geq \mu/\sum_b L_b$; and $\sqrt{L_b}$ lies between its extremes "
            r"over the blocks, so $\mu_B/\max_b L_b \leq \mu_L \leq \mu_B/\min_b L_b$."
        ),
        greedy_step(
            CLAIM.bound,
            symbols=lambda mu, M: {"mu_L": mu},
            metric=_metric,
            factors=(_scalar(1), _scalar(2)),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
