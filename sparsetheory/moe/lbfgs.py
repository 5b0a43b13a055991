"""L-BFGS on the marginal likelihood, SciPy's: for models with more parameters than a Hessian is worth."""

from typing import Any

import numpy as np

from .._loop import Chunk
from ..result import Status
from .likelihood import Likelihood
from .parameters import Parameters

__all__ = ["LBFGS"]


class LBFGS:
    """Runs until SciPy's line search finds nothing better, or the budget is spent."""

    def __init__(self, likelihood: Likelihood, at: Parameters) -> None:
        self.likelihood, self.at = likelihood, at

    def advance(self, budget: int) -> Chunk:
        """Run up to `budget` iterations."""
        from scipy.optimize import minimize

        start, layout = self.at, self.likelihood.layout
        options: Any = {"maxiter": budget, "maxfun": 10 * budget, "ftol": 0.0, "gtol": 0.0, "maxcor": 20}

        def descent(step: np.ndarray) -> tuple[float, np.ndarray]:
            return self._descent(step, start)

        origin = np.zeros(layout.n_free)
        found = minimize(descent, origin, jac=True, method="L-BFGS-B", options=options)
        best = found.x if np.isfinite(found.x).all() and found.fun < 1e300 else origin  # its line search may leave both
        self.at = layout.moved(start, best)
        value, slope = self._descent(best, start)
        error = float(np.max(np.abs(slope), initial=0.0))
        stop = None if found.nit >= budget else Status.STALLED
        return Chunk(n_iter=max(1, min(budget, int(found.nit))), error=error, objective=-value, stop=stop)

    def _descent(self, step: np.ndarray, start: Parameters) -> tuple[float, np.ndarray]:
        """Return minus the objective and its gradient."""
        likelihood = self.likelihood
        value, slope = likelihood.slope(likelihood.layout.moved(start, step))
        if not (np.isfinite(value) and np.isfinite(slope).all()):
            return 1e300, np.zeros(len(step))
        return -value, -slope
