"""MixingMeasure: the parameters of a mixture of experts as the finite measure that the theory speaks about."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._validation import check_count, check_positive, check_vector
from ..errors import InvalidArgument

__all__ = ["MixingMeasure"]


@dataclass(frozen=True, eq=False)
class MixingMeasure:
    r"""A finite sum of weighted atoms, one an expert.

    .. math:: G = \sum_j e^{\beta_{0j} / \tau} \delta_{(\beta_{1j}, a_j, b_j, v_j)}, \qquad
        p_G(y \mid x) = \sum_j \mathrm{softmax}_j\big((\beta_{1j}^\top x + \beta_{0j}) / \tau\big)
        N(y; a_j^\top x + b_j, v_j)

    Parameters
    ----------
    beta0 : array_like of shape (k,)
        Gate intercepts: logarithms of the weights (times tau).
    beta1 : array_like of shape (k, d)
        Gate slopes; a vector of length k stands for d = 1.
    a : array_like of shape (k, d)
        Slopes of the means; a vector of length k stands for d = 1.
    b : array_like of shape (k,)
        Intercepts of the means.
    v : array_like of shape (k,)
        Variances > 0 (not standard deviations), in squared units of y.
    tau : float, default 1
        Temperature > 0 of the gate.

    Raises
    ------
    InvalidArgument
        For non-finite entries, shapes that do not fit, variances and temperatures that are not positive.

    Notes
    -----
    Adding one linear function to every score of the gate leaves the density as it is, so only the class of measures
    under such translations is identifiable; the losses take an infimum over them.

    References
    ----------
    H. Nguyen, T. Nguyen, N. Ho, "Demystifying softmax gating function in Gaussian mixture of experts", NeurIPS 2023.

    Examples
    --------
    >>> from sparsetheory import moe
    >>> G = moe.MixingMeasure(beta0=[0, 1], beta1=[2, 0], a=[1, -1], b=[2, -2], v=[0.25, 0.25])
    >>> G.n_atoms, G.n_features, G.weights.round(3).tolist()
    (2, 1, [1.0, 2.718])
    """

    beta0: Any
    beta1: Any
    a: Any
    b: Any
    v: Any
    tau: float = 1.0

    def __post_init__(self) -> None:
        beta0 = check_vector(self.beta0, "beta0")
        k = len(beta0)
        clean = {"beta0": beta0, "b": check_vector(self.b, "b", length=k), "v": check_vector(self.v, "v", length=k)}
        for name in ("beta1", "a"):
            clean[name] = _rows(getattr(self, name), name, k)
        if clean["a"].shape != clean["beta1"].shape:
            raise InvalidArgument("a", f"the shape of beta1, {clean['beta1'].shape}", f"shape {clean['a'].shape}")
        if (clean["v"] <= 0).any():
            raise InvalidArgument("v", "variances > 0", float(clean["v"].min()))
        for name, value in clean.items():
            own = np.array(value)
            own.flags.writeable = False
            object.__setattr__(self, name, own)
        object.__setattr__(self, "tau", check_positive(self.tau, "tau"))

    @property
    def n_atoms(self) -> int:
        """Number of experts k."""
        return len(self.beta0)

    @property
    def n_features(self) -> int:
        """Dimension d of x."""
        return int(self.beta1.shape[1])

    @property
    def weights(self) -> np.ndarray:
        """Weights ``exp(beta0 / tau)`` of the atoms; they do not sum to one."""
        return np.exp(self.beta0 / self.tau)

    @property
    def effective(self) -> "MixingMeasure":
        """The same density at temperature one, where scores are linear: slopes and intercepts over tau."""
        return (
            self
            if self.tau == 1.0
            else replace(self, beta0=self.beta0 / self.tau, beta1=self.beta1 / self.tau, tau=1.0)
        )

    def translated(self, *, slope: Any, intercept: float) -> "MixingMeasure":
        """Return the same density with ``slope @ x + intercept`` added to every score of the gate."""
        return replace(self, beta1=self.beta1 + np.asarray(slope), beta0=self.beta0 + intercept)

    def relabelled(self, order: Sequence[int]) -> "MixingMeasure":
        """Return the same measure with its atoms in another order."""
        if sorted(order) != list(range(self.n_atoms)):
            raise InvalidArgument("order", f"a permutation of range({self.n_atoms})", order)
        return self._taken(np.asarray(order))

    def split(self, atom: int, share: float = 0.5) -> "MixingMeasure":
        """Return the same density with an atom in two copies, which have `share` and ``1 - share`` of its weight."""
        atom = self._index(atom, "atom")
        if not 0 < check_positive(share, "share") < 1:
            raise InvalidArgument("share", "a number between 0 and 1", share)
        both = self._taken(np.append(np.arange(self.n_atoms), atom))
        beta0 = np.array(both.beta0)
        beta0[atom] += self.tau * math.log(share)
        beta0[-1] += self.tau * math.log1p(-share)
        return replace(both, beta0=beta0)

    def merged(self, first: int, second: int) -> "MixingMeasure":
        """Return the measure with two atoms replaced by one: weights add up, parameters are their weighted means.

        The variance is the weighted mean too; the spread between the two means is not added to it.
        """
        first, second = self._index(first, "first"), self._index(second, "second")
        if first == second:
            raise InvalidArgument("second", "another atom than first", second)
        pair = np.array([first, second])
        log_weights = self.beta0[pair] / self.tau
        total = float(np.logaddexp(*log_weights))
        share = np.exp(log_weights - total)
        merged = {name: share @ getattr(self, name)[pair] for name in ("beta1", "a", "b", "v")}
        merged["beta0"] = self.tau * total
        rest = self._taken(np.delete(np.arange(self.n_atoms), pair)) if self.n_atoms > 2 else None
        joined = {
            name: np.concatenate([getattr(rest, name), [value]]) if rest is not None else np.array([value])
            for name, value in merged.items()
        }
        return MixingMeasure(**joined, tau=self.tau)

    def _index(self, value: Any, name: str) -> int:
        index = check_count(value, name, minimum=0)
        if index >= self.n_atoms:
            raise InvalidArgument(name, f"an atom, 0 to {self.n_atoms - 1}", index)
        return index

    def _taken(self, index: np.ndarray) -> "MixingMeasure":
        return replace(self, **{name: getattr(self, name)[index] for name in ("beta0", "beta1", "a", "b", "v")})


def _rows(value: Any, name: str, k: int) -> np.ndarray:
    """Return a finite (k, d) array; a vector stands for one column."""
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidArgument(name, f"an array of shape ({k}, d)", type(value).__name__) from None
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or array.shape[0] != k or array.shape[1] == 0:
        raise InvalidArgument(name, f"an array of shape ({k}, d)", f"shape {np.shape(value)}")
    if not np.isfinite(array).all():
        raise InvalidArgument(name, "finite entries", "nan or inf")
    return array
