"""Every theorem of the family as a record; its proof and its study carry the same slug."""

from ...verify.claim import Claim
from . import bounds, rates

__all__ = ["CLAIMS"]

CLAIMS: tuple[Claim, ...] = (*bounds.CLAIMS, *rates.CLAIMS)
