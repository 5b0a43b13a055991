"""F2SA: gradient steps with a multiplier of the lower level that grows; F3SA, the same with recursive momentum."""

from dataclasses import dataclass

import numpy as np

from .._validation import check_count, check_nonnegative, check_positive
from .first_order import FirstOrder, Plain, Storm, largest_curvature
from .methods import Setting, read_options

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
        for each in self.exponents or ():
            check_nonnegative(each, "exponents")


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
    estimate: type[Plain] | type[Storm] = Plain

    def __init__(self, setting: Setting, x: np.ndarray, y: np.ndarray) -> None:
        self.options = read_options(F2SAOptions, setting.options)
        super().__init__(setting, x, y)
        schedule = self.SCHEDULES[2 if self.noisy_g else int(self.noisy_f)]
        self.a, self.c = self.options.exponents or schedule
        self.lower_step = self.options.lower_step or 0.5 / largest_curvature(self.oracles, self.upper, self.y)
        kind = self.estimate if self.noisy else Plain
        f, g = self.oracles.grad_f_at, self.oracles.grad_g_at
        self.down_z, self.down_f, self.down_g = (kind(each, self.key) for each in (g, f, g))
        self.up_z, self.up_f, self.up_g = (kind(each, self.key) for each in (g, f, g))

    def step(self, k: int) -> float:
        """Take T lower steps and one upper step."""
        gamma = self.lower_step * k**-self.c
        alpha = 0.5 * self.lower_step * self.sigma * k**-self.a
        weight, forget = 0.5 * gamma / alpha, min(1.0, self.options.momentum * k ** (-2 * self.c))
        for _ in range(self.options.inner_steps):
            slope_z = self.down_z(self.upper, self.z, forget)[1]
            slope_f, slope_g = (each(self.upper, self.y, forget)[1] for each in (self.down_f, self.down_g))
            self.z = self.Y.project(self.z - gamma * slope_z)
            self.y = self.Y.project(self.y - alpha * (slope_f + weight * slope_g))
        f_x, g_x = (each(self.upper, self.y, forget)[0] for each in (self.up_f, self.up_g))
        way = f_x + weight * (g_x - self.up_z(self.upper, self.z, forget)[0])
        self.upper = self.X.project(self.upper - self.options.upper_ratio * alpha * way)
        return 1 / weight


class F3SA(F2SA):
    """F2SA on recursive averages of the sampled gradients (`Storm`), with steps that fall more slowly."""

    SCHEDULES = ((1 / 3, 0.0), (1 / 2, 1 / 4), (3 / 5, 2 / 5))
    estimate = Storm
