"""What the studies of the interactive protocol share: users with sign covariates, and three rounds of their reports."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..verify.sample import Cell
from .hard_thresholding import iht_step
from .rate_study import Y_BOUND, sign_products

__all__ = [
    "ROUNDS", "ScoreInstance", "clipped_scores", "dense", "kept_noise", "plain_scores", "pose_scores",
    "published_bound", "too_few_kept", "too_small_radius",
]  # fmt: skip

ROUNDS = 3
#: Norm of the parameter: inside the unit ball, so that the projection on it is out of the way.
THETA_NORM = 0.8


@dataclass(frozen=True)
class ScoreInstance:
    """A parameter with the users' size and the noise of their reports.

    Attributes
    ----------
    theta : ndarray of shape (d,)
    n : int
        Users of all rounds.
    sparsity, keep : int
        Nonzero coefficients, and how many a round keeps.
    residual : float
        Where residuals are clipped; infinite where the radius is beyond every score.
    deviation : float
        Standard deviation of a coordinate of a report.
    variance : float
        Of a coordinate of the report of a unit vector.
    """

    theta: np.ndarray
    n: int
    sparsity: int
    keep: int
    residual: float
    deviation: float
    variance: float

    @property
    def symbols(self) -> dict[str, float]:
        """The sizes, under the names that they have in bounds and factors."""
        d = len(self.theta)
        sizes = {"n": self.n, "d": d, "k": self.sparsity, "V": self.variance, "T": kept_noise(self.sparsity, d)}
        return {name: float(size) for name, size in sizes.items()}


def kept_noise(sparsity: int, dim: int) -> float:
    """Return the expected sum of squares of the k largest of d - k standard normal variables, for large d."""
    from scipy.special import ndtri

    zeros = dim - sparsity
    cut = float(-ndtri(sparsity / (2 * zeros)))
    density = math.exp(-(cut**2) / 2) / math.sqrt(2 * math.pi)
    return 2 * zeros * cut * density + sparsity


def pose_scores(
    cell: Cell, rng: np.random.Generator, *, randomizer: Any, residual: float, bound: float
) -> ScoreInstance:
    """Draw a parameter; scores are clipped at ``residual sqrt(d)``, reports have the radius ``bound sqrt(d)``."""
    d, k = int(cell["d"]), int(cell["k"])
    theta = np.zeros(d)
    theta[rng.choice(d, size=k, replace=False)] = THETA_NORM * rng.choice((-1.0, 1.0), size=k) / math.sqrt(k)
    variance = float(randomizer(dim=d, epsilon=cell["eps"]).variance)
    return ScoreInstance(theta, int(cell["n"]), k, 2 * k, residual, bound * math.sqrt(d * variance), variance)


def clipped_scores(instance: ScoreInstance, rng: np.random.Generator) -> np.ndarray:
    """Run the protocol with norm clipping: every score is computed from its own row, the noise is that of the sum."""
    theta, m = np.zeros_like(instance.theta), instance.n // ROUNDS
    for _ in range(ROUNDS):
        bits = np.unpackbits(rng.integers(0, 256, size=(m, -(-len(theta) // 8)), dtype=np.uint8), axis=1)
        X = 2 * bits[:, : len(theta)].astype(np.float32) - 1
        noise = rng.choice(np.array([-0.5, 0.5], dtype=np.float32), size=m)
        residual = X @ (theta - instance.theta).astype(np.float32) - noise
        score = (np.clip(residual, -instance.residual, instance.residual) @ X).astype(float) / m
        theta = _next(instance, theta, score, m, rng)
    return theta


def plain_scores(instance: ScoreInstance, rng: np.random.Generator) -> np.ndarray:
    """Run the protocol where nothing is clipped: sums of scores are known from moments, exactly."""
    theta, m = np.zeros_like(instance.theta), instance.n // ROUNDS // 64 * 64
    for _ in range(ROUNDS):
        products = sign_products(m, len(theta) + 1, rng) / m
        score = products[:-1, :-1] @ (theta - instance.theta) - products[:-1, -1] / 2
        theta = _next(instance, theta, score, m, rng)
    return theta


def _next(
    instance: ScoreInstance, theta: np.ndarray, score: np.ndarray, m: int, rng: np.random.Generator
) -> np.ndarray:  # fmt: skip
    noise = instance.deviation / math.sqrt(m) * rng.standard_normal(len(theta))
    return iht_step(theta, score + noise, step=1.0, keep=instance.keep)


def dense(instance: ScoreInstance) -> ScoreInstance:
    """Keep every coordinate: a planted defect."""
    return replace(instance, keep=len(instance.theta))


def too_few_kept(instance: ScoreInstance) -> ScoreInstance:
    """Keep one coordinate, fewer than there are: a planted defect."""
    return replace(instance, keep=1)


def too_small_radius(instance: ScoreInstance) -> ScoreInstance:
    """Clip residuals, and scale the noise, at a hundredth: a planted defect."""
    return replace(instance, residual=0.01, deviation=0.01 * instance.deviation)


def published_bound(sparsity: int) -> float:
    """Return sqrt(k') + tau, k' = 2 k: the published bound on a residual, for sign covariates."""
    return math.sqrt(2 * sparsity) + Y_BOUND
