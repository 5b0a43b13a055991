"""Iterative hard thresholding for sparse least squares, one group of samples a round or all of them in each."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._validation import check_choice, check_count, check_matrix, check_nonnegative, check_positive, check_vector
from ..errors import InvalidArgument
from .elementary import soft_threshold

__all__ = ["check_schedule", "groups", "hard_threshold", "iht", "iht_step"]


def hard_threshold(v: np.ndarray, keep: int) -> np.ndarray:
    """Return v with all but its `keep` largest entries set to zero; of equal ones the first are kept."""
    kept = np.argsort(-np.abs(v), kind="stable")[:keep]
    found = np.zeros_like(v)
    found[kept] = v[kept]
    return found


def iht_step(theta: np.ndarray, score: np.ndarray, *, step: float, keep: int | None, level: float = 0.0) -> np.ndarray:
    r"""Return the next iterate: a gradient step, a threshold, the projection on the unit ball.

    .. math:: P\big( T(\theta - \eta g) \big)

    T keeps the `keep` largest entries, or soft-thresholds at `level` where `keep` is None.
    """
    moved = theta - step * score
    moved = soft_threshold(moved, level) if keep is None else hard_threshold(moved, keep)
    return moved / max(1.0, float(np.linalg.norm(moved)))


def iht(
    X: Any, y: Any, sparsity: int, *, keep: int | None = None, rounds: int = 20,
    schedule: Sequence[float] | None = None, step: float | None = None, threshold: str = "hard", level: float = 0.0,
    radius: float | None = None,
) -> np.ndarray:  # fmt: skip
    r"""Estimate a sparse linear model in the unit ball without privacy, by a fixed number of thresholded steps.

    .. math:: \theta_t = P\big( H_{k'}(\theta_{t-1} - \eta\, g_t) \big), \qquad
              g_t = \frac{1}{|G_t|} \sum_{i \in G_t} \mathrm{clip}_C\{ x_i (x_i^\top \theta_{t-1} - y_i) \}

    where P projects on the unit ball and H keeps the k' largest entries. With a schedule, round t sees its own group
    of rows, as in the interactive private protocol, which this is with noise zero.

    Parameters
    ----------
    X : array_like of shape (n, d)
    y : array_like of shape (n,)
        From a parameter in the unit ball; scale y where it is not.
    sparsity : int
        Nonzero entries k.
    keep : int, optional
        k', 2 k by default.
    rounds : int, default 20
        Steps over all rows; ignored with a schedule, which has its own number.
    schedule : sequence of float, optional
        Shares of the rows, in order, that rounds see; positive, at most 1 in all.
    step : float, optional
        eta, one over the largest eigenvalue of X'X/n by default.
    threshold : {"hard", "soft"}, default "hard"
        "soft" is a proximal step of the L1 norm with level `level`.
    level : float, default 0.0
        Threshold of "soft".
    radius : float, optional
        Norm C at which the scores of rows are clipped, none by default.

    Returns
    -------
    ndarray of shape (d,)
        The last iterate. Nothing is said about convergence: the number of rounds is part of the estimator.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import ldp
    >>> X = np.random.default_rng(0).normal(size=(500, 8))
    >>> ldp.iht(X, 0.6 * X[:, 1] - 0.3 * X[:, 4], 2).round(3).nonzero()[0].tolist()
    [1, 4]
    """
    X = check_matrix(X, "X")
    y = check_vector(y, "y", length=len(X))
    d = X.shape[1]
    k = check_count(sparsity, "sparsity")
    kept = min(2 * k if keep is None else check_count(keep, "keep", minimum=k), d)
    check_choice(threshold, "threshold", ("hard", "soft"))
    level = check_nonnegative(level, "level")
    eta = _default_step(X) if step is None else check_positive(step, "step")
    clip = np.inf if radius is None else check_positive(radius, "radius")
    theta, lengths = np.zeros(d), np.linalg.norm(X, axis=1)
    whole = [slice(0, len(X))] * check_count(rounds, "rounds")
    for rows in whole if schedule is None else groups(len(X), schedule):
        residual = X[rows] @ theta - y[rows]
        score = X[rows].T @ (residual / np.maximum(lengths[rows] * np.abs(residual) / clip, 1.0)) / len(residual)
        theta = iht_step(theta, score, step=eta, keep=kept if threshold == "hard" else None, level=level)
    return theta


def _default_step(X: np.ndarray) -> float:
    """Return one over the largest eigenvalue of X'X/n, 1 where X is zero."""
    largest = float(np.linalg.eigvalsh(X.T @ X / len(X))[-1])
    return 1 / largest if largest > 0 else 1.0


def groups(n: int, schedule: Any) -> list[slice]:
    """Return the samples of every round: consecutive ones, in the shares of the schedule."""
    ends = np.round(np.cumsum(check_schedule(schedule)) * n).astype(int)
    starts = np.concatenate([[0], ends[:-1]])
    if (ends <= starts).any():
        raise InvalidArgument("schedule", "at least one sample a round", f"{(ends - starts).tolist()} samples")
    return [slice(int(a), int(b)) for a, b in zip(starts, ends)]


def check_schedule(schedule: Any) -> np.ndarray:
    """Return the shares of users that rounds see."""
    shares = check_vector(schedule, "schedule")
    if not ((shares > 0).all() and shares.sum() <= 1 + 1e-9):
        raise InvalidArgument("schedule", "positive shares that sum to at most 1", shares.tolist())
    return shares
