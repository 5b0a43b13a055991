"""Closed forms: the error of every protocol, and the users it needs, from public numbers alone."""

import math
from collections.abc import Callable
from typing import Any

from scipy.optimize import brentq

from .._validation import check_choice, check_count, check_positive
from ..errors import InvalidArgument
from .calibration import gdp_mu
from .guarantee import check_delta, check_epsilon
from .noise_level import SAFE_RATIO, GramNoise, Noise, ScoreNoise, noise_to_eigenvalue, universal_threshold

__all__ = [
    "GRAM_MECHANISMS",
    "SAFE_RATIO",
    "GramNoise",
    "ScoreNoise",
    "gaussian_weight",
    "gram_noise",
    "gram_share",
    "n_required",
    "noise_to_eigenvalue",
    "predicted_error",
    "score_noise",
    "universal_threshold",
]

#: How the Gram report may be randomised: the pure randomiser, Gaussian noise on its exact privacy curve, and the
#: constants of the paper.
GRAM_MECHANISMS = ("privunitg", "gaussian", "published")


def gaussian_weight(x_radius: float, y_bound: float, theta_norm: float = 1.0) -> float:
    r"""Return the weight c of the response in z = (x, c y) with the least error for the Gaussian report of z z'.

    The report of svec(z z') has sensitivity :math:`\sqrt2 (r^2 + c^2 \tau^2)`; undoing the weight, :math:`e - E\theta`
    has variance proportional to :math:`(r^2 + c^2 \tau^2)^2 (|\theta|^2 + 1/c^2)`. Its derivative in :math:`u = c^2`
    vanishes where :math:`2 \tau^2 |\theta|^2 u^2 + \tau^2 u - r^2 = 0`.
    """
    r, tau, theta = x_radius, y_bound, theta_norm
    return math.sqrt(2 * r**2 / (tau**2 + tau * math.sqrt(tau**2 + 8 * theta**2 * r**2)))


def gram_share(x_radius: float, y_bound: float, theta_norm: float = 1.0) -> float:
    r"""Return the share of users that report the Gram matrix, the others the cross moment, with the least error.

    Variances :math:`V r^4 |\theta|^2 / (2 \pi) + V r^2 \tau^2 / (1 - \pi)` are least at :math:`\pi = \rho / (1 + \rho)`
    with :math:`\rho = r |\theta| / (\sqrt2 \tau)`.
    """
    rho = x_radius * theta_norm / (math.sqrt(2) * y_bound)
    return rho / (1 + rho)


def _ball_sd(randomizer: str, dim: int, epsilon: float) -> float:
    """Return the deviation of a coordinate of the report of a point of the unit ball."""
    from .duchi import DuchiBall
    from .privunit import PrivUnit
    from .privunitg import PrivUnitG

    kinds: dict[str, Any] = {"privunitg": PrivUnitG, "privunit": PrivUnit, "duchi": DuchiBall}
    return math.sqrt(kinds[randomizer](dim=dim, epsilon=epsilon).variance)


