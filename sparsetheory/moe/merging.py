"""From one fit with too many experts to fits with fewer: merge the nearest two, again and again."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..errors import InvalidArgument
from .density import log_gate, mean_log_density
from .gate import Gate
from .mixing_measure import MixingMeasure
from .parameters import Parameters
from .scaling import Scaling

__all__ = ["MergePath", "merged_pairs", "merging_path"]


@dataclass(frozen=True, kw_only=True, eq=False)
class MergePath:
    """Mixtures with K, K - 1, ..., 1 experts, each from the one before by merging two of its experts.

    Attributes
    ----------
    orders : ndarray of int, shape (K,)
        K, K - 1, ..., 1.
    measures : tuple of MixingMeasure
        In the units of the data.
    heights : ndarray of shape (K,)
        Dissimilarity of the two experts that are merged next; NaN at the end.
    log_likelihoods : ndarray of shape (K,)
        Weighted mean of log p(y | x) on the data.
    criterion : ndarray of shape (K,)
        ``-(height + log(n) log_likelihood)``, the lower the better; NaN at the end, where there is no height.
    """

    orders: np.ndarray
    measures: tuple[MixingMeasure, ...]
    heights: np.ndarray
    log_likelihoods: np.ndarray
    criterion: np.ndarray

    @property
    def best(self) -> int:
        """The order with the least criterion, two or more; one if there is no other."""
        return 1 if len(self.orders) == 1 else int(self.orders[np.nanargmin(self.criterion)])


def merging_path(gate: Gate, at: Parameters, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> MergePath:
    r"""Merge experts of a fit until one is left.

    At every level the pair with the least dissimilarity

    .. math:: \frac{w_i w_l}{w_i + w_l} \Big\{ \|\beta_{1i} - \beta_{1l}\|^2 + (b_i - b_l)^2
        + \big(\|a_i - a_l\|^2 + (v_i - v_l)^2\big)^{1/2} \Big\}

    is merged, in units where data have variance one, w the mean weights of the gate over the data. A merged atom has
    the weighted means of the parameters, and the score :math:`\rho_i s_i + \rho_l s_l + H(\rho)` with the shares rho of
    the two in their weight and the entropy H: the tangent of the log-sum-exp of both scores, exact for two copies.

    Parameters
    ----------
    gate : Gate
        A softmax of linear scores without dropped experts.
    at : Parameters
        The fit, in the units of the data.
    X, y, weight : ndarray

    Returns
    -------
    MergePath

    Raises
    ------
    InvalidArgument
        For other gates: there, two copies of an expert are not one with the sum of their weights.

    References
    ----------
    "Dendrograms of mixing measures for softmax-gated Gaussian mixture of experts", arXiv:2510.12744, 2025. There
    weights are those of the gate at x = 0, which depend on the origin of the covariates.
    """
    scaling, inner, covariates = _scaled(gate, at, X, y, weight)
    found: list[Parameters] = []
    heights: list[float] = []
    values: list[float] = []
    for order in range(gate.n_experts, 0, -1):
        level = _with_experts(gate, order)
        outer = scaling.parameters_out(inner, linear_gate=True)
        found.append(outer)
        values.append(mean_log_density(level, outer, X, y, weight))
        mass = _mean_weights(level, inner, covariates, weight)
        height, pair = min(_ranked(inner, mass), default=(np.nan, None))
        heights.append(height)
        inner = inner if pair is None else _merged(inner, mass, *pair)
    log_likelihoods, reached = np.array(values), np.array(heights)
    criterion = -(reached + np.log(float(weight.sum())) * log_likelihoods)
    return MergePath(
        orders=np.arange(gate.n_experts, 0, -1), measures=tuple(at.measure for at in found), heights=reached,
        log_likelihoods=log_likelihoods, criterion=criterion,
    )  # fmt: skip


def merged_pairs(
    gate: Gate, at: Parameters, X: np.ndarray, y: np.ndarray, weight: np.ndarray
) -> Iterator[MixingMeasure]:
    """Yield the mixtures with one expert less, one for each pair that can be merged, the least dissimilar first."""
    scaling, inner, covariates = _scaled(gate, at, X, y, weight)
    mass = _mean_weights(gate, inner, covariates, weight)
    for _, pair in sorted(_ranked(inner, mass)):
        yield scaling.parameters_out(_merged(inner, mass, *pair), linear_gate=True).measure


def _scaled(
    gate: Gate, at: Parameters, X: np.ndarray, y: np.ndarray, weight: np.ndarray
) -> tuple[Scaling, Parameters, np.ndarray]:
    """Return the units where data have variance one, with parameters and covariates in them."""
    if not (gate.linear and gate.smooth):
        raise InvalidArgument("gate", "softmax or temperature without top_k", f"{gate.name}, top_k={gate.top_k}")
    scaling = Scaling.of(gate, X, y, weight)
    return scaling, scaling.parameters_in(at, linear_gate=True), scaling.scaled(X, y)[0]


def _mean_weights(gate: Gate, at: Parameters, X: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return np.asarray(np.average(np.exp(log_gate(gate, at, X)), axis=0, weights=weight))


def _ranked(at: Parameters, mass: np.ndarray) -> list[tuple[float, tuple[int, int]]]:
    """Return every pair of experts with its dissimilarity."""
    return [(_dissimilarity(at, mass, i, j), (i, j)) for i, j in combinations(range(len(mass)), 2)]


def _dissimilarity(at: Parameters, mass: np.ndarray, i: int, j: int) -> float:
    """Return how much of the parameters is lost when two experts become one; the formula is at `merging_path`."""
    gate, expert = at.gate[i] - at.gate[j], at.expert[i] - at.expert[j]
    even = float(gate[:-1] @ gate[:-1]) + expert[-1] ** 2
    odd = np.hypot(np.linalg.norm(expert[:-1]), at.variance[i] - at.variance[j])
    return float(mass[i] * mass[j] / max(mass[i] + mass[j], np.finfo(float).tiny) * (even + odd))


def _merged(at: Parameters, mass: np.ndarray, i: int, j: int) -> Parameters:
    """Return the parameters with expert j merged into expert i."""
    pair, total = [i, j], mass[i] + mass[j]
    share = mass[pair] / total if total > 0 else np.full(2, 0.5)
    gate, expert, variance = np.array(at.gate), np.array(at.expert), np.array(at.variance)
    for rows in (gate, expert, variance):
        rows[i] = share @ rows[pair]
    used = share[share > 0]
    gate[i, -1] -= at.tau * float(used @ np.log(used))
    kept = np.delete(np.arange(len(variance)), j)
    return Parameters(gate[kept], expert[kept], variance[kept], at.tau)


def _with_experts(gate: Gate, k: int) -> Gate:
    return Gate(gate.name, gate.code, k, k)
