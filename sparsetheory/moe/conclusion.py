"""The certificate of a fit: value and gradient recomputed in NumPy from the data, apart from the kernels."""

import numpy as np

from .. import _loop
from .cells import multipliers
from .density import mean_log_density
from .fitting import End, Fitting, masses
from .likelihood import Likelihood
from .result import MoEResult
from .sweep import swept

__all__ = ["certified"]


def certified(fitting: Fitting, end: End) -> MoEResult:
    """Return the result of a fit that ends here, in the units of the data."""
    layout, gate, raw = fitting.layout, fitting.gate, fitting.raw
    likelihood = fitting.likelihood(penalty=end.penalty)
    gradient, gain = _gradient(fitting, likelihood, end), 0.0
    if not gate.smooth:
        gradient, gain = multipliers(likelihood, end.at, gradient)[1], swept(likelihood, end.at)[1]
    error = max(float(np.max(np.abs(gradient), initial=0.0)), gain)
    at = fitting.scaling.parameters_out(end.at, linear_gate=gate.linear)
    mass = masses(likelihood, end.at)
    return MoEResult(
        status=_loop.settle(end.outcome.status, error, fitting.tol), n_iter=end.outcome.n_iter, error=error,
        tol=fitting.tol, trace=end.outcome.trace, gate=gate, parameters=layout.referred(at),
        log_likelihood=mean_log_density(gate, at, raw.X, raw.y, raw.weight), penalty=end.penalty,
        starts=np.sort(fitting.values)[::-1], masses=mass, n_passes=fitting.n_passes, n_switches=end.n_switches,
    )  # fmt: skip


def _gradient(fitting: Fitting, likelihood: Likelihood, end: End) -> np.ndarray:
    """Return the gradient of the objective, penalties included, in the free parameters."""
    layout, gradient = fitting.layout, fitting.score_gradient(end.at)
    penalised = np.zeros(layout.n_full)
    likelihood.penalise(end.at, penalised)
    return gradient + layout.spread.T @ penalised / likelihood.total
