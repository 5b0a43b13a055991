"""The single loop with momentum: one sample, one lower and one upper step at a time."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .._validation import check_positive
from .first_order import FirstOrder, estimate, largest_curvature, within
from .loops import Access, draw, project
from .methods import Setting, check_exponents, read_options

__all__ = ["SingleLoop", "SingleLoopOptions"]


@dataclass(frozen=True, kw_only=True)
class SingleLoopOptions:
    """Constants and exponents of the single loop.

    Attributes
    ----------
    lower_step : float, optional
        First step of y and z; half the inverse of the largest curvature of g at the start unless given.
    upper_step : float, default 1
        The first upper step is this times sigma times the lower one.
    momentum : float, default 1
        First share of the past that the estimates drop.
    exponents : (float, float, float, float), optional
        Of sigma, the lower step, the share that is dropped and the upper step: powers of 1/k. Unless given
        (1/5, 2/5, 4/5, 3/5), and (1/3, 0, 0, 1/3) for gradients without noise.
    """

    lower_step: float | None = None
    upper_step: float = 1.0
    momentum: float = 1.0
    exponents: tuple[float, float, float, float] | None = None

    def __post_init__(self) -> None:
        check_positive(self.upper_step, "upper_step")
        check_positive(self.momentum, "momentum")
        if self.lower_step is not None:
            check_positive(self.lower_step, "lower_step")
        check_exponents(self.exponents, 4)


class Pace(NamedTuple):
    """First sigma, lower step, share dropped and upper step, and the powers of 1/k of all four."""

    sigma: float
    lower_step: float
    momentum: float
    upper_step: float
    powers: tuple[float, float, float, float]


def walk(
    o: Access, x: np.ndarray, y: np.ndarray, z: np.ndarray, pasts: np.ndarray, pace: Pace, first: int, n: int,
    limit: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int, float]:  # fmt: skip
    """Move x, y and z at once, n times or until they run away; return also how many times, and sigma."""
    pasts, done, sigma = pasts.copy(), 0, pace.sigma
    for k in range(first, first + n):
        sigma, gamma = pace.sigma * k ** -pace.powers[0], pace.lower_step * k ** -pace.powers[1]
        forget, alpha = min(1.0, pace.momentum * k ** -pace.powers[2]), pace.upper_step * k ** -pace.powers[3]
        f_x, f_y = estimate(o.sample_f, x, y, draw(o.keys), forget, pasts[0])
        g_x, g_y = estimate(o.sample_g, x, y, draw(o.keys), forget, pasts[1])
        z_x, z_y = estimate(o.sample_g, x, z, draw(o.keys), forget, pasts[2])
        z = project(o.Y, z - gamma * z_y)
        y = project(o.Y, y - gamma * (sigma * f_y + g_y))
        x = project(o.X, x - alpha * (f_x + (g_x - z_x) / sigma))
        done += 1
        if not within(limit, x, y, z):
            break
    return x, y, z, pasts, done, sigma


class SingleLoop(FirstOrder):
    r"""Step k, with estimates :math:`v` of the three gradients at :math:`(x, y)`, :math:`(x, y)` and :math:`(x, z)`:

    .. math:: z \leftarrow P(z - \gamma v^{gz}_y), \qquad y \leftarrow P(y - \gamma (\sigma v^f_y + v^{gy}_y)), \qquad
              x \leftarrow P(x - \alpha (v^f_x + (v^{gy}_x - v^{gz}_x)/\sigma)).

    Each estimate sees its sample at the new and at the old point (`estimate`).

    References
    ----------
    Kwon, Kwon, Wright, Nowak (2024), On penalty methods for nonconvex bilevel optimization and first-order stochastic
    approximation, ICLR, Algorithm 2.
    """

    def __init__(self, setting: Setting, x: np.ndarray, y: np.ndarray) -> None:
        self.options = read_options(SingleLoopOptions, setting.options)
        super().__init__(setting, x, y)
        schedule = (1 / 5, 2 / 5, 4 / 5, 3 / 5) if self.noisy else (1 / 3, 0.0, 0.0, 1 / 3)
        self.powers = schedule if self.options.exponents is None else self.options.exponents
        self.lower_step = self.options.lower_step or 0.5 / largest_curvature(self.oracles, self.upper, self.y)

    def walk(self, first: int, n: int) -> tuple[int, float]:
        """Move x, y and z at once, n times."""
        o, lower_step = self.options, self.share * self.lower_step
        of_sigma, of_lower, of_share, of_upper = self.powers
        powers = (of_sigma, of_lower, of_share, of_upper)  # a list would not do
        momentum = o.momentum if self.noisy else math.inf
        pace = Pace(self.sigma, lower_step, momentum, o.upper_step * self.sigma * lower_step, powers)
        self.upper, self.y, self.z, self.pasts, done, sigma = self.run(
            walk, self.upper, self.y, self.z, self.pasts, pace, first, n, self.limit
        )
        return done, sigma
