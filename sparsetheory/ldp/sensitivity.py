"""How far the statistics of one record move when the record is replaced: exact l2 sensitivities.

Records are (x, y) with |x| <= r and |y| <= tau. Every value is a supremum that some pair of records attains; what
published algorithms use instead is larger, by sqrt(2) for the Gram matrix.
"""

import math

from .._validation import check_count, check_nonnegative, check_positive

__all__ = [
    "coordinate_cross_moment_sensitivity",
    "cross_moment_sensitivity",
    "gram_sensitivity",
    "joint_sensitivity",
    "published_score_radius",
    "score_sensitivity",
]


def gram_sensitivity(x_radius: float) -> float:
    """Return the largest Frobenius distance of x x^T and x' x'^T for |x|, |x'| <= r, which is sqrt(2) r^2.

    Parameters
    ----------
    x_radius : float
        r > 0.

    Returns
    -------
    float
        Attained by orthogonal x and x' of norm r. The same value holds for the isometric packing of the upper triangle
        (off-diagonal entries times sqrt(2)) and for its plain entries.

    Notes
    -----
    |x x^T - x' x'^T|^2 = |x|^4 + |x'|^4 - 2 <x, x'>^2.

    Examples
    --------
    >>> round(gram_sensitivity(2.0), 4)
    5.6569
    """
    r = check_positive(x_radius, "x_radius")
    return math.sqrt(2.0) * r * r


def cross_moment_sensitivity(x_radius: float, y_bound: float) -> float:
    """Return the largest distance of y x and y' x' for |x|, |x'| <= r and |y|, |y'| <= tau, which is 2 r tau.

    Parameters
    ----------
    x_radius, y_bound : float
        r and tau, both positive.

    Returns
    -------
    float
        Attained by x' = x and y' = -y.

    Examples
    --------
    >>> cross_moment_sensitivity(4.0, 3.0)
    24.0
    """
    return 2.0 * check_positive(x_radius, "x_radius") * check_positive(y_bound, "y_bound")


def coordinate_cross_moment_sensitivity(dim: int, x_bound: float, y_bound: float) -> float:
    """Return the largest distance of y x and y' x' when every coordinate of x is at most tau1 in size.

    Parameters
    ----------
    dim : int
        Number of coordinates d.
    x_bound, y_bound : float
        tau1 for the coordinates of x, tau2 for y.

    Returns
    -------
    float
        2 sqrt(d) tau1 tau2.

    Examples
    --------
    >>> coordinate_cross_moment_sensitivity(4, 1.0, 3.0)
    12.0
    """
    root = math.sqrt(check_count(dim, "dim"))
    return 2.0 * root * check_positive(x_bound, "x_bound") * check_positive(y_bound, "y_bound")


def joint_sensitivity(x_radius: float, y_bound: float, *, gram_weight: float = 1.0, cross_weight: float) -> float:
    """Return the largest distance of two pairs (a x x^T, b y x), the first in Frobenius norm.

    Parameters
    ----------
    x_radius, y_bound : float
        r and tau, both positive.
    gram_weight : float, default 1.0
        a >= 0.
    cross_weight : float
        b >= 0. With a = 1 and b = sqrt(2) c this is the sensitivity of z z^T for z = (x, c y) wherever c tau <= r: the
        report of y^2 is then free.

    Returns
    -------
    float
        sqrt(2) (a r^2 + b^2 tau^2/(2 a)) for b tau <= sqrt(2) a r, else 2 b r tau.

    Notes
    -----
    With t = <x, x'>/r^2 and y' = -y the squared distance is 2 a^2 r^4 (1 - t^2) + 2 b^2 r^2 tau^2 (1 + t), largest at
    t = b^2 tau^2/(2 a^2 r^2), or at t = 1 when that is beyond 1.

    Examples
    --------
    >>> round(joint_sensitivity(1.0, 1.0, cross_weight=1.0), 4)
    2.1213
    """
    r, tau = check_positive(x_radius, "x_radius"), check_positive(y_bound, "y_bound")
    a, b = check_nonnegative(gram_weight, "gram_weight"), check_nonnegative(cross_weight, "cross_weight")
    if b * tau <= math.sqrt(2.0) * a * r:
        return math.sqrt(2.0) * (a * r * r + (b * tau) ** 2 / (2.0 * a)) if a > 0.0 else 0.0
    return 2.0 * b * r * tau


def score_sensitivity(radius: float) -> float:
    """Return the largest distance 2 C of two vectors of norm at most C.

    Parameters
    ----------
    radius : float
        C > 0, the norm to which the score x (<x, theta> - y) is clipped.

    Returns
    -------
    float
        2 C.

    Examples
    --------
    >>> score_sensitivity(1.0)
    2.0
    """
    return 2.0 * check_positive(radius, "radius")


def published_score_radius(dim: int, sparsity: int, x_bound: float, y_bound: float) -> float:
    """Return the bound on |x (<x, theta> - y)| that coordinate clipping gives the published interactive algorithm.

    Parameters
    ----------
    dim : int
        Number of coordinates d.
    sparsity : int
        Number k' of non-zero coordinates of theta, whose norm is at most 1.
    x_bound, y_bound : float
        Clips tau1 of the coordinates of x and tau2 of y.

    Returns
    -------
    float
        sqrt(d) tau1 (sqrt(k') tau1 + tau2). Clipping the norm of the whole score avoids the factor sqrt(k').

    Examples
    --------
    >>> published_score_radius(16, 4, 1.0, 3.0)
    20.0
    """
    d, k = check_count(dim, "dim"), check_count(sparsity, "sparsity")
    tau1, tau2 = check_positive(x_bound, "x_bound"), check_positive(y_bound, "y_bound")
    return math.sqrt(d) * tau1 * (math.sqrt(k) * tau1 + tau2)
