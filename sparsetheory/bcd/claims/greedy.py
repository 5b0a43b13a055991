"""Greedy selection beyond strong convexity: approximations, nearest neighbours, PL functions, composite problems."""

from ...verify.claim import Claim

__all__ = ["CLAIMS"]

CLAIMS: tuple[Claim, ...] = ()
