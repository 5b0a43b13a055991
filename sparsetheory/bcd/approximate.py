"""Greedy up to an error: a block whose score is near the best, or the best of a few."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .._validation import check_count, check_nonnegative
from ..errors import InvalidArgument

__all__ = ["Additive", "Approximation", "Multiplicative", "Sampled"]


class Approximation(Protocol):
    """What `sparsetheory.bcd.minimize` takes as ``approximate``."""

    def pick(self, scores: np.ndarray, rng: np.random.Generator) -> int:
        """Return the number of a block."""
        ...


@dataclass(frozen=True)
class Multiplicative:
    """Any block with ``score >= (1 - eps) * best``, all with the same probability.

    Parameters
    ----------
    eps : float
        In [0, 1). Scores are those of the selection, squares in the units of progress.
    """

    eps: float

    def __post_init__(self) -> None:
        if not check_nonnegative(self.eps, "eps") < 1:
            raise InvalidArgument("eps", "a number in [0, 1)", self.eps)

    def pick(self, scores: np.ndarray, rng: np.random.Generator) -> int:
        """Return the number of a block."""
        return int(rng.choice(np.flatnonzero(scores >= (1.0 - self.eps) * scores.max())))


@dataclass(frozen=True)
class Additive:
    """Any block with ``score >= best - eps``, all with the same probability.

    Parameters
    ----------
    eps : float
        At least 0, in the units of the score.
    """

    eps: float

    def __post_init__(self) -> None:
        check_nonnegative(self.eps, "eps")

    def pick(self, scores: np.ndarray, rng: np.random.Generator) -> int:
        """Return the number of a block."""
        return int(rng.choice(np.flatnonzero(scores >= scores.max() - self.eps)))


@dataclass(frozen=True)
class Sampled:
    """The best of a few blocks, drawn without replacement.

    Parameters
    ----------
    count : int
        How many, at least 1; all of them where there are fewer.
    """

    count: int

    def __post_init__(self) -> None:
        check_count(self.count, "count")

    def pick(self, scores: np.ndarray, rng: np.random.Generator) -> int:
        """Return the number of a block."""
        drawn = np.sort(rng.choice(len(scores), min(self.count, len(scores)), replace=False))
        return int(drawn[np.argmax(scores[drawn])])
