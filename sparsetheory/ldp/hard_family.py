r"""The hard family of the lower bounds, and protocols run on it with a true report of every user.

Covariates are uniform signs, responses signs with :math:`P(y = 1 \mid x) = (1 + \langle x, \theta \rangle)/2`; the
parameter has one coefficient of size delta, or none, in each of k blocks.
"""

import math
from dataclasses import dataclass

import numpy as np

from .elementary import soft_threshold
from .hard_thresholding import iht_step
from .prediction import universal_threshold
from .privunitg import PrivUnitG

__all__ = ["Trial", "draw_trial", "information_limit", "one_round", "two_rounds"]


@dataclass(frozen=True)
class Trial:
    """Users of the hard family.

    Attributes
    ----------
    theta : ndarray of shape (d,)
    X : ndarray of shape (n, d)
    y : ndarray of shape (n,)
    sparsity : int
    epsilon : float
    """

    theta: np.ndarray
    X: np.ndarray
    y: np.ndarray
    sparsity: int
    epsilon: float


def information_limit(epsilon: float) -> float:
    r"""Return :math:`\sinh^2(\varepsilon/2)`, the most that a report tells of all coordinates together.

    Examples
    --------
    >>> round(information_limit(1.0), 4)
    0.2715
    """
    return math.sinh(epsilon / 2) ** 2


def draw_trial(
    n: int, dim: int, sparsity: int, epsilon: float, rng: np.random.Generator, *,
    delta: float, empty: float, signed: bool,
) -> Trial:  # fmt: skip
    """Draw a parameter from the prior and n users.

    Parameters
    ----------
    n, dim, sparsity : int
        `sparsity` divides `dim`.
    epsilon : float
        Privacy level of the reports to come.
    rng : numpy.random.Generator
    delta : float
        Size of a coefficient.
    empty : float
        Probability that a block is empty.
    signed : bool
        Whether coefficients have random signs.
    """
    width = dim // sparsity
    sizes = np.where(rng.random(sparsity) < empty, 0.0, delta)
    if signed:
        sizes = sizes * rng.choice((-1.0, 1.0), size=sparsity)
    theta = np.zeros(dim)
    theta[width * np.arange(sparsity) + rng.integers(width, size=sparsity)] = sizes
    X = 2.0 * rng.integers(2, size=(n, dim)) - 1.0
    y = np.where(2 * rng.random(n) < 1 + X @ theta, 1.0, -1.0)
    return Trial(theta, X, y, sparsity, epsilon)


def one_round(trial: Trial, rng: np.random.Generator) -> np.ndarray:
    """Return the non-interactive estimate with known covariance: reports of x y, their mean, a threshold."""
    n, d = trial.X.shape
    reports = PrivUnitG(dim=d, epsilon=trial.epsilon)
    sent = reports.privatize(trial.X * (trial.y / math.sqrt(d))[:, None], rng)
    sd = math.sqrt(d * reports.variance / n)
    return soft_threshold(math.sqrt(d) * sent.mean(axis=0), universal_threshold(sd, d))


def two_rounds(trial: Trial, rng: np.random.Generator) -> np.ndarray:
    """Return the interactive estimate: scores at zero of the first half, at what it found of the second half."""
    n, d = trial.X.shape
    reports = PrivUnitG(dim=d, epsilon=trial.epsilon)
    theta = np.zeros(d)
    for rows in (slice(0, n // 2), slice(n // 2, n)):
        X, residual = trial.X[rows], trial.X[rows] @ theta - trial.y[rows]
        clipped = np.clip(residual, -1.0, 1.0)  # |x| is the same for all: this clips the norm of the score
        sent = reports.privatize(X * (clipped / math.sqrt(d))[:, None], rng)
        theta = iht_step(theta, math.sqrt(d) * sent.mean(axis=0), step=1.0, keep=trial.sparsity)
    return theta
