"""`bilevel.tune`: ridge penalties, one a feature, that are best for a validation set."""

import warnings
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from .._loop import Chunk, Outcome, run, settle
from .._validation import check_count, check_matrix, check_positive, check_vector
from ..errors import ConvergenceWarning, InvalidArgument
from ..progress import Callback
from ..result import OnFailure, Result, Status, check_on_failure, conclude
from .box_newton import BoxNewton
from .outer import stationarity
from .ridge import RidgeValidation
from .sets import Box

__all__ = ["TunedPenalties", "tune"]

_WORTH = 1e-2  # share of the loss that a wider box has to promise before the user is told
_CONSTANT = 1e-14  # deviation relative to the mean: rounding is about as large
_SHARED = 13  # shared penalties to compare with
_AIM = 0.1  # of the tolerance, within the run: the certificate solves another system


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class TunedPenalties(Result):
    """Penalties, the model they give, and how good both are.

    Attributes
    ----------
    penalties : ndarray, shape (p,)
        Weights of b_j^2 / 2 in the lower level, in the units of the data.
    theta : ndarray, shape (k,)
        Logarithms of the penalties in units where every feature has variance one; what the bounds hold for.
    coef : ndarray, shape (p,)
    intercept : float
    validation_loss : float
        Half the mean square of the validation errors.
    shared_loss : float
        The same for the best of 13 values of theta that all features share.
    hypergradient : ndarray, shape (k,)
        Gradient of the loss in theta, in units where y has variance one.
    at_lower, at_upper : ndarray of bool, shape (k,)
        Where theta ends at a bound.
    edge_gain : float
        What one unit more on the bounds would gain, to first order, as a share of the loss.

    The `error` is |theta - P(theta - hypergradient)|, recomputed from theta and the data by orthogonal
    factorisations, apart from the Cholesky factors of the run.
    """

    penalties: np.ndarray
    theta: np.ndarray
    coef: np.ndarray
    intercept: float
    validation_loss: float
    shared_loss: float
    hypergradient: np.ndarray
    at_lower: np.ndarray
    at_upper: np.ndarray
    edge_gain: float

    error_name: ClassVar[str] = "projected hypergradient"

    def predict(self, X: Any) -> np.ndarray:
        """Return X coef + intercept."""
        design = check_matrix(X, "X")
        if design.shape[1] != len(self.coef):
            raise InvalidArgument("X", f"{len(self.coef)} columns", f"{design.shape[1]}")
        return design @ self.coef + self.intercept

    def _headline(self) -> str:
        held = f"{int(self.at_lower.sum())} at the lower bound, {int(self.at_upper.sum())} at the upper"
        return f"validation loss {self.validation_loss:.6g}, {len(self.theta)} penalties, {held}"


@dataclass(frozen=True, eq=False)
class _Split:
    """Both data sets, centred at the training means and in units of the training deviations."""

    X: np.ndarray
    y: np.ndarray
    X_val: np.ndarray
    y_val: np.ndarray
    groups: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    mean: float
    deviation: float

    @classmethod
    def of(cls, X: Any, y: Any, X_val: Any, y_val: Any, groups: Any) -> "_Split":
        """Check the data and scale it."""
        X, X_val = check_matrix(X, "X"), check_matrix(X_val, "X_val")
        y, y_val = check_vector(y, "y", length=len(X)), check_vector(y_val, "y_val", length=len(X_val))
        p = X.shape[1]
        if X_val.shape[1] != p:
            raise InvalidArgument("X_val", f"{p} columns, as X has", f"{X_val.shape[1]}")
        which = np.arange(p) if groups is None else check_vector(groups, "groups", length=p)
        which = np.unique(which, return_inverse=True)[1]
        centre, scale, mean, deviation = X.mean(axis=0), X.std(axis=0), float(y.mean()), float(y.std())
        for name, spread in (("X", scale), ("y", np.array(deviation))):
            if not np.isfinite(spread).all():
                raise InvalidArgument(name, "numbers with finite squares", "larger ones")
        if not deviation > _CONSTANT * abs(mean):
            raise InvalidArgument("y", "responses that are not all the same", "a constant")
        scale = np.where(scale > _CONSTANT * np.abs(centre), scale, 1.0)  # a constant feature has no effect
        return cls(
            (X - centre) / scale, (y - mean) / deviation, (X_val - centre) / scale, (y_val - mean) / deviation,
            which, centre, scale, mean, deviation,
        )  # fmt: skip


