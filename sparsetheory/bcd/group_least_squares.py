"""Least squares with norms of groups: greedy working sets of groups, their Gram matrix, Newton on those in use."""

from typing import Any

import numpy as np

from .._validation import check_count, check_init, check_nonnegative, check_vector
from ..progress import Callback
from ..result import OnFailure, check_on_failure, conclude
from .covariates import Covariates, check_sample_weight
from .group_columns import WeightedColumns
from .group_descent import GroupModel
from .group_norms import GroupNorms, group_norms
from .lasso_certificate import LeastSquaresFit, Optimality
from .rounds import Rounds
from .sparse_result import SparseResult
from .working_set import WorkingSet

__all__ = ["group_lasso"]

_FIRST = 10  # groups that enter in a round at least, beyond those in use
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
    w = check_init(init, covariates.p)
    fit = LeastSquaresFit(covariates, y, v, penalty, intercept=bool(fit_intercept))
    return conclude(_Descent(fit, w, tol).run(max_iter, callback), on_failure)


class _Descent(Rounds):
    """A round takes in groups, all columns of each, and minimises over the working set."""

    def __init__(self, fit: LeastSquaresFit[GroupNorms], w: np.ndarray, tol: float) -> None:
        super().__init__(fit, w, tol)
        self._members = np.empty(0, dtype=np.intp)
        self._with_gram = WorkingSet(fit.covariates, fit.v, centred=fit.has_intercept)
        self._columns = WeightedColumns(fit.covariates, fit.v, centred=fit.has_intercept)
        self._root, self._share = np.sqrt(fit.v), 1.0
        self._model = GroupModel()

    @property
    def working(self) -> int:
        """Number of columns in work."""
        return len(self._members)

    def candidates(self, now: Optimality) -> np.ndarray:
        """Return columns to take in, group by group: those in use, and of the others that violate as many groups."""
        penalty = self.fit.penalty
        score = penalty.violation(self.w, now.slopes)
        used, inside = (penalty.norms(self.w) > 0) | (penalty.alpha == 0), np.zeros(len(score), dtype=bool)
        inside[penalty.labels[self.inside]] = True
        others = np.flatnonzero((score > 0) & ~used & ~inside)
        room = max(_FIRST, int(used.sum()))
        if len(others) > room:
            others = others[np.argpartition(-score[others], room)[:room]]
        groups = np.sort(np.concatenate([np.flatnonzero(used & ~inside), others]))
        return np.concatenate([np.empty(0, dtype=np.intp), *penalty.columns(groups)])

    def improve(self, now: Optimality, new: np.ndarray) -> None:
        """Minimise over the columns in work.

        Once a dense design has more columns in the working set than rows, sweeps on the columns come first: they read
        less than sweeps on the Gram matrix, which is built only where they do not get there.
        """
        penalty, labels = self.fit.penalty, self.fit.penalty.labels[new]
        groups, sizes = labels[np.append(True, np.diff(labels) != 0)] if len(new) else labels, np.bincount(labels)
        self._members = np.concatenate([self._members, new])
        w, tol = self.w[self._members], self._accuracy(penalty.violation(self.w, now.slopes)[groups])
        many = not self.fit.covariates.sparse and len(self._members) > self.fit.covariates.n
        factor = self._columns.upto(self._members) if many else self._gram()
        self._model.extend(penalty.alpha[groups], _blocks(factor, sizes[groups], len(self._members), many))
        residual = self._root * now.residual
        if not (many and self._model.sweep_columns(factor, w, residual, tol)):
            gram = self._gram()
            self._model.minimise(gram, w, factor @ residual if many else self._with_gram.slopes(now.residual), tol)
        self.w[self._members] = w

    def _gram(self) -> np.ndarray:
        """Return the Gram matrix of all members."""
        if len(self._members) > len(self._with_gram):
            self._with_gram.extend(self._members[len(self._with_gram) :])
        return self._with_gram.gram

    def _accuracy(self, entering: np.ndarray) -> float:
        """Return the violation to leave in the model: a share of the largest new one, or what the gap can bear.

        A violation d of the groups costs about ``2 d sum |w_G|`` of the gap; each time that this was not enough, a
        tenth of it has to do.
        """
        if len(entering):
            return _INNER * float(np.max(entering))
        self._share, size = 0.1 * self._share, float(self.fit.penalty.norms(self.w).sum())
        return self._share * self.tol * self.unit / size if size > 0 else 0.0


def _blocks(factor: np.ndarray, sizes: np.ndarray, k: int, many: bool) -> list[np.ndarray]:
    """Return the Gram matrices of the last groups up to column k, from the columns as rows or from the whole one."""
    ends = k - sizes.sum() + np.cumsum(sizes)
    parts = [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]
    return [factor[own] @ factor[own].T if many else factor[own, own] for own in parts]
