"""Non-smooth terms as users write them, and what they become once n is known."""

import math
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from .._validation import check_nonnegative, check_positive, check_vector
from ..errors import InvalidArgument
from .folded import Folded
from .groupwise import Groupwise
from .problem import Problem
from .separable import Separable, unpenalised

__all__ = [
    "Bound", "Box", "Folded", "GroupL1", "Groupwise", "L1", "L1L2", "MCP", "Penalty", "SCAD", "Separable",
    "SparseGroupL1", "bind",
]  # fmt: skip

Bound = Separable | Groupwise | Folded


class Penalty(Protocol):
    """What `sparsetheory.bcd.minimize` takes as ``penalty``."""

    def bind(self, problem: Problem) -> tuple[Problem, Bound]:
        """Return the problem with the smooth part of the penalty in it, and the rest for its n variables."""
        ...


def _weights(alpha: Any, count: int, name: str = "alpha") -> np.ndarray:
    """Return one nonnegative weight each from a number or a vector."""
    if np.ndim(alpha) == 0:
        return np.full(count, check_nonnegative(alpha, name))
    weights = check_vector(alpha, name, length=count)
    if (weights < 0).any():
        raise InvalidArgument(name, "nonnegative weights", float(weights.min()))
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


def _labels(groups: Any, n: int) -> np.ndarray:
    """Return the group of each variable from a size or from labels."""
    if not isinstance(groups, (list, tuple)) and np.ndim(groups) == 0:
        if not isinstance(groups, (int, float, np.integer)) or isinstance(groups, bool) or groups < 1 or groups % 1:
            raise InvalidArgument("groups", "a size >= 1 or a vector of labels", repr(groups))
        return np.arange(n) // int(groups)
    given = check_vector(groups, "groups", length=n)
    labels = given.astype(np.intp)
    if (labels != given).any() or not np.array_equal(np.unique(labels), np.arange(labels.max() + 1)):
        raise InvalidArgument("groups", "integer labels 0, ..., G-1, each used", "others")
    return labels


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
        return SparseGroupL1(self.alpha, 0.0, self.groups).bind(problem)


@dataclass(frozen=True, eq=False)
class SparseGroupL1:
    r"""``g(x) = sum_G alpha_G |x_G|_2 + sum_i beta_i |x_i|``: whole groups that are zero, and zeros in the others.

    Parameters
    ----------
    alpha : float or array_like, one a group
        Weights >= 0 of the norms.
    beta : float or array_like of shape (n,)
        Weights >= 0 of the absolute values.
    groups : int or array_like of int of shape (n,)
        As for `GroupL1`.
    """

    alpha: Any
    beta: Any
    groups: Any

    def bind(self, problem: Problem) -> tuple[Problem, Bound]:
        """Return the problem and the penalty for its n variables."""
        labels = _labels(self.groups, problem.n)
        alpha, l1 = _weights(self.alpha, int(labels.max()) + 1), _weights(self.beta, problem.n, "beta")
        return problem, Groupwise(alpha=alpha, labels=labels, l1=l1)


@dataclass(frozen=True, eq=False)
class MCP:
    r"""Minimax concave penalty: the slope of ``alpha_i |x_i|`` falls from the start and is 0 from ``gamma alpha_i`` on.

    .. math:: g(x) = \sum_i \alpha_i |x_i| - \frac{x_i^2}{2\gamma} \quad (|x_i| \le \gamma \alpha_i), \qquad
              \frac{\gamma \alpha_i^2}{2} \quad \text{beyond}

    Not convex: runs descend to a stationary point, ``error`` is the distance to the Frechet subdifferential
    (``[-alpha, alpha]`` at zero), there is no duality gap, and rates of the rules do not hold. Rules that minimise a
    model with more than one variable are refused, because that model may have several minima.

    Parameters
    ----------
    alpha : float or array_like of shape (n,)
        Weights >= 0, the slope at zero.
    gamma : float, default 3
        Above 0. Where ``1 / gamma`` is above L_i the penalty is more concave than the coordinate is curved.

    References
    ----------
    C.-H. Zhang, "Nearly unbiased variable selection under minimax concave penalty", Annals of Statistics 38, 2010.
    """

    alpha: Any
    gamma: float = 3.0

    def bind(self, problem: Problem) -> tuple[Problem, Bound]:
        """Return the problem and the penalty for its n variables."""
        return problem, Folded(_weights(self.alpha, problem.n), 0.0, check_positive(self.gamma, "gamma"))


@dataclass(frozen=True, eq=False)
class SCAD:
    r"""Clipped absolute deviation: ``alpha_i |x_i|`` up to alpha_i, then its slope falls to 0 at ``a alpha_i``.

    Not convex: what `MCP` says of runs and certificates holds here too.

    Parameters
    ----------
    alpha : float or array_like of shape (n,)
        Weights >= 0, the slope at zero.
    a : float, default 3.7
        Above 1.

    References
    ----------
    J. Fan, R. Li, "Variable selection via nonconcave penalized likelihood and its oracle properties", JASA 96, 2001.
    """

    alpha: Any
    a: float = 3.7

    def bind(self, problem: Problem) -> tuple[Problem, Bound]:
        """Return the problem and the penalty for its n variables."""
        if not check_positive(self.a, "a") > 1:
            raise InvalidArgument("a", "a number above 1", self.a)
        return problem, Folded(_weights(self.alpha, problem.n), 1.0, float(self.a))


def bind(problem: Problem, penalty: Penalty | None) -> tuple[Problem, Bound]:
    """Return what is minimised: a smooth problem and a bound penalty."""
    if penalty is None:
        return problem, unpenalised(problem.n)
    if not hasattr(penalty, "bind"):
        raise InvalidArgument("penalty", "None or a penalty of sparsetheory.bcd, as L1", type(penalty).__name__)
    return penalty.bind(problem)
