"""SQUAREM: two EM steps extrapolated, with the likelihood as safeguard."""

import numpy as np

from .._loop import Chunk
from ..result import Status
from .em import EM, em_step
from .likelihood import Likelihood
from .parameters import Parameters

__all__ = ["SQUAREM"]


class SQUAREM:
    r"""Extrapolated EM.

    .. math:: \theta' = \theta - 2 \alpha r + \alpha^2 v, \qquad r = F(\theta) - \theta, \quad
        v = F(F(\theta)) - F(\theta) - r, \quad \alpha = -\|r\| / \|v\|

    The extrapolated point is kept if the objective there is at least that after the two steps.

    References
    ----------
    R. Varadhan, C. Roland, "Simple and globally convergent methods for accelerating the convergence of any EM
    algorithm", Scand. J. Statist. 35, 2008, scheme S3.
    """

    def __init__(self, likelihood: Likelihood, at: Parameters) -> None:
        self._em = EM(likelihood, at)

    @property
    def at(self) -> Parameters:
        """Where the iteration is."""
        return self._em.at

    def advance(self, budget: int) -> Chunk:
        """Make two EM steps and one extrapolation."""
        em, layout = self._em, self._em.likelihood.layout
        first = layout.free(em.at)
        moved = em.step()
        second = layout.free(em.at)
        moved = em.step() or moved
        r, v = second - first, layout.free(em.at) - 2 * second + first
        if moved and np.linalg.norm(v) > 0:
            alpha = min(-float(np.linalg.norm(r)) / float(np.linalg.norm(v)), -1.0)
            self._try(first - 2 * alpha * r + alpha**2 * v)
        stop = None if moved else Status.STALLED
        return Chunk(n_iter=2, error=em.error, objective=em.found.value, stop=stop)

    def _try(self, target: np.ndarray) -> None:
        """Go to the extrapolated point, stabilised by an EM step, if the objective is not lower there."""
        em = self._em
        likelihood, layout = em.likelihood, em.likelihood.layout
        trial = layout.moved(em.at, target - layout.free(em.at))
        found = likelihood.expectation(trial)
        if not np.isfinite(found.value) or found.value < em.found.value:
            return
        better = em_step(likelihood, trial, found)
        after = likelihood.expectation(better)
        em.move(*((better, after) if after.value >= found.value else (trial, found)))
