r"""Scores of norm root d, whatever the sparsity: the last round decides."""

from sparsetheory.verify import Proof, Step, find
from sparsetheory.verify.certify.hard_thresholding import contraction_step, formula_step, kept_step

CLAIM = find("ldp.interactive_norm")
HYPOTHESES = (
    r"users of different rounds are different: noises are independent, nothing composes",
    r"$\Sigma = I$, step 1: a round forgets where it started",
    r"coefficients far above the noise: they are among those that are kept",
)


def prove() -> Proof:
    """Return the proof of `ldp.interactive_norm`."""
    steps = (
        Step(
            name="radius",
            evidence="reduction",
            statement=(
                r"Residuals above 1 are clipped: near the parameter few are, and far from it the step is only shorter. "
                r"$\|x\| = \sqrt d$, so scores have norm $\sqrt d$ at most."
            ),
        ),
        contraction_step(),
        kept_step(),
        formula_step(CLAIM.bound, radius="sqrt(d)"),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
