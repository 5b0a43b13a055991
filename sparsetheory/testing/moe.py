"""Data of a Gaussian mixture of experts that are built from a seed, with the true density and parameters."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from .._validation import check_choice, check_count, check_positive
from ..errors import InvalidArgument
from .building import complete, frozen, one_line, streams

__all__ = ["GATES", "MOE_OFF", "Experts", "MoEFacts", "MoEInstance"]

GATES = ("softmax", "constant", "sharp")

#: What the decorations of a mixture of experts are when they are off.
MOE_OFF: Mapping[str, Any] = {"over_specified": 0, "gate": "softmax", "collinear": False, "near_equal": False}

#: How far the parameters of nearly equal experts lie apart.
NEAR = 1e-2


@dataclass(frozen=True, kw_only=True, eq=False)
class Experts:
    r"""Parameters of :math:`p(y \mid x) = \sum_j \pi_j(x) N(y; a_j^\top x + b_j, v_j)`, :math:`\pi` a softmax.

    Attributes
    ----------
    beta1, beta0 : ndarray, shapes (k, d) and (k,)
        The gate: pi(x) is the softmax of ``beta1 @ x + beta0``.
    a, b : ndarray, shapes (k, d) and (k,)
        Slopes and intercepts of the means.
    v : ndarray, shape (k,)
        Variances, in squared units of y. All arrays are read-only.
    """

    beta1: np.ndarray
    beta0: np.ndarray
    a: np.ndarray
    b: np.ndarray
    v: np.ndarray

    def __post_init__(self) -> None:
        for name in ("beta1", "beta0", "a", "b", "v"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def __len__(self) -> int:
        return len(self.v)

    def log_gate(self, X: np.ndarray) -> np.ndarray:
        """Return log pi_j(x), shape (n, k)."""
        scores = X @ self.beta1.T + self.beta0
        return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)

    def means(self, X: np.ndarray) -> np.ndarray:
        """Return the mean of every expert, shape (n, k)."""
        return X @ self.a.T + self.b

    def log_density(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return log p(y_i | x_i), shape (n,)."""
        squares = (np.asarray(y)[:, None] - self.means(X)) ** 2 / self.v
        return np.logaddexp.reduce(self.log_gate(X) - (squares + np.log(2 * math.pi * self.v)) / 2, axis=1)

    def moments(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and variance of y at every x, each of shape (n,)."""
        gate, means = np.exp(self.log_gate(X)), self.means(X)
        mean = (gate * means).sum(axis=1)
        return mean, (gate * (self.v + (means - mean[:, None]) ** 2)).sum(axis=1)

    def relabelled(self, order: Sequence[int]) -> "Experts":
        """Return the same density with the experts in another order."""
        if sorted(order) != list(range(len(self))):
            raise InvalidArgument("order", f"a permutation of range({len(self)})", order)
        return self._taken(np.asarray(order))

    def translated(self, slope: np.ndarray, intercept: float) -> "Experts":
        """Return the same density with a linear function added to all scores of the gate."""
        return replace(self, beta1=self.beta1 + slope, beta0=self.beta0 + intercept)

    def split(self, j: int, share: float) -> "Experts":
        """Return the same density with expert j in two copies, which have `share` and ``1 - share`` of its weight."""
        if not 0 < check_positive(share, "share") < 1:
            raise InvalidArgument("share", "a number between 0 and 1", share)
        both = self._taken(np.append(np.arange(len(self)), j))
        beta0 = np.array(both.beta0)
        beta0[[j, -1]] += math.log(share), math.log1p(-share)
        return replace(both, beta0=beta0)

    def _taken(self, index: np.ndarray) -> "Experts":
        return Experts(**{name: getattr(self, name)[index] for name in ("beta1", "beta0", "a", "b", "v")})


def _draw(k: int, d: int, gate: str, near_equal: bool, seed: int) -> Experts:
    """Return k experts: intercepts at least one apart, variances between 0.1 and 0.5."""
    gates, means, widths, places = streams(seed, 4)
    beta1, beta0 = gates.standard_normal((k, d)), gates.uniform(-0.5, 0.5, k)
    a, b, v = means.standard_normal((k, d)), 2.0 * places.permutation(k) - (k - 1), widths.uniform(0.1, 0.5, k)
    b = b + means.uniform(-0.5, 0.5, k)
    if near_equal and k > 1:
        a[-1], b[-1], v[-1] = a[0] + NEAR, b[0] + NEAR, v[0] + NEAR
    slope = {"softmax": 1.0, "constant": 0.0, "sharp": 25.0}[gate]
    return Experts(beta1=slope * beta1, beta0=beta0, a=a, b=b, v=v)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class MoEInstance:
    """Data (X, y) drawn from a Gaussian mixture of linear experts with a softmax gate.

    Attributes
    ----------
    X : ndarray, shape (n, d)
        Covariates, uniform on [-1, 1].
    y : ndarray, shape (n,)
    labels : ndarray of int, shape (n,)
        Which expert each y came from. All arrays are read-only.
    truth : Experts
    seed : int
    decorations : mapping
        The decorations that are on.

    Examples
    --------
    >>> from sparsetheory.testing import MoEInstance
    >>> data = MoEInstance.build(seed=2, n=50, d=1, experts=2, over_specified=1)
    >>> data, len(data.truth), data.exact.experts_to_fit
    (MoEInstance.build(seed=2, n=50, d=1, experts=2, over_specified=1), 2, 3)
    """

    X: np.ndarray
    y: np.ndarray
    labels: np.ndarray
    truth: Experts
    seed: int
    decorations: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def build(cls, *, seed: int, n: int, d: int, experts: int, **decorations: Any) -> Self:
        """Draw the parameters and the data.

        Parameters
        ----------
        seed, n, d, experts : int
        over_specified : int, default 0
            How many experts an estimator shall fit beyond the true ones.
        gate : {"softmax", "constant", "sharp"}
            Slopes of the gate of order one, zero, or 25: then it switches almost like an indicator.
        collinear : bool, default False
            The last covariate repeats the first, or is constant where it is the only one.
        near_equal : bool, default False
            The last expert differs from the first by 0.01 in slope, intercept and variance; lost for one expert.
        """
        n, d, k = check_count(n, "n"), check_count(d, "d"), check_count(experts, "experts")
        chosen, on = complete(decorations, MOE_OFF)
        check_count(chosen["over_specified"], "over_specified", minimum=0)
        check_choice(chosen["gate"], "gate", GATES)
        truth = _draw(k, d, chosen["gate"], chosen["near_equal"], seed)
        # streams that the parameters do not use
        places, choice, noise = (np.random.default_rng((seed, 99, part)) for part in range(3))
        X = places.uniform(-1.0, 1.0, (n, d))
        if chosen["collinear"]:
            X[:, -1] = X[:, 0] if d > 1 else 0.5
        reached = np.cumsum(np.exp(truth.log_gate(X)), axis=1)
        labels = (choice.uniform(size=(n, 1)) >= reached[:, :-1]).sum(axis=1)
        y = truth.means(X)[np.arange(n), labels] + np.sqrt(truth.v[labels]) * noise.standard_normal(n)
        return cls(X=frozen(X), y=frozen(y), labels=frozen(labels), truth=truth, seed=seed, decorations=on)

    def __repr__(self) -> str:
        """One line that builds the same data again."""
        n, d = self.X.shape
        sizes = {"n": n, "d": d, "experts": len(self.truth)}
        return one_line("MoEInstance", seed=self.seed, sizes=sizes, on=self.decorations)

    @cached_property
    def exact(self) -> "MoEFacts":
        """What is known of the data."""
        return MoEFacts(self)


@dataclass(frozen=True, eq=False, repr=False)
class MoEFacts:
    """Exact facts of data from a mixture of experts.

    Attributes
    ----------
    instance : MoEInstance
    """

    instance: MoEInstance

    @property
    def experts_to_fit(self) -> int:
        """How many experts an estimator shall fit."""
        return len(self.instance.truth) + int(self.instance.decorations.get("over_specified", 0))

    @cached_property
    def log_likelihood(self) -> float:
        """Sum of log p(y_i | x_i) at the truth; no maximum likelihood fit with as many experts has less."""
        return float(self.instance.truth.log_density(self.instance.X, self.instance.y).sum())

    def density(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the true density at the points y, given one x of shape (d,)."""
        y = np.atleast_1d(np.asarray(y, dtype=float))
        return np.exp(self.instance.truth.log_density(np.broadcast_to(x, (len(y), len(x))), y))

    @cached_property
    def embedded(self) -> Experts:
        """The true density written with `experts_to_fit` experts: the first expert is split in halves."""
        experts = self.instance.truth
        while len(experts) < self.experts_to_fit:
            experts = experts.split(0, 0.5)
        return experts
