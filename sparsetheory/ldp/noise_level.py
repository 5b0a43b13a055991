"""How large the noise of a protocol is, and what that does to the estimate: expected errors in closed form."""

import math
from typing import NamedTuple, Protocol

from scipy.optimize import brentq
from scipy.special import ndtri

from .thresholded_normal import hard_moments, soft_moments, survival

__all__ = ["SAFE_RATIO", "GramNoise", "Noise", "ScoreNoise", "noise_to_eigenvalue", "universal_threshold"]

#: Noise over smallest eigenvalue up to which the inverse of a noisy Gram matrix is well behaved.
SAFE_RATIO = 0.3


class Noise(Protocol):
    """What is known of the noise of a protocol in which n users take part."""

    def squared_error(self, n: float, dim: int, sparsity: int, theta_norm: float, lambda_min: float) -> float:
        """Return the expected squared l2 error."""

    def smallest_n(self, dim: int, lambda_min: float) -> float:
        """Return the users without whom the closed form does not apply."""


class GramNoise(NamedTuple):
    r"""Standard deviations of the noise in a Gram matrix and a cross moment: of one user's share of their means.

    With n users an entry of the mean has the standard deviation `.over(n)`. Public covariates leave no noise in the
    Gram matrix: both its entries are 0.
    """

    off_diagonal: float
    diagonal: float
    cross: float

    def over(self, n: float) -> "GramNoise":
        """Return the deviations of means over n users."""
        return GramNoise(*(s / math.sqrt(n) for s in self))

    def coordinate(self, theta_norm: float, lambda_min: float = 1.0, theta_j: float = 0.0) -> float:
        r"""Return the deviation of a coordinate of Sighat^{-1} bhat, to first order in the noise.

        With noise E in the Gram matrix and e in the cross moment, :math:`(\Sigma + E)^{-1} (\Sigma\theta + e) - \theta
        = \Sigma^{-1} (e - E \theta)` to first order. An entry of :math:`e - E\theta` has variance
        :math:`s_{xy}^2 + s_{off}^2 (|\theta|^2 - \theta_j^2) + s_{diag}^2 \theta_j^2`; :math:`\Sigma^{-1}` multiplies
        it by at most :math:`1/\lambda_{min}^2`, with equality for isotropic covariates.
        """
        gram = self.off_diagonal**2 * (theta_norm**2 - theta_j**2) + (self.diagonal * theta_j) ** 2
        return math.sqrt(self.cross**2 + gram) / lambda_min

    def squared_error(self, n: float, dim: int, sparsity: int, theta_norm: float, lambda_min: float) -> float:
        """Return the expected squared error of the thresholded estimate; see `predicted_error`."""
        means, size = self.over(n), theta_norm / math.sqrt(sparsity)
        floor = max(lambda_min, 2 * math.sqrt(dim) * means.off_diagonal)
        threshold = universal_threshold(means.coordinate(theta_norm, floor), dim)
        if threshold == 0:
            return 0.0
        mean, second = _resolvent(means, dim, lambda_min)
        spread = (second - mean**2) / _second_order(means, dim, lambda_min) if self.off_diagonal else 0.0
        wide = math.sqrt(spread)
        solved = GramNoise(wide * means.off_diagonal, wide * means.diagonal, math.sqrt(second) * means.cross)
        off, on = (solved.coordinate(theta_norm, floor, at) for at in (0.0, size))
        seen = _soft_risk(mean * size * lambda_min / floor, size, on, threshold)
        return sparsity * seen + (dim - sparsity) * _soft_risk(0.0, 0.0, off, threshold)

    def smallest_n(self, dim: int, lambda_min: float) -> float:
        """Return the users with whom the noise of the Gram matrix is `SAFE_RATIO` of the smallest eigenvalue."""
        return (noise_to_eigenvalue(self, 1.0, dim, lambda_min=lambda_min) / SAFE_RATIO) ** 2


