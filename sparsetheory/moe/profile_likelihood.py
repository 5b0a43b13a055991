"""Profile-likelihood intervals: all values of one parameter that the likelihood ratio does not reject."""

import math
from typing import Any, NamedTuple

import numpy as np

from .._validation import check_choice
from ..errors import InvalidArgument
from .inference import StandardErrors, outwards
from .likelihood import Derivatives, Likelihood, Slope
from .newton import Newton
from .parameters import Layout, Parameters
from .scaling import Scaling

__all__ = ["PARAMETERS", "profile_limits"]

#: Parameters that have an interval, by the names of the fields of `StandardErrors`.
PARAMETERS = ("gate_coef", "gate_intercept", "expert_coef", "expert_intercept", "variance", "temperature")

_TOL = 1e-9  # of gradients per sample along the constraint
_STEPS = 100
_WIDER = 1.5
_FARTHEST = 40  # widenings before a side is called unbounded
_EXACT = 1e-8  # relative, of a limit


class _Point(NamedTuple):
    """A constrained maximum: its distance from the estimate, where it is, and the signed root of the deviance."""

    distance: float
    at: Parameters
    root: float


class _Slice:
    """The likelihood on a hyperplane, ``contrast @ free`` constant, as Newton's method wants an objective."""

    def __init__(self, likelihood: Likelihood, contrast: np.ndarray) -> None:
        self.whole, self.layout = likelihood, self
        self.basis = np.linalg.svd(contrast[None])[2][1:].T

    def moved(self, at: Parameters, step: np.ndarray) -> Parameters:
        """Return the parameters after a step within the hyperplane."""
        return self.whole.layout.moved(at, self.basis @ step)

    def slope(self, at: Parameters) -> Slope:
        """Return the objective with its gradient within the hyperplane."""
        found = self.whole.slope(at)
        return Slope(found.value, self.basis.T @ found.gradient)

    def derivatives(self, at: Parameters) -> Derivatives:
        """Return the objective with gradient and Hessian within the hyperplane."""
        found, basis = self.whole.derivatives(at), self.basis
        return Derivatives(found.value, basis.T @ found.gradient, basis.T @ found.hessian @ basis)


class _Profile:
    """Maxima under the constraint that one parameter is a given distance from its estimate."""

    def __init__(self, likelihood: Likelihood, peak: Parameters, contrast: np.ndarray) -> None:
        self.likelihood, self.contrast, self.peak = likelihood, contrast, peak
        self.top = likelihood.value(peak)
        self.slice = _Slice(likelihood, contrast)

    def point(self, distance: float, near: _Point) -> _Point:
        """Return the maximum at a distance, by Newton's method from another one; the root is NaN where it stalls."""
        along = np.linalg.lstsq(self.likelihood.derivatives(near.at).hessian, self.contrast, rcond=None)[0]
        gain = float(self.contrast @ along)
        if not (math.isfinite(gain) and gain < 0):  # not concave across the constraint
            along, gain = self.contrast, float(self.contrast @ self.contrast)
        start = self.likelihood.layout.moved(near.at, along * (distance - near.distance) / gain)
        newton: Any = Newton(self.slice, start)  # type: ignore[arg-type]
        for _ in range(_STEPS):
            if newton.error <= _TOL or not newton.step():
                break
        if not newton.error <= _TOL:
            return _Point(distance, newton.at, math.nan)
        deviance = 2.0 * self.likelihood.total * (self.top - newton.found.value)
        return _Point(distance, newton.at, math.copysign(math.sqrt(max(deviance, 0.0)), distance))

    def limit(self, target: float, first: float) -> float:
        """Return where the root of the deviance reaches a target, infinity where it never does; NaN for a stall."""
        inside = _Point(0.0, self.peak, 0.0)
        outside = self.point(first, inside)
        for _ in range(_FARTHEST):
            if not abs(outside.root) < abs(target):
                break
            inside, outside = outside, self.point(_WIDER * outside.distance, outside)
        else:
            return math.copysign(math.inf, first)
        return self._between(target, inside, outside)

    def _between(self, target: float, inside: _Point, outside: _Point) -> float:
        """Return the limit by the secant of the root, which is almost linear, safeguarded by bisection."""
        for step in range(_STEPS):
            if math.isnan(outside.root) or abs(outside.distance - inside.distance) <= _EXACT * abs(outside.distance):
                return outside.distance if not math.isnan(outside.root) else math.nan
            share = (target - inside.root) / (outside.root - inside.root)
            share = 0.5 if step % 3 == 2 else min(max(share, 1e-3), 1 - 1e-3)
            middle = self.point(inside.distance + share * (outside.distance - inside.distance), inside)
            if abs(middle.root - target) <= _EXACT or math.isnan(middle.root):
                return middle.distance if not math.isnan(middle.root) else math.nan
            inside, outside = (middle, outside) if abs(middle.root) < abs(target) else (inside, middle)
        return outside.distance


