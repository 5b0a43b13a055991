"""Every theorem of the family as a record; its proof and its study carry the same slug."""

__all__ = ["CLAIMS"]

from ...verify.claim import Claim
from . import rates, searches, theory

CLAIMS: tuple[Claim, ...] = (*rates.CLAIMS, *searches.CLAIMS, *theory.CLAIMS)
