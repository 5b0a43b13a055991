r"""What the studies of rates share: sign designs of millions of users, the noise of sums, thresholded estimates.

Covariates are uniform on :math:`\{-1, 1\}^d`, so that :math:`|x| = \sqrt d` and nothing is clipped; the parameter has k
entries :math:`\pm 1/\sqrt k`, the response :math:`y = \langle x, \theta \rangle \pm 1/2` stays below :data:`Y_BOUND`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..verify.bound import Bound
from ..verify.rules import Joint
from ..verify.sample import Cell
from ..verify.study import Broken, Budget, Positive, Study, WrongBound
from .elementary import soft_threshold
from .prediction import GramNoise, gram_noise, universal_threshold

__all__ = [
    "DRAWS",
    "Y_BOUND",
    "Instance",
    "SignData",
    "draw_sign_data",
    "joint_study",
    "linear_estimates",
    "noisy_moments",
    "plain_inverse",
    "pose",
    "root_mean_square",
    "shuffled_responses",
    "sign_products",
    "thresholded",
    "without_noise",
]

#: Where responses are clipped: above sqrt(k) + 1/2 for every k that is studied.
Y_BOUND = 3.0
#: Draws of the noise a replicate, whose root mean square error is its value.
DRAWS = 32
_WORDS = 4096  # 64 users each, of every covariate: blocks that stay in the cache


@dataclass(frozen=True)
class SignData:
    """Moments of n users with sign covariates, exact, as means.

    Attributes
    ----------
    theta : ndarray of shape (d,)
    gram : ndarray of shape (d, d)
    cross : ndarray of shape (d,)
        Mean of x y.
    noise : ndarray of shape (d,)
        Mean of x times the noise of the response: ``cross - gram @ theta``.
    n : int
    """

    theta: np.ndarray
    gram: np.ndarray
    cross: np.ndarray
    noise: np.ndarray
    n: int


@dataclass(frozen=True)
class Instance:
    """Data with the noise of a protocol, per user.

    Attributes
    ----------
    data : SignData
    noise : GramNoise
    sparsity : int
    epsilon : float
    """

    data: SignData
    noise: GramNoise
    sparsity: int
    epsilon: float

    @property
    def symbols(self) -> dict[str, float]:
        """The sizes, under the names that they have in bounds and factors."""
        sizes = {"n": self.data.n, "d": len(self.data.theta), "k": self.sparsity, "tau": Y_BOUND}
        return {name: float(size) for name, size in sizes.items()}


def pose(
    cell: Cell, rng: np.random.Generator, *, mechanism: str, delta: float = 0.0, public_covariates: bool = False
) -> Instance:
    """Draw the instance of a cell with the parameters n, d, k and eps."""
    d, k, eps = int(cell["d"]), int(cell["k"]), float(cell["eps"])
    noise = gram_noise(
        mechanism, d, eps, delta, x_radius=math.sqrt(d), y_bound=Y_BOUND, public_covariates=public_covariates
    )
    return Instance(draw_sign_data(int(cell["n"]), d, k, rng), noise, k, eps)


def sign_products(n: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """Return the inner products of `columns` vectors of n independent signs, exactly; n is a multiple of 64.

    A sign is a bit and a product of two vectors n less twice the number of bits in which they differ.

    Examples
    --------
    >>> import numpy as np
    >>> products = sign_products(6400, 3, np.random.default_rng(0))
    >>> np.diag(products).tolist(), bool(abs(products[0, 1]) < 400)
    ([6400, 6400, 6400], True)
    """
    differ = np.zeros((columns, columns), dtype=np.int64)
    left = n // 64
    while left:
        words = min(left, _WORDS)
        bits = rng.integers(0, 2**64, size=(columns, words), dtype=np.uint64)
        for i in range(columns - 1):
            differ[i, i + 1 :] += np.bitwise_count(bits[i] ^ bits[i + 1 :]).sum(axis=1, dtype=np.int64)
        left -= words
    return n - 2 * (differ + differ.T)


def draw_sign_data(n: int, dim: int, sparsity: int, rng: np.random.Generator) -> SignData:
    """Draw a parameter and the moments of n users (n is rounded to a multiple of 64)."""
    n = 64 * max(round(n / 64), 1)
    theta = np.zeros(dim)
    theta[rng.choice(dim, size=sparsity, replace=False)] = rng.choice((-1.0, 1.0), size=sparsity) / math.sqrt(sparsity)
    products = sign_products(n, dim + 1, rng) / n
    gram, noise = products[:dim, :dim], products[:dim, dim] / 2
    return SignData(theta, gram, gram @ theta + noise, noise, n)


def noisy_moments(
    data: SignData, noise: GramNoise, draws: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return Gram matrices (draws, d, d) and cross moments (draws, d) with the noise of all reports together.

    Sums of reports are normal: exactly for Gaussian reports, by the central limit for the others.
    """
    d, means = len(data.theta), noise.over(data.n)
    cross = data.cross + means.cross * rng.standard_normal((draws, d))
    if noise.off_diagonal == 0:
        return np.broadcast_to(np.eye(d), (draws, d, d)), cross
    upper = np.triu(rng.standard_normal((draws, d, d)), 1) * means.off_diagonal
    diagonal = means.diagonal * rng.standard_normal((draws, d))
    return data.gram + upper + upper.transpose(0, 2, 1) + diagonal[:, :, None] * np.eye(d), cross


