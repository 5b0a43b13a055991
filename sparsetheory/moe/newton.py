"""Newton's method on the marginal likelihood, with eigenvalues turned positive and a Levenberg parameter."""

import numpy as np

from .likelihood import Derivatives, Likelihood
from .parameters import Parameters

__all__ = ["NewtonState", "newton_step"]

_SHRINK, _GROW = 0.1, 8.0
_LEAST, _MOST = 1e-12, 1e12


class NewtonState:
    """Where a Newton iteration is: parameters, derivatives there, Levenberg parameter."""

    def __init__(self, likelihood: Likelihood, at: Parameters) -> None:
        self.at, self.found = at, likelihood.derivatives(at)
        self.damping = 1e-3


def newton_step(likelihood: Likelihood, state: NewtonState) -> bool:
    r"""Move to a point with a larger objective, and return whether there was one.

    .. math:: d = V (|\Lambda| + \mu \, \mathrm{I})^{-1} V^\top g, \qquad -\nabla^2 \ell = V \Lambda V^\top

    in coordinates where the diagonal of the Hessian is one. mu falls after a success and grows after a failure.
    """
    scale, values, vectors = _spectrum(state.found)
    slope = vectors.T @ (state.found.gradient / scale)
    while state.damping <= _MOST:
        step = vectors @ (slope / (values + state.damping)) / scale
        trial = likelihood.layout.moved(state.at, step)
        gain = float(state.found.gradient @ step)
        if not np.isfinite(gain) or gain <= 0:
            return False
        found = likelihood.derivatives(trial) if np.isfinite(step).all() else None
        if found is not None and _better(state.found, found, gain):
            state.at, state.found = trial, found
            state.damping = max(state.damping * _SHRINK, _LEAST)
            return True
        state.damping = max(state.damping, 1e-6) * _GROW
    return False


def _spectrum(found: Derivatives) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the scale of the coordinates, and eigenvalues (absolute) and eigenvectors of minus the scaled Hessian."""
    diagonal = np.abs(np.diag(found.hessian))
    scale = np.sqrt(np.maximum(diagonal, 1e-12 * max(float(diagonal.max()), 1e-300)))
    values, vectors = np.linalg.eigh(-found.hessian / np.outer(scale, scale))
    return scale, np.maximum(np.abs(values), 1e-14), vectors


def _better(before: Derivatives, after: Derivatives, gain: float) -> bool:
    """Return whether the objective rose; where the rise drowns in rounding, whether the gradient shrank."""
    if not (np.isfinite(after.value) and np.isfinite(after.gradient).all() and np.isfinite(after.hessian).all()):
        return False
    rounding = 1e-14 * (1.0 + abs(before.value))
    if gain > 10 * rounding:
        return after.value > before.value + 1e-4 * gain
    return after.value >= before.value - rounding and bool(
        np.max(np.abs(after.gradient)) < np.max(np.abs(before.gradient))
    )
