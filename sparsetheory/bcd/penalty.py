"""Non-smooth terms: what users write (`L1`, `L1L2`, `Box`, `GroupL1`) and what the rules work with once n is known."""

import math
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from .._validation import check_nonnegative, check_vector
from ..errors import InvalidArgument
from .problem import Problem

__all__ = ["Bound", "Box", "GroupL1", "Groupwise", "L1", "L1L2", "Penalty", "Separable", "bind"]

ALL = slice(None)


@dataclass(frozen=True, eq=False)
class Separable:
    r"""``g(x) = sum_i alpha_i |x_i|`` on ``lower <= x <= upper``; no penalty at all is a member."""

    alpha: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    @property
    def smooth(self) -> bool:
        """Whether g is zero everywhere."""
        return not self.alpha.any() and not self.bounded

    @property
    def bounded(self) -> bool:
        """Whether there is any finite bound."""
        return bool(np.isfinite(self.lower).any() or np.isfinite(self.upper).any())

    def entries(self, x: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return g by coordinate, for x within the bounds."""
        return np.asarray(self.alpha[b] * np.abs(x))

    def change(self, x: np.ndarray, d: np.ndarray, g: Any = 0.0, b: Any = ALL) -> np.ndarray:
        """Return ``g d + penalty(x + d) - penalty(x)`` by coordinate; its terms cancel near a solution."""
        new, alpha = x + d, self.alpha[b]
        slope = alpha * np.where(x != 0, np.sign(x), np.sign(d))
        return np.where(x * new >= 0, (g + slope) * d, g * d + alpha * (np.abs(new) - np.abs(x)))

    def prox(self, v: np.ndarray, step: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return ``argmin_u |u - v|^2 / 2 + step g(u)``, coordinates b of it."""
        shrunk = np.sign(v) * np.maximum(np.abs(v) - step * self.alpha[b], 0.0)
        return np.asarray(np.clip(shrunk, self.lower[b], self.upper[b]))

    def interval(self, x: np.ndarray, b: Any = ALL) -> tuple[np.ndarray, np.ndarray]:
        """Return the ends of the subdifferential of g at x."""
        alpha, sign = self.alpha[b], np.sign(x)
        low = np.where(x <= self.lower[b], -np.inf, np.where(sign == 0, -alpha, alpha * sign))
        high = np.where(x >= self.upper[b], np.inf, np.where(sign == 0, alpha, alpha * sign))
        return low, high

    def steepest(self, x: np.ndarray, g: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return the element of least norm of ``g + subdifferential``; zero exactly at stationarity."""
        low, high = self.interval(x, b)
        return np.clip(0.0, g + low, g + high)

    def pattern(self, x: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return the face of g that x lies on: the sign, plus 3 at a finite bound."""
        return np.sign(x) + 3 * ((x == self.lower[b]) | (x == self.upper[b]))


@dataclass(frozen=True, eq=False)
class Groupwise:
    r"""``g(x) = sum_G alpha_G |x_G|_2`` over disjoint groups that cover the variables."""

    alpha: np.ndarray  # one a group
    labels: np.ndarray  # the group of each variable

    smooth = False

    def norms(self, x: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return the norm of every group; groups without a variable in b get 0."""
        return np.sqrt(np.bincount(self.labels[b], weights=x * x, minlength=len(self.alpha)))

    def entries(self, x: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return g shared out over the variables of each group in proportion to their squares."""
        labels, norms = self.labels[b], self.norms(x, b)
        return np.asarray(self.alpha[labels] * x * x / np.where(norms > 0, norms, 1.0)[labels])

    def change(self, x: np.ndarray, d: np.ndarray, g: Any = 0.0, b: Any = ALL) -> np.ndarray:
        """Return ``g d + penalty(x + d) - penalty(x)``, each group shared out; its terms cancel near a solution."""
        labels = self.labels[b]
        both = (self.norms(x, b) + self.norms(x + d, b))[labels]  # |u| - |x| = (u - x).(u + x) / (|u| + |x|)
        return np.asarray((g + self.alpha[labels] * (2.0 * x + d) / np.where(both > 0, both, 1.0)) * d)

    def prox(self, v: np.ndarray, step: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return the proximal point; `step` is constant on each group and b a union of groups."""
        labels, norms = self.labels[b], self.norms(v, b)[self.labels[b]]
        kept = np.maximum(norms - step * self.alpha[labels], 0.0)
        return v * kept / np.where(norms > 0, norms, 1.0)

    def steepest(self, x: np.ndarray, g: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return the element of least norm of ``g + subdifferential``; zero exactly at stationarity."""
        labels = self.labels[b]
        norms, slopes = self.norms(x, b)[labels], self.norms(g, b)[labels]
        alpha = self.alpha[labels]
        inside = g * np.maximum(1.0 - alpha / np.where(slopes > 0, slopes, 1.0), 0.0)
        return np.where(norms > 0, g + alpha * x / np.where(norms > 0, norms, 1.0), inside)

    def pattern(self, x: np.ndarray, b: Any = ALL) -> np.ndarray:
        """Return which variables belong to a group that is not zero."""
        return self.norms(x, b)[self.labels[b]] > 0


Bound = Separable | Groupwise


class Penalty(Protocol):
    """What `sparsetheory.bcd.minimize` takes as ``penalty``."""

    def bind(self, problem: Problem) -> tuple[Problem, Bound]:
        """Return the problem with the smooth part of the penalty in it, and the rest for its n variables."""
        ...


def _weights(alpha: Any, count: int) -> np.ndarray:
    """Return one nonnegative weight each from a number or a vector."""
    if np.ndim(alpha) == 0:
        return np.full(count, check_nonnegative(alpha, "alpha"))
    weights = check_vector(alpha, "alpha", length=count)
    if (weights < 0).any():
        raise InvalidArgument("alpha", "nonnegative weights", float(weights.min()))
    return weights


def _bounds(value: Any, name: str, n: int, forbidden: float) -> np.ndarray:
    """Return n bounds from a number or a vector; infinite is allowed on its own side only."""
    try:
        bounds = np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), (n,)))
    except (TypeError, ValueError):
        raise InvalidArgument(name, f"a number or a vector of length {n}", f"shape {np.shape(value)}") from None
    if np.isnan(bounds).any() or (bounds == forbidden).any():
        raise InvalidArgument(name, f"bounds that are not nan or {forbidden}", "such an entry")
    return bounds


def unpenalised(n: int) -> Separable:
    """Return the penalty that is zero."""
    return Separable(alpha=np.zeros(n), lower=np.full(n, -np.inf), upper=np.full(n, np.inf))


@dataclass(frozen=True, eq=False)
class L1:
    r"""``g(x) = sum_i alpha_i |x_i|``.

    Parameters
    ----------
    alpha : float or array_like of shape (n,)
        Weights >= 0; 0 leaves a variable without penalty.
    """

    alpha: Any

    def bind(self, problem: Problem) -> tuple[Problem, Bound]:
        """Return the problem and the penalty for its n variables."""
        return problem, replace(unpenalised(problem.n), alpha=_weights(self.alpha, problem.n))


@dataclass(frozen=True, eq=False)
class L1L2:
    r"""Elastic net: ``g(x) = sum_i alpha_i |x_i| + beta/2 |x|^2``; the square joins the smooth part.

    Parameters
    ----------
    alpha : float or array_like of shape (n,)
        Weights >= 0 of the absolute values.
    beta : float
        Weight >= 0 of the square.
    """

    alpha: Any
    beta: float

    def bind(self, problem: Problem) -> tuple[Problem, Bound]:
        """Return the problem with the square in it, and the absolute values."""
        beta = check_nonnegative(self.beta, "beta")
        return replace(problem, l2=problem.l2 + beta), L1(self.alpha).bind(problem)[1]  # type: ignore[type-var]


@dataclass(frozen=True, eq=False)
class Box:
    r"""Bounds ``lower <= x <= upper``, with ``alpha_i |x_i|`` on top where asked for.

    Parameters
    ----------
    lower, upper : float or array_like of shape (n,), default 0 and inf
        Infinite where there is no bound.
    alpha : float or array_like of shape (n,), default 0
        Weights >= 0 of the absolute values: nonnegative L1 is ``Box(alpha=...)``.
    """

    lower: Any = 0.0
    upper: Any = math.inf
    alpha: Any = 0.0

    def bind(self, problem: Problem) -> tuple[Problem, Bound]:
        """Return the problem and the penalty for its n variables."""
        lower = _bounds(self.lower, "lower", problem.n, math.inf)
        upper = _bounds(self.upper, "upper", problem.n, -math.inf)
        if (lower > upper).any():
            where = int(np.flatnonzero(lower > upper)[0])
            raise InvalidArgument("lower", "lower <= upper", f"{lower[where]} > {upper[where]} at index {where}")
        return problem, Separable(alpha=_weights(self.alpha, problem.n), lower=lower, upper=upper)


@dataclass(frozen=True, eq=False)
class GroupL1:
    r"""``g(x) = sum_G alpha_G |x_G|_2``, norms not squared.

    Parameters
    ----------
    alpha : float or array_like, one a group
        Weights >= 0.
    groups : int or array_like of int of shape (n,)
        The group of each variable, labels 0, ..., G-1; an integer s puts s consecutive variables into each group (the
        last may be shorter). For ``Softmax``, ``groups=n_classes`` selects whole features.
    """

    alpha: Any
    groups: Any

    def bind(self, problem: Problem) -> tuple[Problem, Bound]:
        """Return the problem and the penalty for its n variables."""
        if np.ndim(self.groups) == 0:
            if isinstance(self.groups, bool) or int(self.groups) != self.groups or self.groups < 1:
                raise InvalidArgument("groups", "a size >= 1 or a vector of labels", repr(self.groups))
            labels = np.arange(problem.n) // int(self.groups)
        else:
            given = check_vector(self.groups, "groups", length=problem.n)
            labels = given.astype(np.intp)
            if (labels != given).any() or not np.array_equal(np.unique(labels), np.arange(labels.max() + 1)):
                raise InvalidArgument("groups", "integer labels 0, ..., G-1, each used", "others")
        return problem, Groupwise(alpha=_weights(self.alpha, int(labels.max()) + 1), labels=labels)


def bind(problem: Problem, penalty: Penalty | None) -> tuple[Problem, Bound]:
    """Return what is minimised: a smooth problem and a bound penalty."""
    if penalty is None:
        return problem, unpenalised(problem.n)
    if not hasattr(penalty, "bind"):
        raise InvalidArgument("penalty", "None, L1, L1L2, Box or GroupL1", type(penalty).__name__)
    return penalty.bind(problem)
