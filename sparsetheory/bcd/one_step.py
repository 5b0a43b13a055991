r"""What one iteration of a rule removes of the error, measured on runs of the solver, with what rounding may add."""

from dataclasses import dataclass

import numpy as np

from .approximate import Approximation
from .descent import minimize
from .known_quadratics import Instance
from .log_cosh import log_cosh

__all__ = ["Removed", "descend", "expected_shares", "off_candidates", "shares"]

REACH = 1e-10  # errors are followed down to this part of the first one
_EPS = float(np.finfo(float).eps)
_UPDATES = 50  # after so many updates a run computes its image afresh


def descend(
    instance: Instance, *, select: str, update: str, iterations: int, rng: np.random.Generator,
    pick: Approximation | None = None,
) -> np.ndarray:  # fmt: skip
    """Run the library's solver and return its iterates, shape (iterations + 1, n) or fewer where it ended."""
    points = [instance.start]
    minimize(
        instance.problem, partition=instance.blocks, select=select, update=update, approximate=pick, tol=0.0,
        max_iter=iterations, init=instance.start, rng=rng, check_every=1, on_failure="ignore",
        callback=lambda progress: points.append(progress.solution),
    )  # fmt: skip
    return np.array(points)


@dataclass(frozen=True, kw_only=True)
class Removed:
    """What iterations removed, and what rounding can add to it.

    Attributes
    ----------
    share : ndarray of shape (m,)
        ``1 - e(x_{k+1}) / e(x_k)``.
    floor : ndarray of shape (m,)
        What rounding may have changed of it.
    """

    share: np.ndarray
    floor: np.ndarray


class _Run:
    """A run seen from the minimiser: gradients, errors, and the rounding of gradients, iterate by iterate."""

    def __init__(self, instance: Instance, points: np.ndarray) -> None:
        Q, rows, n = instance.Q, instance.rows, len(instance.Q)
        away = points - instance.minimizer
        errors = 0.5 * ((away @ Q) * away).sum(axis=1) + log_cosh(away @ rows.T).sum(axis=1)
        # followed as long as errors are far above rounding; what comes after is not looked at
        kept = int(np.argmin(np.r_[errors > REACH * errors[0], False]))
        away = away[:kept]
        self.error, self.gradient = errors[:kept], away @ Q + np.tanh(away @ rows.T) @ rows
        self.removed = 1.0 - errors[1 : kept + 1] / errors[:kept][: len(errors) - 1]
        size = np.abs(Q) + np.abs(rows.T) @ np.abs(rows)
        x = np.maximum.accumulate(np.abs(points[:kept]))  # old rounding stays in the image
        exact = np.abs(instance.problem.c) + np.abs(rows @ instance.minimizer) @ np.abs(rows)
        drift = (n + _UPDATES) * (x @ size + exact) + n * x * np.diagonal(instance.step)
        self.noise = _EPS * drift  # of a gradient entry, as the solver had it
        self.form = _EPS * (n + 4) * ((np.abs(away) @ size) * np.abs(away)).sum(axis=1)  # of the error, as computed

    def floor(self, instance: Instance) -> np.ndarray:
        """Return what rounding can do to a share: noise in scores and steps, and in the errors that are compared.

        A step is off by ``M^{-1} noise``, which moves the decrease by at most twice the M^{-1}-product of noise and
        gradient; a score is off by as much, so that a block which only seemed best loses that.
        """
        worst = np.zeros(len(self.error))
        for b in map(list, instance.blocks):
            root = np.linalg.cholesky(instance.step[np.ix_(b, b)])
            noise = np.linalg.norm(np.linalg.solve(root, self.noise[:, b].T), axis=0)
            worst = np.maximum(worst, noise * np.linalg.norm(np.linalg.solve(root, self.gradient[:, b].T), axis=0))
        return np.asarray((4.0 * worst + 2.0 * self.form) / self.error)


def shares(instance: Instance, points: np.ndarray) -> Removed:
    """Measure the share of the error that each iteration of a run removed."""
    run = _Run(instance, points)
    return Removed(share=run.removed, floor=run.floor(instance)[: len(run.removed)])


def expected_shares(instance: Instance, points: np.ndarray, probabilities: np.ndarray) -> Removed:
    r"""Return the conditional expectation of the share at every iterate, an exact sum over the blocks.

    ``sum_b p_b (e(x) - e(x - U_b M_b^{-1} g_b)) / e(x)``; no chance is left in it.
    """
    run = _Run(instance, points)
    gain = np.zeros(len(run.error))
    for p, b in zip(probabilities, map(list, instance.blocks), strict=True):
        g = run.gradient[:, b]
        d = np.linalg.solve(instance.step[np.ix_(b, b)], g.T).T
        gain += p * ((g * d).sum(axis=1) - 0.5 * ((d @ instance.Q[np.ix_(b, b)]) * d).sum(axis=1))
    return Removed(share=gain / run.error, floor=run.floor(instance))


def off_candidates(instance: Instance, points: np.ndarray) -> float:
    """Return how far the run's steps are from those of the sum in `expected_shares`, in units of rounding."""
    run = _Run(instance, points)
    worst = 0.0
    for k in range(len(run.removed)):
        moved = points[k + 1] - points[k]
        misses = []
        for b in map(list, instance.blocks):
            off = np.abs(instance.step[np.ix_(b, b)] @ moved[b] + run.gradient[k, b])
            inside = off / np.maximum(run.noise[k, b], 1e-300)
            misses.append(np.inf if np.delete(moved, b).any() else float(inside.max()))
        worst = max(worst, min(misses))
    return worst
