"""The certificate of a fit: value and gradient recomputed in NumPy from the data, apart from the kernels."""

import numpy as np

from .. import _loop
from .cells import multipliers
from .fitting import End, Fitting
from .likelihood import Likelihood
from .parameters import Parameters
from .result import MoEResult
from .sweep import swept

__all__ = ["certified"]


def certified(fitting: Fitting, end: End) -> MoEResult:
    """Return the result of a fit that ends here, in the units of the data."""
    layout, gate = fitting.layout, fitting.gate
    likelihood = fitting.likelihood(penalty=end.penalty)
    found = fitting.recomputed(end.at)
    gradient, gain = found.gradient + _of_penalties(likelihood, end.at), 0.0
    if not gate.smooth:
        gradient, gain = multipliers(likelihood, end.at, gradient)[1], swept(likelihood, end.at)[1]
    error = max(float(np.max(np.abs(gradient), initial=0.0)), gain)
    at = fitting.scaling.parameters_out(end.at, linear_gate=gate.linear)
    return MoEResult(
        status=_loop.settle(end.outcome.status, error, fitting.tol), n_iter=end.outcome.n_iter, error=error,
        tol=fitting.tol, trace=end.outcome.trace, gate=gate, parameters=layout.referred(at),
        log_likelihood=found.log_likelihood, penalty=end.penalty,
        starts=np.sort(fitting.values)[::-1], masses=found.masses, n_passes=fitting.n_passes, n_switches=end.n_switches,
    )  # fmt: skip


def _of_penalties(likelihood: Likelihood, at: Parameters) -> np.ndarray:
    """Return the gradient of the penalties in the free parameters."""
    layout = likelihood.layout
    penalised = np.zeros(layout.n_full)
    likelihood.penalise(at, penalised)
    return np.asarray(layout.spread.T @ penalised / likelihood.total)
