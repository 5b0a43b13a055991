"""Every theorem of the family as a record; its proof and its study carry the same slug."""

from ...verify.claim import Claim
from . import bounds, privacy, rates

__all__ = ["CLAIMS"]

CLAIMS: tuple[Claim, ...] = (*privacy.CLAIMS, *bounds.CLAIMS, *rates.CLAIMS)
