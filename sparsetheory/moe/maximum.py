"""Maximum likelihood for a Gaussian mixture of experts: many starts, the best few finished, moves between basins."""

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _loop
from .._validation import check_choice, check_count, check_matrix, check_nonnegative, check_positive, check_vector
from ..errors import InvalidArgument
from ..progress import Callback
from ..result import OnFailure, Status, check_on_failure, conclude
from .automatic import Automatic
from .density import mean_log_density, score_gradient
from .em import EM
from .gate import Gate, make_gate
from .lbfgs import LBFGS
from .likelihood import Likelihood
from .local_search import permuted, split_merges
from .mixing_measure import MixingMeasure
from .newton import Newton
from .parameters import Layout, Parameters
from .result import MoEResult
from .scaling import Scaling
from .squarem import SQUAREM
from .starts import STYLES, from_memberships, memberships

__all__ = ["SOLVERS", "maximize_likelihood"]

#: Name of a solver -> iteration from one start.
SOLVERS = {"auto": Automatic, "em": EM, "squarem": SQUAREM, "newton": Newton, "lbfgs": LBFGS}

_SUBSAMPLE = 4000  # samples that starts are screened on
_SHORT = 15  # EM steps of a screening
_SCREENED = 3  # starts screened for each that is asked for
_FINISHED = 4  # best starts that are finished, at least; few samples afford more
_AFFORDED = 40_000  # samples times starts that are finished without a second thought
_HESSIAN = 300  # free parameters beyond which "auto" does not form one


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
    variance_penalty: Any = "auto",
    gate_ridge: float = 1e-6,
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

    1. Draw ``3 n_init`` memberships in four styles and run a few EM steps from each, on a subsample.
    2. Finish the best of them, four or more: EM while it is fast, then Newton's method on the likelihood itself.
    3. Try to merge two experts and split a third, and to hand experts to other gate rows; keep what is better.
    4. Recompute value and gradient from the data; that decides whether it converged.

    Parameters
    ----------
    X : array_like of shape (n, d)
        Covariates.
    y : array_like of shape (n,)
        Response.
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
        A variance an expert, one for all, or a known one.
    variance_penalty : "auto" or float, default "auto"
        Weight a of ``-a sum_j (s2 / v_j + log v_j)``, s2 the residual variance of one regression: without it the
        likelihood is unbounded. "auto" searches with ``1 / sqrt(n)`` and, where the maximum of the likelihood itself
        next to it is an interior one, ends there.
    gate_ridge : float, default 1e-6
        Weight of half the squared gate slopes, in units where covariates have variance one.
    solver : {"auto", "em", "squarem", "newton", "lbfgs"}, default "auto"
        How a start is finished.
    n_init : int, default 10
        A third of the number of starts that are screened.
    init : "auto", a style of start or MixingMeasure, default "auto"
        "kmeans", "lines", "random" or "residuals" instead of all of them in turn; or the one point to start from.
    tol : float, default 1e-9
        Bound on the largest entry of the gradient per sample, in units where data have variance one.
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
        For arguments that cannot be used: among others fewer samples than parameters, a constant response,
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
    layout = Layout(made, data.X.shape[1], _check_variance(variance))
    check_choice(solver, "solver", SOLVERS)
    if fit_temperature and solver in ("em", "squarem"):
        raise InvalidArgument("solver", "'auto', 'newton' or 'lbfgs' with fit_temperature", repr(solver))
    _check_size(data, layout)
    search = _Search(
        data, made, layout, solver=solver, tol=check_nonnegative(tol, "tol"),
        max_iter=check_count(max_iter, "max_iter"), ridge=check_nonnegative(gate_ridge, "gate_ridge"),
        penalty=variance_penalty, n_threads=check_count(n_threads, "n_threads"), callback=callback,
    )  # fmt: skip
    policy = check_on_failure(on_failure)
    n_init = check_count(n_init, "n_init")
    generator = np.random.default_rng(0) if rng is None else rng
    if not isinstance(generator, np.random.Generator):
        raise InvalidArgument("rng", "a numpy.random.Generator", type(rng).__name__)
    return conclude(search.run(init, n_init, float(temperature), generator), policy)


@dataclass(frozen=True)
class _Data:
    X: np.ndarray
    y: np.ndarray
    weight: np.ndarray


def _check_data(X: Any, y: Any, sample_weight: Any) -> _Data:
    X = check_matrix(X, "X")
    y = check_vector(y, "y", length=len(X))
    weight = np.ones(len(y)) if sample_weight is None else check_vector(sample_weight, "sample_weight", length=len(y))
    if (weight < 0).any() or not weight.any():
        raise InvalidArgument("sample_weight", "weights >= 0, not all zero", f"least {weight.min()}")
    used = weight > 0
    if np.ptp(y[used]) == 0:
        raise InvalidArgument("y", "a response that varies", f"{y[used][0]} throughout")
    return _Data(X, y, weight)


