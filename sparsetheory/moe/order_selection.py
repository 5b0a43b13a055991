"""How many experts: information criteria of a fit, and ever smaller fits from one with too many."""

import warnings
from typing import Any, Self

import numpy as np
from scipy.special import logsumexp
from sklearn.base import clone

from .._scikit import FitWarning
from .._validation import check_choice
from ..errors import InvalidArgument
from .density import log_joint, mean_log_density
from .merging import MergePath, merged_pairs, merging_path
from .multivariate.moves import merged_measures
from .parameters import Layout
from .result import MoEResult

__all__ = ["CRITERIA", "OrderSelection"]

#: What the number of experts is chosen by: scores of ever smaller fits, or the merging path.
CRITERIA = ("bic", "icl", "aic", "merge")


class OrderSelection:
    """Methods of an estimator with a fitted result that compare numbers of experts."""

    n_experts: int
    result_: MoEResult
    lower_bound_: float
    converged_: bool
    _layout: Layout
    fit: Any
    _data: Any

    def aic(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return Akaike's criterion, -2 log-likelihood + 2 p; the lower the better. p counts the free parameters."""
        return self._deviance(X, y, sample_weight)[0] + 2.0 * self._layout.n_free

    def bic(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the Bayesian criterion, -2 log-likelihood + p log(sum of weights); the lower the better.

        The penalty is that of a regular model. Fits with more experts than the truth has are singular, where the right
        penalty is smaller, so that the criterion errs towards few experts.
        """
        deviance, total = self._deviance(X, y, sample_weight)
        return deviance + self._layout.n_free * float(np.log(total))

    def icl(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the Bayesian criterion plus twice the entropy of the responsibilities: experts shall be separate."""
        X, y, weight = self._data(X, y, sample_weight)
        joint = log_joint(self.result_.gate, self.result_.parameters, X, y)
        log_r = joint - logsumexp(joint, axis=1, keepdims=True)
        entropy = -(weight @ (np.exp(log_r) * np.where(log_r > -np.inf, log_r, 0.0)).sum(axis=1))
        return self.bic(X, y, weight) + 2.0 * float(entropy)

    def merge_path(self, X: Any, y: Any, sample_weight: Any = None) -> MergePath:
        """Merge the nearest two experts of this fit again and again; see `sparsetheory.moe.merging.merging_path`.

        Only for a single response.
        """
        data = self._data(X, y, sample_weight)
        if data[1].ndim == 2:
            raise InvalidArgument("y", "one response (the dissimilarity of experts is that of one)", "several")
        return merging_path(self.result_.gate, self.result_.parameters, *data)

    def select_order(self, X: Any, y: Any, sample_weight: Any = None, *, criterion: str = "bic") -> int:
        """Return a number of experts, at most that of this fit.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        criterion : {"bic", "icl", "aic", "merge"}, default "bic"
            The first three fit every smaller order, starting from every pair of experts of the order above merged, and
            take the least criterion. "merge" reads the answer off the merging path, without a fit; it is never one.

        Returns
        -------
        int
        """
        check_choice(criterion, "criterion", CRITERIA)
        if criterion == "merge":
            return self.merge_path(X, y, sample_weight).best
        models = [self]
        while models[-1].n_experts > 1:
            models.append(models[-1]._smaller(X, y, sample_weight))
        return min(models, key=lambda model: getattr(model, criterion)(X, y, sample_weight)).n_experts

    def _smaller(self, X: Any, y: Any, sample_weight: Any) -> Self:
        """Return the best fit with one expert less that starts from a pair of experts of this one merged."""
        data = self._data(X, y, sample_weight)
        merged: Any = merged_pairs if data[1].ndim == 1 else merged_measures
        starts = merged(self.result_.gate, self.result_.parameters, *data)
        options = {"n_experts": self.n_experts - 1, "top_k": None, "warm_start": False}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FitWarning)
            fits = [clone(self).set_params(init=start, **options).fit(X, y, sample_weight) for start in starts]
        best = max(fits, key=lambda model: model.lower_bound_)
        if not best.converged_:
            warnings.warn(f"{best.n_experts} experts: {best.result_.message}", FitWarning, stacklevel=3)
        return best

    def _excess(self, X: Any, y: Any, sample_weight: Any) -> str:
        """Return why this fit may have too many experts, where gates let experts be merged."""
        gate = self.result_.gate
        if self.n_experts == 1 or not (gate.linear and gate.smooth):
            return ""
        own, less = (model.bic(X, y, sample_weight) for model in (self, self._smaller(X, y, sample_weight)))
        return f"one expert less has the lower Bayesian criterion, {less:.6g} against {own:.6g}" if less < own else ""

    def _deviance(self, X: Any, y: Any, sample_weight: Any) -> tuple[float, float]:
        """Return -2 log-likelihood and the sum of the weights."""
        X, y, weight = self._data(X, y, sample_weight)
        total = float(weight.sum())
        mean = mean_log_density(self.result_.gate, self.result_.parameters, X, y, weight)
        return -2.0 * total * mean, total
