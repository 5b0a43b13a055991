"""`bilevel.minimize`: the door, the choice of a method, the certificate."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from .._loop import Chunk, Outcome, run, settle
from .._validation import check_choice, check_count, check_positive, check_vector
from ..errors import InvalidArgument
from ..progress import Callback
from ..result import OnFailure, Status, check_on_failure, conclude
from .automatic import KINK, Automatic
from .double_loop import DoubleLoop
from .evaluation import Point
from .fully_first_order import F2SA, F3SA
from .given_sets import as_set
from .goldstein import goldstein
from .methods import Method, Setting
from .oracles import OracleFailure, Oracles
from .outer import stationarity
from .problem import Problem
from .result import BilevelResult
from .sets import ConvexSet
from .single_loop import SingleLoop
from .two_time_scale import TwoTimeScale

__all__ = ["SOLVERS", "minimize"]

Solver = Callable[[Setting, np.ndarray, np.ndarray], Method]

#: Name of a method -> its class.
SOLVERS: dict[str, Solver] = {
    "auto": Automatic,
    "f2ba": TwoTimeScale,
    "f2sa": F2SA,
    "f3sa": F3SA,
    "double-loop": DoubleLoop,
    "single-loop": SingleLoop,
}

_AIM = 0.5  # of the tolerance, within the run: the lower solves of the certificate are others


def minimize(
    problem: Problem,
    x0: Any,
    y0: Any,
    *,
    method: str = "auto",
    sigma: float | None = None,
    tol: float = 1e-6,
    max_iter: int = 2000,
    options: Mapping[str, Any] | None = None,
    rng: np.random.Generator | None = None,
    callback: Callback | None = None,
    on_failure: OnFailure = "warn",
) -> BilevelResult:
    r"""Minimise an objective over the solutions of another problem, from gradients of both.

    .. math:: \min_{x \in X} \psi(x), \qquad \psi(x) = \min \{ f(x, y) : y \in \arg\min_{y' \in Y} g(x, y') \}

    Parameters
    ----------
    problem : Problem
    x0 : array_like, shape (p,)
        Start of the upper level, a point of X.
    y0 : array_like, shape (q,)
        Start of the lower level, a point of Y.
    method : str, default "auto"
        ``"auto"``: projected quasi-Newton steps on psi itself where the lower level has a solution that moves smoothly
        (also among many, the one best for f), on the penalty function psi_sigma with falling sigma elsewhere.

        The others take plain gradient steps on both levels, with the step sizes and schedules of their papers:
        ``"f2ba"`` (`TwoTimeScale`, sigma fixed), ``"f2sa"`` and ``"f3sa"`` (`F2SA`, `F3SA`, the same with momentum),
        ``"double-loop"`` (`DoubleLoop`) and ``"single-loop"`` (`SingleLoop`); all but the first can do with the
        problem's sampled gradients. Whatever their sigma, they are certified by psi_sigma with sigma = 1e-6.
    sigma : float, optional
        First weight of f in the penalised lower level: 0.1 unless given, and for ``"f2ba"``, which keeps it, a
        hundredth of `tol`, but 1e-6 at least.
    tol : float, default 1e-6
        Bound on |x - P(x - hypergradient)|.
    max_iter : int, default 2000
        Most upper steps.
    options : mapping, optional
        Step sizes and exponents of the method, by the names of its options (`F2SAOptions` and so on).
    rng : numpy.random.Generator, optional
        Draws the keys of samples; needed where the problem has sampled gradients and the method uses them.
    callback : callable, optional
        Gets a `Progress` after every step; returns True to stop.
    on_failure : {"warn", "raise", "ignore"}

    Returns
    -------
    BilevelResult

    Raises
    ------
    InvalidArgument
        Starts outside the sets, callables with answers of a wrong shape, arguments out of range.
    ConvergenceError
        With ``on_failure="raise"``, where the certificate misses the tolerance.

    Notes
    -----
    Where the lower level has several local minimisers, its solver goes downhill from the last point: psi is then the
    value of that branch. A lower level without a minimiser is reported with the ray it falls along.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory import bilevel
    >>> problem = bilevel.Problem(
    ...     f=lambda x, y: 0.5 * np.sum((y - 2) ** 2) + 0.05 * np.sum(x**2),
    ...     g=lambda x, y: 0.5 * np.sum((y - x) ** 2),
    ...     grad_f=lambda x, y: (0.1 * x, y - 2),
    ...     grad_g=lambda x, y: (x - y, y - x),
    ...     Y=bilevel.Box(-1, 1),
    ... )
    >>> found = bilevel.minimize(problem, [0.3], [0.0], tol=1e-5)  # psi has a kink at its minimiser, x = 1
    >>> bool(abs(found.x[0] - 1) < 1e-4)
    True

    References
    ----------
    Kwon, Kwon, Wright, Nowak (2024), On penalty methods for nonconvex bilevel optimization and first-order stochastic
    approximation, ICLR: the penalty function and the formula with several lower solutions.
    """
    if not isinstance(problem, Problem):
        raise InvalidArgument("problem", "a bilevel.Problem", type(problem).__name__)
    x, y = check_vector(x0, "x0").copy(), check_vector(y0, "y0").copy()
    solver = SOLVERS[check_choice(method, "method", SOLVERS)]
    tol, max_iter = check_positive(tol, "tol"), check_count(max_iter, "max_iter")
    sigma = None if sigma is None else check_positive(sigma, "sigma")
    check_on_failure(on_failure)
    X, Y = as_set(problem.X, len(x), "X"), as_set(problem.Y, len(y), "Y")
    _inside(X, x, "x0")
    _inside(Y, y, "y0")
    oracles = Oracles(problem, len(x), len(y))
    _first_call(oracles, x, y)
    setting = Setting(oracles=oracles, X=X, Y=Y, tol=_AIM * tol, sigma=sigma, rng=rng, options=options or {})
    result = _solve(solver, setting, x, y, tol=tol, max_iter=max_iter, callback=callback)
    return conclude(result, on_failure)


def _inside(convex: ConvexSet, point: np.ndarray, name: str) -> None:
    nearest = convex.project(point.copy())
    off = float(np.abs(nearest - point).max(initial=0.0))
    if off > 1e-8 * (1.0 + float(np.abs(point).max(initial=0.0))):
        raise InvalidArgument(name, "a point of its set (nearest one: " + np.array2string(nearest) + ")", point)


def _first_call(oracles: Oracles, x: np.ndarray, y: np.ndarray) -> None:
    """Ask every callable once, where a mistake is the user's and easy to name."""
    try:
        oracles.f(x, y)
        oracles.g(x, y)
        oracles.grad_f(x, y)
        oracles.grad_g(x, y)
    except OracleFailure as failure:
        raise InvalidArgument(str(failure), "finite numbers at the start", "NaN or infinity") from None


