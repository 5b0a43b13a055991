"""The mixture of experts as a scikit-learn estimator."""

import warnings
from typing import Any, Self

import numpy as np
from scipy.special import logsumexp
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from .._scikit import FitWarning, as_generator, as_weights
from .._validation import check_choice
from ..errors import InvalidArgument
from .density import log_gate, log_joint, mean_log_density
from .inference import KINDS, parameter_errors
from .maximum import maximize_likelihood
from .multivariate.inference import multivariate_errors
from .multivariate.parameters import SequentialLayout, SequentialParameters
from .multivariate.predictive import MultivariateDistribution
from .order_selection import OrderSelection
from .parameters import Layout
from .predictive import PredictiveDistribution
from .profile_likelihood import profile_limits
from .result import MoEResult

__all__ = ["GaussianMoE"]


class GaussianMoE(OrderSelection, RegressorMixin, BaseEstimator):
    r"""Gaussian mixture of linear experts with covariate-dependent weights, by certified maximum likelihood.

    .. math:: p(y \mid x) = \sum_{j=1}^k \pi_j(x) N(y; a_j^\top x + b_j, v_j)

    Parameters
    ----------
    n_experts : int, default 2
        Number of experts k.
    gate : {"softmax", "temperature", "activation", "laplace", "stablemax"}, default "softmax"
        Family of the weights.
    top_k : int, optional
        Only the experts with the largest scores are active, for linear gates.
    rank_by : {"score", "slope"}, default "score"
        Whether sparse gates rank by the score or by the score without its intercept.
    activation : str, default "tanh"
        For ``gate="activation"``: "tanh", "sigmoid", "softplus", "gelu", "silu" or "identity".
    temperature : float, default 1.0
        The temperature, or where it starts.
    fit_temperature : bool, default False
        Estimate the temperature, for gates that identify it.
    variance : {"free", "tied"} or float, default "free"
        A variance (covariance) an expert, one for all, or a known one, for a single response.
    covariance : {"full", "diagonal"}, default "full"
        Of several responses given the expert.
    variance_penalty : "auto" or float, default "auto"
        Keeps variances away from zero, where the likelihood is unbounded. "auto" ends at a maximum of the likelihood
        itself where there is an interior one.
    gate_ridge : float, default 1e-8
        Weight of half the squared gate slopes, in units where covariates have variance one.
    solver : {"auto", "em", "squarem", "newton", "lbfgs"}, default "auto"
        How a start is finished.
    n_init : int, default 10
        A third of the number of starts that are screened.
    init : "auto", a style of start or MixingMeasure, default "auto"
        Where the search starts.
    tol : float, default 1e-9
        Bound on the largest entry of the gradient per sample, in units where data have variance one.
    max_iter : int, default 500
        Most steps from one start.
    random_state : int, RandomState, Generator or None, default None
        Draws the starts.
    warm_start : bool, default False
        Whether a fit starts from the last one instead of searching.
    n_threads : int, default 1
        Threads over blocks of samples. Results do not depend on it.

    Attributes
    ----------
    gate_coef_, gate_intercept_ : ndarray, shapes (k, d) and (k,)
        The gate; the last expert is the reference.
    effective_gate_ : ndarray of shape (k, d + 1)
        Gate slopes and intercepts over the temperature: for linear gates, what the data identify.
    expert_coef_, expert_intercept_ : ndarray, shapes (k, d) and (k,), or (k, q, d) and (k, q) for q responses
        Slopes and intercepts of the means.
    variance_ : ndarray of shape (k,) or (k, q)
        Variances (not standard deviations), in squared units of y.
    covariance_ : ndarray of shape (k, q, q)
        Covariances of the experts, for a y with columns only.
    temperature_ : float
    converged_ : bool
        Whether the gradient, recomputed apart from the solver, meets `tol`.
    n_iter_ : int
        Steps of the best run.
    grad_norm_ : float
        That gradient's largest entry.
    penalty_ : float
        Weight of the variance penalty that the objective at the end still had: 0 for a maximum of the likelihood
        itself, which "auto" falls short of where the solver finds none with variances away from zero.
    lower_bound_ : float
        Mean log-likelihood of the data, without penalties.
    start_lls_ : ndarray
        The objective that each start led to, decreasing, in units where data have variance one.
    boundary_atoms_ : ndarray of int
        Experts with less than d + 2 expected samples, d + 1 + q for full covariances of q responses: their parameters
        are not estimates of anything.
    n_switches_ : int
        Line searches across cells of a sparse gate that raised the likelihood; 0 for other gates.
    result_ : MoEResult
        The fit with its certificate; ``result_.measure`` is what the theory speaks about.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where X has names.

    Notes
    -----
    `score` is the mean log-likelihood, as in scikit-learn's ``GaussianMixture``, not the coefficient of determination:
    ``sklearn.metrics.r2_score(y, model.predict(X))`` is that. A fit that misses `tol` warns. The algorithm and its
    sources are in `sparsetheory.moe.maximize_likelihood`.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import moe
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-1, 1, (500, 1))
    >>> y = np.where(X[:, 0] > 0, 2 * X[:, 0], -3 * X[:, 0]) + 0.1 * rng.normal(size=500)
    >>> model = moe.GaussianMoE(2, random_state=0).fit(X, y)
    >>> np.sort(model.expert_coef_[:, 0]).round(1).tolist(), model.predict([[0.5]]).round(1).tolist()
    ([-3.0, 2.0], [1.0])

    Several responses, with a covariance an expert:

    >>> Y = np.column_stack([y, 1 - y + 0.1 * rng.normal(size=500)])
    >>> both = moe.GaussianMoE(2, random_state=0).fit(X, Y)
    >>> predicted = both.predict_dist([[0.5]])
    >>> predicted.mean().round(1).tolist(), (100 * predicted.cov()).round().tolist()
    ([[1.0, 0.0]], [[[1.0, -1.0], [-1.0, 2.0]]])
    >>> predicted.marginal(1).ppf(0.975).round(1).tolist()
    [0.3]
    """

    def __init__(
        self, n_experts: int = 2, *, gate: str = "softmax", top_k: int | None = None, rank_by: str = "score",
        activation: str = "tanh", temperature: float = 1.0, fit_temperature: bool = False, variance: Any = "free",
        covariance: str = "full",
        variance_penalty: Any = "auto", gate_ridge: float = 1e-8, solver: str = "auto", n_init: int = 10,
        init: Any = "auto", tol: float = 1e-9, max_iter: int = 500, random_state: Any = None,
        warm_start: bool = False, n_threads: int = 1,
    ) -> None:  # fmt: skip
        self.n_experts = n_experts
        self.gate = gate
        self.top_k = top_k
        self.rank_by = rank_by
        self.activation = activation
        self.temperature = temperature
        self.fit_temperature = fit_temperature
        self.variance = variance
        self.covariance = covariance
        self.variance_penalty = variance_penalty
        self.gate_ridge = gate_ridge
        self.solver = solver
        self.n_init = n_init
        self.init = init
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.warm_start = warm_start
        self.n_threads = n_threads

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array_like of shape (n, d)
        y : array_like of shape (n,) or (n, q)
        sample_weight : array_like of shape (n,), optional
            Weights >= 0; a weight of two is a row twice.

        Returns
        -------
        self
        """
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True, multi_output=True, ensure_min_samples=2)
        weight = as_weights(sample_weight, X)
        start = self._start(X, y)
        result = maximize_likelihood(
            X, y, self.n_experts, sample_weight=weight, gate=self.gate, top_k=self.top_k, rank_by=self.rank_by,
            activation=self.activation, temperature=self.temperature, fit_temperature=self.fit_temperature,
            variance=self.variance, covariance=self.covariance, variance_penalty=self.variance_penalty,
            gate_ridge=self.gate_ridge, solver=self.solver, n_init=self.n_init,
            init=self.init if start is None else start, tol=self.tol, max_iter=self.max_iter,
            rng=as_generator(self.random_state), n_threads=self.n_threads, on_failure="ignore",
        )  # fmt: skip
        return self._keep(result)

    def _start(self, X: np.ndarray, y: np.ndarray) -> Any:
        """Return the last fit where a warm start is asked for and fits."""
        last = self.result_.parameters if self.warm_start and hasattr(self, "result_") else None
        fits = last is not None and last.gate.shape == (self.n_experts, X.shape[1] + 1)
        return last.measure if last is not None and fits and last.variance.shape[1:] == y.shape[1:] else None

    def _keep(self, result: MoEResult) -> Self:
        """Set the fitted attributes, and say so if the tolerance was not met."""
        at, d = result.parameters, result.parameters.gate.shape[1] - 1
        self.result_, self._layout = result, Layout(result.gate, d, self.variance)
        means, self.variance_ = at.means, at.variance.copy()
        self.__dict__.pop("covariance_", None)
        if isinstance(at, SequentialParameters):
            self._layout = SequentialLayout(result.gate, d, at.n_responses, self.covariance, self.variance)
            self.covariance_ = at.covariance
            self.variance_ = np.diagonal(self.covariance_, axis1=1, axis2=2).copy()
        self.gate_coef_, self.gate_intercept_ = at.gate[:, :-1].copy(), at.gate[:, -1].copy()
        self.expert_coef_, self.expert_intercept_ = means[..., :-1].copy(), means[..., -1].copy()
        self.temperature_, self.effective_gate_ = at.tau, at.gate / at.tau
        self.converged_, self.n_iter_, self.grad_norm_ = result.converged, result.n_iter, result.error
        self.penalty_ = result.penalty
        self.lower_bound_, self.start_lls_ = result.log_likelihood, result.starts
        self.boundary_atoms_, self.n_switches_ = np.flatnonzero(result.masses < self._layout.needed), result.n_switches
        if not result.converged:
            warnings.warn(f"{type(self).__name__}: {result.message}", FitWarning, stacklevel=3)
        return self

    def _covariates(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return np.asarray(validate_data(self, X, dtype=np.float64, reset=False))

    def _data(self, X: Any, y: Any, sample_weight: Any = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        check_is_fitted(self)
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True, multi_output=True, reset=False)
        fitted = self.result_.parameters.variance.shape[1:]
        if y.shape[1:] != fitted:
            raise InvalidArgument("y", f"shape {(len(y), *fitted)}, as in the fit", f"shape {y.shape}")
        return X, np.asarray(y, dtype=np.float64), as_weights(sample_weight, X)

    def predict(self, X: Any, *, return_std: bool = False) -> Any:
        """Return the conditional means of y, and their conditional standard deviations if asked for.

        Parameters
        ----------
        X : array_like of shape (n, d)
        return_std : bool, default False

        Returns
        -------
        ndarray of shape (n,) or (n, q), or two of them
        """
        found = self.predict_dist(X)
        return (found.mean(), found.std()) if return_std else found.mean()

    def predict_dist(self, X: Any) -> Any:
        """Return the conditional distribution of y for every row, an object with pdf, cdf, ppf, mean, var, sample.

        Parameters
        ----------
        X : array_like of shape (n, d)

        Returns
        -------
        PredictiveDistribution, or MultivariateDistribution
            The latter, for several responses, has cov and, for each of them, its marginal instead of cdf and ppf.
        """
        X, at = self._covariates(X), self.result_.parameters
        if isinstance(at, SequentialParameters):
            means = np.tensordot(X, self.expert_coef_, (1, 2)) + self.expert_intercept_
            return MultivariateDistribution(log_gate(self.result_.gate, at, X), means, self.covariance_)
        means = X @ at.expert[:, :-1].T + at.expert[:, -1]
        return PredictiveDistribution(log_gate(self.result_.gate, at, X), means, at.variance)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the weights of the gate, (n, n_experts): what is known of the expert before y is seen."""
        X = self._covariates(X)
        return np.exp(log_gate(self.result_.gate, self.result_.parameters, X))

    def responsibilities(self, X: Any, y: Any) -> np.ndarray:
        """Return the probabilities of the experts given covariates and response, (n, n_experts).

        Responses so far from every mean that the log density is not finite are refused.
        """
        X, y, _ = self._data(X, y)
        with np.errstate(over="ignore"):
            joint = log_joint(self.result_.gate, self.result_.parameters, X, y)
        total = logsumexp(joint, axis=1, keepdims=True)
        if not np.isfinite(total).all():
            raise InvalidArgument("y", "responses whose log densities are finite", "one too far from every mean")
        return np.exp(joint - total)

    def score_samples(self, X: Any, y: Any) -> np.ndarray:
        """Return log p(y_i | x_i) of every sample, (n,)."""
        X, y, _ = self._data(X, y)
        with np.errstate(over="ignore"):  # densities that underflow even as logarithms
            return np.asarray(logsumexp(log_joint(self.result_.gate, self.result_.parameters, X, y), axis=1))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the weighted mean of log p(y_i | x_i), in nats a sample; not the coefficient of determination."""
        data = self._data(X, y, sample_weight)
        return mean_log_density(self.result_.gate, self.result_.parameters, *data)

    def sample(self, X: Any, *, random_state: Any = None) -> np.ndarray:
        """Draw a response for every row of covariates, (n,) or (n, q)."""
        return np.asarray(self.predict_dist(X).sample(as_generator(random_state)))

    def standard_errors(self, X: Any, y: Any, sample_weight: Any = None, *, kind: str = "observed") -> Any:
        """Return standard errors of the parameters from the data of the fit.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        kind : {"observed", "sandwich"}, default "observed"
            From the Hessian alone, or robust to a wrong model.

        Returns
        -------
        StandardErrors, or MultivariateErrors
            NaN, with a warning that says why, where normal theory is false; see
            `sparsetheory.moe.inference.parameter_errors`. For softmax gates that is also where a fit with one expert
            less has the lower Bayesian criterion.
        """
        check_choice(kind, "kind", KINDS)
        data, doubt = self._data(X, y, sample_weight), "the fit did not meet its tolerance"
        if self.converged_:
            doubt = self._excess(X, y, sample_weight)
        at = self.result_.parameters
        if isinstance(at, SequentialParameters) and isinstance(self._layout, SequentialLayout):
            return multivariate_errors(self._layout, at, *data, kind=kind, doubt=doubt)
        return parameter_errors(self._layout, at, *data, kind=kind, doubt=doubt)

    def profile_interval(
        self, X: Any, y: Any, sample_weight: Any = None, *, name: str, index: Any = (), level: float = 0.95
    ) -> tuple[float, float]:  # fmt: skip
        """Return a confidence interval of one parameter from the data of the fit, by the likelihood ratio.

        Unlike a standard error times a quantile it need not be symmetric, and does not depend on how the parameter is
        written; it takes some twenty constrained fits.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        name : str
            "gate_coef", "gate_intercept", "expert_coef", "expert_intercept", "variance" or "temperature".
        index : int or tuple of int
            The entry: ``(expert, covariate)`` for slopes, the expert for others, none for the temperature.
        level : float, default 0.95
            Confidence, between 0 and 1.

        Returns
        -------
        low, high : float
            NaN, with a warning that says why, wherever `standard_errors` are; infinite where the likelihood ratio never
            reaches its quantile. See `sparsetheory.moe.profile_likelihood.profile_limits`.
        """
        errors = self.standard_errors(X, y, sample_weight)
        data = self._data(X, y, sample_weight)
        return profile_limits(
            self._layout, self.result_.parameters, *data, errors, name=name, index=index, level=level
        )  # fmt: skip

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.regressor_tags.poor_score = True  # the score is a mean log-likelihood, which 0.5 does not bound
        return tags
