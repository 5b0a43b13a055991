"""The stochastic double loop: lower levels smoothed by a proximal term and solved longer and longer."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .._validation import check_count, check_nonnegative, check_positive
from ..errors import InvalidArgument
from .first_order import FirstOrder, largest_curvature, within
from .loops import Access, draw, helper, project, sample
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


class Pace(NamedTuple):
    """The options, times what the run made of them; `falling` for gradients with noise."""

    mix: float
    inner_steps: int
    batch: int
    sigma: float
    upper_step: float
    sigma_exponent: float
    upper_exponent: float
    bend: float
    rho: float
    falling: bool
    share: float


@helper
def longer(pace: Pace, n: int, k: int) -> int:
    """Return the n-fold of what the noise at step k asks for."""
    return math.ceil(n * k ** (4.0 * pace.sigma_exponent)) if pace.falling else n


@helper
def near(o: Access, x: np.ndarray, centre: np.ndarray, sigma: float, n_steps: int, pace: Pace) -> np.ndarray:
    """Return an approximate proximal point of sigma f + g; steps fall as 1/t under noise."""
    w, first = centre.copy(), pace.bend + 1.0 / pace.rho
    for t in range(n_steps):
        length = pace.share / (first + t / (2.0 * pace.rho)) if pace.falling else pace.share / first
        slope = sample(o.sample_g, x, w, draw(o.keys))[1] + (w - centre) / pace.rho
        if sigma > 0.0:
            slope = slope + sigma * sample(o.sample_f, x, w, draw(o.keys))[1]
        w = project(o.Y, w - length * slope)
    return w


@helper
def mean_way(o: Access, x: np.ndarray, y: np.ndarray, z: np.ndarray, sigma: float, n: int) -> np.ndarray:
    """Return the mean of n samples of the upper direction."""
    way = np.zeros(len(x))
    for _ in range(n):
        f_x = sample(o.sample_f, x, y, draw(o.keys))[0]
        g_y = sample(o.sample_g, x, y, draw(o.keys))[0]
        g_z = sample(o.sample_g, x, z, draw(o.keys))[0]
        way = way + (f_x + (g_y - g_z) / sigma)
    return way / n


def walk(
    o: Access, x: np.ndarray, y: np.ndarray, z: np.ndarray, pace: Pace, first: int, n: int, limit: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, int, float]:
    """Take steps first, ..., first + n - 1, fewer where they run away; return also how many, and sigma."""
    done, sigma = 0, pace.sigma
    for k in range(first, first + n):
        sigma = pace.sigma * k**-pace.sigma_exponent
        n_inner, n_batch = longer(pace, pace.inner_steps, k), longer(pace, pace.batch, k)
        w_y, w_z = near(o, x, y, sigma, n_inner, pace), near(o, x, z, 0.0, n_inner, pace)
        way = mean_way(o, x, w_y, w_z, sigma, n_batch)
        y, z = y + pace.mix * (w_y - y), z + pace.mix * (w_z - z)
        x = project(o.X, x - pace.share * pace.upper_step * k**-pace.upper_exponent * way)
        done += 1
        if not within(limit, x, y, z):
            break
    return x, y, z, done, sigma


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

    def calls(self, k: int) -> float:
        """Return how many gradients step k takes."""
        pace = self._pace()
        return 3.0 * (longer(pace, pace.inner_steps, k) + longer(pace, pace.batch, k))

    def walk(self, first: int, n: int) -> tuple[int, float]:
        """Solve both proximal problems for longer each time, and move x along the mean of more samples."""
        self.upper, self.y, self.z, done, sigma = self.run(
            walk, self.upper, self.y, self.z, self._pace(), first, n, self.limit
        )
        return done, sigma

    def _pace(self) -> Pace:
        o = self.options
        return Pace(
            o.mix, o.inner_steps, o.batch if self.noisy else 1, self.sigma, o.upper_step * self.sigma / self.bend,
            o.sigma_exponent, o.upper_exponent, self.bend, self.rho, self.noisy, self.share,
        )  # fmt: skip
