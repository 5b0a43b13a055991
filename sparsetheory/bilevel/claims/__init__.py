"""Every theorem of the family as a record; its proof and its study carry the same slug."""

__all__ = ["CLAIMS"]

from ...verify.claim import Claim
from . import closeness, complexity, failures, formulas, guarantees, quadratics, stochastic

CLAIMS: tuple[Claim, ...] = (
    *closeness.CLAIMS, *complexity.CLAIMS, *failures.CLAIMS, *formulas.CLAIMS, *guarantees.CLAIMS,
    *quadratics.CLAIMS, *stochastic.CLAIMS,
)  # fmt: skip