def gram_noise(
    mechanism: str, dim: int, epsilon: float, delta: float = 0.0, *, x_radius: float, y_bound: float,
    theta_norm: float = 1.0, public_covariates: bool = False, coordinate_bound: float | None = None,
) -> GramNoise:  # fmt: skip
    r"""Return the noise of a non-interactive protocol, per user.

    Parameters
    ----------
    mechanism : {"privunitg", "gaussian", "published"}
        See `GRAM_MECHANISMS`.
    dim : int
        Number d of covariates.
    epsilon, delta : float
        The guarantee; delta is used by the Gaussian mechanisms.
    x_radius, y_bound : float
        Clipping bounds r and tau of covariates (l2) and response.
    theta_norm : float, default 1.0
        Bound on the norm of the parameter, for which weight or split are optimal.
    public_covariates : bool, default False
        The Gram matrix is public and every user reports the cross moment.
    coordinate_bound : float, optional
        Where "published" clips a covariate for the cross moment, tau_1; x_radius / sqrt(dim) by default.

    Returns
    -------
    GramNoise

    Notes
    -----
    - "privunitg": a share pi (`gram_share`) of the users reports :math:`svec(x x^\top)/r^2`, the others
      :math:`x y/(r \tau)`. A coordinate of such a report of a point of the unit ball of R^D has variance V(D, epsilon);
      svec multiplies off-diagonal entries by sqrt 2: variances :math:`V r^4/(2\pi)`, :math:`V r^4/\pi` and
      :math:`V r^2\tau^2/(1-\pi)`.
    - "gaussian": :math:`svec(zz^\top) + N(0, \sigma^2 I)` with `gaussian_weight` c,
      :math:`\sigma = \sqrt2 (r^2 + c^2\tau^2)/\mu(\epsilon, \delta)`: variances :math:`\sigma^2/2`,
      :math:`\sigma^2`, :math:`\sigma^2/(2c^2)`.
    - "published": upper triangle and diagonal with variance :math:`32 r^4 \log(2.5/\delta)/\epsilon^2`, cross moment
      :math:`32 d \tau_1^2 \tau^2 \log(2.5/\delta)/\epsilon^2`.
    - With public covariates only the cross moment of sensitivity :math:`2 r \tau` is reported, at the whole budget.

    Examples
    --------
    >>> from sparsetheory import ldp
    >>> noise = ldp.gram_noise("published", 32, 1.0, 1e-5, x_radius=32**0.5, y_bound=3.0)
    >>> ldp.n_required(0.1, 32, 4, noise=noise) > 1e9
    True
    """
    check_choice(mechanism, "mechanism", GRAM_MECHANISMS)
    d = check_count(dim, "dim")
    r, tau = check_positive(x_radius, "x_radius"), check_positive(y_bound, "y_bound")
    epsilon, delta = check_epsilon(epsilon), check_delta(delta, positive=mechanism != "privunitg")
    theta_norm = check_positive(theta_norm, "theta_norm")
    if mechanism == "privunitg":
        if public_covariates:
            return GramNoise(0.0, 0.0, r * tau * _ball_sd("privunitg", d, epsilon))
        share = gram_share(r, tau, theta_norm)
        gram = r**2 * _ball_sd("privunitg", d * (d + 1) // 2, epsilon) / math.sqrt(share)
        return GramNoise(gram / math.sqrt(2), gram, r * tau * _ball_sd("privunitg", d, epsilon) / math.sqrt(1 - share))
    if mechanism == "published":
        if public_covariates:
            return GramNoise(0.0, 0.0, 2 * r * tau * math.sqrt(2 * math.log(1.25 / delta)) / epsilon)
        scale = math.sqrt(32 * math.log(2.5 / delta)) / epsilon
        tau1 = r / math.sqrt(d) if coordinate_bound is None else check_positive(coordinate_bound, "coordinate_bound")
        return GramNoise(scale * r**2, scale * r**2, scale * math.sqrt(d) * tau1 * tau)
    scale = 1 / gdp_mu(epsilon, delta)
    if public_covariates:
        return GramNoise(0.0, 0.0, 2 * r * tau * scale)
    c = gaussian_weight(r, tau, theta_norm)
    sigma = math.sqrt(2) * (r**2 + (c * tau) ** 2) * scale
    return GramNoise(sigma / math.sqrt(2), sigma, sigma / (math.sqrt(2) * c))


def score_noise(
    radius: str | float, dim: int, epsilon: float, *, x_radius: float, y_bound: float, sparsity: int,
    keep: int | None = None, randomizer: str = "privunitg", last_share: float = 1 / 3, threshold: str = "hard",
) -> ScoreNoise:  # fmt: skip
    r"""Return the noise of an interactive protocol, per user of the last round.

    Parameters
    ----------
    radius : {"norm", "published"} or float
        Where scores are clipped. "published" is :math:`r (\sqrt{k'} r/\sqrt d + \tau)`, the largest norm that
        coordinate clipping leaves; "norm" is x_radius, scores whose residual is 1; or the radius itself.
    dim, epsilon, x_radius, y_bound
        As in `gram_noise`.
    sparsity : int
        Nonzero entries k of the parameter.
    keep : int, optional
        Entries k' that hard thresholding keeps, 2 k by default.
    randomizer : {"privunitg", "privunit", "duchi"}, default "privunitg"
    last_share : float, default 1/3
        Share of the users in the last round.
    threshold : {"hard", "soft"}, default "hard"

    Returns
    -------
    ScoreNoise
        Its entry is :math:`C \sqrt{V(d, \epsilon)}`, C the radius and V the variance at the unit ball.
    """
    check_choice(randomizer, "randomizer", ("privunitg", "privunit", "duchi"))
    check_choice(threshold, "threshold", ("hard", "soft"))
    k = check_count(sparsity, "sparsity")
    kept = min(2 * k if keep is None else check_count(keep, "keep"), dim)
    share = check_positive(last_share, "last_share")
    r, tau = check_positive(x_radius, "x_radius"), check_positive(y_bound, "y_bound")
    if isinstance(radius, str):
        check_choice(radius, "radius", ("norm", "published"))
        clip = r if radius == "norm" else r * (math.sqrt(kept / dim) * r + tau)
    else:
        clip = check_positive(radius, "radius")
    return ScoreNoise(clip * _ball_sd(randomizer, dim, check_epsilon(epsilon)), share, kept, threshold)


def predicted_error(
    noise: Noise, n: float, dim: int, sparsity: int, *, theta_norm: float = 1.0, lambda_min: float = 1.0
) -> float:
    r"""Return the root of the expected squared l2 error with n users.

    Parameters
    ----------
    noise : GramNoise or ScoreNoise
        From `gram_noise` or `score_noise`, per user.
    n : float
        Users.
    dim, sparsity : int
        Covariates d and nonzero entries k.
    theta_norm : float, default 1.0
        Norm of the parameter, whose k entries are taken to be equally large.
    lambda_min : float, default 1.0
        Smallest eigenvalue of the covariance of the covariates.

    Returns
    -------
    float

    Notes
    -----
    Non-interactive: a coordinate of the linear estimate has a normal error of deviation s (`GramNoise.coordinate`) and
    is soft-thresholded at :math:`\lambda = s \sqrt{2 \log d}`; the expectation is exact. Where entries are far above
    the threshold it is :math:`\sqrt{k (\lambda^2 + s^2)}`, where they are far below, theta_norm. The inverse of a noisy
    matrix also lengthens what it is applied to, by 1 + v with v a quarter of the squared `noise_to_eigenvalue`, which
    makes up for some of the threshold; it is exact for isotropic covariates by the semicircle law. Where noise exceeds
    the smallest eigenvalue, eigenvalues are taken to be raised to it, which shrinks the estimate.
    Interactive: a round sets the iterate to the parameter plus a normal error, thresholds it and projects it on the
    unit ball; earlier rounds are taken to have converged and clipping to be without bias.
    The noise of sampling, of order :math:`\sqrt{k \log d/n}`, is left out.
    """
    theta, low = check_positive(theta_norm, "theta_norm"), check_positive(lambda_min, "lambda_min")
    d, k = check_count(dim, "dim"), check_count(sparsity, "sparsity")
    if k > d:
        raise InvalidArgument("sparsity", f"at most dim = {d}", k)
    return math.sqrt(noise.squared_error(check_positive(n, "n"), d, k, theta, low))


def n_required(
    target: float, dim: int, sparsity: int, *, noise: Noise, theta_norm: float = 1.0, lambda_min: float = 1.0
) -> int:
    r"""Return the users needed for an l2 error of `target`.

    Parameters
    ----------
    target : float
        An l2 error below theta_norm.
    dim, sparsity, noise, theta_norm, lambda_min
        As in `predicted_error`.

    Returns
    -------
    int
        The smallest n with ``predicted_error(n) <= target`` and, where a noisy Gram matrix is inverted,
        ``noise_to_eigenvalue(n) <= 0.3``, to a relative accuracy of 1e-9.

    Notes
    -----
    Where entries are far above the threshold this is :math:`k (1 + 2 \log d)(s_{xy}^2 + s_{off}^2|\theta|^2) /
    (\lambda_{min} target)^2`, against :math:`4 d s_{off}^2/(0.3 \lambda_{min})^2` for the inverse.
    """
    if not 0 < check_positive(target, "target") < theta_norm:
        raise InvalidArgument("target", f"an error below theta_norm = {theta_norm}, that of the zero vector", target)
    least = max(noise.smallest_n(dim, lambda_min), 1.0)

    def excess(log_n: float) -> float:
        found = predicted_error(noise, math.exp(log_n), dim, sparsity, theta_norm=theta_norm, lambda_min=lambda_min)
        return found - target

    return math.ceil(math.exp(_first_below(excess, math.log(least))))


def _first_below(excess: Callable[[float], float], low: float) -> float:
    """Return where a decreasing function crosses zero above `low`; errors need not decrease before they are small."""
    high = low
    while excess(high) > 0:
        high += math.log(4)
    return low if high == low else float(brentq(excess, high - math.log(4), high, xtol=1e-9))