def profile_limits(
    layout: Layout, at: Parameters, X: np.ndarray, y: np.ndarray, weight: np.ndarray, errors: StandardErrors, *,
    name: str, index: Any, level: float,
) -> tuple[float, float]:  # fmt: skip
    r"""Return the values of one parameter between which the likelihood ratio stays below its quantile.

    .. math:: \Big\{ t : 2 \big(\ell(\hat\theta) - \max_{\theta_i = t} \ell(\theta)\big) \leq \chi^2_{1,\,level} \Big\}

    with the log-likelihood itself, without penalties. The constrained maxima are followed outwards from the estimate,
    so that the interval is the part of the set around it.

    Parameters
    ----------
    layout, at, X, y, weight
        As for `sparsetheory.moe.inference.parameter_errors`.
    errors : StandardErrors
        Of the same fit: where they are refused, so are intervals.
    name : str
        One of `PARAMETERS`.
    index : int or tuple of int
        Entry of the array of that name: ``(expert, covariate)`` for slopes, the expert for others.
    level : float
        Confidence, between 0 and 1.

    Returns
    -------
    low, high : float
        In the units of the data; infinite where the likelihood ratio never reaches its quantile, NaN where intervals
        are refused, or Newton's method found no constrained maximum.
    """
    if y.ndim > 1:
        raise InvalidArgument("y", "a single response (profile intervals of several are not there)", f"shape {y.shape}")
    place = _place(layout, name, index)
    if not 0.0 < level < 1.0:
        raise InvalidArgument("level", "a number between 0 and 1", level)
    if errors.refused:
        return math.nan, math.nan
    from scipy.special import ndtri

    scaling = Scaling.of(layout.gate, X, y, weight)
    inner = scaling.parameters_in(at, linear_gate=layout.gate.linear)
    likelihood = Likelihood(
        *scaling.scaled(X, y), weight, layout.gate, layout, penalty=0.0, scale=1.0, ridge=0.0
    )  # fmt: skip
    newton = Newton(likelihood, inner)  # what the ridge has left of the gradient
    for _ in range(_STEPS):
        if newton.error <= _TOL or not newton.step():
            break
    if not newton.error <= _TOL:
        return math.nan, math.nan
    profile = _Profile(likelihood, newton.at, outwards(layout, scaling, inner)[place])
    target, first = float(ndtri(0.5 + 0.5 * level)), math.sqrt(errors.covariance[place, place])
    peak = layout.free(layout.referred(scaling.parameters_out(newton.at, linear_gate=layout.gate.linear)))[place]
    low, high = (float(peak) + profile.limit(sign * target, sign * target * first) for sign in (-1.0, 1.0))
    return (math.exp(low), math.exp(high)) if name in ("variance", "temperature") else (low, high)


def _place(layout: Layout, name: str, index: Any) -> int:
    """Return where a parameter is in the vector of free ones."""
    check_choice(name, "name", PARAMETERS)
    k, q = layout.gate.n_experts, layout.q
    gate, expert = np.full((k, q), -1), np.arange(layout.n_gate, layout.n_gate + layout.n_expert).reshape(k, q)
    gate[: layout.gate.n_rows] = np.arange(layout.n_gate).reshape(-1, q)
    slots = {
        "gate_coef": gate[:, :-1], "gate_intercept": gate[:, -1], "expert_coef": expert[:, :-1],
        "expert_intercept": expert[:, -1], "variance": np.arange(layout.n_full)[layout.log_variances],
        "temperature": np.array(layout.n_full - 1 if layout.gate.free_temperature else -1),
    }[name]  # fmt: skip
    try:
        slot = int(slots[index])
    except (IndexError, TypeError):
        raise InvalidArgument("index", f"an entry of {name}, of shape {slots.shape}", repr(index)) from None
    if slot < 0 or not layout.spread[slot].any():
        raise InvalidArgument("index", f"an entry of {name} that is estimated", f"{index!r}, which is fixed")
    return int(np.flatnonzero(layout.spread[slot])[0])