def _solve(
    solver: Solver, setting: Setting, x: np.ndarray, y: np.ndarray, *, tol: float, max_iter: int,
    callback: Callback | None,
) -> BilevelResult:  # fmt: skip
    try:
        method = solver(setting, x, y)
    except OracleFailure as failure:
        raise InvalidArgument(str(failure), "finite numbers near the start", "NaN or infinity") from None
    broken = ""

    def advance(budget: int) -> Chunk:
        nonlocal broken
        try:
            return method.advance(budget)
        except OracleFailure as failure:
            broken = f"{failure} returned a number that is not finite."
            return Chunk(n_iter=1, error=np.inf, objective=method.point.value)

    def solution() -> tuple[np.ndarray, np.ndarray]:
        return method.x.copy(), method.point.y.copy()

    outcome = run(advance, tol=setting.tol, max_iter=max_iter, callback=callback, solution=solution)
    return _certified(method, outcome, tol, broken)


def _certified(method: Method, outcome: Outcome, tol: float, broken: str) -> BilevelResult:
    """Solve the lower level at x once more, to more digits and from its own start, and judge that."""
    x, found, status = method.x, method.point, outcome.status
    try:
        point = method.again()(x, 0.1 * tol) if found.ray is None else found
    except OracleFailure as failure:
        point, broken = found, broken or f"{failure} returned a number that is not finite."
    assert isinstance(point, Point)
    error, kind = stationarity(method.X, x, point.gradient), method.kind
    if error > tol and kind == "implicit" and point.ray is None and not broken:
        radius = KINK * (1.0 + float(np.linalg.norm(x)))
        seeds = np.random.default_rng(0)  # the certificate of a result does not depend on the caller's stream
        around = goldstein(method.X, method.again(), x, radius=radius, tol=tol, rng=seeds)
        if around <= tol:
            error, kind = around, "clarke"
    if broken:
        status = Status.NONFINITE if not error <= tol else Status.CONVERGED
    below = method.oracles.g(x, point.y) - method.oracles.g(x, point.z)
    return BilevelResult(
        status=settle(status, error, tol) if point.ray is None else Status.STALLED,
        n_iter=outcome.n_iter, error=error, tol=tol, trace=outcome.trace, x=x, y=point.y,
        fun=method.oracles.f(x, point.y), psi_bracket=point.bracket, hypergradient=point.gradient, kind=kind,
        sigma=point.sigma, lower_residual=point.residual, lower_gap=below, counts=replace(method.oracles.counts),
        reason=broken or _ray(point) or method.reason, ray=point.ray,
    )  # fmt: skip


def _ray(point: Point) -> str:
    if point.ray is None:
        return ""
    return f"The lower level falls without bound along {np.array2string(point.ray, precision=4)}."
