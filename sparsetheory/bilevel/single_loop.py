"""The single loop with momentum: one sample, one lower and one upper step at a time."""

from dataclasses import dataclass

import numpy as np

from .._validation import check_nonnegative, check_positive
from .first_order import FirstOrder, Plain, Storm, largest_curvature
from .methods import Setting, read_options

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
        for each in self.exponents or ():
            check_nonnegative(each, "exponents")


class SingleLoop(FirstOrder):
    r"""Step k, with estimates :math:`v` of the three gradients at :math:`(x, y)`, :math:`(x, y)` and :math:`(x, z)`:

    .. math:: z \leftarrow P(z - \gamma v^{gz}_y), \qquad y \leftarrow P(y - \gamma (\sigma v^f_y + v^{gy}_y)), \qquad
              x \leftarrow P(x - \alpha (v^f_x + (v^{gy}_x - v^{gz}_x)/\sigma)).

    Each estimate sees its sample at the new and at the old point (`Storm`).

    References
    ----------
    Kwon, Kwon, Wright, Nowak (2024), On penalty methods for nonconvex bilevel optimization and first-order stochastic
    approximation, ICLR, Algorithm 2.
    """

    estimate: type[Plain] | type[Storm] = Storm

    def __init__(self, setting: Setting, x: np.ndarray, y: np.ndarray) -> None:
        self.options = read_options(SingleLoopOptions, setting.options)
        super().__init__(setting, x, y)
        schedule = (1 / 5, 2 / 5, 4 / 5, 3 / 5) if self.noisy else (1 / 3, 0.0, 0.0, 1 / 3)
        self.powers = self.options.exponents or schedule
        self.lower_step = self.options.lower_step or 0.5 / largest_curvature(self.oracles, self.upper, self.y)
        kind = self.estimate if self.noisy else Plain
        f, g = self.oracles.grad_f_at, self.oracles.grad_g_at
        self.of_f, self.of_g, self.of_z = (kind(each, self.key) for each in (f, g, g))

    def step(self, k: int) -> float:
        """Move x, y and z at once."""
        falls = [k**-power for power in self.powers]
        sigma, gamma = self.sigma * falls[0], self.lower_step * falls[1]
        forget = min(1.0, self.options.momentum * falls[2])
        alpha = self.options.upper_step * self.sigma * self.lower_step * falls[3]
        f = self.of_f(self.upper, self.y, forget)
        g_y, g_z = self.of_g(self.upper, self.y, forget), self.of_z(self.upper, self.z, forget)
        self.z = self.Y.project(self.z - gamma * g_z[1])
        self.y = self.Y.project(self.y - gamma * (sigma * f[1] + g_y[1]))
        self.upper = self.X.project(self.upper - alpha * (f[0] + (g_y[0] - g_z[0]) / sigma))
        return sigma
