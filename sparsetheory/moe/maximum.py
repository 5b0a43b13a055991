"""Maximum likelihood for a Gaussian mixture of experts: many starts, the best few finished, moves between basins."""

import math
import warnings
from typing import Any

import numpy as np

from .._validation import (
    check_choice,
    check_count,
    check_generator,
    check_matrix,
    check_nonnegative,
    check_positive,
    check_vector,
)
from ..errors import ConvergenceWarning, InvalidArgument
from ..progress import Callback
from ..result import OnFailure, check_on_failure, conclude
from .conclusion import certified
from .fitting import SOLVERS, Data, Fitting
from .gate import Gate, make_gate
from .identifiability import activation_independence
from .multivariate.fitting import MultivariateFitting
from .multivariate.parameters import COVARIANCES, SequentialLayout
from .multivariate.scaling import correlations
from .parameters import Layout
from .result import MoEResult
from .search import best_maximum

__all__ = ["maximize_likelihood"]

_RANGE = (1e-140, 1e150)  # of a response: variances and squares of residuals are numbers that a float holds
_ENOUGH = 2000  # samples that show whether functions of one are dependent
_DEPENDENT = 1e-12
_COLLINEAR = 1e-12  # least eigenvalue of the correlations of the responses: half of the digits are lost in their units