def tune(
    X: Any,
    y: Any,
    X_val: Any,
    y_val: Any,
    *,
    groups: Any = None,
    bounds: tuple[float, float] = (-8.0, 4.0),
    tol: float = 1e-6,
    max_iter: int = 300,
    callback: Callback | None = None,
    on_failure: OnFailure = "warn",
) -> TunedPenalties:
    r"""Choose the ridge penalty of every feature on a validation set.

    .. math::
        \min_{l \le \theta \le u} \frac1{2m} |y_v - X_v b - c|^2 \quad \text{with} \quad
        (b, c) = \arg\min_{b, c} \frac{1}{2n} |y - X b - c|^2 + \tfrac12 \sum_j e^{\theta_j} s_j^2 b_j^2

    and :math:`s_j` the standard deviation of feature j in X: units of the features do not matter.

    Parameters
    ----------
    X, y : array_like, shapes (n, p) and (n,)
        Training data, the lower level's.
    X_val, y_val : array_like, shapes (m, p) and (m,)
        Validation data, the upper level's.
    groups : array_like of shape (p,), optional
        Labels; features with the same one share a penalty. Each has its own by default.
    bounds : (float, float), default (-8, 4)
        Of theta; exp(-8) hardly penalises, exp(4) leaves little of a feature.
    tol : float, default 1e-6
        Bound on |theta - P(theta - hypergradient)|, in units where y has variance one.
    max_iter : int, default 300
        Most Newton steps from theta = 0, and from the best shared theta where that is a second start.
    callback : callable, optional
        Gets a `Progress` after every step; returns True to stop.
    on_failure : {"warn", "raise", "ignore"}

    Returns
    -------
    TunedPenalties

    Raises
    ------
    InvalidArgument
        Data of shapes that do not fit or with entries that are not finite, a constant y, bounds out of order.
    ConvergenceError
        With ``on_failure="raise"``, where the certificate misses the tolerance.

    Warns
    -----
    ConvergenceWarning
        Where the certificate misses the tolerance, and where penalties end at bounds that cost more than one percent
        of the loss.

    Notes
    -----
    The loss is not convex in theta; a local minimiser is returned, the one that is reached from theta = 0. It is never
    worse than the best shared penalty of a grid of 13: a second descent starts there where the first ends above it.
    With about as many penalties as validation samples the loss on them says little
    about new data: keep a third set, or share penalties by `groups`.

    One split is one split: sums over folds are not offered.

    scikit-learn's ``Ridge`` has penalties n times as large. Time is p cubed a step.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import bilevel
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((120, 6))
    >>> y = 3 * X[:, 0] - 2 * X[:, 1] + rng.standard_normal(120)
    >>> found = bilevel.tune(X[:60], y[:60], X[60:], y[60:], on_failure="ignore")
    >>> found.converged, found.validation_loss <= found.shared_loss
    (True, True)
    >>> bool(found.theta[:2].max() < found.theta[2:].max())  # a feature without effect is penalised
    True

    References
    ----------
    Larsen, Hansen, Svarer, Ohlsson (1996), Design and regularization of neural networks: the optimal use of a
    validation set: penalties by the gradient of the validation error.
    """
    split = _Split.of(X, y, X_val, y_val, groups)
    box = _box(bounds)
    tol, max_iter = check_positive(tol, "tol"), check_count(max_iter, "max_iter")
    check_on_failure(on_failure)
    level = RidgeValidation.of(split.X, split.y, split.X_val, split.y_val, split.groups)
    k = int(split.groups.max()) + 1
    shared = [np.full(k, t) for t in np.linspace(float(box.lower), float(box.upper), _SHARED)]
    losses = [level(theta).value for theta in shared]
    descend = partial(_descend, level, box, tol=_AIM * tol, max_iter=max_iter, callback=callback)
    end = descend(np.zeros(k))
    if end.value > min(losses):  # in a worse basin than that of one penalty for all
        end = min(end, descend(shared[int(np.argmin(losses))]), key=lambda end: end.value)
    result = _certified(split, box, end.theta, end.outcome, tol, shared_loss=min(losses))
    if result.converged and result.edge_gain > _WORTH and on_failure == "warn":
        warnings.warn(_edge(result), ConvergenceWarning, stacklevel=2)
    return conclude(result, on_failure)


