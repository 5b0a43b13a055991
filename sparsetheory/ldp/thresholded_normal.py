"""Moments of a thresholded normal variable: what soft and hard thresholding leave of a coordinate and its noise."""

import math

from scipy.special import ndtr

__all__ = ["hard_moments", "soft_moments", "survival"]


def _density(z: float) -> float:
    return math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def survival(mean: float, threshold: float) -> float:
    """Return P(|X| > t) for X ~ N(mean, 1)."""
    return float(ndtr(mean - threshold) + ndtr(-mean - threshold))


def hard_moments(mean: float, threshold: float) -> tuple[float, float]:
    r"""Return the first two moments of X 1{|X| > t}, X ~ N(m, 1).

    With a = t - m, b = t + m the event is {Z > a} or {Z < -b} for X = m + Z, and integration by parts gives
    E[Z; Z > a] = phi(a), E[Z^2; Z > a] = a phi(a) + Phi(-a).
    """
    a, b = threshold - mean, threshold + mean
    above, below = float(ndtr(-a)), float(ndtr(-b))
    first = mean * (above + below) + _density(a) - _density(b)
    second = (1 + mean**2) * (above + below) + (a + 2 * mean) * _density(a) + (b - 2 * mean) * _density(b)
    return first, second


def soft_moments(mean: float, threshold: float) -> tuple[float, float]:
    r"""Return the first two moments of sign(X) max(|X| - t, 0), X ~ N(m, 1).

    On {X > t} the value is X - t and on {X < -t} it is X + t; the moments are those of `hard_moments` and
    E[|X|; |X| > t] = m (Phi(-a) - Phi(-b)) + phi(a) + phi(b).
    """
    a, b = threshold - mean, threshold + mean
    above, below = float(ndtr(-a)), float(ndtr(-b))
    first, second = hard_moments(mean, threshold)
    size = mean * (above - below) + _density(a) + _density(b)
    return first - threshold * (above - below), second - 2 * threshold * size + threshold**2 * (above + below)
