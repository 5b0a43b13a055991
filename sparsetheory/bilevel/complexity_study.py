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

__all__ = ["Arrival", "Case", "arrive", "arrive_falling", "counted"]

_MOST_STEPS = 10**6


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A known problem with one upper variable, and how F2BA is to go about it.

    Attributes
    ----------
    known : Known
    start : float
        Of x; every lower variable starts there as well.
    eps : float
        The run ends where the gradient of psi is no longer.
    sigma, upper_step : float
    inner_steps : int
        Lower steps before each upper one.
    """

    known: Known
    start: float
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
    x : float
        Where the gradient of psi is small.
    error : float
        Largest distance of a direction, (x_k - x_{k+1}) over the upper step, to the gradient of psi at x_k.
    """

    steps: int
    calls: int
    x: float
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
    problem, tally = counted(case.known.problem)
    start = np.array([case.start])
    y = case.known.solution(start)
    setting = Setting(
        oracles=Oracles(problem, 1, len(y)), X=Free(), Y=Free(), tol=1e-6 * case.eps, sigma=case.sigma,
        options={"upper_step": case.upper_step, "inner_steps": case.inner_steps, **(options or {})},
    )  # fmt: skip
    method = TwoTimeScale(setting, start, y)
    path, slopes, stop = [case.start], [_slope(case, case.start)], None
    while abs(slopes[-1]) > case.eps:
        if stop is not None or len(path) > _MOST_STEPS:
            raise ArithmeticError(f"the run ended at |psi'| = {abs(slopes[-1]):.3g} after {len(path)} steps: {stop}")
        stop = method.advance(1).stop
        path.append(float(method.state.x[0]))  # the iterate; method.x is the best so far
        slopes.append(_slope(case, path[-1]))
    off = -np.diff(path) / case.upper_step - slopes[:-1]  # of the declared step, which a halved one is not
    return Arrival(steps=len(path) - 1, calls=tally.calls, x=path[-1], error=float(np.abs(off).max(initial=0.0)))


def arrive_falling(case: Case, options: Mapping[str, Any] | None = None) -> Arrival:
    """Run F2SA, whose sigma and steps fall with the number of the step, until the gradient of psi is small.

    sigma of the case is the first one, and its steps are those of the method. What the method spends on its start is
    not counted.

    Raises
    ------
    ArithmeticError
        Where that takes more than a million steps.
    """
    problem, tally = counted(case.known.problem)
    start = np.array([case.start])
    y = case.known.solution(start)
    setting = Setting(
        oracles=Oracles(problem, 1, len(y)), X=Free(), Y=Free(), tol=1e-6 * case.eps, sigma=case.sigma,
        options=options or {},
    )  # fmt: skip
    method = F2SA(setting, start, y)
    tally.calls, steps = 0, 0
    while abs(_slope(case, float(method.upper[0]))) > case.eps:
        if steps >= _MOST_STEPS:
            raise ArithmeticError(f"|psi'| > {case.eps:.3g} after {steps} steps")
        steps += 1
        method.step(steps)
    return Arrival(steps=steps, calls=tally.calls, x=float(method.upper[0]), error=float("nan"))


def _slope(case: Case, x: float) -> float:
    return float(case.known.gradient(np.array([x]))[0])
