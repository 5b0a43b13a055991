"""Problems in closed form whose psi has a kink or a jump."""

import numpy as np

from .known_problems import Known
from .problem import Problem
from .sets import Box

__all__ = ["clipped", "double_well"]


def clipped(*, mu: float, c: float, radius: float, pull: float, a: float = 0.0) -> Known:
    r"""Return :math:`f = \frac12 a x^2 + \frac12 c (y - R - K/c)^2`, :math:`g = \frac12 \mu (y - x)^2`, |y| <= R.

    The slope of f at y = R is -K (`pull`). :math:`\psi = f(x, \min(x, R))` for x > -R, with a kink at x = R: there the
    bound becomes active with a multiplier of zero.
    """
    top = radius + pull / c

    def solution(x: np.ndarray) -> np.ndarray:
        return np.clip(x, -radius, radius)

    def upper(x: np.ndarray, y: np.ndarray) -> float:
        return float(a * x[0] ** 2 + c * (y[0] - top) ** 2) / 2

    return Known(
        problem=Problem(
            f=upper, g=lambda x, y: mu * float((y[0] - x[0]) ** 2) / 2, grad_f=lambda x, y: (a * x, c * (y - top)),
            grad_g=lambda x, y: (mu * (x - y), mu * (y - x)), hvp_yy=lambda x, y, v: mu * v,
            hvp_xy=lambda x, y, v: -mu * v, Y=Box(-radius, radius),
        ),
        psi=lambda x: upper(x, solution(x)), gradient=lambda x: a * x + np.where(abs(x) < radius, c * (x - top), 0.0),
        solution=solution, nearest=lambda x, y: solution(x), mu=mu,
    )  # fmt: skip


def double_well(*, k: float, m: float, c: float) -> Known:
    r"""Return :math:`f = \frac12 (y - c)^2`, :math:`g = \frac14 k (y^2 - m^2)^2 + x y`, scalar.

    The lower solution jumps from near m to near -m as x rises through 0, and psi with it; both wells exist for
    :math:`|x| < 2 k m^3/(3 \sqrt 3)`.
    """

    def solution(x: np.ndarray) -> np.ndarray:
        """Take the better well; at x = 0 the one that f likes."""
        roots = np.roots([k, 0.0, -k * m**2, x[0]])
        real = roots[np.abs(roots.imag) < 1e-9].real
        if x[0] == 0:
            return np.array([np.copysign(m, c)])
        return np.array([real[np.argmin(k * (real**2 - m**2) ** 2 / 4 + x[0] * real)]])

    def bend(y: np.ndarray) -> np.ndarray:
        return k * (3 * y**2 - m**2)

    return Known(
        problem=Problem(
            f=lambda x, y: float((y[0] - c) ** 2) / 2,
            g=lambda x, y: float(k * (y[0] ** 2 - m**2) ** 2 / 4 + x[0] * y[0]),
            grad_f=lambda x, y: (0 * x, y - c), grad_g=lambda x, y: (y, k * y * (y**2 - m**2) + x),
            hvp_yy=lambda x, y, v: bend(y) * v, hvp_xy=lambda x, y, v: v,
        ),
        psi=lambda x: float((solution(x)[0] - c) ** 2) / 2,
        gradient=lambda x: -(solution(x) - c) / bend(solution(x)), solution=solution,
        nearest=lambda x, y: solution(x), mu=0.0,
    )  # fmt: skip
