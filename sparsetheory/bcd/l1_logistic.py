"""Logistic regression with an L1 or elastic-net penalty: Newton models on greedy working sets, Gram matrices reused."""

from typing import Any

import numpy as np

from .._validation import check_count, check_init, check_nonnegative, check_vector
from ..errors import InvalidArgument
from ..progress import Callback
from ..result import OnFailure, check_on_failure, conclude
from .covariates import Covariates, check_sample_weight
from .lasso_certificate import Optimality
from .logistic_certificate import LogisticFit
from .rounds import Rounds
from .shrinkage import shrinkage
from .sparse_result import SparseResult
from .working_model import minimise_over
from .working_set import WorkingSet

__all__ = ["sparse_logistic"]

_MODELS = 20  # most models a round
_INNER = 0.1  # of the largest violation that enters a round: where its models end
_MODEL = 0.1  # of the largest violation that enters a model: how exactly that is minimised
_SLOW = 0.3  # a model that leaves more of the violation than this was too old
# least curvature of a sample, relative to its weight: far from the solution more than near it, where it must not show
_FLAT, _FLAT_AFAR = 1e-10, 1e-5
_ARMIJO = 1e-4
_HALVINGS = 40
_ROUNDING = 1e-15  # of a change of the objective, whose unit is log 2


def sparse_logistic(
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
    r"""Fit logistic regression with an L1 or elastic-net penalty.

    .. math:: \min_{w, b} \tfrac{1}{\sum_i s_i} \sum_i s_i \log\big(1 + e^{-y_i (x_i^\top w + b)}\big)
              + \alpha \sum_j c_j \big(\rho |w_j| + \tfrac{1 - \rho}{2} w_j^2\big)

    1. Measure: one pass over X gives the slopes of all coefficients and the duality gap; stop when it is small.
    2. Take the columns that violate stationarity most into the working set.
    3. Minimise quadratic models over the working set, each followed by a line search. A model keeps the curvature of
       an earlier point, and with it the Gram matrix, as long as that serves. Go to 1.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n, p)
        Not copied if dense in C or Fortran order, or CSC, in single or double precision.
    y : array_like of shape (n,)
        Labels, -1 or 1, both with a positive weight.
    alpha : float
        Weight > 0 of the penalty beside the mean loss; scikit-learn's C is ``1 / (alpha sum_i s_i)``.
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
    G.-X. Yuan, C.-H. Ho, C.-J. Lin, "An improved GLMNET for L1-regularized logistic regression", JMLR 13, 2012.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import bcd
    >>> X = np.random.default_rng(0).normal(size=(60, 8))
    >>> result = bcd.sparse_logistic(X, np.where(X[:, 2] > 0.1, 1.0, -1.0), alpha=0.1)
    >>> result.converged, result.support.tolist()
    (True, [2])
    """
    covariates = Covariates(X)
    y = check_vector(y, "y", length=covariates.n)
    v = check_sample_weight(sample_weight, covariates.n)
    if not np.isin(y, (-1.0, 1.0)).all():
        raise InvalidArgument("y", "labels -1 and 1", f"values {np.unique(y)[:5].tolist()}")
    if not (v[y > 0].any() and v[y < 0].any()):
        raise InvalidArgument("y", "two classes with positive weights", "one class")
    penalty = shrinkage(alpha, l1_ratio, weights, positive, covariates.p)
    tol, max_iter = check_nonnegative(tol, "tol"), check_count(max_iter, "max_iter")
    on_failure = check_on_failure(on_failure)
    w = check_init(init, covariates.p)
    fit = LogisticFit(covariates, y, v, penalty, intercept=bool(fit_intercept))
    return conclude(_Descent(fit, w, tol).run(max_iter, callback), on_failure)


class _Descent(Rounds):
    """A round minimises models of the loss over the working set, until little is left of what violated before it."""

    def __init__(self, fit: LogisticFit, w: np.ndarray, tol: float) -> None:
        super().__init__(fit, w, tol)
        self.logistic = fit
        self._columns = WorkingSet(fit.covariates, fit.v, centred=fit.has_intercept)
        self._curved = False  # whether the metric of the columns is the curvature of a point
        self._members = np.empty(0, dtype=np.intp)

    @property
    def working(self) -> int:
        """Number of columns in work."""
        return len(self._members)

    def improve(self, now: Optimality, new: np.ndarray) -> None:
        """Minimise over the columns in work, one model after the other."""
        fit = self.logistic
        scores = fit.covariates.image(self.w) + now.intercept
        self._take_in(new, now.residual)
        own = fit.penalty.at(self._members)
        entering = float(np.max(fit.penalty.violation(self.w, now.slopes)[new], initial=0.0))
        goal = max(_INNER * entering, self.bearable(len(new) > 0))
        before = np.inf
        for _ in range(_MODELS):
            slope = fit.slope(scores)
            w, slopes = self.w[self._members], self._columns.correlate(fit.v * slope)
            worst = float(np.max(own.violation(w, slopes), initial=0.0))
            if not worst > goal:
                return
            if worst > _SLOW * before:
                self._renew(slope)
                slopes = self._columns.correlate(fit.v * slope)
            target = w.copy()
            minimise_over(self._columns, own, target, fit.v * slope, max(_MODEL * worst, self.floor))
            step, moved = self._search(scores, slope, w, target - w, slopes)
            self.w[self._members] = target if step == 1 else w + step * (target - w)
            scores += step * moved
            before = worst if step == 1 else 0.0

    def _take_in(self, new: np.ndarray, slope: np.ndarray) -> None:
        """Extend the working set, at the curvature it has or, if it is the first, at that of the point."""
        self._members = np.concatenate([self._members, new])
        if self._curved:
            self._columns.extend(new)
        else:
            self._renew(slope)

    def _renew(self, slope: np.ndarray) -> None:
        """Put the working set into the metric of the second derivatives at the point with these slopes."""
        assert self.now is not None
        p, flat = np.abs(slope), _FLAT_AFAR * min(1.0, self.now.gap / self.unit)
        curvature = self.logistic.v * np.maximum(p * (1.0 - p), max(_FLAT, flat))
        self._columns = WorkingSet(self.fit.covariates, curvature, centred=self.logistic.has_intercept)
        self._columns.extend(self._members)
        self._curved = True

    def _search(
        self, scores: np.ndarray, slope: np.ndarray, w: np.ndarray, d: np.ndarray, slopes: np.ndarray
    ) -> tuple[float, np.ndarray]:
        """Return a step along d that lowers the objective, and how the scores move along d with the intercept."""
        fit, columns, own = self.logistic, self._columns, self.fit.penalty.at(self._members)
        moved = columns.image(d)
        if fit.has_intercept:
            moved += float(fit.v @ slope) / float(columns.v.sum())
        expected = own.change(w, d) - float(slopes @ d)
        step = 1.0
        for _ in range(_HALVINGS):
            if fit.change(scores, step * moved) + own.change(w, step * d) <= _ARMIJO * step * expected + _ROUNDING:
                break
            step *= 0.5
        return step, moved
