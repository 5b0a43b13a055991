"""What the studies of oracle complexity share: a run until the true hypergradient is small, and what it cost."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .fully_first_order import F2SA
from .known_problems import Known
from .methods import Setting
from .oracles import Oracles
from .problem import Problem
from .sets import Free
from .two_time_scale import TwoTimeScale

__all__ = ["Arrival", "Case", "arrive", "arrive_alone", "arrive_falling", "counted"]

_MOST_STEPS = 10**6


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A known problem, and how F2BA is to go about it.

    Attributes
    ----------
    known : Known
    start : float or ndarray, shape (p,)
        Of x, a number for a single variable; the lower level starts at its solution there.
    eps : float
        The run ends where the gradient of psi is no longer.
    sigma, upper_step : float
    inner_steps : int
        Lower steps before each upper one.
    """

    known: Known
    start: float | np.ndarray
    eps: float
    sigma: float
    upper_step: float
    inner_steps: int = 3


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Where a run ended and what it cost.

    Attributes
    ----------
    steps : int
        Upper steps.
    calls : int
        Gradients of f and g asked for by then, counted in the callables.
    x : ndarray, shape (p,)
        Where the gradient of psi is small.
    error : float
        Largest distance of a direction, (x_k - x_{k+1}) over the upper step, to the gradient of psi at x_k; NaN where
        upper steps are not of one length.
    """

    steps: int
    calls: int
    x: np.ndarray
    error: float


@dataclass
class _Tally:
    """How often gradients were asked for."""

    calls: int = 0


def counted(problem: Problem) -> tuple[Problem, _Tally]:
    """Return the problem with its gradients counted in the callables, whoever asks."""
    tally = _Tally()

    def count(gradient: Any) -> Any:
        def asked(x: np.ndarray, y: np.ndarray) -> Any:
            tally.calls += 1
            return gradient(x, y)

        return asked

    return replace(problem, grad_f=count(problem.grad_f), grad_g=count(problem.grad_g)), tally


def arrive(case: Case, options: Mapping[str, Any] | None = None) -> Arrival:
    """Run F2BA, one upper step after the other, until the gradient of psi is small.

    Stopping at the true gradient is for studies alone; the tolerance of the method itself is out of its reach.

    Raises
    ------
    ArithmeticError
        Where the run ends elsewhere.
    """
    given = {"upper_step": case.upper_step, "inner_steps": case.inner_steps, **(options or {})}
    method, tally = _f2ba(case, 1e-6 * case.eps, given)
    path, slopes, stop = [method.state.x], [_slope(case, method.state.x)], None
    while _size(slopes[-1]) > case.eps:
        if stop is not None or len(path) > _MOST_STEPS:
            raise ArithmeticError(f"the run ended at |psi'| = {_size(slopes[-1]):.3g} after {len(path)} steps: {stop}")
        stop = method.advance(1).stop
        path.append(method.state.x)  # the iterate; method.x is the best so far
        slopes.append(_slope(case, path[-1]))
    off = [_size((x - new) / case.upper_step - slope) for x, new, slope in zip(path, path[1:], slopes, strict=False)]
    error = max(off, default=0.0)  # of the declared step, which a halved one is not
    return Arrival(steps=len(path) - 1, calls=tally.calls, x=path[-1], error=error)


def arrive_alone(case: Case, tol: float, options: Mapping[str, Any] | None = None) -> Arrival:
    """Run F2BA with the step sizes that it finds for itself, until its own tolerance is met.

    The upper step and the lower steps of the case are not used, and nothing is known of the gradient of psi.

    Raises
    ------
    ArithmeticError
        Where the run ends elsewhere.
    """
    method, tally = _f2ba(case, tol, options or {})
    steps, stop = 0, None
    while method.error(method.state) > tol:
        if stop is not None or steps >= _MOST_STEPS:
            raise ArithmeticError(f"the run ended at {method.error(method.state):.3g} after {steps} steps: {stop}")
        stop, steps = method.advance(1).stop, steps + 1
    return Arrival(steps=steps, calls=tally.calls, x=method.state.x, error=float("nan"))


def arrive_falling(case: Case, options: Mapping[str, Any] | None = None) -> Arrival:
    """Run F2SA, whose sigma and steps fall with the number of the step, until the gradient of psi is small.

    sigma of the case is the first one, and its steps are those of the method. What the method spends on its start is
    not counted.

    Raises
    ------
    ArithmeticError
        Where that takes more than a million steps.
    """
    setting, start, y, tally = _begin(case, 1e-6 * case.eps, options or {})
    method = F2SA(setting, start, y)
    tally.calls, steps = 0, 0
    while _size(_slope(case, method.upper)) > case.eps:
        if steps >= _MOST_STEPS:
            raise ArithmeticError(f"|psi'| > {case.eps:.3g} after {steps} steps")
        steps += 1
        method.step(steps)
    return Arrival(steps=steps, calls=tally.calls, x=method.upper, error=float("nan"))


def _begin(case: Case, tol: float, options: Mapping[str, Any]) -> tuple[Setting, np.ndarray, np.ndarray, _Tally]:
    """Return what a method gets, with the gradients counted in the callables."""
    problem, tally = counted(case.known.problem)
    start = np.atleast_1d(np.asarray(case.start, float))
    y = case.known.solution(start)
    oracles = Oracles(problem, len(start), len(y))
    return Setting(oracles=oracles, X=Free(), Y=Free(), tol=tol, sigma=case.sigma, options=options), start, y, tally


def _f2ba(case: Case, tol: float, options: Mapping[str, Any]) -> tuple[TwoTimeScale, _Tally]:
    setting, start, y, tally = _begin(case, tol, options)
    return TwoTimeScale(setting, start, y), tally


def _slope(case: Case, x: np.ndarray) -> np.ndarray:
    return case.known.gradient(x)


def _size(v: np.ndarray) -> float:
    return float(np.linalg.norm(v))
