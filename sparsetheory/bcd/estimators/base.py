"""What the estimators of sparse linear models share: reading data, warm starts, fitted attributes, predictions."""

import warnings
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ..._scikit import FitWarning
from ..sparse_result import SparseResult

__all__ = ["SparseLinear", "SparseRegressor"]


class SparseLinear(BaseEstimator):
    """Base of the estimators, whose ``fit`` reads the data, calls a solver of the package and keeps its result."""

    coef_: np.ndarray
    intercept_: Any

    def _read(self, X: Any, y: Any, **checks: Any) -> tuple[Any, Any]:
        """Return X and y as scikit-learn reads them; entries of X are checked by the solver's first pass instead."""
        return validate_data(
            self, X, y, accept_sparse="csc", dtype=[np.float64, np.float32], ensure_all_finite=False, **checks
        )

    def _start(self, p: int) -> np.ndarray | None:
        """Return the coefficients of the last fit where a warm start is asked for and fits."""
        coef = getattr(self, "coef_", None) if self.warm_start else None
        return np.ravel(coef) if coef is not None and np.size(coef) == p else None

    def _keep(self, result: SparseResult) -> Self:
        """Set the attributes every fitted estimator has, and say so if the tolerance was not met."""
        self.coef_, self.intercept_ = result.coef.copy(), result.intercept
        self.n_iter_, self.dual_gap_ = result.n_iter, result.gap
        if not result.converged:
            warnings.warn(f"{type(self).__name__}: {result.message}", FitWarning, stacklevel=3)
        return self

    def _scores(self, X: Any) -> np.ndarray:
        """Return X coef + intercept."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=("csr", "csc"), dtype=[np.float64, np.float32], reset=False)
        return np.asarray(X @ np.ravel(self.coef_), dtype=np.float64) + float(np.ravel(self.intercept_)[0])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class SparseRegressor(RegressorMixin, SparseLinear):
    """A regressor: real targets, predictions X coef + intercept."""

    def _read_regression(self, X: Any, y: Any) -> tuple[Any, np.ndarray]:
        return self._read(X, y, y_numeric=True)

    def predict(self, X: Any) -> np.ndarray:
        """Return the predictions ``X coef_ + intercept_``.

        Parameters
        ----------
        X : array_like or sparse matrix of shape (n, p)

        Returns
        -------
        ndarray of shape (n,)
        """
        return self._scores(X)
