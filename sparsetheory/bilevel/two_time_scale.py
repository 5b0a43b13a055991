"""F2BA: two lower levels and the upper one by gradient steps on two time scales, sigma fixed."""

from dataclasses import dataclass

import numpy as np

from .._loop import Chunk
from .._validation import check_count, check_positive
from ..result import Status
from .evaluation import FINEST_SIGMA, Forward, Point
from .methods import Setting, read_options
from .oracles import OracleFailure
from .outer import Evaluate, stationarity

__all__ = ["TwoTimeScale", "TwoTimeScaleOptions"]

_SHARE = 0.02  # sigma, beside the tolerance: the hypergradient is off by a multiple of it
_ROUNDING = 8 * np.finfo(float).eps
_LONGEST = 2**14  # lower steps before an upper one
_SHORTEST = 1e-12  # lower step below which a callable that is not finite is at fault itself
_FALL = 0.25  # of the fall that a straight line promises, at least; 1/2 is what an upper step 1/L is sure of
_FLAT = 0.9999  # contraction of lower steps that is taken for none


@dataclass(frozen=True, kw_only=True)
class TwoTimeScaleOptions:
    """Step sizes of F2BA.

    Attributes
    ----------
    inner_steps : int, default 3
        First number of lower steps before each upper one, two at least; doubled where they turn out to be too few.
    lower_step : float, optional
        First step of both lower levels, cut to the inverse of the steepest change of slope that was seen; 1 unless
        given, for g in its unit.
    upper_step : float, default 1
        First step of the upper level, halved where psi_sigma falls too little.
    """

    inner_steps: int = 3
    lower_step: float | None = None
    upper_step: float = 1.0

    def __post_init__(self) -> None:
        check_count(self.inner_steps, "inner_steps")
        if self.lower_step is not None:
            check_positive(self.lower_step, "lower_step")
        check_positive(self.upper_step, "upper_step")


@dataclass(frozen=True, eq=False)
class _Lower:
    """Both lower points on their way down, and how far they still have to go as their last steps tell.

    `apart` is what y - z still has to go: both start where they were and take the same steps, so that most of their
    errors is common and cancels.
    """

    y: np.ndarray
    z: np.ndarray
    distance: float = np.inf
    apart: float = np.inf


@dataclass(frozen=True, eq=False)
class _State:
    """An upper point with both lower ones; they leave `value` an error `slack`, and `gradient` an error `blur`.

    Of the slack `rounding` is what no lower step takes away.
    """

    x: np.ndarray
    lower: _Lower
    value: float
    gradient: np.ndarray
    upper: float
    slack: float
    rounding: float
    blur: float


