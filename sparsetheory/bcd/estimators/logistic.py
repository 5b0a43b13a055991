"""Sparse logistic regression of two classes as a scikit-learn estimator."""

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets

from ..l1_logistic import sparse_logistic
from ..logistic_certificate import probability
from .base import SparseLinear

__all__ = ["SparseLogisticRegression"]


class SparseLogisticRegression(ClassifierMixin, SparseLinear):
    r"""Logistic regression of two classes with an L1 or elastic-net penalty, solved to a certified duality gap.

    .. math:: \min_{w, b} \tfrac{1}{\sum_i s_i} \sum_i s_i \log\big(1 + e^{-y_i (x_i^\top w + b)}\big)
              + \alpha \sum_j c_j \big(\rho |w_j| + \tfrac{1 - \rho}{2} w_j^2\big)

    The loss is a mean, as in skglm: scikit-learn's ``LogisticRegression(C)`` with an L1 penalty has the same solution
    for ``C = 1 / (alpha * n_samples)`` (the sum of the sample weights in the place of n_samples), if its solver leaves
    the intercept without penalty.

    Parameters
    ----------
    alpha : float, default 0.01
        Weight > 0 of the penalty. From ``max_j |x_j'(y - mean(y))| / (2 n)`` on, y in {-1, 1}, all coefficients are 0.
    l1_ratio : float, default 1.0
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
        Bound on the duality gap relative to the loss at zero coefficients.
    warm_start : bool, default False
        Whether a fit starts from the coefficients of the last one.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
    coef_ : ndarray of shape (1, n_features)
    intercept_ : ndarray of shape (1,)
    n_iter_ : int
        Rounds.
    dual_gap_ : float
        Duality gap in the units of the objective, computed from the data and `coef_` alone.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where X has names.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import bcd
    >>> X = np.random.default_rng(0).normal(size=(60, 8))
    >>> model = bcd.SparseLogisticRegression(alpha=0.1).fit(X, X[:, 2] > 0.1)
    >>> model.coef_[0].nonzero()[0].tolist(), model.classes_.tolist()
    ([2], [False, True])
    """

    def __init__(
        self, alpha: float = 0.01, *, l1_ratio: float = 1.0, weights: Any = None, fit_intercept: bool = True,
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
            Two different labels of any kind.
        sample_weight : array_like of shape (n,), optional
            Weights >= 0; integers are repetitions.

        Returns
        -------
        self
        """
        X, y = self._read(X, y)
        check_classification_targets(y)
        self.classes_, label = np.unique(y, return_inverse=True)
        if len(self.classes_) != 2:
            raise ValueError(f"Only binary classification is supported: y has {len(self.classes_)} class(es)")
        result = sparse_logistic(
            X, 2.0 * label - 1.0, alpha=self.alpha, l1_ratio=self.l1_ratio, weights=self.weights,
            positive=self.positive, fit_intercept=self.fit_intercept, sample_weight=sample_weight, tol=self.tol,
            max_iter=self.max_iter, init=self._start(X.shape[1]), on_failure="ignore",
        )  # fmt: skip
        self._keep(result)
        self.coef_, self.intercept_ = result.coef[None, :].copy(), np.array([result.intercept])
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the scores ``X coef_ + intercept_``, positive for the second class."""
        return self._scores(X)

    def predict(self, X: Any) -> np.ndarray:
        """Return the more probable class of each sample."""
        second = self.decision_function(X) > 0
        return self.classes_[second.astype(int)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of the two classes, one row a sample."""
        scores = self.decision_function(X)
        return np.column_stack([probability(-scores), probability(scores)])

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithms of the probabilities, accurate also where those underflow."""
        scores = self.decision_function(X)
        return -np.logaddexp(0.0, np.column_stack([scores, -scores]))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags
