"""Moves between basins of several responses: merge two experts and split a third."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from ...errors import InvalidArgument
from ..density import log_gate
from ..gate import Gate
from .likelihood import MultivariateLikelihood
from .measure import MultivariateMeasure
from .parameters import SequentialParameters

__all__ = ["merged_measures", "split_merges"]


def split_merges(
    likelihood: MultivariateLikelihood, at: SequentialParameters, *, most: int
) -> Iterator[SequentialParameters]:
    r"""Yield starts in which one pair of experts is merged and another expert is split in two.

    Pairs come in the order of their dissimilarity
    :math:`\frac{w_i w_l}{w_i + w_l} (\|b_i - b_l\|^2 + \|A_i - A_l\| + \|\Sigma_i - \Sigma_l\|)`, experts to split in
    the order of the kurtosis of their residuals (Mardia's, over that of a Gaussian); a split goes along the first
    principal axis of the residuals, or along the covariates.

    Parameters
    ----------
    likelihood : MultivariateLikelihood
    at : SequentialParameters
    most : int
        Number of pairs that are tried.
    """
    k = likelihood.gate.n_experts
    if k < 3:
        return
    X, y = likelihood.data
    posterior = likelihood.responsibilities(at)[0] * likelihood.weight[:, None]
    lengths = (at.residuals(X, y) ** 2 / at.variance).sum(axis=2)
    mass, second = posterior.sum(axis=0), np.maximum((posterior * lengths).sum(axis=0), 1e-150)
    kurtosis = mass * (posterior * lengths**2).sum(axis=0) / second**2
    pairs = sorted(combinations(range(k), 2), key=lambda pair: _dissimilarity(at, mass, *pair))
    for i, j in pairs[:most]:
        others = [other for other in np.argsort(-kurtosis) if other not in (i, j)]
        for split in others[:2]:
            for direction in ("up", "across"):
                yield likelihood.layout.pinned(_moved(at, mass, (i, j), int(split), direction, X.std(axis=0)))


def _dissimilarity(at: SequentialParameters, mass: np.ndarray, i: int, j: int) -> float:
    rows, covariance = at.means[i] - at.means[j], at.covariance[i] - at.covariance[j]
    far = (rows[:, -1] ** 2).sum() + np.linalg.norm(rows[:, :-1]) + np.linalg.norm(covariance)
    return float(mass[i] * mass[j] / max(mass[i] + mass[j], 1e-300) * far)


def merged_measures(
    gate: Gate, at: SequentialParameters, X: np.ndarray, y: np.ndarray, weight: np.ndarray
) -> Iterator[MultivariateMeasure]:
    """Yield the mixtures with one expert less, one for each pair of experts merged."""
    if not (gate.linear and gate.smooth):
        raise InvalidArgument("gate", "softmax or temperature without top_k", f"{gate.name}, top_k={gate.top_k}")
    mass = np.average(np.exp(log_gate(gate, at, X)), axis=0, weights=weight)
    for i, j in combinations(range(gate.n_experts), 2):
        rows, means, covariance = np.array(at.gate), at.means, at.covariance
        share = _merge([rows, means, covariance], mass, i, j)
        rows[i, -1] -= at.tau * float(share @ np.log(share))  # two copies have the sum of their weights
        kept = np.delete(np.arange(gate.n_experts), j)
        parts = rows[kept], means[kept], covariance[kept]
        yield SequentialParameters.joined(*parts, at.tau, full=at.full).measure


def _merge(arrays: list[np.ndarray], mass: np.ndarray, i: int, j: int) -> np.ndarray:
    """Put the averages of places i and j, weighted by their masses, into place i; return the shares of both."""
    share = mass[[i, j]] + 1e-12 * mass.sum()  # two unused experts merge too
    share /= share.sum()
    for rows in arrays:
        rows[i] = share[0] * rows[i] + share[1] * rows[j]
    return share


def _moved(
    at: SequentialParameters, mass: np.ndarray, pair: tuple[int, int], split: int, direction: str, spread: np.ndarray
) -> SequentialParameters:
    """Return the parameters with the pair merged in its first place and `split` in two, the second in the other."""
    i, j = pair
    gate, means, covariance = np.array(at.gate), at.means, at.covariance
    _merge([gate, means, covariance], mass, i, j)
    gate[j], means[j], covariance[j] = gate[split], means[split], covariance[split]
    values, vectors = np.linalg.eigh(covariance[split])
    shift = 0.7 * np.sqrt(values[-1]) * vectors[:, -1]
    if direction == "up":
        means[split, :, -1] += shift
        means[j, :, -1] -= shift
    else:
        tilt = np.where(spread > 0, 1.0 / np.where(spread > 0, spread, 1.0), 0.0)
        gate[split, :-1] += 0.5 * tilt
        gate[j, :-1] -= 0.5 * tilt
        means[split, :, :-1] += 0.1 * np.outer(shift, tilt)
        means[j, :, :-1] -= 0.1 * np.outer(shift, tilt)
    return SequentialParameters.joined(gate, means, covariance, at.tau, full=at.full)