class TwoTimeScale:
    r"""T steps down for y and z together, then one upper step that does not depend on sigma:

    .. math:: z \leftarrow P(z - a \nabla_y g(x, z)), \qquad
              y \leftarrow P(y - a (\sigma \nabla_y f + \nabla_y g)(x, y)), \\
              x \leftarrow P(x - a_x [\nabla_x f(x, y) + (\nabla_x g(x, y) - \nabla_x g(x, z))/\sigma]).

    A step has to lower psi_sigma by |x_{k+1} - x_k|^2/(4 a_x), up to the lower error. T doubles where that error blurs
    the direction by more than half of its length, or is large against what the step misses; where a step misses its
    fall with both levels solved, a_x is halved. If neither helps the run ends and says so.

    References
    ----------
    Chen, Ma, Zhang (2025), Near-optimal nonconvex-strongly-convex bilevel optimization with fully first-order oracles,
    JMLR 26(109).
    """

    kind = "penalty"

    def __init__(self, setting: Setting, x: np.ndarray, y: np.ndarray) -> None:
        options = read_options(TwoTimeScaleOptions, setting.options)
        self.oracles, self.X, self.Y, self.tol = setting.judge, setting.X, setting.Y, setting.tol
        self.unit = setting.unit
        self.sigma = max(_SHARE * self.tol, FINEST_SIGMA) if setting.sigma is None else setting.sigma / self.unit
        self.inner_steps, self.upper_step = options.inner_steps, options.upper_step
        self.first_step = self.upper_step
        self.lower_step = 1.0 if options.lower_step is None else options.lower_step * self.unit
        self._why = ""
        start = self.Y.project(y)
        with np.errstate(over="ignore", invalid="ignore"):  # a first step may be far too long
            self.state = self._settled(self.X.project(x), _Lower(start, start))
        self.best = self.state

    @property
    def x(self) -> np.ndarray:
        """The best upper point so far."""
        return self.best.x

    @property
    def point(self) -> Point:
        """What is known of it."""
        at, lower = self.best, self.best.lower
        residual, bracket = lower.distance / self.lower_step, (at.value - at.slack, at.upper)
        return Point(at.value, at.gradient, lower.y, lower.z, None, bracket, self.sigma, residual)

    @property
    def reason(self) -> str:
        """What ended the run before its time, and what the certificate is about."""
        run, judge = self.sigma * self.unit, FINEST_SIGMA * self.unit
        judged = f"Run at sigma = {run:.1e}, judged by the penalty function at sigma = {judge:.3g}."
        return f"{self._why} {judged}".lstrip()

    def again(self) -> Evaluate:
        """Return an evaluation that shares nothing with the run but the point."""
        return Forward(self.oracles, self.Y, self.best.lower.y, self.best.lower.z, FINEST_SIGMA)

    def error(self, at: _State) -> float:
        """Stationarity, and the error of the direction on top."""
        return stationarity(self.X, at.x, at.gradient) + at.blur

    def advance(self, budget: int) -> Chunk:
        """Take one upper step that does not raise psi_sigma, or say why there is none."""
        stop = None
        if self.error(self.state) > self.tol:
            with np.errstate(over="ignore", invalid="ignore"):  # what is not finite never passes a test
                new = self._step()
            if new is None:
                stop = Status.STALLED
            else:
                self.state = new
        if self.error(self.state) <= self.error(self.best):
            self.best = self.state
        extra = {
            "sigma": self.sigma * self.unit,
            "gradients": self.oracles.counts.gradients,
            "inner_steps": self.inner_steps,
        }
        return Chunk(n_iter=1, error=self.error(self.state), objective=self.state.value, stop=stop, extra=extra)

    def _step(self) -> _State | None:
        at, inner_steps = self.state, self.inner_steps
        while True:
            x = self.X.project(at.x - self.upper_step * at.gradient)
            new = self._settled(x, at.lower)
            while 10 * max(at.slack, new.slack) > self._rise(at, new) > 0 and self._longer():
                at, new = self._settled(at.x, at.lower), self._settled(x, new.lower)
            if self._rise(at, new) <= 0:
                return new
            self.upper_step *= 0.5
            self.inner_steps = inner_steps  # what too long a step needed says nothing of a shorter one
            if np.allclose(x, at.x, rtol=1e-15, atol=1e-300):
                if not self._longer():
                    self._why = "psi_sigma rises along its own gradient: the lower levels were not solved."
                    return None
                inner_steps, self.upper_step = self.inner_steps, self.first_step
                at = self._settled(at.x, at.lower)  # a few steps can promise far too much of the way that is left

    def _rise(self, at: _State, new: _State) -> float:
        """How much of its fall psi_sigma missed beyond the lower error; infinite where a number is not finite.

        Not to rise is not enough: a step a little too long makes steep directions grow while flat ones still fall.
        Half of the fall has to be there whatever the lower error, which grows with the iterates.
        """
        moved = new.x - at.x
        fall, rounding = _FALL * float(moved @ moved) / self.upper_step, at.rounding + new.rounding
        rise = new.value - at.value + fall - min(at.slack + new.slack - rounding, fall / 2) - rounding
        return rise if np.isfinite(rise) else np.inf

    def _longer(self) -> bool:
        """Double the lower steps, up to a limit."""
        if self.inner_steps >= _LONGEST:
            return False
        self.inner_steps *= 2
        return True

    def _settled(self, x: np.ndarray, lower: _Lower) -> _State:
        """Take lower steps at x until the direction is known to half of its length."""
        while True:
            lower = self._down(x, lower)
            at = self._state(x, lower)
            known = at.blur <= max(0.5 * stationarity(self.X, x, at.gradient), 0.25 * self.tol)
            if known or not self._longer():
                return at

    def _down(self, x: np.ndarray, lower: _Lower) -> _Lower:
        """Take T steps on both levels; the ratio of the last two lengths tells how much of the way is left.

        A step longer than twice what the change of slope along it allows can raise the residual: it is taken back and
        shortened. One not quite as long is kept, and the next ones are shorter.
        """
        y, z, before, length, apart, done = lower.y, lower.z, 0.0, 0.0, 0.0, 0
        slope_y, slope_z = self._slope(x, y, self.sigma), self._slope(x, z, 0.0)
        while done < max(2, self.inner_steps):
            step_y = self.Y.project(y - self.lower_step * slope_y) - y
            step_z = self.Y.project(z - self.lower_step * slope_z) - z
            found = self._slopes(x, y + step_y, z + step_z)
            if found is None:
                continue
            allowed = min(_allowed(y, step_y, found[0] - slope_y), _allowed(z, step_z, found[1] - slope_z))
            tiny = float(np.linalg.norm(step_y) + np.linalg.norm(step_z)) <= 1e-16 * (1.0 + float(np.linalg.norm(y)))
            if self.lower_step > max(2 * allowed, _SHORTEST) and not tiny:
                self.lower_step = max(allowed, 0.1 * self.lower_step)  # slopes from afar tell little of those nearby
                continue
            y, z, (slope_y, slope_z), done = y + step_y, z + step_z, found, done + 1
            before, length = length, float(np.linalg.norm(step_y) + np.linalg.norm(step_z))
            apart = float(np.linalg.norm(step_y - step_z))
            if tiny:  # what the slopes tell is rounding
                return _Lower(y, z, length, apart)
            self.lower_step = min(self.lower_step, max(allowed, _SHORTEST))
        rate = min(length / before, _FLAT) if before > 0 else _FLAT
        return _Lower(y, z, length * rate / (1 - rate), apart * rate / (1 - rate))

    def _slopes(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """Return both slopes; where a callable is not finite so far out, halve the step instead, down to a limit."""
        try:
            return self._slope(x, y, self.sigma), self._slope(x, z, 0.0)
        except OracleFailure:
            if self.lower_step < _SHORTEST:
                raise
            self.lower_step *= 0.5
            return None

    def _slope(self, x: np.ndarray, y: np.ndarray, sigma: float) -> np.ndarray:
        slope = self.oracles.grad_g_y(x, y)
        return slope + sigma * self.oracles.grad_f_y(x, y) if sigma else slope

    def _state(self, x: np.ndarray, lower: _Lower) -> _State:
        o, s, y, z = self.oracles, self.sigma, lower.y, lower.z
        f_x, g_y, g_z = o.grad_f(x, y)[0], o.grad_g(x, y)[0], o.grad_g(x, z)[0]
        beside, below, bend = o.g(x, y), o.g(x, z), 1 / self.lower_step
        rounding = _ROUNDING * (1 + abs(below)) / s
        return _State(
            x, lower, value=o.f(x, y) + (beside - below) / s, gradient=f_x + (g_y - g_z) / s, upper=o.f(x, z),
            slack=bend * lower.distance * (lower.apart / s + lower.distance) + rounding, rounding=rounding,
            blur=bend * (lower.apart / s + lower.distance),
        )  # fmt: skip


def _allowed(at: np.ndarray, step: np.ndarray, change: np.ndarray) -> float:
    """Return the longest gradient step that the change of slope along a step allows; one of rounding says nothing."""
    length, turn = float(np.linalg.norm(step)), float(np.linalg.norm(change))
    return length / turn if turn > 0 and length > 1e-14 * (1.0 + float(np.linalg.norm(at))) else np.inf
