"""What soft thresholding of Gaussian noise costs, exactly."""

import numpy as np
from scipy.special import ndtr

from .._validation import check_positive

__all__ = ["soft_threshold_risk"]


def soft_threshold_risk(theta: np.ndarray, *, sd: np.ndarray | float, threshold: float) -> np.ndarray:
    r"""Return :math:`E (S_\lambda(\theta_j + s_j Z) - \theta_j)^2` coordinate by coordinate, Z standard normal.

    With :math:`t = \lambda/s` and :math:`\mu = \theta/s` it is

    .. math:: s^2 \{1 + t^2 + (\mu^2 - t^2 - 1) [\Phi(t - \mu) - \Phi(-t - \mu)]
              - (t - \mu) \phi(t + \mu) - (t + \mu) \phi(t - \mu)\}.

    Parameters
    ----------
    theta : array_like
        Coordinates before noise.
    sd : array_like or float
        Standard deviations of the noise, positive, broadcast against `theta`.
    threshold : float
        :math:`\lambda`, positive.

    Returns
    -------
    ndarray
        Expected squared errors, of the shape of `theta`.

    Examples
    --------
    Far above the threshold the error is its bias and the noise, ``threshold**2 + sd**2``; at zero it is small.

    >>> soft_threshold_risk([0.0, 100.0], sd=1.0, threshold=2.0).round(4).tolist()
    [0.0115, 5.0]

    References
    ----------
    Donoho, Johnstone (1994), Ideal spatial adaptation by wavelet shrinkage, Biometrika 81.
    """
    s = np.asarray(sd, float)
    t = check_positive(threshold, "threshold") / s
    mu = np.abs(np.asarray(theta, float)) / s
    inside = ndtr(t - mu) - ndtr(-t - mu)
    tails = (t - mu) * _density(t + mu) + (t + mu) * _density(t - mu)
    return s**2 * (1 + t**2 + (mu**2 - t**2 - 1) * inside - tails)


def _density(x: np.ndarray) -> np.ndarray:
    return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
