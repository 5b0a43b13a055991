"""Least squares with norms of groups: greedy working sets of groups, their Gram matrix, Newton on those in use."""

from typing import Any

import numpy as np

from .. import _loop
from .._loop import Chunk, Outcome, settle
from .._validation import check_count, check_nonnegative, check_vector
from ..progress import Callback
from ..result import OnFailure, Status, check_on_failure, conclude
from .covariates import Covariates, check_sample_weight
from .group_columns import WeightedColumns
from .group_descent import GroupModel
from .group_norms import GroupNorms, group_norms
from .lasso_certificate import LeastSquaresFit, Optimality
from .sparse_result import SparseResult
from .working_set import WorkingSet

__all__ = ["group_lasso"]

_FIRST = 10  # groups that enter in a round at least, beyond those in use
_IDLE = 3  # rounds without a smaller gap or a new group after which there is nothing left to gain
_INNER = 0.3  # of what is left outside the working set: how exactly the model on it is minimised


def group_lasso(
    X: Any,
    y: Any,
    *,
    groups: Any,
    alpha: float,
    weights: Any = None,
    fit_intercept: bool = True,
    sample_weight: Any = None,
    tol: float = 1e-6,
    max_iter: int = 200,
    init: Any = None,
    callback: Callback | None = None,
    on_failure: OnFailure = "warn",
) -> SparseResult:
    r"""Fit least squares with norms of groups as the penalty: whole groups of coefficients are zero.

    .. math:: \min_{w, b} \tfrac{1}{2 \sum_i s_i} \sum_i s_i (y_i - x_i^\top w - b)^2 + \alpha \sum_G c_G \|w_G\|_2

    1. Measure: one pass over X gives the slopes of all groups and the duality gap; stop when it is small.
    2. Take the groups that violate stationarity most into the working set, and append to its Gram matrix.
    3. Minimise over the working set: sweeps that minimise over each group exactly, by a root of one equation in its
       norm; then Newton steps on the groups that are not zero, where their norms are smooth. Go to 1.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n, p)
        Not copied if dense in C or Fortran order, or CSC, in single or double precision.
    y : array_like of shape (n,)
        The targets.
    groups : int, array_like of shape (p,), or list of array_like of int
        A size s puts s consecutive features into each group (the last may be smaller); or a label for each feature;
        or the indices of each group. Groups are disjoint and cover all features.
    alpha : float
        Weight >= 0 of the penalty.
    weights : array_like of shape (n_groups,), optional
        Costs c_G >= 0, in the order of the groups (of the sorted labels), ones by default; the square root of the
        size is another common choice. 0 leaves a group without any penalty.
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

    Notes
    -----
    The Gram matrix of the working set fills as many entries as its columns squared. Where a solution has many more
    columns in use than there are samples, methods that keep residuals need less.

    References
    ----------
    M. Yuan, Y. Lin, "Model selection and estimation in regression with grouped variables", JRSS B 68, 2006;
    J. Nutini, I. Laradji, M. Schmidt, "Let's make block coordinate descent converge faster", JMLR 23, 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import bcd
    >>> X = np.random.default_rng(0).normal(size=(40, 9))
    >>> result = bcd.group_lasso(X, X[:, 3] - 2 * X[:, 5] + 1, groups=3, alpha=0.3)
    >>> result.converged, result.support.tolist()
    (True, [3, 4, 5])
    """
    covariates = Covariates(X)
    y = check_vector(y, "y", length=covariates.n)
    v = check_sample_weight(sample_weight, covariates.n)
    penalty = group_norms(alpha, groups, weights, covariates.p)
    tol, max_iter = check_nonnegative(tol, "tol"), check_count(max_iter, "max_iter")
    on_failure = check_on_failure(on_failure)
    w = np.zeros(covariates.p) if init is None else check_vector(init, "init", length=covariates.p).copy()
    descent = _Descent(LeastSquaresFit(covariates, y, v, penalty, intercept=bool(fit_intercept)), penalty, w, tol)
    outcome = _loop.run(
        descent.advance, tol=tol, max_iter=max_iter, callback=callback, solution=lambda: descent.best_coef.copy()
    )
    return conclude(descent.result(outcome), on_failure)


