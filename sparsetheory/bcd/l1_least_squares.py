"""Least squares with an L1 or elastic-net penalty: greedy working sets, their Gram matrix, Newton on the support."""

from typing import Any

import numpy as np

from .._validation import check_count, check_init, check_nonnegative, check_vector
from ..progress import Callback
from ..result import OnFailure, check_on_failure, conclude
from .covariates import Covariates, check_sample_weight
from .lasso_certificate import LeastSquaresFit, Optimality
from .rounds import Rounds
from .shrinkage import Shrinkage, shrinkage
from .sparse_result import SparseResult
from .working_model import minimise_over
from .working_set import WorkingSet

__all__ = ["lasso"]

# how exactly a model is minimised, in units of the largest violation that entered it
_INNER = 0.03
_EXACT = 0.001  # where that takes no longer than a pass over X


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
    w = check_init(init, covariates.p)
    fit = LeastSquaresFit(covariates, y, v, penalty, intercept=bool(fit_intercept))
    return conclude(_Descent(fit, w, tol).run(max_iter, callback), on_failure)


class _Descent(Rounds):
    """A round minimises the quadratic itself over the working set, to an accuracy that its cost suggests."""

    def __init__(self, fit: LeastSquaresFit[Shrinkage], w: np.ndarray, tol: float) -> None:
        super().__init__(fit, w, tol)
        self._columns = WorkingSet(fit.covariates, fit.v, centred=fit.has_intercept)

    @property
    def working(self) -> int:
        """Number of columns in work."""
        return len(self._columns)

    def improve(self, now: Optimality, new: np.ndarray) -> None:
        """Minimise over the columns in work."""
        penalty, columns = self.fit.penalty, self._columns
        worst = float(np.max(penalty.violation(self.w, now.slopes)[new], initial=0.0))
        columns.extend(new)
        members = columns.members
        w = self.w[members]
        cheap = len(members) * np.count_nonzero(self.w) ** 2 <= self.fit.covariates.size
        tol = max((_EXACT if cheap else _INNER) * worst, self.floor)
        minimise_over(columns, penalty.at(members), w, self.fit.v * now.residual, tol)
        self.w[members] = w
