"""What the methods of plain gradient steps share: estimates of gradients, checkpoints, the best point so far."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from .._loop import Chunk
from ..errors import InvalidArgument
from ..result import Status
from .evaluation import FINEST_SIGMA, Forward, Point
from .loops import Runner, helper, sample, size
from .methods import Setting
from .oracles import Oracles
from .outer import Evaluate, stationarity

__all__ = ["FirstOrder", "blank", "estimate", "largest_curvature", "within"]

_FIRST_SIGMA = 0.1
_SPARSE = 4  # a checkpoint whenever a quarter more steps are done
_MOST = 2000  # steps between checkpoints
_CALLS = 1e6  # gradients between two chances to interrupt
_FAR = 1e8  # times the size of the start: a run that gets there has run away
_RETURNS = 60  # to the best point, each with steps half as long


def blank(n_estimates: int, n: int) -> np.ndarray:
    """Return the pasts of so many estimates, n numbers a gradient, before anything was seen."""
    return np.zeros((n_estimates, 2 * n + 1))


@helper
def estimate(gradient: Any, x: np.ndarray, y: np.ndarray, key: int, forget: float, past: np.ndarray) -> Any:
    r"""Return the gradient on a sample; where `forget` < 1 by the recursive momentum STORM, in `past` from now on.

    .. math:: v_k = G(w_k; \xi_k) + (1 - \eta_k) (v_{k-1} - G(w_{k-1}; \xi_k))

    Both points see the same sample, whose noise then cancels up to the distance between the points.
    """
    p, n = len(x), len(x) + len(y)
    now_x, now_y = sample(gradient, x, y, key)
    in_x, in_y = 1.0 * now_x, 1.0 * now_y
    if forget < 1.0 and past[-1] > 0.0:
        then_x, then_y = sample(gradient, past[:p], past[p:n], key)
        in_x += (1.0 - forget) * (past[n : n + p] - then_x)
        in_y += (1.0 - forget) * (past[n + p : 2 * n] - then_y)
    past[:p], past[p:n], past[n : n + p], past[n + p : 2 * n], past[-1] = x, y, in_x, in_y, 1.0
    return in_x, in_y


@helper
def within(limit: float, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> bool:
    """Whether no point is longer than a limit; false where a number is not finite."""
    return size(x) + size(y) + size(z) <= limit


class FirstOrder(ABC):
    """Upper steps taken by a subclass; every now and then the point is judged and the best one kept.

    The judge is psi_sigma with a small fixed sigma and exact lower solves, the same one for all schedules: what a
    method thinks of its own direction, noisy and at its own sigma, decides nothing.

    A run that runs away, beyond any size that its start suggests, goes on from the best point with all steps halved.
    """

    kind = "penalty"

    def __init__(self, setting: Setting, x: np.ndarray, y: np.ndarray) -> None:
        self.oracles, self.X, self.Y, self.tol = setting.oracles, setting.X, setting.Y, setting.tol
        self.judge, self.unit = setting.judge, setting.unit
        self.sigma = _FIRST_SIGMA * self.unit if setting.sigma is None else setting.sigma
        self.upper, self.y, self.z = self.X.project(x), self.Y.project(y), self.Y.project(y)
        self.rng, self.n_steps = setting.rng, 0
        if self.noisy and self.rng is None:
            raise InvalidArgument("rng", "a numpy.random.Generator, which draws the keys of samples", "None")
        self.run = Runner(setting, self.key, sampled=True)
        self.share, self.returns = 1.0, 0
        self.limit = _FAR * (1.0 + float(np.linalg.norm(self.upper) + 2 * np.linalg.norm(self.y)))
        self.pasts = self._blank()
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
    def walk(self, first: int, n: int) -> tuple[int, float]:
        """Take upper steps first, first + 1, ... with their lower ones, at most n; return how many, and sigma."""

    def step(self, k: int) -> float:
        """Take upper step k = 1, 2, ...; return its sigma."""
        return self.walk(k, 1)[1]

    def calls(self, k: int) -> float:
        """Return about how many gradients step k takes."""
        return 10.0

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
        """What the certificate is about, and whether the run had to be called back."""
        judged = (
            f"Judged by the penalty function at sigma = {FINEST_SIGMA * self.unit:.3g}, the best of all checkpoints."
        )
        if not self.returns:
            return judged
        times = "once" if self.returns == 1 else f"{self.returns} times"
        return f"The run diverged {times} and went on from its best point, with steps halved each time. {judged}"

    def again(self) -> Evaluate:
        """Return an evaluation that shares nothing with the run but the point."""
        return Forward(self.judge, self.Y, self.point.y, self.point.z, FINEST_SIGMA)

    def advance(self, budget: int) -> Chunk:
        """Go on to the next checkpoint, or for `budget` steps."""
        sigma, done, stop = self.sigma, 0, None
        n = min(budget, 1 + self.n_steps // _SPARSE, _MOST)
        with np.errstate(over="ignore", invalid="ignore"):  # a run that diverges is called back
            while done < n:
                at_once = int(_CALLS / self.calls(self.n_steps + n - done))
                taken, sigma = self.walk(self.n_steps + 1, min(n - done, max(1, at_once)))
                self.n_steps, done = self.n_steps + taken, done + taken
                if not within(self.limit, self.upper, self.y, self.z):
                    stop = self._return()
                    break
            self._keep(self._error)
        calls = self.oracles.counts.gradients
        extra = {"sigma": sigma, "gradients": calls}
        return Chunk(n_iter=done, error=self._error, objective=self.point.value, stop=stop, extra=extra)

    def _return(self) -> Status | None:
        """Go back to the best point with shorter steps; give up where that never helped."""
        self.share, self.returns = 0.5 * self.share, self.returns + 1
        self.upper, self.y, self.z = self.x.copy(), self.point.y.copy(), self.point.z.copy()
        self.pasts = self._blank()
        return Status.STALLED if self.returns > _RETURNS else None

    def _blank(self) -> np.ndarray:
        return blank(6, len(self.upper) + len(self.y))

    def _keep(self, least: float) -> None:
        """Judge the current point and keep it where it is better than all before it."""
        point = Forward(self.judge, self.Y, self.y, self.z, FINEST_SIGMA)(self.upper, self.tol)
        error = stationarity(self.X, self.upper, point.gradient)
        if error < least or not np.isfinite(least):
            self._best, self._error = (self.upper.copy(), point), error


def largest_curvature(oracles: Oracles, x: np.ndarray, y: np.ndarray, *, n_iter: int = 12) -> float:
    """Return an estimate of the largest eigenvalue of the lower Hessian at y, from as many gradients and one."""
    slope = oracles.grad_g_y(x, y)
    reach = (1e-8 if oracles.exact else 1e-5) * (1.0 + size(y))
    v = np.cos(np.arange(1, len(y) + 1)) + slope / (size(slope) or 1.0)
    bend = 0.0
    for _ in range(n_iter):
        v = (oracles.grad_g_y(x, y + reach / size(v) * v) - slope) / reach
        bend = float(size(v))
        if bend == 0:
            break
    return bend if bend > 0 else 1.0