class _Descent:
    """Rounds of: measure, take in the groups that violate most, minimise over the working set."""

    def __init__(self, fit: LeastSquaresFit, penalty: GroupNorms, w: np.ndarray, tol: float) -> None:
        self.fit, self.penalty, self.w, self.tol = fit, penalty, w, tol
        self.working = WorkingSet(fit.covariates, fit.v, centred=fit.has_intercept)
        self.columns = WeightedColumns(fit.covariates, fit.v, centred=fit.has_intercept)
        self.model = GroupModel()
        self.members = np.empty(0, dtype=np.intp)
        self.unit = fit.null_value or 1.0
        self.best: Optimality | None = None
        self.best_coef = w.copy()
        self._inside = np.zeros(len(penalty.alpha), dtype=bool)
        self._idle, self._share = 0, 1.0

    def advance(self, budget: int) -> Chunk:
        """Do one round: improve the coefficients if there is a measurement, then measure."""
        grown = self.best is None or self._improve()
        now = self.fit.optimality(self.w)
        better = self.best is None or now.gap < self.best.gap
        if better:
            self.best, self.best_coef = now, self.w.copy()
        self.now = now
        self._idle = 0 if grown or better else self._idle + 1
        stop = Status.STALLED if self._idle >= _IDLE else None
        extra = {"support": int(np.count_nonzero(self.w)), "working": len(self.members)}
        return Chunk(n_iter=1, error=now.gap / self.unit, objective=now.objective, stop=stop, extra=extra)

    def _improve(self) -> bool:
        """Extend the working set by the groups that violate most, and minimise over it.

        Once a dense design has more columns in the working set than rows, sweeps on the columns come first: they read
        less than sweeps on the Gram matrix, which is built only where they do not get there.
        """
        violation = self.penalty.violation(self.w, self.now.slopes)
        new = self._candidates(violation)
        added = self.penalty.columns(new)
        self.members = np.concatenate([self.members, *added])
        self._inside[new] = True
        w, inner = self.w[self.members], self._inner(float(np.max(violation[new], initial=0.0)))
        many = not self.fit.covariates.sparse and len(self.members) > self.fit.covariates.n
        factor = self.columns.upto(self.members) if many else self._gram()
        self.model.extend(self.penalty.alpha[new], _blocks(factor, [len(c) for c in added], len(self.members), many))
        residual = np.sqrt(self.fit.v) * self.now.residual
        if not (many and self.model.sweep_columns(factor, w, residual, inner)):
            slope = factor @ residual if many else self.working.slopes(self.now.residual)
            self.model.minimise(self._gram(), w, slope, inner)
        self.w[self.members] = w
        return len(new) > 0

    def _gram(self) -> np.ndarray:
        """Return the Gram matrix of all members."""
        if len(self.members) > len(self.working):
            self.working.extend(self.members[len(self.working) :])
        return self.working.gram

    def _inner(self, outside: float) -> float:
        """Return the violation to leave in the model: a share of the largest new one, or what the gap can bear.

        A violation d of the groups costs about ``2 d sum |w_G|`` of the gap; each time that this was not enough, a
        tenth of it has to do.
        """
        if outside > 0:
            return _INNER * outside
        self._share, size = 0.1 * self._share, float(self.penalty.norms(self.w).sum())
        return self._share * self.tol * self.unit / size if size > 0 else 0.0

    def _candidates(self, violation: np.ndarray) -> np.ndarray:
        """Return groups to take in: those in use, and of the others that violate as many as are in use."""
        used = (self.penalty.norms(self.w) > 0) | (self.penalty.alpha == 0)
        others = np.flatnonzero((violation > 0) & ~used & ~self._inside)
        room = max(_FIRST, int(used.sum()))
        if len(others) > room:
            others = others[np.argpartition(-violation[others], room)[:room]]
        return np.sort(np.concatenate([np.flatnonzero(used & ~self._inside), others]))

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


def _blocks(factor: np.ndarray, sizes: list[int], k: int, many: bool) -> list[np.ndarray]:
    """Return the Gram matrices of the last groups up to column k, from the columns as rows or from the whole one."""
    ends = k - sum(sizes) + np.cumsum(sizes, dtype=np.intp)
    parts = [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]
    return [factor[own] @ factor[own].T if many else factor[own, own] for own in parts]
