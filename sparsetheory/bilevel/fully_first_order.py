"""F2SA: gradient steps with a multiplier of the lower level that grows; F3SA, the same with recursive momentum."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .._validation import check_count, check_positive
from .first_order import FirstOrder, estimate, largest_curvature, within
from .loops import Access, draw, project
from .methods import Setting, check_exponents, read_options

__all__ = ["F2SA", "F2SAOptions", "F3SA"]


@dataclass(frozen=True, kw_only=True)
class F2SAOptions:
    """Constants and exponents of F2SA and F3SA.

    Attributes
    ----------
    inner_steps : int, default 1
        Lower steps T before each upper one.
    lower_step : float, optional
        Step c of z at k = 1; half the inverse of the largest curvature of g at the start unless given.
    upper_ratio : float, default 1
        The upper step is this many times that of y (xi).
    exponents : (float, float), optional
        (a, c) of the steps k^-a of y and k^-c of z; unless given those of the paper for the noise that there is.
    momentum : float, default 1
        Factor of the share of the past that F3SA drops, ``momentum * k^(-2 c)``, where k^-c is the step of z.
    """

    inner_steps: int = 1
    lower_step: float | None = None
    upper_ratio: float = 1.0
    exponents: tuple[float, float] | None = None
    momentum: float = 1.0

    def __post_init__(self) -> None:
        check_count(self.inner_steps, "inner_steps")
        check_positive(self.upper_ratio, "upper_ratio")
        check_positive(self.momentum, "momentum")
        if self.lower_step is not None:
            check_positive(self.lower_step, "lower_step")
        check_exponents(self.exponents, 2)


class Pace(NamedTuple):
    """Constants of the schedule of `F2SA`: the options, with what the run made of those that were not given."""

    inner_steps: int
    lower_step: float
    sigma: float
    upper_ratio: float
    a: float
    c: float
    momentum: float


def walk(
    o: Access, x: np.ndarray, y: np.ndarray, z: np.ndarray, pasts: np.ndarray, pace: Pace, first: int, n: int,
    limit: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int, float]:  # fmt: skip
    """Take steps first, ..., first + n - 1 of F2SA, fewer where they run away; return also how many, and sigma."""
    pasts, done, weight = pasts.copy(), 0, 1.0
    for k in range(first, first + n):
        gamma = pace.lower_step * k**-pace.c
        alpha = 0.5 * pace.lower_step * pace.sigma * k**-pace.a
        weight, forget = 0.5 * gamma / alpha, min(1.0, pace.momentum * k ** (-2 * pace.c))
        for _ in range(pace.inner_steps):
            slope_z = estimate(o.sample_g, x, z, draw(o.keys), forget, pasts[0])[1]
            slope_f = estimate(o.sample_f, x, y, draw(o.keys), forget, pasts[1])[1]
            slope_g = estimate(o.sample_g, x, y, draw(o.keys), forget, pasts[2])[1]
            z = project(o.Y, z - gamma * slope_z)
            y = project(o.Y, y - alpha * (slope_f + weight * slope_g))
        f_x = estimate(o.sample_f, x, y, draw(o.keys), forget, pasts[3])[0]
        g_y = estimate(o.sample_g, x, y, draw(o.keys), forget, pasts[4])[0]
        g_z = estimate(o.sample_g, x, z, draw(o.keys), forget, pasts[5])[0]
        x = project(o.X, x - pace.upper_ratio * alpha * (f_x + weight * (g_y - g_z)))
        done += 1
        if not within(limit, x, y, z):
            break
    return x, y, z, pasts, done, 1 / weight


class F2SA(FirstOrder):
    r"""Step k, with :math:`\gamma = c k^{-c'}`, :math:`\alpha \propto k^{-a}`, :math:`\lambda = \gamma/(2 \alpha)`:

    .. math:: z \leftarrow P(z - \gamma \nabla_y g(x, z)), \qquad
              y \leftarrow P(y - \alpha (\nabla_y f + \lambda \nabla_y g)(x, y)), \\
              x \leftarrow P(x - \xi \alpha (\nabla_x f(x, y) + \lambda (\nabla_x g(x, y) - \nabla_x g(x, z)))),

    the first two T times. The first alpha is such that 1/lambda begins at `sigma`.

    References
    ----------
    Kwon, Kwon, Wright, Nowak (2023), A fully first-order method for stochastic bilevel optimization, ICML.
    """

    #: (a, c) by what is sampled: nothing, f alone, g.
    SCHEDULES = ((1 / 3, 0.0), (3 / 5, 2 / 5), (5 / 7, 4 / 7))
    averages = False

    def __init__(self, setting: Setting, x: np.ndarray, y: np.ndarray) -> None:
        self.options = read_options(F2SAOptions, setting.options)
        super().__init__(setting, x, y)
        schedule = self.SCHEDULES[2 if self.noisy_g else int(self.noisy_f)]
        self.a, self.c = schedule if self.options.exponents is None else self.options.exponents
        self.lower_step = self.options.lower_step or 0.5 / largest_curvature(self.oracles, self.upper, self.y)

    def walk(self, first: int, n: int) -> tuple[int, float]:
        """Take T lower steps and one upper step, n times."""
        o = self.options
        momentum = o.momentum if self.averages and self.noisy else math.inf
        pace = Pace(o.inner_steps, self.share * self.lower_step, self.sigma, o.upper_ratio, self.a, self.c, momentum)
        self.upper, self.y, self.z, self.pasts, done, sigma = self.run(
            walk, self.upper, self.y, self.z, self.pasts, pace, first, n, self.limit
        )
        return done, sigma


class F3SA(F2SA):
    """F2SA on recursive averages of the sampled gradients (`estimate`), with steps that fall more slowly."""

    SCHEDULES = ((1 / 3, 0.0), (1 / 2, 1 / 4), (3 / 5, 2 / 5))
    averages = True
