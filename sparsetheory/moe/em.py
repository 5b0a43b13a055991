"""Expectation-maximisation: closed-form experts and variances, one damped Newton step of the gate."""

from dataclasses import replace

import numpy as np
from scipy.linalg.lapack import dposv

from .._loop import Chunk
from ..result import Status
from .likelihood import Expectation, Likelihood, largest
from .parameters import Parameters

__all__ = ["EM", "em_step"]

_HALVINGS = 30
_LEVEL = 1e-14  # curvature of the gate per sample below which it is taken for rounding


class EM:
    """The iteration, which never lowers the objective: a gate step that would is halved."""

    def __init__(self, likelihood: Likelihood, at: Parameters) -> None:
        self.likelihood = likelihood
        self.move(at, likelihood.expectation(at))

    def move(self, at: Parameters, found: Expectation) -> None:
        """Go to a point whose statistics are known."""
        self.at, self.found = at, found
        self.error = largest(self.likelihood.gradient(at, found))

    def step(self) -> bool:
        """Make one step and return whether there was one."""
        if not np.isfinite(self.found.value):
            return False
        damping, rounding = 1.0, 1e-14 * (1.0 + abs(self.found.value))
        for _ in range(_HALVINGS):
            trial = em_step(self.likelihood, self.at, self.found, damping=damping)
            found = self.likelihood.expectation(trial)
            if found.value >= self.found.value - rounding:
                self.move(trial, found)
                return True
            damping *= 0.5
        return False

    def advance(self, budget: int) -> Chunk:
        """Make one step and measure."""
        moved = self.step()
        return Chunk(n_iter=1, error=self.error, objective=self.found.value, stop=None if moved else Status.STALLED)


def em_step(likelihood: Likelihood, at: Parameters, found: Expectation, *, damping: float = 1.0) -> Parameters:
    r"""Return the parameters after one EM step from `at`, whose statistics are `found`.

    Experts solve their weighted least squares; variances are ``(S_j + 2 a sigma^2) / (N_j + 2 a)``; the gate makes one
    Newton step of length `damping` on the expected likelihood, which raises it if the step is short enough: halve
    `damping` where the objective falls.

    Parameters
    ----------
    likelihood : Likelihood
    at : Parameters
    found : Expectation
        ``likelihood.expectation(at)``.
    damping : float, default 1
        Length of the gate's step.
    """
    expert, variance = likelihood.experts(at, found.moments)
    gate = np.array(at.gate)
    m, q = likelihood.gate.n_rows, likelihood.layout.q
    gate[:m] += damping * _gate_step(likelihood, at, found).reshape(m, q)
    return replace(at, gate=gate, expert=expert, variance=variance)


def _gate_step(likelihood: Likelihood, at: Parameters, found: Expectation) -> np.ndarray:
    """Return the Newton step of the gate, ridge included; directions that curve upwards are turned."""
    layout, ridge = likelihood.layout, likelihood.ridge
    slope, bend = np.array(found.gate_slope), np.array(found.gate_bend)
    if ridge > 0:
        ridged = layout.ridged[: len(slope)]
        slope[ridged] -= ridge * layout.full(at)[: len(slope)][ridged]
        bend[ridged, ridged] -= ridge
    used, step = layout.moving, np.zeros(len(slope))
    concave = -bend[used[:, None], used]
    if len(used) and np.isfinite(concave).all():
        factor, solution, failed = dposv(concave, slope[used])
        if not failed and factor.diagonal().min() > 1e-5 * factor.diagonal().max():
            step[used] = solution
            return step
        values, vectors = np.linalg.eigh(concave)
        floor = max(1e-10 * abs(values[0]), 1e-10 * abs(values[-1]), _LEVEL * likelihood.total)
        step[used] = vectors @ ((vectors.T @ slope[used]) / np.maximum(np.abs(values), floor))
    return step