def _check_variance(variance: Any) -> Any:
    if isinstance(variance, str):
        return check_choice(variance, "variance", ("free", "tied"))
    return check_positive(variance, "variance")


def _check_size(data: _Data, layout: Layout) -> None:
    rows = int(np.count_nonzero(data.weight))
    if rows < layout.n_free:
        raise InvalidArgument("X", f"at least as many rows as free parameters, {layout.n_free}", f"{rows} rows")


class _Search:
    """Everything that one fit needs, in units where the data have variance one."""

    def __init__(
        self, data: _Data, gate: Gate, layout: Layout, *, solver: str, tol: float, max_iter: int, ridge: float,
        penalty: Any, n_threads: int, callback: Callback | None,
    ) -> None:  # fmt: skip
        self.raw, self.gate, self.layout = data, gate, layout
        self.tol, self.max_iter, self.ridge, self.callback = tol, max_iter, ridge, callback
        self.n_threads = n_threads
        self.scaling = Scaling.of(gate, data.X, data.y, data.weight)
        X, y = self.scaling.scaled(data.X, data.y)
        self.data = _Data(X, y, data.weight)
        if not isinstance(layout.variance, str):
            self.known = layout.variance / self.scaling.y_scale**2
        self.ends_free = isinstance(penalty, str)
        if self.ends_free:
            check_choice(penalty, "variance_penalty", ("auto",))
        self.penalty = 1.0 / math.sqrt(float(data.weight.sum())) if self.ends_free else check_nonnegative(
            penalty, "variance_penalty"
        )  # fmt: skip
        self.reference = self._reference()
        too_many = solver == "auto" and layout.n_free > _HESSIAN
        self.iteration = LBFGS if too_many else SOLVERS[solver]
        self.n_passes, self.values = 0, list[float]()

    def _reference(self) -> float:
        """Residual variance of one regression."""
        design = np.column_stack([self.data.X, np.ones(len(self.data.y))])
        root = np.sqrt(self.data.weight)
        row = np.linalg.lstsq(design * root[:, None], self.data.y * root, rcond=None)[0]
        found = float(np.average((self.data.y - design @ row) ** 2, weights=self.data.weight))
        return max(found, 1e-12)

    def likelihood(self, rows: np.ndarray | slice = slice(None), *, penalty: float | None = None) -> Likelihood:
        """Return the objective on some of the samples."""
        data, share = self.data, 1.0
        if not isinstance(rows, slice):
            share = float(data.weight[rows].sum() / data.weight.sum())
        a = self.penalty if penalty is None else penalty
        return Likelihood(
            data.X[rows], data.y[rows], data.weight[rows], self.gate, self.layout,
            penalty=a * math.sqrt(share), scale=self.reference, ridge=self.ridge, n_threads=self.n_threads,
        )  # fmt: skip

    def run(self, init: Any, n_init: int, tau: float, rng: np.random.Generator) -> MoEResult:
        """Search from the starts and certify the best maximum."""
        likelihood = self.likelihood()
        if isinstance(init, MixingMeasure):
            starts, moves = [self._given(init)], False
        else:
            starts, moves = self._screened(self._drawn(init, tau, rng), _SCREENED * n_init, rng), True
        found = [self._finish(likelihood, start) for start in starts]
        best = max(found, key=lambda end: end.value)
        if moves:
            best = self._improved(likelihood, best)
        return self._certified(self._freed(best) if self.ends_free else best)

    def _given(self, init: MixingMeasure) -> Parameters:
        if init.n_atoms != self.gate.n_experts or init.n_features != self.data.X.shape[1]:
            expected = f"{self.gate.n_experts} atoms in {self.data.X.shape[1]} features"
            raise InvalidArgument("init", expected, f"{init.n_atoms} atoms in {init.n_features}")
        raw = Parameters(
            np.column_stack([init.beta1, init.beta0]), np.column_stack([init.a, init.b]), np.array(init.v), init.tau
        )
        return self._ready(self.scaling.parameters_in(raw, linear_gate=self.gate.linear))

    def _drawn(self, init: Any, tau: float, rng: np.random.Generator) -> Any:
        """Return an endless iterator of starts."""
        styles = tuple(STYLES) if init == "auto" else (check_choice(init, "init", ("auto", *STYLES)),)
        rows = self._subsample(rng)
        X, y, weight = self.data.X[rows], self.data.y[rows], self.data.weight[rows]
        labels = memberships(X, y, self.gate.n_experts, rng, styles=styles)
        return (self._ready(from_memberships(X, y, weight, self.gate, drawn, tau)) for drawn in labels)

    def _ready(self, at: Parameters) -> Parameters:
        """Return a start as the layout wants it: reference row, tied or known variances."""
        if self.layout.variance == "tied":
            at = Parameters(at.gate, at.expert, np.full(len(at.variance), at.variance.mean()), at.tau)
        elif self.layout.variance != "free":
            at = Parameters(at.gate, at.expert, np.full(len(at.variance), self.known), at.tau)
        return self.layout.referred(at)

    def _subsample(self, rng: np.random.Generator) -> np.ndarray:
        rows = np.flatnonzero(self.data.weight > 0)
        return rows if len(rows) <= _SUBSAMPLE else np.sort(rng.choice(rows, _SUBSAMPLE, replace=False))

    def _screened(self, starts: Any, count: int, rng: np.random.Generator) -> list[Parameters]:
        """Return where the best few of `count` starts are after a short run of EM on a subsample."""
        likelihood = self.likelihood(self._subsample(rng))
        ends = []
        for start in itertools.islice(starts, count):
            em = EM(likelihood, start)
            for _ in range(_SHORT):
                if not em.step():
                    break
            if math.isfinite(em.found.value):
                ends.append(em)
        self.n_passes += likelihood.n_passes
        if not ends:
            raise FloatingPointError("no start has a finite likelihood")
        ends.sort(key=lambda em: -em.found.value)
        kept: list[EM] = []
        for em in ends:
            if all(abs(em.found.value - other.found.value) > 1e-7 for other in kept):
                kept.append(em)
        return [em.at for em in kept[: max(_FINISHED, _AFFORDED // len(self.data.y))]]

    def _finish(self, likelihood: Likelihood, start: Parameters) -> "_End":
        """Iterate from one start to the tolerance."""
        solver: Any = self.iteration(likelihood, start)
        outcome = _loop.run(
            solver.advance, tol=self.tol, max_iter=self.max_iter, callback=self.callback, solution=lambda: solver.at
        )
        self.n_passes, likelihood.n_passes = self.n_passes + likelihood.n_passes, 0
        value = likelihood.value(solver.at)
        self.values.append(value)
        return _End(solver.at, value, outcome, likelihood.penalty)

    def _improved(self, likelihood: Likelihood, best: "_End") -> "_End":
        """Move to better basins for as long as there are any near."""
        for _ in range(self.gate.n_experts):
            before = best.value
            other = permuted(likelihood, best.at)
            candidates = [] if other is best.at else [other]
            for candidate in itertools.chain(candidates, split_merges(likelihood, best.at, most=2)):
                em = EM(likelihood, self.layout.referred(candidate))
                for _ in range(_SHORT):
                    if not em.step():
                        break
                if em.found.value > best.value - 0.5 / self.layout.n_free:
                    best = max(best, self._finish(likelihood, em.at), key=lambda end: end.value)
            if best.value <= before + 1e-9:
                break
        return best

    def _freed(self, best: "_End") -> "_End":
        """Return the maximum of the likelihood without penalty next to this one, if it is an interior one."""
        if not isinstance(self.layout.variance, str):
            return best
        likelihood = self.likelihood(penalty=0.0)
        free = self._finish(likelihood, best.at)
        masses, before = _masses(likelihood, free.at), _masses(likelihood, best.at)
        inside = (free.at.variance > 1e-9 * self.reference).all() and (masses >= self.layout.q + 1).all()
        settled = free.outcome.status is Status.CONVERGED and (masses >= 0.5 * before).all()
        return free if inside and settled else best

    def _certified(self, best: "_End") -> MoEResult:
        """Recompute value and gradient in NumPy, and conclude."""
        data, layout = self.data, self.layout
        likelihood = self.likelihood(penalty=best.penalty)
        gradient = score_gradient(layout, best.at, data.X, data.y, data.weight)
        penalised = np.zeros(layout.n_full)
        likelihood.penalise(best.at, penalised)
        gradient = gradient + layout.spread.T @ penalised / likelihood.total
        error = float(np.max(np.abs(gradient), initial=0.0))
        at = self.scaling.parameters_out(best.at, linear_gate=self.gate.linear)
        raw = self.raw
        return MoEResult(
            status=_loop.settle(best.outcome.status, error, self.tol), n_iter=best.outcome.n_iter, error=error,
            tol=self.tol, trace=best.outcome.trace, gate=self.gate, parameters=layout.referred(at),
            log_likelihood=mean_log_density(self.gate, at, raw.X, raw.y, raw.weight), penalty=best.penalty,
            starts=np.sort(self.values)[::-1], masses=_masses(likelihood, best.at), n_passes=self.n_passes,
        )  # fmt: skip


@dataclass(frozen=True)
class _End:
    """Where a start led to."""

    at: Parameters
    value: float
    outcome: _loop.Outcome
    penalty: float


def _masses(likelihood: Likelihood, at: Parameters) -> np.ndarray:
    """Return the expected weight of the samples of every expert."""
    q = likelihood.layout.q
    return likelihood.expectation(at).moments[:, q - 1, q - 1]
