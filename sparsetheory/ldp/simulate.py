r"""Statistics of many users at once, for studies: the true sums plus one draw of the sum of all noise.

The sum of n independent Gaussian reports has the law of the true sum plus one Gaussian vector of variance n sigma^2;
for the pure mechanisms this holds as the central limit theorem does. It takes the true sums, which nobody has in the
local model: a server that computed reports so would be a trusted curator. What is returned is flagged ``simulated`` and
refuses to mix with real reports.
"""

from typing import Any

import numpy as np

from .._validation import check_count, check_matrix, check_vector
from ..errors import InvalidArgument
from .blocks import Block
from .gram_stats import GramStats
from .params import LDPParams
from .records import ClippedRecords, Moments
from .score_params import ScoreRound
from .score_stats import ScoreStats

__all__ = ["add_moments", "gram_stats", "gram_stats_from_moments", "score_stats", "score_stats_from_mean"]


def gram_stats(X: Any, y: Any, params: LDPParams, rng: np.random.Generator, *, first_user: int = 0) -> GramStats:
    """Return statistics with the law of those of n users who report each.

    Parameters
    ----------
    X : (n, d) array
    y : (n,) array
    params : LDPParams
    rng : numpy.random.Generator
    first_user : int, default 0
        Public number of the first row, which decides who reports what where the users are split.

    Returns
    -------
    GramStats
        Flagged ``simulated``.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import ldp
    >>> rng = np.random.default_rng(0)
    >>> X = rng.choice([-1.0, 1.0], size=(1000, 4))
    >>> params = ldp.LDPParams(4, 2.0, x_radius=2.0, y_bound=3.0)
    >>> ldp.simulate.gram_stats(X, X[:, 0], params, rng).n
    1000
    """
    records = ClippedRecords(X, y, params)
    which = params.block_of(first_user + np.arange(len(records)))
    stats = GramStats(params, simulated=True)
    for k, block in enumerate(params.blocks):
        add_moments(stats, block, records.some(which == k).moments(), int(np.count_nonzero(which == k)), rng)
    return stats


def gram_stats_from_moments(
    gram_sum: Any, cross_sum: Any, n: int, params: LDPParams, rng: np.random.Generator, *,
    square_sum: float | None = None, boxed_sum: Any = None,
) -> GramStats:  # fmt: skip
    """Return the same from sums over n users, whose rows need not exist.

    Parameters
    ----------
    gram_sum : (d, d) array
        Sum of x x^T, of covariates that are inside the bounds.
    cross_sum : (d,) array
        Sum of x y.
    n : int
        Users. Where they are split each group is taken to have its share of the sums: what is left out is the sampling
        error between groups, which the noise of any pure mechanism exceeds by far.
    params : LDPParams
    rng : numpy.random.Generator
    square_sum : float, optional
        Sum of y^2; n y_bound^2, its largest value, by default. Only mechanism "gaussian" reports it, and neither the
        Gram matrix nor the cross moment depends on it.
    boxed_sum : (d,) array, optional
        Sum of x y with the coordinates of x clipped instead of its norm, for mechanism "published"; `cross_sum` by
        default, which it is where nothing is clipped.

    Returns
    -------
    GramStats
        Flagged ``simulated``.
    """
    n, G = check_count(n, "n"), check_matrix(gram_sum, "gram_sum")
    b = check_vector(cross_sum, "cross_sum", length=params.dim)
    if G.shape != (params.dim, params.dim):
        raise InvalidArgument("gram_sum", f"shape {(params.dim, params.dim)}", f"shape {G.shape}")
    boxed = None if boxed_sum is None else check_vector(boxed_sum, "boxed_sum", length=params.dim)
    square = n * params.y_bound**2 if square_sum is None else float(square_sum)
    stats = GramStats(params, simulated=True)
    left = n
    for k, block in enumerate(params.blocks):
        count = left if k == len(params.blocks) - 1 else round(n * block.share)
        left -= count
        part = count / n
        add_moments(
            stats,
            block,
            Moments(G * part, b * part, square * part, None if boxed is None else boxed * part),
            count,
            rng,
        )
    return stats


def add_moments(stats: GramStats, block: Block, moments: Moments, count: int, rng: np.random.Generator) -> None:
    """Add the reports of `count` users of a block with these moments."""
    if count:
        total = _noisy(block.query.answer(moments), count, block.randomizer, rng)
        stats.add_total(block.name, total, count)


def score_stats(X: Any, y: Any, asked: ScoreRound, rng: np.random.Generator) -> ScoreStats:
    """Return statistics with the law of those of n users who report a score each in one round.

    Parameters
    ----------
    X : (n, d) array
    y : (n,) array
    asked : ScoreRound
    rng : numpy.random.Generator

    Returns
    -------
    ScoreStats
        Flagged ``simulated``.
    """
    scores = asked.blocks[0].query.values(ClippedRecords(X, y, asked.params))
    return score_stats_from_mean(scores.mean(axis=0) * asked.params.clip, len(scores), asked, rng)


def score_stats_from_mean(mean: Any, n: int, asked: ScoreRound, rng: np.random.Generator) -> ScoreStats:
    """Return the same from the mean of the clipped scores of n users, whose rows need not exist.

    Parameters
    ----------
    mean : (d,) array
        Of scores clipped at ``asked.params.clip``.
    n : int
    asked : ScoreRound
    rng : numpy.random.Generator

    Returns
    -------
    ScoreStats
        Flagged ``simulated``.
    """
    n, params = check_count(n, "n"), asked.params
    total = check_vector(mean, "mean", length=params.dim) * (n / params.clip)
    stats = ScoreStats(asked, simulated=True)
    stats.add_total("score", _noisy(total, n, params.made, rng), n)
    return stats


def _noisy(total: np.ndarray, count: int, made: Any, rng: np.random.Generator) -> np.ndarray:
    """Return the sum of the reports of `count` users whose answers have this total, in steps."""
    noise = rng.standard_normal(len(total)) * np.sqrt(count * made.variance)
    return np.rint((total + noise) / made.step).astype(np.int64)
