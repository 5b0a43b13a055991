"""Locally private channels that are built from a seed and know their privacy level exactly."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, Self

import numpy as np

from .._validation import check_choice, check_count, check_positive
from .building import complete, frozen, one_line, streams

__all__ = ["CHANNELS", "CHANNEL_OFF", "ChannelFacts", "PrivateChannel"]

CHANNELS = ("response", "extremal", "mixture")

#: What the decorations of a channel are when they are off.
CHANNEL_OFF: Mapping[str, Any] = {"eps": 1.0, "kind": "response", "split": 0, "unreachable": 0}


def _subsets(k: int, size: int, eps: float) -> np.ndarray:
    """Return the channel whose output j is e^eps times as likely for the `size` inputs from j on, around a circle."""
    high = np.isin((np.arange(k)[:, None] - np.arange(k)) % k, np.arange(size))
    # weights e^0 and e^-eps: no overflow at any eps
    return np.where(high, 1.0, math.exp(-eps)) / (size + (k - size) * math.exp(-eps))


def _extremal(k: int, eps: float, rng: np.random.Generator) -> np.ndarray:
    """Return two families of subsets side by side, each chosen with its own chance, over shuffled inputs."""
    share = rng.uniform(0.2, 0.8)
    sizes = rng.integers(1, k, size=2)
    parts = [_subsets(k, int(size), eps)[rng.permutation(k)] for size in sizes]
    return np.hstack([share * parts[0], (1 - share) * parts[1]])


def _mixture(k: int, eps: float, rng: np.random.Generator) -> np.ndarray:
    """Return an average of two channels with the same outputs; it may be more private than both."""
    share = rng.uniform(0.2, 0.8)
    parts = [_subsets(k, size, eps)[rng.permutation(k)] for size in (1, int(rng.integers(1, k)))]
    return share * parts[0] + (1 - share) * parts[1]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PrivateChannel:
    r"""A row-stochastic matrix :math:`Q(y \mid x)` with :math:`Q(y \mid x) \le e^\varepsilon Q(y \mid x')`.

    Attributes
    ----------
    Q : ndarray, shape (inputs, outputs)
        Row x is the law of the report of an input x. Read-only.
    eps : float
        Privacy level the channel was asked to have, in nats.
    seed : int
    decorations : mapping
        The decorations that are on.

    Examples
    --------
    >>> from sparsetheory.testing import PrivateChannel
    >>> channel = PrivateChannel.build(seed=0, alphabet=3, eps=2.0)
    >>> channel, round(channel.exact.epsilon, 9), channel.exact.attained
    (PrivateChannel.build(seed=0, alphabet=3, eps=2.0), 2.0, True)

    References
    ----------
    Kairouz, Oh, Viswanath (2016), Extremal mechanisms for local differential privacy, JMLR 17, Theorem 2.
    """

    Q: np.ndarray
    eps: float
    seed: int
    decorations: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def build(cls, *, seed: int, alphabet: int, **decorations: Any) -> Self:
        """Build the channel.

        Parameters
        ----------
        seed : int
        alphabet : int
            Number of inputs, at least 2.
        eps : float, default 1
            Positive. Reached by "response" and "extremal"; a bound for "mixture".
        kind : {"response", "extremal", "mixture"}
            Randomised response; columns of two values of ratio e^eps, twice as many as inputs; an average of a
            response and a family of subsets over other labels.
        split : int, default 0
            How many outputs are reported under two names, at a seeded share; the level stays what it was.
        unreachable : int, default 0
            Outputs that no input gives.
        """
        k = check_count(alphabet, "alphabet", minimum=2)
        d, on = complete(decorations, CHANNEL_OFF)
        eps = check_positive(d["eps"], "eps")
        check_choice(d["kind"], "kind", CHANNELS)
        split, unreachable = (check_count(d[name], name, minimum=0) for name in ("split", "unreachable"))
        family, cuts, places = streams(seed, 3)
        if d["kind"] == "response":
            Q = _subsets(k, 1, eps)
        else:
            Q = (_extremal if d["kind"] == "extremal" else _mixture)(k, eps, family)
        for column in cuts.permutation(Q.shape[1])[:split]:
            share = cuts.uniform(0.1, 0.9)
            Q = np.column_stack([Q, (1 - share) * Q[:, column]])
            Q[:, column] *= share
        Q = np.insert(Q, places.integers(0, Q.shape[1] + 1, size=unreachable), 0.0, axis=1)
        return cls(Q=frozen(Q), eps=eps, seed=seed, decorations=on)

    def __repr__(self) -> str:
        """One line that builds the same channel again."""
        return one_line("PrivateChannel", seed=self.seed, sizes={"alphabet": len(self.Q)}, on=self.decorations)

    @cached_property
    def exact(self) -> "ChannelFacts":
        """What is known of the channel."""
        return ChannelFacts(self)


@dataclass(frozen=True, eq=False, repr=False)
class ChannelFacts:
    """Exact facts of a channel: those of the numbers stored, in rational arithmetic.

    Attributes
    ----------
    channel : PrivateChannel
    """

    channel: PrivateChannel

    @cached_property
    def worst(self) -> tuple[int, int, int]:
        """Inputs x, x' and the output y at which Q(y | x) / Q(y | x') is largest, without rounding."""
        Q = self.channel.Q
        reached = [int(y) for y in np.flatnonzero(Q.any(axis=0))]
        extremes = ((int(Q[:, y].argmax()), int(Q[:, y].argmin()), y) for y in reached)
        return max(extremes, key=self._ratio)

    def _ratio(self, place: tuple[int, int, int]) -> Fraction | float:
        x, other, y = place
        Q = self.channel.Q
        return Fraction(float(Q[x, y])) / Fraction(float(Q[other, y])) if Q[other, y] else math.inf

    @property
    def ratio(self) -> Fraction | float:
        """The largest Q(y | x) / Q(y | x') as a fraction; ``inf`` where an input can be ruled out."""
        return self._ratio(self.worst)

    @property
    def epsilon(self) -> float:
        """Privacy level of the stored matrix: the logarithm of `ratio`, rounded once."""
        return math.log1p(float(self.ratio - 1))

    @property
    def attained(self) -> bool:
        """Whether that is the level asked for, up to the rounding of the matrix."""
        return abs(self.epsilon - self.channel.eps) <= self.rounding

    @property
    def rounding(self) -> float:
        """By how much rounding moves a logarithm of a ratio: two entries of at most eight roundings, and e^-eps."""
        return float(np.finfo(float).eps * (16 + self.channel.eps))
