"""Private sparse regression as scikit-learn estimators: rows are privatised one by one, then forgotten."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from .._scikit import FitWarning, as_generator
from .._validation import check_count
from ..errors import InvalidArgument
from .estimation import LDPResult, OnIndefinite, conclude, solve_moments
from .gram_client import privatize_rows
from .gram_stats import GramStats
from .hard_thresholding import groups
from .iht_server import IHTServer
from .params import LDPParams
from .score_client import privatize_scores
from .score_params import ScoreParams
from .score_stats import ScoreStats

__all__ = ["LDPIHTRegressor", "NLDPRegressor"]


class _PrivateLinear(RegressorMixin, BaseEstimator):
    """What both protocols share: reading rows, fitted attributes, predictions."""

    random_state: Any

    def _read(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True, ensure_min_samples=2)
        return X, np.asarray(y, dtype=np.float64)

    def _stream(self) -> np.random.Generator | None:
        """Return the generator of a simulation, None for noise that nobody can predict."""
        return None if self.random_state is None else as_generator(self.random_state)

    def _keep(self, result: LDPResult, *, stacklevel: int = 4) -> Self:
        """Set the fitted attributes, and say so if the estimate is not to be relied on."""
        self.result_ = conclude(result, FitWarning, stacklevel=stacklevel)
        self.coef_, self.intercept_ = result.coef.copy(), 0.0
        self.privacy_guarantee_, self.noise_sd_ = result.guarantee, result.noise_sd
        self.noise_to_eigenvalue_, self.n_required_ = result.noise_to_eigenvalue, result.n_required
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the predictions ``X coef_``.

        Parameters
        ----------
        X : array_like of shape (n, d)

        Returns
        -------
        ndarray of shape (n,)
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(X @ self.coef_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True  # privacy noise of a few hundred rows hides everything
        tags.non_deterministic = self.random_state is None
        return tags


class NLDPRegressor(_PrivateLinear):
    r"""Sparse linear regression under non-interactive local differential privacy.

    .. math:: \hat\theta = S_\lambda( \hat\Sigma^{-1} \hat b ), \qquad
              \hat\Sigma, \hat b \text{ means of private reports of } x x^\top \text{ and } x y

    Every user reports once. The protection is that of the reports: it needs `sparsetheory.ldp.GramClient` to run on
    the user's device and `fit_stats` on the server. ``fit(X, y)`` privatises each row in this process, which is for
    studies, and for a server whose operator is trusted to forget the rows.

    Parameters
    ----------
    epsilon : float
        Privacy budget of a user, positive. There is no default.
    delta : float, default 0.0
        Positive for the Gaussian mechanisms.
    x_radius, y_bound : float
        Public clips of the norm of the covariates and of the size of the response. There is no default: bounds
        computed from data are a release of their own.
    mechanism : {"privunitg", "gaussian", "published"}, default "privunitg"
        See `sparsetheory.ldp.LDPParams`.
    theta_norm : float, default 1.0
        Public bound on the norm of the parameter, which threshold and predictions use.
    threshold : "auto", float or None, default "auto"
        As in `sparsetheory.ldp.estimate`.
    public_gram : array_like of shape (d, d), optional
        Second moment of public covariates, clipped like the private ones; users then report x y alone.
    lambda_min : float, optional
        Public lower bound on the smallest eigenvalue of the second moment of covariates.
    on_indefinite : {"raise", "floor", "ridge"}, default "raise"
        What happens with so few users that noise exceeds the smallest eigenvalue.
    random_state : None, int, RandomState or Generator, default None
        None: noise from a secure generator. Anything else is a simulation that protects nobody, and
        `privacy_guarantee_` says so.

    Attributes
    ----------
    coef_ : ndarray of shape (d,)
    intercept_ : float
        0; a constant column on the client is an intercept, and counts in `x_radius`.
    privacy_guarantee_ : PrivacyGuarantee
    noise_sd_ : float
        Privacy noise of a coordinate before the threshold.
    noise_to_eigenvalue_ : float
    n_required_ : int
        Users for whom the error would be half of that of the zero vector.
    result_ : LDPResult
        With the predicted error.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where X has names.

    Notes
    -----
    Look at `sparsetheory.ldp.n_required` first: with d = 32 and epsilon = 1 an error of 0.1 takes 3e7 users.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import ldp
    >>> rng = np.random.default_rng(0)
    >>> X = rng.choice([-1.0, 1.0], size=(40_000, 4))
    >>> y = 0.8 * X[:, 1] - 0.6 * X[:, 2] + rng.uniform(-0.5, 0.5, 40_000)
    >>> model = ldp.NLDPRegressor(4.0, x_radius=2.0, y_bound=2.0, random_state=0).fit(X, y)
    >>> model.coef_.nonzero()[0].tolist(), model.noise_sd_ < 0.1
    ([1, 2], True)
    """

    def __init__(
        self, epsilon: float, delta: float = 0.0, *, x_radius: float, y_bound: float, mechanism: str = "privunitg",
        theta_norm: float = 1.0, threshold: str | float | None = "auto", public_gram: Any = None,
        lambda_min: float | None = None, on_indefinite: OnIndefinite = "raise", random_state: Any = None,
    ) -> None:  # fmt: skip
        self.epsilon = epsilon
        self.delta = delta
        self.x_radius = x_radius
        self.y_bound = y_bound
        self.mechanism = mechanism
        self.theta_norm = theta_norm
        self.threshold = threshold
        self.public_gram = public_gram
        self.lambda_min = lambda_min
        self.on_indefinite = on_indefinite
        self.random_state = random_state

    def params(self, dim: int) -> LDPParams:
        """Return what clients have to be told, for `dim` covariates."""
        return LDPParams(
            dim, self.epsilon, self.delta, x_radius=self.x_radius, y_bound=self.y_bound, mechanism=self.mechanism,
            theta_norm=self.theta_norm, public_covariates=self.public_gram is not None,
        )  # fmt: skip

    def fit(self, X: Any, y: Any) -> Self:
        """Privatise every row, add the reports up, estimate.

        Parameters
        ----------
        X : array_like of shape (n, d)
        y : array_like of shape (n,)

        Returns
        -------
        self

        Raises
        ------
        InsufficientUsers
            If noise exceeds the smallest eigenvalue and `on_indefinite` is "raise".
        """
        X, y = self._read(X, y)
        params, rng = self.params(X.shape[1]), self._stream()
        stats = GramStats(params, simulated=rng is not None)
        for batch in privatize_rows(X, y, params, rng=rng):
            stats.absorb_many(batch)
        return self._estimate(stats)

    def fit_stats(self, stats: GramStats) -> Self:
        """Estimate from aggregated reports.

        Parameters
        ----------
        stats : GramStats
            Of clients that were told ``params(dim)``.

        Returns
        -------
        self
        """
        asked = self.params(stats.params.dim)
        if asked.fingerprint != stats.fingerprint:
            raise InvalidArgument("stats", f"reports made with {asked}", f"{stats.params}")
        self.n_features_in_ = asked.dim
        return self._estimate(stats)

    def _estimate(self, stats: GramStats) -> Self:
        result = solve_moments(
            stats, threshold=self.threshold, public_gram=self.public_gram, on_indefinite=self.on_indefinite,
            lambda_min=self.lambda_min, theta_norm=self.theta_norm,
        )  # fmt: skip
        return self._keep(result, stacklevel=5)


class LDPIHTRegressor(_PrivateLinear):
    r"""Sparse linear regression under sequentially interactive local differential privacy.

    .. math:: \theta_t = P\big( H_{k'}(\theta_{t-1} - \eta\, \bar g_t) \big), \qquad
              \bar g_t \text{ mean of private reports of } x (x^\top \theta_{t-1} - y)

    Every user reports once, in one of the rounds. ``fit(X, y)`` plays all users in this process; a deployment uses
    `sparsetheory.ldp.IHTServer` and clients. It needs far fewer users than `NLDPRegressor`, and covariates that are
    close to isotropic.

    Parameters
    ----------
    epsilon : float
        Privacy budget of a user, positive. There is no default.
    sparsity : int
        Nonzero entries k of the parameter.
    delta : float, default 0.0
        Not needed: the mechanisms are pure. What their arithmetic costs may go up to it.
    x_radius, y_bound : float
        Public clips of the norm of the covariates and of the size of the response. There is no default.
    rounds, schedule, keep, threshold, lambda_max
        As in `sparsetheory.ldp.IHTServer`.
    radius : "norm", "published" or float, default "norm"
        Where scores are clipped; see `sparsetheory.ldp.ScoreParams`.
    randomizer : {"privunitg", "privunit", "duchi"}, default "privunitg"
        "duchi" with ``radius="published"`` is the published protocol.
    theta_norm : float, default 1.0
        Public bound on the norm of the parameter, at most 1: iterates are projected on the unit ball.
    lambda_min : float, default 1.0
        Public lower bound on the smallest eigenvalue of the second moment of covariates, for the predictions.
    random_state : None, int, RandomState or Generator, default None
        None: noise from a secure generator. Anything else is a simulation that protects nobody, and
        `privacy_guarantee_` says so.

    Attributes
    ----------
    coef_, intercept_, privacy_guarantee_, noise_sd_, n_required_, result_, n_features_in_
        As in `NLDPRegressor`.
    noise_to_eigenvalue_ : float
        0: nothing is inverted.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import ldp
    >>> rng = np.random.default_rng(0)
    >>> X = rng.choice([-1.0, 1.0], size=(30_000, 4))
    >>> y = 0.8 * X[:, 1] - 0.6 * X[:, 2] + rng.uniform(-0.5, 0.5, 30_000)
    >>> model = ldp.LDPIHTRegressor(2.0, 2, keep=2, x_radius=2.0, y_bound=2.0, random_state=0).fit(X, y)
    >>> model.coef_.nonzero()[0].tolist()
    [1, 2]
    """

    def __init__(
        self, epsilon: float, sparsity: int, *, delta: float = 0.0, x_radius: float, y_bound: float, rounds: int = 3,
        schedule: str | Sequence[float] | None = None, keep: int | None = None, radius: str | float = "norm",
        randomizer: str = "privunitg", threshold: str = "hard", theta_norm: float = 1.0, lambda_max: float = 1.0,
        lambda_min: float = 1.0, random_state: Any = None,
    ) -> None:  # fmt: skip
        self.epsilon = epsilon
        self.sparsity = sparsity
        self.delta = delta
        self.x_radius = x_radius
        self.y_bound = y_bound
        self.rounds = rounds
        self.schedule = schedule
        self.keep = keep
        self.radius = radius
        self.randomizer = randomizer
        self.threshold = threshold
        self.theta_norm = theta_norm
        self.lambda_max = lambda_max
        self.lambda_min = lambda_min
        self.random_state = random_state

    def params(self, dim: int) -> ScoreParams:
        """Return what clients have to be told before the first round, for `dim` covariates."""
        keep = 2 * check_count(self.sparsity, "sparsity") if self.keep is None else self.keep
        return ScoreParams(
            dim, self.epsilon, self.delta, x_radius=self.x_radius, y_bound=self.y_bound, radius=self.radius,
            randomizer=self.randomizer, keep=min(check_count(keep, "keep"), dim), theta_norm=self.theta_norm,
        )  # fmt: skip

    def server(self, dim: int) -> IHTServer:
        """Return the server of a collection with these settings."""
        return IHTServer(
            self.params(dim), self.sparsity, rounds=self.rounds, schedule=self.schedule, threshold=self.threshold,
            lambda_max=self.lambda_max,
        )  # fmt: skip

    def fit(self, X: Any, y: Any) -> Self:
        """Play all users: rows are assigned to rounds at random, privatised in theirs, and added up.

        Parameters
        ----------
        X : array_like of shape (n, d)
        y : array_like of shape (n,)

        Returns
        -------
        self
        """
        X, y = self._read(X, y)
        rng, server = self._stream(), self.server(X.shape[1])
        order = (np.random.default_rng() if rng is None else rng).permutation(len(X))  # a public coin
        for rows in groups(len(X), server.schedule):
            asked, chosen = server.asked, order[rows]
            stats = ScoreStats(asked, simulated=rng is not None)
            for batch in privatize_scores(X[chosen], y[chosen], asked, rng=rng):
                stats.absorb_many(batch)
            server.absorb(stats)
            server.advance()
        return self._keep(server.result(lambda_min=self.lambda_min))

    def fit_stats(self, server: IHTServer) -> Self:
        """Take the estimate of a server whose rounds are over.

        Parameters
        ----------
        server : IHTServer
            Of clients that were told ``params(dim)``.

        Returns
        -------
        self
        """
        asked = self.params(server.params.dim)
        if asked.fingerprint != server.params.fingerprint:
            raise InvalidArgument("server", f"rounds of {asked}", f"{server.params}")
        self.n_features_in_ = asked.dim
        return self._keep(server.result(lambda_min=self.lambda_min))
