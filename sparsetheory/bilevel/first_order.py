"""What the methods of plain gradient steps share: estimates of gradients, checkpoints, the best point so far."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from .._loop import Chunk
from ..errors import InvalidArgument
from .evaluation import Forward, Point
from .methods import Setting
from .oracles import Oracles
from .outer import Evaluate, stationarity

__all__ = ["FINEST_SIGMA", "FirstOrder", "Gradient", "Plain", "Storm", "largest_curvature"]

Pair = tuple[np.ndarray, np.ndarray]
Gradient = Callable[[np.ndarray, np.ndarray, int], Pair]

#: The sigma that iterates are judged with: below it the difference quotient loses more digits than it wins.
FINEST_SIGMA = 1e-6
_FIRST_SIGMA = 0.1
_SPARSE = 4  # a checkpoint whenever a quarter more steps are done
_MOST = 2000  # steps between checkpoints


class FirstOrder(ABC):
    """Upper steps taken by a subclass; every now and then the point is judged and the best one kept.

    The judge is psi_sigma with a small fixed sigma and exact lower solves, the same one for all schedules: what a
    method thinks of its own direction, noisy and at its own sigma, decides nothing.
    """

    kind = "penalty"

    def __init__(self, setting: Setting, x: np.ndarray, y: np.ndarray) -> None:
        self.oracles, self.X, self.Y, self.tol = setting.oracles, setting.X, setting.Y, setting.tol
        self.sigma = _FIRST_SIGMA if setting.sigma is None else setting.sigma
        self.upper, self.y, self.z = self.X.project(x), self.Y.project(y), self.Y.project(y)
        self.rng, self.n_steps = setting.rng, 0
        if self.noisy and self.rng is None:
            raise InvalidArgument("rng", "a numpy.random.Generator, which draws the keys of samples", "None")
        self._keep(np.inf)

    @property
    def noisy_f(self) -> bool:
        """Whether gradients of f are sampled."""
        return self.oracles.problem.grad_f_at is not None

    @property
    def noisy_g(self) -> bool:
        """Whether gradients of g are sampled."""
        return self.oracles.problem.grad_g_at is not None

    @property
    def noisy(self) -> bool:
        """Whether any gradients are sampled."""
        return self.noisy_f or self.noisy_g

    def key(self) -> int:
        """Return the key of a new sample."""
        return int(self.rng.integers(2**63)) if self.rng is not None else 0

    @abstractmethod
    def step(self, k: int) -> float:
        """Take upper step k = 1, 2, ... with its lower ones; return its sigma."""

    @property
    def x(self) -> np.ndarray:
        """The best upper point of all checkpoints."""
        return self._best[0]

    @property
    def point(self) -> Point:
        """What is known of it."""
        return self._best[1]

    @property
    def reason(self) -> str:
        """What the certificate is about."""
        return f"Judged by the penalty function at sigma = {FINEST_SIGMA}, the best of all checkpoints."

    def again(self) -> Evaluate:
        """Return an evaluation that shares nothing with the run but the point."""
        return Forward(self.oracles, self.Y, self.point.y, self.point.z, FINEST_SIGMA)

    def advance(self, budget: int) -> Chunk:
        """Go on to the next checkpoint, or for `budget` steps."""
        sigma = self.sigma
        n = min(budget, 1 + self.n_steps // _SPARSE, _MOST)
        with np.errstate(over="ignore", invalid="ignore"):  # a run that diverges is told by the certificate
            for _ in range(n):
                self.n_steps += 1
                sigma = self.step(self.n_steps)
            self._keep(self._error)
        calls = self.oracles.counts.gradients
        return Chunk(
            n_iter=n, error=self._error, objective=self.point.value, extra={"sigma": sigma, "gradients": calls}
        )

    def _keep(self, least: float) -> None:
        """Judge the current point and keep it where it is better than all before it."""
        point = Forward(self.oracles, self.Y, self.y, self.z, FINEST_SIGMA)(self.upper, self.tol)
        error = stationarity(self.X, self.upper, point.gradient)
        if error < least or not np.isfinite(least):
            self._best, self._error = (self.upper.copy(), point), error


class Plain:
    """Gradients on a new sample each time."""

    def __init__(self, gradient: Gradient, key: Callable[[], int]) -> None:
        self.gradient, self.key = gradient, key

    def __call__(self, x: np.ndarray, y: np.ndarray, forget: float) -> Pair:
        """Return the gradient at (x, y)."""
        return self.gradient(x, y, self.key())


class Storm:
    r"""Recursive momentum: :math:`v_k = G(w_k; \xi_k) + (1 - \eta_k) (v_{k-1} - G(w_{k-1}; \xi_k))`.

    Both points see the same sample, whose noise then cancels up to the distance between the points.
    """

    def __init__(self, gradient: Gradient, key: Callable[[], int]) -> None:
        self.gradient, self.key = gradient, key
        self.last: Pair | None = None
        self.mean: Pair | None = None

    def __call__(self, x: np.ndarray, y: np.ndarray, forget: float) -> Pair:
        """Return the estimate at (x, y), with the share `forget` of the past dropped."""
        key = self.key()
        now = self.gradient(x, y, key)
        if self.last is not None and self.mean is not None and forget < 1:
            then, keep = self.gradient(*self.last, key), 1 - forget
            now = now[0] + keep * (self.mean[0] - then[0]), now[1] + keep * (self.mean[1] - then[1])
        self.last, self.mean = (x.copy(), y.copy()), now
        return now


def largest_curvature(oracles: Oracles, x: np.ndarray, y: np.ndarray, *, n_iter: int = 12) -> float:
    """Return an estimate of the largest eigenvalue of the lower Hessian at y, from as many gradients and one."""
    slope = oracles.grad_g_y(x, y)
    v = np.cos(np.arange(1, len(y) + 1)) + slope / (np.linalg.norm(slope) or 1.0)
    size = 0.0
    for _ in range(n_iter):
        v = v / np.linalg.norm(v)
        v = oracles.hvp_yy(x, y, v, slope)
        size = float(np.linalg.norm(v))
        if size == 0:
            break
    return size if size > 0 else 1.0
