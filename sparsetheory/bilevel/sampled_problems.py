"""A bilevel problem with sampled gradients on which no method is fast: for studies of schedules."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .known_problems import Known
from .problem import Problem

__all__ = ["Noise", "tails_and_bowls"]

HEIGHT, POWER, CENTRE = 20.0, 0.1, 4.0
# SplitMix64
_STEP, _FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_HALF, _30, _27, _31, _11 = np.uint64(32), np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_UNIT, _SPREAD = 2.0**-53, 12.0**0.5


@dataclass(frozen=True, kw_only=True)
class Noise:
    """What is added to sampled gradients: standard deviations, zero for gradients without noise.

    Attributes
    ----------
    f, g : float
        Of the noise in every coordinate of both parts of the gradient; it is uniform.
    relative : float
        Of a factor of the gradient as a whole.
    smooth : bool
        Whether a key stands for a sample, so that the noise at two points differs by `relative` times the difference
        of their gradients at most. Else the noise is drawn anew at every point, whatever the key.
    """

    f: float = 0.0
    g: float = 0.0
    relative: float = 0.0
    smooth: bool = True


def tails_and_bowls(noise: Noise, *, compiled: bool = False) -> Known:
    r"""Return a sum over coordinates, the first half tails and the others bowls, over :math:`g = \frac12 |y - x|^2`.

    .. math:: f = \sum_{tails} A (1 + y_i^2)^{-p/2} + \frac12 \sum_{bowls} \left( (y_i - c_i)^2 + x_i^2 \right)

    with :math:`A = 20`, :math:`p = 0.1` and :math:`c_i = \pm 4`. The slope of psi decays slowly along a tail, however
    long the run. A bowl is where the weight of f shows: psi_sigma is stationary where the slope of psi is
    :math:`|c_i| \sigma/(2 + \sigma)`. The length of x says how many coordinates there are.

    Parameters
    ----------
    noise : Noise
    compiled : bool, default False
        Whether gradients are compiled. It takes seconds, once for each noise, and makes long runs some twenty times as
        fast.
    """
    grad_f, grad_g = (_compile(each) if compiled else each for each in (_grad_f, _grad_g))
    return Known(
        problem=Problem(
            f=_upper, g=lambda x, y: float((y - x) @ (y - x)) / 2, grad_f=grad_f, grad_g=grad_g,
            grad_f_at=_sampled(grad_f, noise.f, noise, compiled) if noise.f else None,
            grad_g_at=_sampled(grad_g, noise.g, noise, compiled) if noise.g else None,
        ),
        psi=lambda x: _upper(x, x), gradient=lambda x: np.add(*_grad_f(x, x)), solution=lambda x: x,
        nearest=lambda x, y: x, mu=1.0,
    )  # fmt: skip


def _upper(x: np.ndarray, y: np.ndarray) -> float:
    m = len(x) // 2
    away = np.abs(y[m:]) ** 2 + _centres(len(x) - m) * (_centres(len(x) - m) - 2 * y[m:])
    return float((HEIGHT * (1 + y[:m] ** 2) ** (-POWER / 2)).sum() + (away + x[m:] ** 2).sum() / 2)


def _centres(n: int) -> np.ndarray:
    return CENTRE * (2.0 * (np.arange(n) % 2) - 1.0)


def _grad_f(x: np.ndarray, y: np.ndarray) -> Any:
    n = len(x)
    in_x, in_y = np.zeros(n), np.empty(n)
    m = n // 2
    in_y[:m] = -HEIGHT * POWER * y[:m] * (1.0 + y[:m] ** 2) ** (-POWER / 2 - 1.0)
    in_x[m:] = x[m:]
    in_y[m:] = y[m:] - CENTRE * (2.0 * (np.arange(n - m) % 2) - 1.0)
    return in_x, in_y


def _grad_g(x: np.ndarray, y: np.ndarray) -> Any:
    return x - y, y - x


def _uniform(seed: int, n: int) -> np.ndarray:
    """Return n numbers of mean 0 and variance 1 that only the seed decides."""
    h = np.full(n, seed).astype(np.uint64) + np.arange(1, n + 1).astype(np.uint64) * _STEP
    h = (h ^ (h >> _30)) * _FIRST
    h = (h ^ (h >> _27)) * _SECOND
    h = h ^ (h >> _31)
    return ((h >> _11).astype(np.float64) * _UNIT - 0.5) * _SPREAD


@functools.cache
def _compile(function: Callable[..., Any]) -> Any:
    import numba

    return numba.njit(function, nogil=True)


@functools.cache  # one function for each noise, which is compiled once
def _sampled(gradient: Any, size: float, noise: Noise, compiled: bool) -> Any:
    uniform = _compile(_uniform) if compiled else _uniform
    relative, anew = noise.relative, not noise.smooth

    def at(x: np.ndarray, y: np.ndarray, key: int) -> Any:
        seed = key
        if anew:  # the bits of the point decide as well
            seed = (key ^ (x + y).view(np.int64).sum()) & 0x7FFFFFFFFFFFFFFF
        n = len(x)
        drawn = uniform(seed, 2 * n + 1)
        in_x, in_y = gradient(x, y)
        factor = 1.0 + relative * drawn[2 * n]
        return factor * in_x + size * drawn[:n], factor * in_y + size * drawn[n : 2 * n]

    return _compile(at) if compiled else at