def maximize_likelihood(
    X: Any,
    y: Any,
    n_experts: int = 2,
    *,
    sample_weight: Any = None,
    gate: str = "softmax",
    top_k: int | None = None,
    rank_by: str = "score",
    activation: str = "tanh",
    temperature: float = 1.0,
    fit_temperature: bool = False,
    variance: Any = "free",
    covariance: str = "full",
    variance_penalty: Any = "auto",
    gate_ridge: float = 1e-8,
    solver: str = "auto",
    n_init: int = 10,
    init: Any = "auto",
    tol: float = 1e-9,
    max_iter: int = 500,
    rng: np.random.Generator | None = None,
    n_threads: int = 1,
    callback: Callback | None = None,
    on_failure: OnFailure = "warn",
) -> MoEResult:
    r"""Maximise the likelihood of a Gaussian mixture of linear experts whose weights depend on the covariates.

    .. math:: \max_\theta \frac{1}{\sum_i s_i} \sum_i s_i \log \sum_{j=1}^k \pi_j(x_i) N(y_i; a_j^\top x_i + b_j, v_j)

    1. Draw ``3 n_init`` memberships in four styles and run a few EM steps from each, on a subsample of a few thousand.
       With one covariate and three or more experts also from the best segments of the line, under gates soft to sharp.
    2. Finish the best of them, four or more: EM while it is fast, then Newton's method on the likelihood itself; from a
       few thousand samples on first on one in two to sixteen of them, always the same ones. With
       ``top_k`` also from dense fits whose active experts are dropped one by one, to the maximum inside a cell of
       constant active sets, then along every gate coordinate across cells, until neither finds anything.
    3. Try to merge two experts and split a third, and to hand experts to other gate rows; keep what is better.
    4. Take the variance penalty off all ends whose likelihood is near the best, and finish those on all samples.
    5. Recompute value and gradient from the data; that decides whether it converged.

    What is found is a local maximum, of which there may be many. Covariates that depend on each other leave many
    coefficients with the same density: steps have the least norm among those that do the same. Distances of a Laplace
    gate have a kink at every sample; a maximum on one, the rule with a single covariate, is reported as stalled.

    Parameters
    ----------
    X : array_like of shape (n, d)
        Covariates.
    y : array_like of shape (n,) or (n, q)
        Response, or q responses; then experts are :math:`N(A_j x + b_j, \Sigma_j)`.
    n_experts : int, default 2
        Number of experts k.
    sample_weight : array_like of shape (n,), optional
        Weights >= 0; a weight of two is a row twice.
    gate : {"softmax", "temperature", "activation", "laplace", "stablemax"}, default "softmax"
        Scores of the experts: linear; linear over a fixed temperature; an activation of a linear function, plus an
        intercept; minus a distance; the logarithm of the function s(z) of stablemax.
    top_k : int, optional
        Only the experts with the largest scores are active, for linear gates.
    rank_by : {"score", "slope"}, default "score"
        Whether sparse gates rank by the score or by the score without its intercept.
    activation : str, default "tanh"
        "tanh", "sigmoid", "softplus", "gelu", "silu" or "identity", for the gate "activation".
    temperature : float, default 1
        The temperature tau, or where it starts.
    fit_temperature : bool, default False
        Estimate tau, for gates that identify it: those with a nonlinear activation.
    variance : {"free", "tied"} or float, default "free"
        A variance (covariance) an expert, one for all, or a known one, for a single response.
    covariance : {"full", "diagonal"}, default "full"
        Of several responses given the expert. Other arguments mean what they mean for one; there is no search over
        segments for sparse gates on a line.
    variance_penalty : "auto" or float, default "auto"
        Weight a of ``-a sum_j (s2 / v_j + log v_j)``, s2 the residual variance of one regression: without it the
        likelihood is unbounded. "auto" searches with ``0.3 / sqrt(n)`` and, where the maximum of the likelihood itself
        next to it is an interior one, ends there: no variance near zero, no expert with fewer expected samples than
        ``d + 2``. With 0 the search itself has no safeguard but that collapsed points are refused. For several
        responses it is :math:`-a \sum_j (\mathrm{tr}(S \Sigma_j^{-1}) + \log\det \Sigma_j)`, with the covariance S of
        the residuals of one regression: 2a more samples an expert with this covariance, or an inverse Wishart density
        with its mode there. Linear maps of the responses change it by a constant.
    gate_ridge : float, default 1e-8
        Weight of half the squared gate slopes, in units where covariates have variance one. It keeps them finite where
        memberships can be separated, and is off for ``top_k=1``, where the length of the slopes means nothing.
    solver : {"auto", "em", "squarem", "newton", "lbfgs"}, default "auto"
        How a start is finished.
    n_init : int, default 10
        A third of the number of starts that are screened.
    init : "auto", a style of start or MixingMeasure, default "auto"
        "kmeans", "lines", "random" or "residuals" instead of all of them in turn; or the one point to start from.
    tol : float, default 1e-9
        Bound on the largest entry of the gradient per sample, in units where data have variance one. For sparse gates
        of what the sides of the cell leave of it, and of what a line search across cells still gains.
    max_iter : int, default 500
        Most steps from one start.
    rng : numpy.random.Generator, optional
        Draws the starts and the subsample; ``numpy.random.default_rng(0)`` by default.
    n_threads : int, default 1
        Threads over blocks of samples. Results do not depend on it.
    callback : callable, optional
        Gets a `sparsetheory.progress.Progress` at each step of a finish; True stops.
    on_failure : {"warn", "raise", "ignore"}, default "warn"
        What to do when the tolerance was not met.

    Returns
    -------
    MoEResult

    Raises
    ------
    InvalidArgument
        For arguments that cannot be used: among others fewer samples than parameters, a constant response, one
        whose range a float cannot square, responses
        that are linear combinations of each other where covariances are full,
        ``top_k > n_experts``, a free temperature that the gate cannot identify.
    ConvergenceError
        With ``on_failure="raise"``, when the tolerance was not met.

    References
    ----------
    H. Nguyen, T. Nguyen, N. Ho, "Demystifying softmax gating function in Gaussian mixture of experts", NeurIPS 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import moe
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-1, 1, (500, 1))
    >>> y = np.where(X[:, 0] > 0, 2 * X[:, 0], -3 * X[:, 0]) + 0.1 * rng.normal(size=500)
    >>> fit = moe.maximize_likelihood(X, y)
    >>> fit.converged, np.sort(fit.parameters.expert[:, 0]).round(1).tolist()
    (True, [-3.0, 2.0])
    """
    made = make_gate(
        gate, n_experts, top_k=top_k, rank_by=rank_by, activation=activation, temperature=temperature,
        fit_temperature=fit_temperature,
    )  # fmt: skip
    data = _check_data(X, y, sample_weight)
    layout = _layout(made, data, _check_variance(variance), check_choice(covariance, "covariance", COVARIANCES))
    check_choice(solver, "solver", SOLVERS)
    if fit_temperature and solver in ("em", "squarem"):
        raise InvalidArgument("solver", "'auto', 'newton' or 'lbfgs' with fit_temperature", repr(solver))
    _check_size(data, layout)
    fitting = (MultivariateFitting if data.y.ndim == 2 else Fitting)(
        data, made, layout, solver=solver, tol=check_nonnegative(tol, "tol"),
        max_iter=check_count(max_iter, "max_iter"), ridge=check_nonnegative(gate_ridge, "gate_ridge"),
        penalty=_check_penalty(variance_penalty), n_threads=check_count(n_threads, "n_threads"), callback=callback,
    )  # fmt: skip
    policy = check_on_failure(on_failure)
    n_init = check_count(n_init, "n_init")
    generator = np.random.default_rng(0) if rng is None else check_generator(rng, "rng")
    result = certified(fitting, best_maximum(fitting, init, n_init, float(temperature), generator))
    if fit_temperature and policy != "ignore":
        _warn_of_dependence(result, activation, data)
    return conclude(result, policy)


