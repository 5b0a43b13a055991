"""The privacy curve of Gaussian noise, in logarithms, with a bound on its own rounding error.

With t = epsilon/mu - mu/2 and the Mills ratio M(s) = Phi(-s)/phi(s) the curve is phi(t) (M(t) - M(t + mu)): no
exponential of epsilon is formed. Where mu is small the difference is the integral of -M' = 1 - s M(s) > 0, and nothing
cancels.
"""

import math

__all__ = ["log_delta"]

_U = 2.0**-53
_SERIES = 12.0  # from here on 1 - s M(s) is summed as its asymptotic series, exact to rounding
_SMALL = 0.5  # shifts below are integrated, those above subtracted
# Gauss-Legendre on [-1, 1] with ten nodes: exact to rounding on intervals of length _SMALL
_NODES = (0.14887433898163122, 0.4333953941292472, 0.6794095682990244, 0.8650633666889845, 0.9739065285171717)
_WEIGHTS = (0.29552422471475287, 0.26926671930999635, 0.21908636251598204, 0.1494513491505806, 0.06667134430868814)


def _mills(s: float) -> float:
    """Return Phi(-s)/phi(s)."""
    from scipy.special import erfcx

    return math.sqrt(math.pi / 2.0) * float(erfcx(s / math.sqrt(2.0)))


def _slope(s: float) -> float:
    """Return -M'(s) = 1 - s M(s) > 0, without the cancellation of its two terms."""
    if s < _SERIES:
        return 1.0 - s * _mills(s)
    term = total = 1.0 / (s * s)
    k = 3
    while abs(term) > _U * total:
        term *= -k / (s * s)
        total += term
        k += 2
    return total


def log_delta(epsilon: float, mu: float) -> tuple[float, float]:
    """Return the logarithm of the curve at (epsilon, mu), and a bound on the rounding error of that logarithm."""
    from scipy.special import log_ndtr

    t = epsilon / mu - mu / 2.0
    spread = 8.0 * _U * (8.0 + (abs(t) + mu + 1.0) * (epsilon / mu + mu))  # of t^2/2, from the rounding of t
    if mu <= _SMALL:
        half = mu / 2.0
        terms = (w * (_slope(t + half - half * x) + _slope(t + half + half * x)) for x, w in zip(_NODES, _WEIGHTS))
        difference, lost = half * sum(terms), 1e-12
    elif t > 0.0:
        near, far = _mills(t), _mills(t + mu)
        difference, lost = near - far, 1e-13 * (near + far) / (near - far)
    else:
        above, below = float(log_ndtr(-t)), epsilon + float(log_ndtr(-t - mu))
        gap = -math.expm1(below - above)
        return above + math.log(gap), (1e-13 + 8.0 * _U * (epsilon + (t + mu) ** 2)) / gap + 4.0 * _U
    return math.log(difference) - t * t / 2.0 - 0.5 * math.log(2.0 * math.pi), lost + spread
