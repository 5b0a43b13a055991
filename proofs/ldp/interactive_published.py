r"""A radius that no score exceeds grows with the root of the sparsity: the last round decides."""

from sparsetheory.verify import Proof, Step, find
from sparsetheory.verify.certify.hard_thresholding import contraction_step, formula_step, kept_step

CLAIM = find("ldp.interactive_published")
HYPOTHESES = (
    r"users of different rounds are different: noises are independent, nothing composes",
    r"$\Sigma = I$, step 1: a round forgets where it started",
    r"coefficients far above the noise: they are among those that are kept",
)


def prove() -> Proof:
    """Return the proof of `ldp.interactive_published`."""
    steps = (
        Step(
            name="radius",
            evidence="reduction",
            statement=(
                r"$|\langle x, \theta_t \rangle| \leq \|\theta_t\|_1 \leq \sqrt{2k} \|\theta_t\|$ for $2k$ "
                r"coefficients and $|x_j| = 1$; $|y| \leq \tau$: scores have norm $\sqrt d (\sqrt{2k} + \tau)$ at most."
            ),
        ),
        contraction_step(),
        kept_step(),
        formula_step(CLAIM.bound, radius="sqrt(d)*(sqrt(2*k) + tau)"),
    )
    return Proof(claim=CLAIM.id, steps=steps, hypotheses=HYPOTHESES)
