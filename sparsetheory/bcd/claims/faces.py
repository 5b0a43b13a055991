"""Active sets: when the support is found, and what happens from then on; worst cases of cyclic descent."""

from ...verify.claim import Claim

__all__ = ["CLAIMS"]

CLAIMS: tuple[Claim, ...] = ()