class ScoreNoise(NamedTuple):
    r"""The noise of an interactive protocol, and what its server does with it.

    Attributes
    ----------
    entry : float
        Standard deviation of one user's score report, per coordinate.
    last_share : float
        Share of the users that speak in the last round.
    keep : int
        Coordinates that hard thresholding keeps.
    threshold : {"hard", "soft"}
    """

    entry: float
    last_share: float
    keep: int
    threshold: str = "hard"

    def squared_error(self, n: float, dim: int, sparsity: int, theta_norm: float, lambda_min: float) -> float:
        """Return the expected squared error after the last round; see `predicted_error`."""
        sd, size = self.entry / (math.sqrt(self.last_share * n) * lambda_min), theta_norm / math.sqrt(sparsity)
        if self.threshold == "soft":
            cut, moments = universal_threshold(1.0, dim), soft_moments
        else:
            cut, moments = _cut_that_keeps(min(self.keep, dim), dim, sparsity, size / sd), hard_moments
        on, off = moments(size / sd, cut), moments(0.0, cut)
        inner = sparsity * size * sd * on[0]
        square = sd**2 * (sparsity * on[1] + (dim - sparsity) * off[1])
        shrink = 1 / max(1.0, math.sqrt(square))  # projection on the unit ball
        return max(theta_norm**2 - 2 * inner * shrink + square * shrink**2, 0.0)

    def smallest_n(self, dim: int, lambda_min: float) -> float:
        """Return 1: nothing is inverted."""
        return 1.0


def universal_threshold(sd: float, dim: int) -> float:
    """Return sd sqrt(2 log d), above which the largest of d normal errors rarely is."""
    return sd * math.sqrt(2 * math.log(dim))


def noise_to_eigenvalue(noise: GramNoise, n: float, dim: int, *, lambda_min: float = 1.0) -> float:
    r"""Return the operator norm of the noise in the Gram matrix over the smallest eigenvalue.

    A symmetric matrix of independent entries of deviation s off the diagonal has operator norm near
    :math:`2 s \sqrt d` (the semicircle law), here with :math:`s = s_{off}/\sqrt n`.
    """
    return 2 * math.sqrt(dim) * noise.off_diagonal / (math.sqrt(n) * lambda_min)


def _soft_risk(mean: float, target: float, sd: float, threshold: float) -> float:
    """Return E (S_t(X) - target)^2 for X ~ N(mean, sd^2)."""
    first, second = soft_moments(mean / sd, threshold / sd)
    return sd**2 * second - 2 * target * sd * first + target**2


def _second_order(means: GramNoise, dim: int, lambda_min: float) -> float:
    """Return v with E[E^2] = v lambda_min^2 I for the noise E of the Gram matrix; at most 1/16, see `_resolvent`."""
    return min(((dim - 1) * means.off_diagonal**2 + means.diagonal**2) / lambda_min**2, 1 / 16)


def _resolvent(means: GramNoise, dim: int, lambda_min: float) -> tuple[float, float]:
    r"""Return the means of 1/(1 + x) and 1/(1 + x)^2 over the semicircle law of variance v = rho^2/4.

    They are what the inverse of I + E does to a vector, :math:`2 (1 - \sqrt{1 - \rho^2})/\rho^2 = 1 + v + \ldots` and
    :math:`2 (1/\sqrt{1 - \rho^2} - 1)/\rho^2 = 1 + 3 v + \ldots`. Beyond rho = 1/2 eigenvalues are floored and the
    factors are taken to stay.
    """
    square = 4 * _second_order(means, dim, lambda_min)
    root = math.sqrt(1 - square)
    return 2 / (1 + root), 2 / (root * (1 + root))


def _cut_that_keeps(keep: int, dim: int, sparsity: int, mean: float) -> float:
    """Return t with k P(|m + Z| > t) + (d - k) P(|Z| > t) = keep."""
    if keep >= dim:
        return 0.0

    def excess(cut: float) -> float:
        return sparsity * survival(mean, cut) + (dim - sparsity) * survival(0.0, cut) - keep

    return float(brentq(excess, 0.0, mean - float(ndtri(0.5 * keep / dim)) + 10.0))
