"""Moves between basins: merge two experts and split a third, and hand experts to other gate rows."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np

from .likelihood import Likelihood
from .parameters import Parameters

__all__ = ["permuted", "split_merges"]


def split_merges(likelihood: Likelihood, at: Parameters, *, most: int) -> Iterator[Parameters]:
    r"""Yield starts in which one pair of experts is merged and another expert is split in two.

    Pairs come in the order of their dissimilarity
    :math:`\frac{w_i w_l}{w_i + w_l} ((b_i - b_l)^2 + \|a_i - a_l\| + |v_i - v_l|)`, experts to split in the order of
    their weighted residual kurtosis; a split goes along the sign of the residuals or along a covariate.

    Parameters
    ----------
    likelihood : Likelihood
    at : Parameters
    most : int
        Number of pairs that are tried.
    """
    k = likelihood.gate.n_experts
    if k < 3:
        return
    mass, kurtosis, spread = _shape(likelihood, at)
    pairs = sorted(combinations(range(k), 2), key=lambda pair: _dissimilarity(at, mass, *pair))
    for i, j in pairs[:most]:
        others = [other for other in np.argsort(-kurtosis) if other not in (i, j)]
        for split in others[:2]:
            for direction in ("up", "across"):
                yield likelihood.layout.pinned(_moved(at, mass, (i, j), int(split), direction, spread))


def _shape(likelihood: Likelihood, at: Parameters) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mass of every expert, the kurtosis of its residuals, and the scales of the covariates."""
    Z, s = likelihood.Z, likelihood.weight
    q = likelihood.layout.q
    posterior = likelihood.responsibilities(at)[0] * s[:, None]
    squares = (Z[q][:, None] - Z[:q].T @ at.expert.T) ** 2
    mass = posterior.sum(axis=0)
    second = np.maximum((posterior * squares).sum(axis=0), 1e-150)  # its square is divided by
    kurtosis = mass * (posterior * squares**2).sum(axis=0) / second**2
    return mass, kurtosis, Z[: q - 1].std(axis=1)


def _dissimilarity(at: Parameters, mass: np.ndarray, i: int, j: int) -> float:
    difference = at.expert[i] - at.expert[j]
    far = difference[-1] ** 2 + np.linalg.norm(difference[:-1]) + abs(at.variance[i] - at.variance[j])
    return float(mass[i] * mass[j] / max(mass[i] + mass[j], 1e-300) * far)


def _moved(
    at: Parameters, mass: np.ndarray, pair: tuple[int, int], split: int, direction: str, spread: np.ndarray
) -> Parameters:
    """Return the parameters with the pair merged in its first place and `split` in two, the second in the other."""
    i, j = pair
    gate, expert, variance = np.array(at.gate), np.array(at.expert), np.array(at.variance)
    share = mass[[i, j]] + 1e-12 * mass.sum()  # two unused experts merge too
    share /= share.sum()
    for rows in (gate, expert, variance):
        rows[i] = share @ rows[[i, j]]
    gate[j], expert[j], variance[j] = gate[split], expert[split], variance[split]
    shift = 0.7 * np.sqrt(variance[split])
    if direction == "up":
        expert[split, -1] += shift
        expert[j, -1] -= shift
    else:
        tilt = np.where(spread > 0, 1.0 / np.where(spread > 0, spread, 1.0), 0.0)
        gate[split, :-1] += 0.5 * tilt
        gate[j, :-1] -= 0.5 * tilt
        expert[split, :-1] += 0.1 * shift * tilt
        expert[j, :-1] -= 0.1 * shift * tilt
    return Parameters(gate, expert, variance, at.tau)


def permuted(likelihood: Likelihood, at: Parameters) -> Parameters:
    r"""Return the parameters with the experts handed to the gate rows that suit them best.

    Gate rows stay; the assignment of experts l to rows j maximises :math:`\sum_i s_i P_{ij} \log f_l(y_i)`, and is kept
    if the likelihood rises with it.
    """
    from scipy.optimize import linear_sum_assignment

    prior = likelihood.responsibilities(at)[1] * likelihood.weight[:, None]
    rows, experts = linear_sum_assignment(prior.T @ likelihood.log_experts(at), maximize=True)
    order = experts[np.argsort(rows)]
    trial = replace(at, expert=at.expert[order], variance=at.variance[order])
    return trial if likelihood.value(trial) > likelihood.value(at) else at