def _box(bounds: Any) -> Box:
    try:
        lower, upper = (float(bound) for bound in bounds)
    except (TypeError, ValueError):
        raise InvalidArgument("bounds", "a pair of numbers", repr(bounds)) from None
    if not -30 <= lower < upper <= 30:  # beyond, exponentials are lost beside the data
        raise InvalidArgument("bounds", "a pair with -30 <= lower < upper <= 30", repr(bounds))
    return Box(lower, upper)


@dataclass(frozen=True, eq=False)
class _End:
    """Where a descent ended, and how."""

    theta: np.ndarray
    value: float
    outcome: Outcome


def _descend(
    level: RidgeValidation, box: Box, start: np.ndarray, *, tol: float, max_iter: int, callback: Callback | None
) -> _End:
    descent = BoxNewton(box, level, start)

    def advance(budget: int) -> Chunk:
        stop = None if descent.error <= tol or descent.advance() else Status.STALLED
        return Chunk(n_iter=1, error=descent.error, objective=descent.at.value, stop=stop)

    outcome = run(advance, tol=tol, max_iter=max_iter, callback=callback, solution=lambda: descent.x.copy())
    return _End(descent.x, descent.at.value, outcome)


def _certified(
    split: _Split, box: Box, theta: np.ndarray, outcome: Outcome, tol: float, *, shared_loss: float
) -> TunedPenalties:
    """Judge theta by least squares on the data themselves."""
    from scipy.linalg import solve_triangular

    penalties = np.exp(theta)[split.groups]
    (n, p), m = split.X.shape, len(split.y_val)
    rows = np.zeros((n + p, p + 1))
    rows[:n, :p], rows[:n, p] = split.X / np.sqrt(n), split.y / np.sqrt(n)
    rows[n:, :p].flat[:: p + 1] = np.sqrt(penalties)
    triangle = np.asarray(np.linalg.qr(rows, mode="r"))  # its last column is Q'y
    r = triangle[:p, :p]
    coef = solve_triangular(r, triangle[:p, p])
    miss = split.X_val @ coef - split.y_val
    adjoint = solve_triangular(r, solve_triangular(r, split.X_val.T @ miss / m, trans="T"))
    gradient = np.bincount(split.groups, -penalties * coef * adjoint, len(theta))
    loss = float(miss @ miss) / (2 * m)
    error = stationarity(box, theta, gradient)
    lower, upper = theta <= box.lower, theta >= box.upper
    beta = split.deviation * coef / split.scale
    at_stake = float(np.abs(gradient[lower | upper]).sum())
    variance = split.deviation**2
    return TunedPenalties(
        status=settle(outcome.status, error, tol), n_iter=outcome.n_iter, error=error, tol=tol, trace=outcome.trace,
        penalties=penalties * split.scale**2, theta=theta, coef=beta, intercept=float(split.mean - split.centre @ beta),
        validation_loss=variance * loss, shared_loss=variance * shared_loss, hypergradient=gradient,
        at_lower=lower, at_upper=upper, edge_gain=at_stake / loss if loss > 0 else 0.0,
    )  # fmt: skip


def _edge(result: TunedPenalties) -> str:
    return (
        f"{int(result.at_lower.sum())} penalties end at the lower bound and {int(result.at_upper.sum())} at the upper; "
        f"bounds wider by one would lower the validation loss by about {100 * result.edge_gain:.2g} %. Widen `bounds`."
    )
