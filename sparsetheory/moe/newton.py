"""Newton's method on the marginal likelihood, with eigenvalues turned positive and a Levenberg parameter."""

from functools import cached_property

import numpy as np
from scipy.linalg.lapack import dposv

from .._loop import Chunk
from ..result import Status
from .likelihood import Derivatives, Likelihood, Slope, largest
from .parameters import Parameters

__all__ = ["Model", "Newton", "better"]

_SHRINK, _GROW = 0.1, 8.0
_LEAST, _MOST = 1e-12, 1e12
_KEPT = 0.3  # a step that leaves less of the gradient says that the Hessian still serves
_NOISY = 0.5  # one that leaves more with a fresh Hessian of some samples says that these are too few


class Newton:
    r"""The iteration, which never lowers the objective.

    .. math:: d = V (|\Lambda| + \mu \, \mathrm{I})^{-1} V^\top g, \qquad -\nabla^2 \ell = V \Lambda V^\top

    in coordinates where the diagonal of the Hessian is one. mu falls after a success and grows after a failure. Value
    and gradient are of all samples. The Hessian, which costs several times as much, is formed anew only where the last
    step left more than a tenth of the gradient; with `part` it is that of some of the samples, as long as it serves.

    Parameters
    ----------
    likelihood : Likelihood
    at : Parameters
        Where to start.
    part : Likelihood, optional
        The objective on some of the samples.

    References
    ----------
    R. H. Byrd, G. M. Chin, W. Neveitt, J. Nocedal, "On the use of stochastic Hessian information in optimization
    methods for machine learning", SIAM J. Optim. 21, 2011.
    """

    def __init__(self, likelihood: Likelihood, at: Parameters, *, part: Likelihood | None = None) -> None:
        self.likelihood, self._part = likelihood, likelihood if part is None else part
        self.at, self.found = at, likelihood.slope(at)
        self.damping = 1e-3
        self._model: Model | None = None

    @property
    def error(self) -> float:
        """Largest entry of the gradient."""
        return largest(self.found.gradient)

    def step(self) -> bool:
        """Move to a point with a larger objective, and return whether there was one."""
        if not np.isfinite(self.found.value):
            return False
        fresh = self._model is None
        while self.damping <= _MOST:
            self._model = Model(self._part.derivatives(self.at).hessian) if self._model is None else self._model
            step = self._model.step(self.found.gradient, self.damping)
            gain = float(self.found.gradient @ step)
            if not np.isfinite(gain) or gain <= 0:
                return False
            trial = self.likelihood.layout.moved(self.at, step)
            found = self.likelihood.slope(trial)
            if better(self.found, found, gain):
                self._move(trial, found, step, fresh)
                return True
            if not fresh:
                self._model, fresh = None, True
                continue
            self.damping = max(self.damping, 1e-6) * _GROW
        return False

    def _move(self, trial: Parameters, found: Slope, step: np.ndarray, fresh: bool) -> None:
        """Take a step, and decide whether its Hessian serves for the next one."""
        left = largest(found.gradient) / max(self.error, 1e-300)
        if left > _KEPT or self._model is None:
            self._model = None
        else:
            self._model.correct(step, self.found.gradient - found.gradient)
        self.at, self.found = trial, found
        self.damping = max(self.damping * _SHRINK, _LEAST)
        if left > _NOISY and fresh:
            self._part = self.likelihood

    def advance(self, budget: int) -> Chunk:
        """Make one step and measure."""
        moved = self.step()
        return Chunk(n_iter=1, error=self.error, objective=self.found.value, stop=None if moved else Status.STALLED)


class Model:
    """Minus the Hessian, scaled; factored by Cholesky where it is definite, by its eigenvalues where it is not."""

    def __init__(self, hessian: np.ndarray) -> None:
        diagonal = np.abs(hessian.diagonal())
        self.scale = np.sqrt(np.maximum(diagonal, 1e-12 * max(float(diagonal.max()), 1e-300)))
        self.matrix = -hessian / (self.scale[:, None] * self.scale)

    def correct(self, step: np.ndarray, fall: np.ndarray) -> None:
        """Make the model right along a step on which the gradient fell by `fall` (the formula of BFGS)."""
        s, y = step * self.scale, fall / self.scale
        seen = self.matrix @ s
        if s @ y > 0 and s @ seen > 0:
            self.matrix += np.outer(y, y) / (s @ y) - np.outer(seen, seen) / (s @ seen)
            self.__dict__.pop("_spectrum", None)

    def step(self, gradient: np.ndarray, damping: float) -> np.ndarray:
        """Return the step for a Levenberg parameter."""
        slope = gradient / self.scale
        factor, step, failed = dposv(self.matrix + damping * np.eye(len(slope)), slope)
        if failed or factor.diagonal().min() < 1e-7:  # eigenvalues below 1e-14 of the largest say nothing
            values, vectors = self._spectrum
            step = vectors @ ((vectors.T @ slope) / (values + damping))
        return np.asarray(step) / self.scale

    @cached_property
    def _spectrum(self) -> tuple[np.ndarray, np.ndarray]:
        values, vectors = np.linalg.eigh(self.matrix)
        return np.maximum(np.abs(values), 1e-14), vectors


def better(before: Slope | Derivatives, after: Slope | Derivatives, gain: float) -> bool:
    """Return whether the objective rose; where the rise drowns in rounding, whether the gradient shrank."""
    if not (np.isfinite(after.value) and np.isfinite(after.gradient).all()):
        return False
    rounding = 1e-14 * (1.0 + abs(before.value))
    if gain > 10 * rounding:
        return after.value > before.value + 1e-4 * gain
    return after.value >= before.value - rounding and largest(after.gradient) < largest(before.gradient)
