"""Every theorem of the family as a record; its proof and its study carry the same slug."""

__all__ = ["CLAIMS"]

from ...verify.claim import Claim
from . import closeness, failures, formulas

CLAIMS: tuple[Claim, ...] = (*closeness.CLAIMS, *failures.CLAIMS, *formulas.CLAIMS)
