"""Streams: a generator for every (root, claim, cell, replicate, stage), the same however the work is split."""

import hashlib

import numpy as np

from ..errors import InvalidArgument

__all__ = ["STAGES", "stream"]

#: Separate streams within a replicate, so that two algorithms see the same data. Append only: the place is the key.
STAGES = ("data", "algorithm", "control")


def stream(root: int, claim: str, cell: int, replicate: int, stage: str) -> np.random.Generator:
    """Return the generator of one stage of one replicate; a pure function of its arguments.

    ``SeedSequence.spawn`` counts its calls, so what it returns depends on who asked before: streams are keyed instead.
    The variant of a study is not part of the key, hence a broken algorithm meets the data of the sound one.

    Parameters
    ----------
    root : int
        Root seed of the study.
    claim : str
        Id of the claim.
    cell : int
        Index of the cell (of the stratum, for data drawn with common random numbers).
    replicate : int
        Index of the replicate.
    stage : {"data", "algorithm", "control"}
        What the numbers are for.

    Examples
    --------
    >>> from sparsetheory.verify.streams import stream
    >>> first = stream(1, "demo.mean", 0, 3, "data").random()
    >>> first == stream(1, "demo.mean", 0, 3, "data").random()
    True
    >>> first == stream(1, "demo.mean", 0, 3, "algorithm").random()
    False
    """
    if stage not in STAGES:
        raise InvalidArgument("stage", f"one of {STAGES}", repr(stage))
    digest = hashlib.sha256(claim.encode()).digest()
    words = (int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:8], "little"))
    key = (*words, cell, replicate, STAGES.index(stage))
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(root, spawn_key=key)))
