"""The elementary estimator: least squares in closed form, then a soft threshold."""

from typing import Any

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from .._validation import check_matrix, check_nonnegative, check_vector
from ..errors import InvalidArgument

__all__ = ["elementary_estimator", "soft_threshold", "solve_positive"]


def soft_threshold(v: np.ndarray, threshold: float) -> np.ndarray:
    """Return sign(v) max(|v| - threshold, 0) entry by entry."""
    return v - np.clip(v, -threshold, threshold)


def solve_positive(gram: np.ndarray, cross: np.ndarray) -> np.ndarray | None:
    """Return gram^{-1} cross, or None where `gram` is not safely positive definite in double precision."""
    try:
        factor = cho_factor(gram, lower=True)
    except LinAlgError:
        return None
    pivots = np.diag(factor[0]) ** 2
    if pivots.min() <= len(gram) * np.finfo(float).eps * np.diag(gram).max():
        return None
    return np.asarray(cho_solve(factor, cross))


def elementary_estimator(X: Any, y: Any, lam: float, *, ridge: float = 0.0) -> np.ndarray:
    r"""Estimate a sparse linear model without privacy, in closed form.

    .. math:: \hat\theta = S_\lambda\big( (X^\top X/n + \rho I)^{-1} X^\top y/n \big)

    where S soft-thresholds every coordinate. It is what the non-interactive private protocol computes from noisy
    moments, here from exact ones.

    Parameters
    ----------
    X : array_like of shape (n, d)
    y : array_like of shape (n,)
    lam : float
        Threshold >= 0, in the units of the coefficients. With noise of deviation s in y and isotropic covariates,
        ``s * sqrt(2 * log(d) / n)`` is the universal level.
    ridge : float, default 0.0
        Added to the diagonal; positive where there are fewer rows than columns.

    Returns
    -------
    ndarray of shape (d,)

    Raises
    ------
    InvalidArgument
        If the Gram matrix is singular to working precision and `ridge` does not help it.

    References
    ----------
    Yang, Lozano, Ravikumar (2014), Elementary estimators for high-dimensional linear regression, ICML.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import ldp
    >>> X = np.random.default_rng(0).normal(size=(200, 5))
    >>> ldp.elementary_estimator(X, 2 * X[:, 1], 0.5).round(2).tolist()
    [0.0, 1.5, 0.0, 0.0, 0.0]
    """
    X = check_matrix(X, "X")
    y = check_vector(y, "y", length=len(X))
    lam, ridge = check_nonnegative(lam, "lam"), check_nonnegative(ridge, "ridge")
    n, d = X.shape
    found = solve_positive(X.T @ X / n + ridge * np.eye(d), X.T @ y / n)
    if found is None:
        raise InvalidArgument("X", "columns of full rank, or a ridge", f"a singular Gram matrix with ridge={ridge}")
    return soft_threshold(found, lam)
