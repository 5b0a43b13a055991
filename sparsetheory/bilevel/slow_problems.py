"""Bilevel problems on which gradient steps are slow: where psi is nice every method is fast, and no rate shows."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .._validation import check_positive
from .known_problems import Known
from .problem import Problem

__all__ = ["ramp", "soft_tail"]


def _of_the_mean(value: Callable[[float], float], slope: Callable[[float], float], curvature: Any) -> Known:
    r"""Return :math:`f = \varphi(\bar y)`, :math:`g = \frac12 \sum_i h_i (y_i - x)^2`: then :math:`\psi = \varphi`."""
    h = np.atleast_1d(np.asarray(curvature, float))
    m = len(h)

    def grad_g(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        down = h * (y - x)
        return np.array([-down.sum()]), down  # of differences: two rounded sums would lose digits over sigma

    def solution(x: np.ndarray) -> np.ndarray:
        return np.full(m, x[0])

    return Known(
        problem=Problem(
            f=lambda x, y: value(y.sum() / m), g=lambda x, y: float(h @ (y - x) ** 2) / 2,
            grad_f=lambda x, y: (np.zeros(1), np.full(m, slope(y.sum() / m) / m)), grad_g=grad_g,
            hvp_yy=lambda x, y, v: h * v, hvp_xy=lambda x, y, v: np.array([-(h @ v)]),
        ),
        psi=lambda x: value(float(x[0])), gradient=lambda x: np.array([slope(float(x[0]))]), solution=solution,
        nearest=lambda x, y: solution(x), mu=float(h.min()),
    )  # fmt: skip


def soft_tail(*, height: float, power: float, curvature: Any = 1.0) -> Known:
    r"""Return a problem whose hypergradient falls like a small power of the time: one slow instance for all accuracies.

    .. math:: \psi(x) = A (1 + x^2)^{-p/2}, \qquad f = \psi(\bar y), \qquad g = \frac12 \sum_i h_i (y_i - x)^2

    On the tail :math:`|\psi'| \approx A p \, x^{-(p+1)}`, and :math:`|\psi''| \leq A p` everywhere. Gradient flow
    needs the time :math:`(A p)^{1/(p+1)} \epsilon^{-(p+2)/(p+1)}/(p+2)` for :math:`|\psi'| = \epsilon`: nearly
    :math:`\epsilon^{-2}` for small p, the most that a smooth function can ask for.

    Parameters
    ----------
    height, power : float
        A and p.
    curvature : array_like, default 1
        The curvatures h of the lower level, one for each of its variables.
    """
    A, p = check_positive(height, "height"), check_positive(power, "power")
    return _of_the_mean(
        lambda u: A * (1 + u * u) ** (-p / 2), lambda u: -A * p * u * (1 + u * u) ** (-p / 2 - 1), curvature
    )


def ramp(*, slope: float, width: float, curvature: Any = 1.0) -> Known:
    r"""Return a problem with a long straight descent: as slow as a smooth function with this slope can be.

    .. math:: \psi(x) = c w \log(1 + e^{-x/w}), \qquad f = \psi(\bar y), \qquad g = \frac12 \sum_i h_i (y_i - x)^2

    The slope is -c for :math:`x \ll -w` and 0 for :math:`x \gg w`; :math:`|\psi''| \leq c/(4 w)`.

    Parameters
    ----------
    slope, width : float
        c and w.
    curvature : array_like, default 1
        The curvatures h of the lower level, one for each of its variables.
    """
    c, w = check_positive(slope, "slope"), check_positive(width, "width")

    def value(u: float) -> float:
        return c * (max(-u, 0.0) + w * math.log1p(math.exp(-abs(u) / w)))

    def steepness(u: float) -> float:
        past = math.exp(-abs(u) / w)
        return -c * (past if u > 0 else 1.0) / (1 + past)

    return _of_the_mean(value, steepness, curvature)
