"""The joint distribution of several responses given their covariates, row by row."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp

from ..._validation import check_count
from ...errors import InvalidArgument
from ..predictive import PredictiveDistribution, chosen_experts
from .parameters import sequential

__all__ = ["MultivariateDistribution"]


@dataclass(frozen=True, eq=False)
class MultivariateDistribution:
    r"""One Gaussian mixture in q dimensions for each of n rows of covariates.

    .. math:: p(y \mid x_i) = \sum_j \pi_{ij} N(y; m_{ij}, \Sigma_j)

    Attributes
    ----------
    log_weights : ndarray of shape (n, k)
        Logarithms of the weights; -inf for experts that are not active.
    means : ndarray of shape (n, k, q)
        Means of the experts.
    covariances : ndarray of shape (k, q, q)
        Covariances of the experts.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory.moe.multivariate.predictive import MultivariateDistribution
    >>> two = MultivariateDistribution(np.log([[0.5, 0.5]]), np.array([[[-1.0, 0.0], [1.0, 0.0]]]), [np.eye(2)] * 2)
    >>> two.mean(), two.cov()[0].tolist(), two.marginal(0).cdf(0.0)
    (array([[0., 0.]]), [[2.0, 0.0], [0.0, 1.0]], array([0.5]))
    """

    log_weights: np.ndarray
    means: np.ndarray
    covariances: Any

    @property
    def n_responses(self) -> int:
        """Number q of responses."""
        return int(self.means.shape[2])

    def marginal(self, response: int) -> PredictiveDistribution:
        """Return the distribution of one response, with cdf, ppf and the rest."""
        index = check_count(response, "response", minimum=0)
        if index >= self.n_responses:
            raise InvalidArgument("response", f"a response, 0 to {self.n_responses - 1}", index)
        return PredictiveDistribution(self.log_weights, self.means[:, :, index], self._variances[:, index])

    @property
    def _variances(self) -> np.ndarray:
        return np.diagonal(self.covariances, axis1=1, axis2=2)

    def logpdf(self, y: Any) -> np.ndarray:
        """Return the logarithms of the densities at y.

        Parameters
        ----------
        y : array_like of shape (q,), (n, q) or (m, n, q)
            One point for all rows, or one (or m) for each; (m, 1, q) stands for the same m for all.

        Returns
        -------
        ndarray of shape (n,), or (m, n)
        """
        n, _, q = self.means.shape
        try:
            points = np.asarray(y, dtype=float)
            np.broadcast_shapes(points.shape, (n, q))
            if points.shape[-1:] != (q,):
                raise ValueError
        except (TypeError, ValueError):
            raise InvalidArgument("y", f"points of shape (..., {n}, {q})", f"shape {np.shape(y)}") from None
        turn, variances = sequential(np.asarray(self.covariances))
        residuals = np.einsum("jab,...jb->...ja", turn, points[..., None, :] - self.means)
        terms = -0.5 * residuals**2 / variances - 0.5 * np.log(2.0 * np.pi * variances)
        return np.asarray(logsumexp(self.log_weights + terms.sum(axis=-1), axis=-1))

    def pdf(self, y: Any) -> np.ndarray:
        """Return the densities at y, which is as in `logpdf`."""
        return np.exp(self.logpdf(y))

    def mean(self) -> np.ndarray:
        """Return the means, (n, q)."""
        return np.asarray(np.einsum("ij,ija->ia", np.exp(self.log_weights), self.means))

    def cov(self) -> np.ndarray:
        """Return the covariances, (n, q, q): within the experts and between their means."""
        roots = np.exp(0.5 * self.log_weights)
        spread = roots[:, :, None] * (self.means - self.mean()[:, None])  # squares alone would overflow
        within = np.tensordot(np.exp(self.log_weights), self.covariances, (1, 0))
        return np.asarray(within + np.einsum("ija,ijb->iab", spread, spread))

    def var(self) -> np.ndarray:
        """Return the variances of the responses, (n, q)."""
        return np.asarray(np.diagonal(self.cov(), axis1=1, axis2=2))

    def std(self) -> np.ndarray:
        """Return the standard deviations of the responses, (n, q)."""
        return np.sqrt(self.var())

    def sample(self, rng: np.random.Generator, *, size: int | None = None) -> np.ndarray:
        """Draw responses.

        Parameters
        ----------
        rng : numpy.random.Generator
        size : int, optional
            Draws a row.

        Returns
        -------
        ndarray of shape (n, q), or (size, n, q)
        """
        n, _, q = self.means.shape
        chosen = chosen_experts(self.log_weights, rng, size)
        roots = np.linalg.cholesky(np.asarray(self.covariances))
        noise = np.einsum("...ab,...b->...a", roots[chosen], rng.standard_normal((*chosen.shape, q)))
        return np.asarray(self.means[np.arange(n), chosen] + noise)