def _warn_of_dependence(result: MoEResult, activation: str, data: Data) -> None:
    """Warn where slopes and temperature of an activation gate cannot be told apart on these data."""
    rows = np.flatnonzero(data.weight > 0)
    X = data.X[rows[:: max(1, len(rows) // _ENOUGH)]]
    least = max(activation_independence(activation, slope, X) for slope in result.parameters.gate[:, :-1])
    if least <= _DEPENDENT:
        reason = f"x phi'(x), phi(x) and 1 are dependent on these data for every slope (least eigenvalue {least:.1e})"
        warnings.warn(f"The temperature is not identified: {reason}.", ConvergenceWarning, stacklevel=3)


def _check_data(X: Any, y: Any, sample_weight: Any) -> Data:
    X = check_matrix(X, "X")
    y = _check_response(y, len(X))
    weight = np.ones(len(y)) if sample_weight is None else check_vector(sample_weight, "sample_weight", length=len(y))
    if (weight < 0).any() or not weight.any():
        raise InvalidArgument("sample_weight", "weights >= 0, not all zero", f"least {weight.min()}")
    used = weight > 0
    for column in np.atleast_2d(y[used].T):
        with np.errstate(over="ignore"):
            spread = float(np.ptp(column))
        if spread == 0:
            raise InvalidArgument("y", "a response that varies", f"{column[0]} throughout")
        if not _RANGE[0] <= spread <= _RANGE[1]:
            raise InvalidArgument("y", f"a range between {_RANGE[0]:g} and {_RANGE[1]:g}", f"{spread:.3g}")
    return Data(X, y, weight)


def _check_response(y: Any, n: int) -> np.ndarray:
    """Return a vector, or a matrix where there are columns."""
    try:
        columns = np.ndim(y) == 2
    except ValueError:  # rows of different lengths
        columns = False
    if not columns:
        return check_vector(y, "y", length=n)
    matrix = check_matrix(y, "y")
    if len(matrix) != n:
        raise InvalidArgument("y", f"{n} rows", f"{len(matrix)} rows")
    return matrix


def _layout(gate: Gate, data: Data, variance: Any, covariance: str) -> Layout:
    """Return the layout for one response or several."""
    if data.y.ndim == 1:
        return Layout(gate, data.X.shape[1], variance)
    if not isinstance(variance, str):
        raise InvalidArgument("variance", "'free' or 'tied' for several responses (y with columns)", variance)
    if covariance == "full" and np.linalg.eigvalsh(correlations(data.y, data.weight))[0] <= _COLLINEAR:
        expected = "responses of which none is a linear combination of the others, or covariance='diagonal'"
        raise InvalidArgument("y", expected, "a singular covariance")
    return SequentialLayout(gate, data.X.shape[1], data.y.shape[1], covariance, variance)


def _check_variance(variance: Any) -> Any:
    if isinstance(variance, str):
        return check_choice(variance, "variance", ("free", "tied"))
    return check_positive(variance, "variance")


def _check_size(data: Data, layout: Layout) -> None:
    rows = int(np.count_nonzero(data.weight))
    if data.y.ndim == 1 and rows < layout.n_free:
        raise InvalidArgument("X", f"at least as many rows as free parameters, {layout.n_free}", f"{rows} rows")
    if data.y.ndim == 2:
        least = max(math.ceil(layout.n_free / data.y.shape[1]), layout.gate.n_experts * layout.needed)
        if rows < least:
            expected = f"at least {least} rows: as many responses as free parameters, {layout.needed} rows an expert"
            raise InvalidArgument("X", expected, f"{rows} rows")
    needed, total = layout.n_free / np.size(data.y[0]), float(data.weight.sum())
    if total < needed:
        expected = f"numbers of rows (two is a row twice) that add up to {needed:g} or more, for so many parameters"
        raise InvalidArgument("sample_weight", expected, f"a sum of {total:.3g}")


def _check_penalty(penalty: Any) -> float | None:
    """Return the weight of the variance penalty, None for "auto"."""
    if isinstance(penalty, str):
        check_choice(penalty, "variance_penalty", ("auto",))
        return None
    return check_nonnegative(penalty, "variance_penalty")
