"""On a quadratic the Newton step is the exact minimum over the block, and the decrement is the dual norm."""

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

CLAIM = find("bcd.gsn_rate")
HYPOTHESES = (
    r"strong convexity in the norm of the rule: bounds the error by the largest score",
    r"$f$ quadratic: its model on a block, with $M_b = Q_{bb}$, is $f$ itself, so the gain is exact",
)
FACTORS = (
    [[Fraction(1), Fraction(0)], [Fraction(2), Fraction(1)]],
    [[Fraction(3), Fraction(0)], [Fraction(-1), Fraction(1)]],
)


def _metric(Q, blocks):
    """Return Q itself."""
    return Q


def prove() -> Proof:
    """Return the proof of `bcd.gsn_rate`."""
    steps = (
        taylor_step(),
        gain_step(),
        dual_norm_step(
            r"$N^*(g)^2 = \max_b g_b^T Q_{bb}^{-1} g_b$ ($M_b = Q_{bb}$): the rule takes the block that attains "
            r"it, and gains exactly half of that."
        ),
        convexity_step(),
        quotient_step(CLAIM.bound, gain="G/2", error="G/(2*mu_H)"),
        norms_step(
            r"Since $\|x_b\|_{Q_{bb}} \leq \sqrt{L_b} \, \|x_b\|$, with $c_b = \sqrt{L_b}$: $\mu_H \geq \mu_L \geq "
            r"\mu/\sum_b L_b$."
        ),
        greedy_step(
            CLAIM.bound,
            symbols=lambda mu, M: {"mu_H": mu},
            metric=_metric,
            factors=FACTORS,
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
