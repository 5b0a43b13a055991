r"""Users of studies: sparse linear responses whose parameter is known, a row at a time or as sums of many."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._validation import check_choice, check_count, check_nonnegative, check_positive
from ..errors import InvalidArgument
from .gram_stats import GramStats
from .params import LDPParams
from .records import ClippedRecords
from .simulate import add_moments

__all__ = ["Population"]

_VALUES = 1 << 20  # covariates of a chunk, 8 MB


@dataclass(frozen=True)
class Population:
    r"""Users with :math:`y = x^\top\theta + \zeta`, the first k entries of theta :math:`\pm s/\sqrt{k}` in turn.

    Parameters
    ----------
    dim, sparsity : int
        Covariates d and nonzero entries k.
    covariates : {"signs", "normal"}, default "signs"
        Independent fair signs, of norm sqrt(d) exactly, or standard normals. Both have the identity as second moment.
    noise : float, default 0.5
        zeta is uniform in [-noise, noise].
    theta_norm : float, default 1.0
        s, the norm of theta.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import ldp
    >>> users = ldp.Population(4, 2)
    >>> users.theta.round(3).tolist()
    [0.707, -0.707, 0.0, 0.0]
    >>> users.rows(3, np.random.default_rng(0))[0].shape
    (3, 4)
    """

    dim: int
    sparsity: int
    covariates: str = "signs"
    noise: float = 0.5
    theta_norm: float = 1.0

    def __post_init__(self) -> None:
        check_count(self.dim, "dim")
        if check_count(self.sparsity, "sparsity") > self.dim:
            raise InvalidArgument("sparsity", f"at most dim = {self.dim}", self.sparsity)
        check_choice(self.covariates, "covariates", ("signs", "normal"))
        check_nonnegative(self.noise, "noise")
        check_positive(self.theta_norm, "theta_norm")

    @property
    def theta(self) -> np.ndarray:
        """Return the parameter, (d,)."""
        theta, k = np.zeros(self.dim), self.sparsity
        theta[:k] = self.theta_norm / math.sqrt(k) * (1.0 - 2.0 * (np.arange(k) % 2))
        return theta

    def rows(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return n users: covariates (n, d) and responses (n,)."""
        if self.covariates == "signs":
            bits = np.frombuffer(rng.bytes(-(-n * self.dim // 8)), dtype=np.uint8)
            X = np.unpackbits(bits, count=n * self.dim).reshape(n, self.dim) * 2.0 - 1.0
        else:
            X = rng.standard_normal((n, self.dim))
        return X, X @ self.theta + rng.uniform(-self.noise, self.noise, n)

    def chunks(self, n: int, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Return the same in pieces of 8 MB."""
        many = max(1, _VALUES // self.dim)
        for start in range(0, n, many):
            yield self.rows(min(many, n - start), rng)

    def gram_stats(self, n: int, params: LDPParams, rng: Any) -> GramStats:
        """Return simulated statistics of n users, of whom only a chunk is in memory and whose noise is one draw.

        Parameters
        ----------
        n : int
        params : LDPParams
        rng : numpy.random.Generator

        Returns
        -------
        GramStats
            Flagged ``simulated``.
        """
        sums: list[Any] = [None] * len(params.blocks)
        counts, user = [0] * len(sums), 0
        for X, y in self.chunks(check_count(n, "n"), rng):
            records = ClippedRecords(X, y, params)
            which = params.block_of(user + np.arange(len(y)))
            user += len(y)
            for k in range(len(sums)):
                part = records.some(which == k).moments()
                sums[k] = part if sums[k] is None else sums[k] + part
                counts[k] += int(np.count_nonzero(which == k))
        stats = GramStats(params, simulated=True)
        for block, moments, count in zip(params.blocks, sums, counts):
            add_moments(stats, block, moments, count, rng)
        return stats
