"""Lasso and elastic net as scikit-learn estimators."""

from typing import Any, Self

from ..l1_least_squares import lasso
from .base import SparseRegressor

__all__ = ["ElasticNet", "Lasso"]


class ElasticNet(SparseRegressor):
    r"""Least squares with an elastic-net penalty, solved to a certified duality gap.

    .. math:: \min_{w, b} \tfrac{1}{2 \sum_i s_i} \sum_i s_i (y_i - x_i^\top w - b)^2
              + \alpha \sum_j c_j \big(\rho |w_j| + \tfrac{1 - \rho}{2} w_j^2\big)

    With unit weights this is the objective of ``sklearn.linear_model.ElasticNet``.

    Parameters
    ----------
    alpha : float, default 1.0
        Weight >= 0 of the penalty.
    l1_ratio : float, default 0.5
        The share rho of the absolute values.
    weights : array_like of shape (n_features,), optional
        Costs c_j >= 0 of both parts, ones by default; 0 leaves a coefficient without penalty.
    fit_intercept : bool, default True
        Whether there is an intercept, which costs nothing.
    positive : bool, default False
        Whether coefficients must be nonnegative.
    max_iter : int, default 200
        Most rounds, each with one pass over X.
    tol : float, default 1e-6
        Bound on the duality gap relative to the objective at zero coefficients. scikit-learn's ``tol`` bounds the same
        gap by ``tol * |y|^2 / n``, about twice as much for centred y.
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
    Dense X in C or Fortran order and CSC matrices are not copied; single precision stays single, and is accumulated
    in double precision. A fit that misses `tol` warns.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import bcd
    >>> X = np.random.default_rng(0).normal(size=(30, 8))
    >>> model = bcd.ElasticNet(alpha=0.5, l1_ratio=0.9).fit(X, 3 * X[:, 2] + 1)
    >>> model.coef_.nonzero()[0].tolist(), model.dual_gap_ < 1e-5
    ([2], True)
    """

    def __init__(
        self, alpha: float = 1.0, *, l1_ratio: float = 0.5, weights: Any = None, fit_intercept: bool = True,
        positive: bool = False, max_iter: int = 200, tol: float = 1e-6, warm_start: bool = False,
    ) -> None:  # fmt: skip
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.weights = weights
        self.fit_intercept = fit_intercept
        self.positive = positive
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
        result = lasso(
            X, y, alpha=self.alpha, l1_ratio=self.l1_ratio, weights=self.weights, positive=self.positive,
            fit_intercept=self.fit_intercept, sample_weight=sample_weight, tol=self.tol, max_iter=self.max_iter,
            init=self._start(X.shape[1]), on_failure="ignore",
        )  # fmt: skip
        return self._keep(result)


class Lasso(ElasticNet):
    r"""Least squares with an L1 penalty, solved to a certified duality gap.

    .. math:: \min_{w, b} \tfrac{1}{2 \sum_i s_i} \sum_i s_i (y_i - x_i^\top w - b)^2 + \alpha \sum_j c_j |w_j|

    With unit weights this is the objective of ``sklearn.linear_model.Lasso``. Parameters, attributes and notes are
    those of `ElasticNet`, without ``l1_ratio``.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import bcd
    >>> X = np.random.default_rng(0).normal(size=(30, 8))
    >>> bcd.Lasso(alpha=0.5).fit(X, 3 * X[:, 2] + 1).coef_.nonzero()[0].tolist()
    [2]
    """

    def __init__(
        self, alpha: float = 1.0, *, weights: Any = None, fit_intercept: bool = True, positive: bool = False,
        max_iter: int = 200, tol: float = 1e-6, warm_start: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(
            alpha, l1_ratio=1.0, weights=weights, fit_intercept=fit_intercept, positive=positive, max_iter=max_iter,
            tol=tol, warm_start=warm_start,
        )  # fmt: skip
