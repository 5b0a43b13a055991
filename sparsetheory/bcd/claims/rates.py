"""Rates of the rules: what one step of each selection guarantees."""

from ...verify.claim import Claim

__all__ = ["CLAIMS"]

CLAIMS: tuple[Claim, ...] = ()
