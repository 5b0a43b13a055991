"""The largest gradient entry is the dual of the 1-norm: what Gauss-Southwell gains is a share of the error."""

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

CLAIM = find("bcd.gs_coordinate_rate")
HYPOTHESES = (
    r"strong convexity in the norm of the rule: bounds the error by the largest score",
    r"$L \geq L_i$: the model with curvature $L$ is above $f$ along every coordinate",
)


def _metric(Q, blocks):
    """Return L I with L the largest diagonal entry."""
    L = max(Q[i][i] for i in range(len(Q)))
    return [[L * (i == j) for j in range(len(Q))] for i in range(len(Q))]


def prove() -> Proof:
    """Return the proof of `bcd.gs_coordinate_rate`."""
    steps = (
        taylor_step(),
        gain_step(),
        dual_norm_step(
            r"$N^*(g) = \max_i |g_i|$ for the 1-norm ($M_b = 1$): the rule takes the coordinate that attains it, "
            r"and gains $\|g\|_\infty^2/(2 L)$."
        ),
        convexity_step(),
        quotient_step(CLAIM.bound, gain="G/(2*L)", error="G/(2*mu_1)"),
        norms_step(r"With $c_i = 1$: $\mu/n \leq \mu_1 \leq \mu$."),
        greedy_step(
            CLAIM.bound,
            symbols=lambda mu, M: {"mu_1": mu * M[0][0], "L": M[0][0]},
            metric=_metric,
            factors=([[Fraction(1)]], [[Fraction(1)]]),
        ),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
