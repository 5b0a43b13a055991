"""Newton's method on the marginal likelihood, with eigenvalues turned positive and a Levenberg parameter."""

from functools import cached_property

import numpy as np
from scipy.linalg.lapack import dposv

from .._loop import Chunk
from ..result import Status
from .likelihood import Derivatives, Likelihood
from .parameters import Parameters

__all__ = ["Model", "Newton", "better"]

_SHRINK, _GROW = 0.1, 8.0
_LEAST, _MOST = 1e-12, 1e12


class Newton:
    r"""The iteration, which never lowers the objective.

    .. math:: d = V (|\Lambda| + \mu \, \mathrm{I})^{-1} V^\top g, \qquad -\nabla^2 \ell = V \Lambda V^\top

    in coordinates where the diagonal of the Hessian is one. mu falls after a success and grows after a failure.
    """

    def __init__(self, likelihood: Likelihood, at: Parameters) -> None:
        self.likelihood = likelihood
        self.at, self.found = at, likelihood.derivatives(at)
        self.damping = 1e-3

    @property
    def error(self) -> float:
        """Largest entry of the gradient."""
        return float(np.max(np.abs(self.found.gradient), initial=0.0))

    def step(self) -> bool:
        """Move to a point with a larger objective, and return whether there was one."""
        if not np.isfinite(self.found.value):
            return False
        model = Model(self.found)
        while self.damping <= _MOST:
            step = model.step(self.damping)
            gain = float(self.found.gradient @ step)
            if not np.isfinite(gain) or gain <= 0:
                return False
            trial = self.likelihood.layout.moved(self.at, step)
            found = self.likelihood.derivatives(trial)
            if better(self.found, found, gain):
                self.at, self.found = trial, found
                self.damping = max(self.damping * _SHRINK, _LEAST)
                return True
            self.damping = max(self.damping, 1e-6) * _GROW
        return False

    def advance(self, budget: int) -> Chunk:
        """Make one step and measure."""
        moved = self.step()
        return Chunk(n_iter=1, error=self.error, objective=self.found.value, stop=None if moved else Status.STALLED)


class Model:
    """Minus the Hessian, scaled; factored by Cholesky where it is definite, by its eigenvalues where it is not."""

    def __init__(self, found: Derivatives) -> None:
        diagonal = np.abs(np.diag(found.hessian))
        self.scale = np.sqrt(np.maximum(diagonal, 1e-12 * max(float(diagonal.max()), 1e-300)))
        self.matrix = -found.hessian / np.outer(self.scale, self.scale)
        self.slope = found.gradient / self.scale

    def step(self, damping: float) -> np.ndarray:
        """Return the step for a Levenberg parameter."""
        factor, step, failed = dposv(self.matrix + damping * np.eye(len(self.slope)), self.slope)
        if failed or np.diag(factor).min() < 1e-7:  # eigenvalues below 1e-14 of the largest say nothing
            values, vectors = self._spectrum
            step = vectors @ ((vectors.T @ self.slope) / (values + damping))
        return np.asarray(step) / self.scale

    @cached_property
    def _spectrum(self) -> tuple[np.ndarray, np.ndarray]:
        values, vectors = np.linalg.eigh(self.matrix)
        return np.maximum(np.abs(values), 1e-14), vectors


def better(before: Derivatives, after: Derivatives, gain: float) -> bool:
    """Return whether the objective rose; where the rise drowns in rounding, whether the gradient shrank."""
    if not (np.isfinite(after.value) and np.isfinite(after.gradient).all() and np.isfinite(after.hessian).all()):
        return False
    rounding = 1e-14 * (1.0 + abs(before.value))
    if gain > 10 * rounding:
        return after.value > before.value + 1e-4 * gain
    return after.value >= before.value - rounding and bool(
        np.max(np.abs(after.gradient)) < np.max(np.abs(before.gradient))
    )
