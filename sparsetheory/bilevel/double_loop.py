"""The stochastic double loop: lower levels smoothed by a proximal term and solved longer and longer."""

import math
from dataclasses import dataclass

import numpy as np

from .._validation import check_count, check_nonnegative, check_positive
from ..errors import InvalidArgument
from .first_order import FirstOrder, largest_curvature
from .methods import Setting, read_options

__all__ = ["DoubleLoop", "DoubleLoopOptions"]


@dataclass(frozen=True, kw_only=True)
class DoubleLoopOptions:
    """Constants and exponents of the double loop.

    Attributes
    ----------
    radius : float, default 2
        The proximal term is |w - y|^2 / (2 rho) with rho times the largest curvature of g this number.
    mix : float, default 0.9
        How far y and z move towards the proximal points, in (0, 1].
    inner_steps, batch : int, default 4 and 1
        First number of lower steps, and of samples of the upper direction.
    upper_step : float, default 1
        The first upper step is this times sigma over the curvature of g.
    sigma_exponent, upper_exponent : float, default 1/3
        Powers of 1/k of sigma and of the upper step. With 1/2 and 0 the upper step is constant.
    """

    radius: float = 2.0
    mix: float = 0.9
    inner_steps: int = 4
    batch: int = 1
    upper_step: float = 1.0
    sigma_exponent: float = 1 / 3
    upper_exponent: float = 1 / 3

    def __post_init__(self) -> None:
        for name in ("radius", "mix", "upper_step"):
            check_positive(getattr(self, name), name)
        for name in ("sigma_exponent", "upper_exponent"):
            check_nonnegative(getattr(self, name), name)
        for name in ("inner_steps", "batch"):
            check_count(getattr(self, name), name)
        if self.mix > 1:
            raise InvalidArgument("mix", "a number in (0, 1]", self.mix)


class DoubleLoop(FirstOrder):
    r"""Step k: :math:`w_y \approx \arg\min_w \sigma f + g + |w - y|^2/(2 \rho)`, :math:`w_z` without f, then

    .. math:: y \leftarrow (1 - \beta) y + \beta w_y, \quad z \leftarrow (1 - \beta) z + \beta w_z, \quad
              x \leftarrow P(x - \alpha [\nabla_x f(x, w_y) + (\nabla_x g(x, w_y) - \nabla_x g(x, w_z))/\sigma]).

    With sampled gradients the lower levels take :math:`T_k \propto \sigma_k^{-4}` steps of the length
    :math:`2 \rho/(t + t_0)`, and the direction is the mean of as many samples times their first number; without noise
    T and the length are fixed and the direction is exact.

    References
    ----------
    Kwon, Kwon, Wright, Nowak (2024), On penalty methods for nonconvex bilevel optimization and first-order stochastic
    approximation, ICLR, Algorithm 1.
    """

    def __init__(self, setting: Setting, x: np.ndarray, y: np.ndarray) -> None:
        self.options = read_options(DoubleLoopOptions, setting.options)
        super().__init__(setting, x, y)
        self.bend = largest_curvature(self.oracles, self.upper, self.y)
        self.rho = self.options.radius / self.bend

    def step(self, k: int) -> float:
        """Solve both proximal problems for longer than last time, and move x along the mean of more samples."""
        o = self.options
        sigma = self.sigma * k**-o.sigma_exponent
        longer = k ** (4 * o.sigma_exponent) if self.noisy else 1.0
        n_inner, n_batch = (math.ceil(longer * n) for n in (o.inner_steps, o.batch if self.noisy else 1))
        w_y, w_z = (self._near(at, weight, n_inner) for at, weight in ((self.y, sigma), (self.z, 0.0)))
        way = sum((self._direction(w_y, w_z, sigma) for _ in range(n_batch)), np.zeros(len(self.upper))) / n_batch
        self.y = self.y + o.mix * (w_y - self.y)
        self.z = self.z + o.mix * (w_z - self.z)
        alpha = o.upper_step * self.sigma / self.bend * k**-o.upper_exponent
        self.upper = self.X.project(self.upper - alpha * way)
        return sigma

    def _near(self, centre: np.ndarray, sigma: float, n_steps: int) -> np.ndarray:
        """Return an approximate proximal point of sigma f + g."""
        w = centre.copy()
        for t in range(n_steps):
            slope = self.oracles.grad_g_at(self.upper, w, self.key())[1] + (w - centre) / self.rho
            if sigma:
                slope = slope + sigma * self.oracles.grad_f_at(self.upper, w, self.key())[1]
            w = self.Y.project(w - self._length(t) * slope)
        return w

    def _length(self, t: int) -> float:
        """Steps that fall as 1/t under noise, from the inverse of the curvature on."""
        first = self.bend + 1 / self.rho
        return 1 / (first + t / (2 * self.rho)) if self.noisy else 1 / first

    def _direction(self, w_y: np.ndarray, w_z: np.ndarray, sigma: float) -> np.ndarray:
        f_x = self.oracles.grad_f_at(self.upper, w_y, self.key())[0]
        g_y, g_z = (self.oracles.grad_g_at(self.upper, w, self.key())[0] for w in (w_y, w_z))
        return f_x + (g_y - g_z) / sigma
