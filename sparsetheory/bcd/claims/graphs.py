"""Structured blocks: forests in linear time, two blocks in turn."""

from ...verify.claim import Claim

__all__ = ["CLAIMS"]

CLAIMS: tuple[Claim, ...] = ()