def linear_estimates(data: SignData, noise: GramNoise, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return the solutions of the noisy normal equations, (draws, d)."""
    gram, cross = noisy_moments(data, noise, draws, rng)
    return cross if noise.off_diagonal == 0 else np.linalg.solve(gram, cross[:, :, None])[:, :, 0]


def thresholded(instance: Instance, rng: np.random.Generator) -> np.ndarray:
    """Return what the library estimates, `DRAWS` times: the solution, thresholded at the level of its noise."""
    data, noise = instance.data, instance.noise
    sd = noise.over(data.n).coordinate(float(np.linalg.norm(data.theta)))
    return soft_threshold(linear_estimates(data, noise, DRAWS, rng), universal_threshold(sd, len(data.theta)))


def plain_inverse(instance: Instance, rng: np.random.Generator) -> np.ndarray:
    """Return solutions without a threshold: a planted defect."""
    return linear_estimates(instance.data, instance.noise, DRAWS, rng)


def without_noise(instance: Instance, rng: np.random.Generator) -> np.ndarray:
    """Return the solution without noise or threshold, which is not private: a planted defect."""
    return plain_inverse(replace(instance, noise=GramNoise(0.0, 0.0, 0.0)), rng)


def shuffled_responses(instance: Instance, rng: np.random.Generator) -> np.ndarray:
    """Return estimates where responses belong to other users, so that x y has mean zero: a planted defect."""
    data = instance.data
    return thresholded(replace(instance, data=replace(data, cross=data.noise)), rng)


def root_mean_square(estimates: np.ndarray, theta: np.ndarray) -> float:
    """Return the root of the mean over draws of the squared l2 error."""
    return math.sqrt(float(((estimates - theta) ** 2).sum(axis=1).mean()))


def joint_study(
    *, claim: str, generate: Any, run: Any, measure: Any, quick: Budget, full: Budget, wrong: Bound,
    broken: Sequence[Broken], notes: str, factors: tuple[str, ...] = ("n", "d", "k", "1/eps"), kappa: float = 0.5,
) -> Study:  # fmt: skip
    """Return the study of an error in all its parameters at once, neither faster nor slower than the closed form.

    `wrong` is the closed form times the square root of a parameter to the power of kappa too good.
    """
    return Study(
        claim=claim,
        generate=generate,
        run=run,
        measure=measure,
        rule=Joint(factors=factors, alternative="two-sided", margin=0.1, correction=None, quantity="l2 error"),
        quick=quick,
        full=full,
        controls=(
            WrongBound(bound=wrong, neutral=0.0, kappa=kappa, scan=(0.05, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)),
            *broken,
            Positive(),
        ),
        notes=notes,
    )
