"""Least squares with an L1 or elastic-net penalty: greedy working sets, their Gram matrix, Newton on the support."""

from typing import Any

import numpy as np

from .. import _loop
from .._loop import Chunk, Outcome, settle
from .._validation import check_count, check_nonnegative, check_vector
from ..progress import Callback
from ..result import OnFailure, Status, check_on_failure, conclude
from .covariates import Covariates, check_sample_weight
from .gram_descent import minimise_model
from .lasso_certificate import LeastSquaresFit, Optimality
from .shrinkage import shrinkage
from .sparse_result import SparseResult
from .working_set import WorkingSet

__all__ = ["lasso"]

_FIRST = 100  # columns of the first working set, beyond those in use
_IDLE = 3  # rounds without a smaller gap or a new column after which there is nothing left to gain


def lasso(
    X: Any,
    y: Any,
    *,
    alpha: float,
    l1_ratio: float = 1.0,
    weights: Any = None,
    positive: bool = False,
    fit_intercept: bool = True,
    sample_weight: Any = None,
    tol: float = 1e-6,
    max_iter: int = 200,
    init: Any = None,
    callback: Callback | None = None,
    on_failure: OnFailure = "warn",
) -> SparseResult:
    r"""Fit least squares with an L1 or elastic-net penalty.

    .. math:: \min_{w, b} \tfrac{1}{2 \sum_i s_i} \sum_i s_i (y_i - x_i^\top w - b)^2
              + \alpha \sum_j c_j \big(\rho |w_j| + \tfrac{1 - \rho}{2} w_j^2\big)

    1. Measure: one pass over X gives the slopes of all coefficients and the duality gap; stop when it is small.
    2. Take the columns that violate stationarity most into the working set, and append to its Gram matrix.
    3. Minimise over the working set: sweeps on the Gram matrix, Newton steps with the signs held. Go to 1.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n, p)
        Not copied if dense in C or Fortran order, or CSC, in single or double precision.
    y : array_like of shape (n,)
        The targets.
    alpha : float
        Weight >= 0 of the penalty; scikit-learn's scaling.
    l1_ratio : float, default 1.0
        The share rho of the absolute values in the penalty.
    weights : array_like of shape (p,), optional
        Costs c_j >= 0, ones by default; 0 leaves a coefficient without any penalty.
    positive : bool, default False
        Whether coefficients must be nonnegative; then every weight must be positive.
    fit_intercept : bool, default True
        Whether there is an intercept b, which costs nothing.
    sample_weight : array_like of shape (n,), optional
        Weights s_i >= 0, ones by default; integers are repetitions.
    tol : float, default 1e-6
        Bound on the duality gap relative to the objective at w = 0 (and the best b).
    max_iter : int, default 200
        Most rounds.
    init : array_like of shape (p,), optional
        Coefficients to start from; never written to.
    callback : callable, optional
        Gets a `sparsetheory.progress.Progress` each round; True stops.
    on_failure : {"warn", "raise", "ignore"}, default "warn"
        What to do when the tolerance was not met.

    Returns
    -------
    SparseResult
        The best coefficients met, by duality gap.

    Raises
    ------
    InvalidArgument
        For arguments that cannot be used; non-finite entries of X are found by the first pass.
    ConvergenceError
        With ``on_failure="raise"``, when the tolerance was not met.

    References
    ----------
    J. Nutini, I. Laradji, M. Schmidt, "Let's make block coordinate descent converge faster", JMLR 23, 2022;
    M. Massias, A. Gramfort, J. Salmon, "Celer: a fast solver for the Lasso with dual extrapolation", ICML 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import bcd
    >>> X = np.random.default_rng(0).normal(size=(30, 8))
    >>> result = bcd.lasso(X, 3 * X[:, 2] + 1, alpha=0.5)
    >>> result.converged, result.support.tolist(), result.gap < 1e-6
    (True, [2], True)
    """
    covariates = Covariates(X)
    y = check_vector(y, "y", length=covariates.n)
    v = check_sample_weight(sample_weight, covariates.n)
    penalty = shrinkage(alpha, l1_ratio, weights, positive, covariates.p)
    tol, max_iter = check_nonnegative(tol, "tol"), check_count(max_iter, "max_iter")
    on_failure = check_on_failure(on_failure)
    w = np.zeros(covariates.p) if init is None else check_vector(init, "init", length=covariates.p).copy()
    fit = LeastSquaresFit(covariates, y, v, penalty, intercept=bool(fit_intercept))
    descent = _Descent(fit, np.maximum(w, penalty.lower), tol)
    outcome = _loop.run(
        descent.advance, tol=tol, max_iter=max_iter, callback=callback, solution=lambda: descent.best_coef.copy()
    )
    return conclude(descent.result(outcome), on_failure)


class _Descent:
    """Rounds of: measure, take in the columns that violate most, minimise over the working set."""

    def __init__(self, fit: LeastSquaresFit, w: np.ndarray, tol: float) -> None:
        self.fit, self.w, self.tol = fit, w, tol
        self.working = WorkingSet(fit.covariates, fit.v, centred=fit.has_intercept)
        self.unit = fit.null_value or 1.0
        self.best: Optimality | None = None
        self.best_coef = w.copy()
        self._idle = 0

    def advance(self, budget: int) -> Chunk:
        """Do one round: improve the coefficients if there is a measurement, then measure."""
        grown = self.best is None or self._improve()
        now = self.fit.optimality(self.w)
        better = self.best is None or now.gap < self.best.gap
        if better:
            self.best_coef = self.w.copy()
        self.best = now if better else self.best
        self.now = now
        self._idle = 0 if grown or better else self._idle + 1
        stop = Status.STALLED if self._idle >= _IDLE else None
        extra = {"support": int(np.count_nonzero(self.w)), "working": len(self.working)}
        return Chunk(n_iter=1, error=now.gap / self.unit, objective=now.objective, stop=stop, extra=extra)

    def _improve(self) -> bool:
        """Extend the working set by the columns that violate most, and minimise over it."""
        penalty, working = self.fit.penalty, self.working
        new = self._candidates()
        working.extend(new)
        members = working.members
        w, slope, own = self.w[members], working.slopes(self.now.residual), penalty.at(members)
        minimise_model(working.gram, own, w, slope, 0.0)
        self.w[members] = w
        return len(new) > 0

    def _candidates(self) -> np.ndarray:
        """Return columns to take in: those in use, and as many violating ones as the support suggests."""
        score = self.fit.penalty.violation(self.w, self.now.slopes)
        score[self.working.inside] = 0.0
        used = (self.w != 0) | self.fit.penalty.free
        score[used & ~self.working.inside] = np.inf
        room = max(_FIRST, 2 * int(np.count_nonzero(used)))
        room += int(np.isinf(score).sum())
        order = np.flatnonzero(score > 0)
        if len(order) > room:
            order = order[np.argpartition(-score[order], room)[:room]]
        return np.sort(order)

    def result(self, outcome: Outcome) -> SparseResult:
        """Return the best coefficients with the certificate at them."""
        best = self.best
        assert best is not None
        error = best.gap / self.unit
        self.best_coef.flags.writeable = False
        return SparseResult(
            status=settle(outcome.status, error, self.tol), n_iter=outcome.n_iter, error=error, tol=self.tol,
            trace=outcome.trace, coef=self.best_coef, intercept=best.intercept, objective=best.objective, gap=best.gap,
        )  # fmt: skip
