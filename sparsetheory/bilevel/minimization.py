"""`bilevel.minimize`: the door, the choice of a method, the certificate."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from .._loop import Chunk, Outcome, run, settle
from .._validation import check_choice, check_count, check_generator, check_positive, check_vector
from ..errors import InvalidArgument
from ..progress import Callback
from ..result import OnFailure, Status, check_on_failure, conclude
from .automatic import KINK, LEFT, Automatic
from .double_loop import DoubleLoop
from .evaluation import Forward, Point
from .fully_first_order import F2SA, F3SA
from .given_sets import as_set, check_inside
from .goldstein import goldstein
from .lower_unit import lower_unit
from .methods import Method, Setting
from .oracles import OracleFailure, Oracles
from .outer import Evaluate, stationarity
from .problem import Problem
from .result import BilevelResult
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
_UNSETTLED = "The penalty function still changes with sigma: f is large beside g, and psi may be far from it."
_UNSOUND = "The linear system of the hypergradient has no solution here: y is not the lower point best for f."


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
        problem's sampled gradients. A step of ``"double-loop"`` takes more samples than the last, 2000 of them some
        1e8 in all: give it a smaller `max_iter`. Whatever their sigma, they are certified by psi_sigma with
        sigma = 1e-6.
    sigma : float, optional
        First weight of f in the penalised lower level: 0.1 unless given, and for ``"f2ba"``, which keeps it, a
        hundredth of `tol`, but 1e-6 at least. ``"auto"`` takes no less than 1e-6 to begin with. Where the slope of g
        hardly changes over unit steps (by less than 0.01), each number of this page that stands for a sigma is times
        that change: the result does not depend on the unit of g.
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
    rng = None if rng is None else check_generator(rng, "rng")
    check_on_failure(on_failure)
    X, Y = as_set(problem.X, len(x), "X"), as_set(problem.Y, len(y), "Y")
    check_inside(X, x, "x0")
    check_inside(Y, y, "y0")
    oracles = Oracles(problem, len(x), len(y))
    _first_call(oracles, x, y)
    setting = Setting(
        oracles=oracles, unit=lower_unit(oracles, x, y, Y), X=X, Y=Y, tol=_AIM * tol, sigma=sigma, rng=rng,
        options={} if options is None else options,
    )  # fmt: skip
    result = _solve(solver, setting, x, y, tol=tol, max_iter=max_iter, callback=callback)
    return conclude(result, on_failure)


def _first_call(oracles: Oracles, x: np.ndarray, y: np.ndarray) -> None:
    """Ask every callable once, where a mistake is the user's and easy to name."""
    callables = {"f": oracles.f, "g": oracles.g, "grad_f": oracles.grad_f, "grad_g": oracles.grad_g}
    for name, ask in callables.items():
        at_x, at_y = x.copy(), y.copy()
        try:
            ask(at_x, at_y)
        except OracleFailure as failure:
            raise InvalidArgument(str(failure), "finite numbers at the start", "NaN or infinity") from None
        if not (np.array_equal(at_x, x) and np.array_equal(at_y, y)):
            raise InvalidArgument(name, "a callable that leaves x and y as they are", "one that changes them")


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
    return _certified(method, setting, outcome, tol, broken)


def _certified(method: Method, setting: Setting, outcome: Outcome, tol: float, broken: str) -> BilevelResult:
    """Solve the lower level at x once more, to more digits and from its own start, and judge that."""
    x, found, judge, unit = method.x, method.point, setting.judge, setting.unit
    try:
        evaluate = method.again()
        point = evaluate(x, 0.1 * tol) if found.ray is None else found
        assert isinstance(point, Point)
        error, kind = _error(method, x, point, tol)
        doubt = _doubt(evaluate, point, x, tol)
        fun, below = judge.f(x, point.y), judge.g(x, point.y) - judge.g(x, point.z)
    except OracleFailure as failure:
        point, error, kind, doubt, fun, below = found, np.inf, method.kind, "", np.nan, np.nan
        broken = broken or f"{failure} returned a number that is not finite."
    status = settle(Status.NONFINITE if broken else outcome.status, error, tol)
    if point.ray is not None or (doubt and status is Status.CONVERGED):
        status = Status.STALLED
    return BilevelResult(
        status=status, n_iter=outcome.n_iter, error=error, tol=tol, trace=outcome.trace, x=x, y=point.y, fun=fun,
        psi_bracket=point.bracket, hypergradient=point.gradient, kind=kind, sigma=point.sigma * unit,
        lower_residual=point.residual * unit, lower_gap=below * unit, counts=replace(judge.counts),
        reason=broken or _ray(point) or doubt or method.reason, ray=point.ray,
    )  # fmt: skip


def _error(method: Method, x: np.ndarray, point: Point, tol: float) -> tuple[float, str]:
    """Return the distance from stationarity, of the gradients nearby where that of x alone misses the tolerance."""
    error = stationarity(method.X, x, point.gradient)
    if error > tol and method.kind == "implicit" and point.ray is None and point.sound:
        radius = KINK * (1.0 + float(np.linalg.norm(x)))
        seeds = np.random.default_rng(0)  # the certificate of a result does not depend on the caller's stream
        around = goldstein(method.X, method.again(), x, radius=radius, tol=tol, rng=seeds)
        if around <= tol:
            return around, "clarke"
    return error, method.kind


def _doubt(evaluate: Evaluate, point: Point, x: np.ndarray, tol: float) -> str:
    """Return why the gradient at x is not that of psi, or nothing."""
    if point.ray is not None:
        return ""
    if isinstance(evaluate, Forward):
        return "" if evaluate.settles(point, x, 0.1 * tol) else _UNSETTLED
    assert point.adjoint is not None
    return "" if point.sound and point.adjoint.left <= LEFT * tol else _UNSOUND


def _ray(point: Point) -> str:
    if point.ray is None:
        return ""
    return f"The lower level falls without bound along {np.array2string(point.ray, precision=4)}."
