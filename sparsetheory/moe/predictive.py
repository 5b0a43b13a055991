"""The distribution of a response given its covariates, row by row: densities, quantiles, moments, samples."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import log_ndtr, logsumexp, ndtri_exp

from .._validation import check_count, check_generator
from ..errors import InvalidArgument

__all__ = ["PredictiveDistribution", "chosen_experts"]

_STEPS = 400  # of the root finder; halving alone takes about 53 + log2(bracket / least deviation)


@dataclass(frozen=True, eq=False)
class PredictiveDistribution:
    r"""One Gaussian mixture for each of n rows of covariates.

    .. math:: p(y \mid x_i) = \sum_j \pi_{ij} N(y; m_{ij}, v_j)

    Points and probabilities broadcast against the rows: a number stands for all of them, a vector of length n has one
    for each, and an array of shape (m, 1) or (m, n) gives an answer of shape (m, n).

    Attributes
    ----------
    log_weights : ndarray of shape (n, k)
        Logarithms of the weights; -inf for experts that are not active.
    means : ndarray of shape (n, k)
        Means of the experts.
    variances : ndarray of shape (k,)
        Variances of the experts, in squared units of y.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory.moe.predictive import PredictiveDistribution
    >>> two = PredictiveDistribution(np.log([[0.5, 0.5]]), np.array([[-1.0, 1.0]]), np.array([0.25, 0.25]))
    >>> two.mean(), two.var(), two.cdf(0.0), two.ppf([[0.5], [0.9]]).round(3).ravel()
    (array([0.]), array([1.25]), array([0.5]), array([0.   , 1.421]))
    """

    log_weights: np.ndarray
    means: np.ndarray
    variances: np.ndarray

    @property
    def _deviations(self) -> np.ndarray:
        return np.sqrt(self.variances)

    def _standardised(self, y: Any) -> np.ndarray:
        """Return (y - mean) / deviation of every expert, (..., n, k)."""
        try:
            points = np.asarray(y, dtype=float)
            np.broadcast_shapes(points.shape, (len(self.means),))
        except (TypeError, ValueError):
            expected = f"numbers that broadcast against {len(self.means)} rows"
            raise InvalidArgument("y", expected, f"shape {np.shape(y)}") from None
        return (points[..., None] - self.means) / self._deviations

    def logpdf(self, y: Any) -> np.ndarray:
        """Return the logarithms of the densities at y."""
        return self._log_density(self.log_weights, self._standardised(y))

    def _log_density(self, log_weights: np.ndarray, z: np.ndarray) -> np.ndarray:
        terms = log_weights - 0.5 * z**2 - 0.5 * np.log(2.0 * np.pi * self.variances)
        return np.asarray(logsumexp(terms, axis=-1))

    def pdf(self, y: Any) -> np.ndarray:
        """Return the densities at y, per unit of y."""
        return np.exp(self.logpdf(y))

    def logcdf(self, y: Any) -> np.ndarray:
        """Return the logarithms of the probabilities of at most y, accurate also where those underflow."""
        return self._log_tail(self._standardised(y))

    def logsf(self, y: Any) -> np.ndarray:
        """Return the logarithms of the probabilities of more than y, accurate also where those underflow."""
        return self._log_tail(-self._standardised(y))

    def cdf(self, y: Any) -> np.ndarray:
        """Return the probabilities of at most y."""
        return np.exp(self.logcdf(y))

    def sf(self, y: Any) -> np.ndarray:
        """Return the probabilities of more than y."""
        return np.exp(self.logsf(y))

    def _log_tail(self, z: np.ndarray) -> np.ndarray:
        return np.minimum(logsumexp(self.log_weights + log_ndtr(z), axis=-1), 0.0)

    def ppf(self, q: Any) -> np.ndarray:
        """Return the quantiles: the y with ``cdf(y) = q``, by Newton's method inside a bracket.

        Probabilities up to one half are solved for in the lower tail, the others in the upper one, both by their
        logarithms: `cdf` at the answer is q to rounding where the density lets it, and the bracket has closed to
        rounding elsewhere.

        Parameters
        ----------
        q : array_like
            Probabilities, 0 to 1.

        Raises
        ------
        InvalidArgument
            For probabilities outside of [0, 1], and NaN.
        """
        try:
            levels = np.broadcast_arrays(np.asarray(q, dtype=float), np.empty(len(self.means)))[0]
        except (TypeError, ValueError):
            expected = f"probabilities that broadcast against {len(self.means)} rows"
            raise InvalidArgument("q", expected, f"shape {np.shape(q)}") from None
        if not ((levels >= 0) & (levels <= 1)).all():
            raise InvalidArgument("q", "probabilities between 0 and 1", "some outside, or NaN")
        answer = np.where(levels > 0.5, np.inf, -np.inf)
        for sign, part in ((1.0, levels <= 0.5), (-1.0, levels > 0.5)):
            part = part & (levels > 0) & (levels < 1)
            tail = levels[part] if sign > 0 else 1.0 - levels[part]
            answer[part] = self._tail_quantile(np.log(tail), sign, np.nonzero(part)[-1])
        return answer

    def _tail_quantile(self, log_q: np.ndarray, sign: float, rows: np.ndarray) -> np.ndarray:
        """Return where the lower (sign 1) or upper tail has these probabilities, one a row."""
        log_weights, means = self.log_weights[rows], self.means[rows]
        active = log_weights > -np.inf
        own = sign * means + self._deviations * ndtri_exp(log_q)[:, None]  # of every expert, in a direction that rises
        low = np.where(active, own, np.inf).min(axis=1)
        high = np.where(active, own, -np.inf).max(axis=1)
        at = 0.5 * (low + high)
        last = high - low
        for _ in range(_STEPS):
            z = (at[:, None] - sign * means) / self._deviations
            log_tail = logsumexp(log_weights + log_ndtr(z), axis=1)
            log_p = self._log_density(log_weights, z)
            excess = log_tail - log_q
            low, high = np.where(excess <= 0, at, low), np.where(excess >= 0, at, high)
            with np.errstate(over="ignore", invalid="ignore"):
                newton = at - excess * np.exp(log_tail - log_p)
            # a step that is not half the last one halves the bracket instead, so that no run is long
            good = (newton > low) & (newton < high) & (np.abs(newton - at) <= 0.5 * last)
            new = np.where(excess == 0, at, np.where(good, newton, low + 0.5 * (high - low)))
            last, at = np.abs(new - at), new
            if (last <= 2.0 * np.spacing(np.abs(at) + self._deviations.min())).all():
                break
        return sign * at

    def mean(self) -> np.ndarray:
        """Return the means, (n,)."""
        return np.asarray((np.exp(self.log_weights) * self.means).sum(axis=1))

    def var(self) -> np.ndarray:
        """Return the variances, (n,): within the experts and between their means."""
        roots = np.exp(0.5 * self.log_weights)
        spread = roots * (self.means - self.mean()[:, None])  # none of an expert without weight
        return np.asarray((np.exp(self.log_weights) * self.variances + spread**2).sum(axis=1))

    def std(self) -> np.ndarray:
        """Return the standard deviations, (n,)."""
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
        ndarray of shape (n,), or (size, n)
        """
        chosen = chosen_experts(self.log_weights, rng, size)
        means = self.means[np.arange(len(self.means)), chosen]
        return np.asarray(means + self._deviations[chosen] * rng.standard_normal(chosen.shape))


def chosen_experts(log_weights: np.ndarray, rng: np.random.Generator, size: int | None) -> np.ndarray:
    """Draw an expert for every row, (n,), or `size` of them, (size, n)."""
    rng = check_generator(rng, "rng")
    n = len(log_weights)
    shape = (n,) if size is None else (check_count(size, "size"), n)
    reached = np.exp(log_weights).cumsum(axis=1)
    return np.asarray((rng.random((*shape, 1)) * reached[:, -1:] >= reached[:, :-1]).sum(axis=-1))
