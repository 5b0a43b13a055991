"""Group lasso as a scikit-learn estimator."""

from typing import Any, Self

from ..group_least_squares import group_lasso
from .base import SparseRegressor

__all__ = ["GroupLasso"]


class GroupLasso(SparseRegressor):
    r"""Least squares with norms of groups as the penalty, solved to a certified duality gap.

    .. math:: \min_{w, b} \tfrac{1}{2 \sum_i s_i} \sum_i s_i (y_i - x_i^\top w - b)^2 + \alpha \sum_G c_G \|w_G\|_2

    Parameters
    ----------
    alpha : float, default 1.0
        Weight >= 0 of the penalty.
    groups : int, array_like of shape (n_features,), or list of array_like of int, default 1
        A size s puts s consecutive features into each group (the last may be smaller; 1 is the Lasso); or a label for
        each feature; or the indices of each group.
    weights : array_like of shape (n_groups,), optional
        Costs c_G >= 0, in the order of the groups (of the sorted labels), ones by default; 0 leaves a group without
        penalty.
    fit_intercept : bool, default True
        Whether there is an intercept, which costs nothing.
    max_iter : int, default 200
        Most rounds, each with one pass over X.
    tol : float, default 1e-6
        Bound on the duality gap relative to the objective at zero coefficients.
    warm_start : bool, default False
        Whether a fit starts from the coefficients of the last one.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
    intercept_ : float
    n_iter_ : int
        Rounds.
    dual_gap_ : float
        Duality gap in the units of the objective, computed from the data and `coef_` alone.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where X has names.

    Notes
    -----
    Dense X in C or Fortran order and CSC matrices are not copied. A fit that misses `tol` warns. The algorithm and its
    sources are in `sparsetheory.bcd.group_lasso`.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import bcd
    >>> X = np.random.default_rng(0).normal(size=(40, 9))
    >>> model = bcd.GroupLasso(alpha=0.3, groups=3).fit(X, X[:, 3] - 2 * X[:, 5] + 1)
    >>> model.coef_.nonzero()[0].tolist(), model.dual_gap_ < 1e-5
    ([3, 4, 5], True)
    """

    def __init__(
        self, alpha: float = 1.0, *, groups: Any = 1, weights: Any = None, fit_intercept: bool = True,
        max_iter: int = 200, tol: float = 1e-6, warm_start: bool = False,
    ) -> None:  # fmt: skip
        self.alpha = alpha
        self.groups = groups
        self.weights = weights
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array_like or sparse matrix of shape (n, p)
        y : array_like of shape (n,)
        sample_weight : array_like of shape (n,), optional
            Weights >= 0; integers are repetitions.

        Returns
        -------
        self
        """
        X, y = self._read_regression(X, y)
        result = group_lasso(
            X, y, groups=self.groups, alpha=self.alpha, weights=self.weights, fit_intercept=self.fit_intercept,
            sample_weight=sample_weight, tol=self.tol, max_iter=self.max_iter, init=self._start(X.shape[1]),
            on_failure="ignore",
        )  # fmt: skip
        return self._keep(result)
