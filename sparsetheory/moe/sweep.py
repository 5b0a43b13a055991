"""Line search of a sparse gate along each of its coordinates, over the values at which samples switch experts."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from .cells import ranking
from .likelihood import Likelihood
from .parameters import Parameters
from .partition import best_partition

__all__ = ["swept"]

_FAR = 1e3  # most that a coordinate moves, in units where covariates have variance one
_NEAR = 8  # cells on either side that are tried where several active experts do not allow to try all
_SPREAD = 16  # cells at quantiles of the switching values that are tried besides
_GAIN = 1e-10  # least gain per sample that counts
_FLAT = 1e-12  # covariates below do not move a score


def swept(likelihood: Likelihood, at: Parameters) -> tuple[Parameters, float]:
    """Return better gate rows and what they gain per sample; the same parameters and 0 where none are found.

    Along a coordinate the likelihood is smooth between switching values and jumps there. With one active expert it is
    piecewise constant, and all its values come from one sort and one cumulative sum; in one dimension the best gate of
    all is found, whatever the order of the experts. With more active experts the middles of the cells next to the
    present one and of cells at quantiles of the switching values are tried.
    """
    start = value = likelihood.value(at)
    log_f = likelihood.log_experts(at)
    partition = best_partition(likelihood, at, log_f)
    if partition is not None:
        value, at = _better(likelihood, value, at, partition)
        return at, value - start
    for row in range(likelihood.gate.n_experts):
        for coordinate in range(likelihood.layout.q - likelihood.gate.slopes_only):
            rows = np.array(at.gate)
            rows[row, coordinate] += _best_step(likelihood, _lines(likelihood, at, log_f, row, coordinate))
            trial = likelihood.layout.referred(replace(at, gate=rows))
            value, at = _better(likelihood, value, at, trial)
    return at, value - start


def _better(likelihood: Likelihood, value: float, at: Parameters, trial: Parameters) -> tuple[float, Parameters]:
    """Return the trial if its objective is higher."""
    found = likelihood.value(trial)
    return (found, trial) if found > value + _GAIN else (value, at)


class _Lines(NamedTuple):
    """The log density of every sample along one coordinate t of one gate row.

    A sample whose `speed` is positive has the row's expert active for t above its `switch`, one whose speed is negative
    below; then its log density is ``log((exp(own + score) + with_sum) / (exp(score) + with_weight))``, with
    ``score = start + speed t``; otherwise it is `without`.
    """

    speed: np.ndarray
    switch: np.ndarray
    start: np.ndarray
    own: np.ndarray
    with_sum: np.ndarray
    with_weight: np.ndarray
    without: np.ndarray

    def active(self, t: float) -> np.ndarray:
        """Return for which samples the row's expert is active."""
        return np.where(self.speed > 0, t > self.switch, t < self.switch)

    def values(self, t: float) -> np.ndarray:
        """Return the log densities."""
        score = self.start + self.speed * t
        present = np.logaddexp(score + self.own, self.with_sum) - np.logaddexp(score, self.with_weight)
        return np.where(self.active(t), present, self.without)


def _lines(likelihood: Likelihood, at: Parameters, log_f: np.ndarray, row: int, coordinate: int) -> _Lines:
    top_k, others = likelihood.gate.top_k, np.delete(np.arange(len(at.variance)), row)
    rank = ranking(likelihood, at.gate)
    scores = (likelihood.Z[: likelihood.layout.q].T @ at.gate.T) / at.tau
    order = np.argsort(-rank[:, others], axis=1, kind="stable")
    threshold = np.take_along_axis(rank[:, others], order[:, top_k - 1 : top_k], axis=1)[:, 0]
    weights = np.take_along_axis(scores[:, others], order, axis=1)
    joint = np.take_along_axis((scores + log_f)[:, others], order, axis=1)
    x = likelihood.Z[coordinate]
    moves = np.abs(x) > _FLAT
    never = np.where(rank[:, row] > threshold, -np.inf, np.inf)  # a speed of zero counts as negative
    switch = np.where(moves, (threshold - rank[:, row]) / np.where(moves, x, 1.0), -never)
    return _Lines(
        np.where(moves, x, 0.0) / at.tau, switch, scores[:, row], log_f[:, row], _log_sum(joint[:, : top_k - 1]),
        _log_sum(weights[:, : top_k - 1]), _log_sum(joint[:, :top_k]) - _log_sum(weights[:, :top_k]),
    )  # fmt: skip


def _log_sum(terms: np.ndarray) -> np.ndarray:
    """Logarithm of the sum of exponentials over columns, -inf where there are none."""
    return np.logaddexp.reduce(terms, axis=1) if terms.shape[1] else np.full(len(terms), -np.inf)


def _best_step(likelihood: Likelihood, lines: _Lines) -> float:
    """Return the best step found along the lines, 0 for none."""
    ends = np.sort(lines.switch[np.abs(lines.switch) < _FAR])
    edges = np.concatenate([[-_FAR], ends, [_FAR]])
    wide = np.diff(edges) > 1e-9 * (1.0 + np.abs(edges[1:]))
    middles = 0.5 * (edges[1:] + edges[:-1])
    if len(ends):  # beyond the last switch any step will do
        middles[0], middles[-1] = max(ends[0] - 1.0, -_FAR), min(ends[-1] + 1.0, _FAR)
    if likelihood.gate.top_k == 1:
        values = _cumulated(likelihood.weight, lines)
        return float(middles[np.flatnonzero(wide)[np.argmax(values[wide])]]) if wide.any() else 0.0
    cells = np.flatnonzero(wide)
    here = int(np.searchsorted(middles[cells], 0.0))
    chosen = {*range(here - _NEAR, here + _NEAR), *np.linspace(0, len(cells) - 1, _SPREAD).astype(int).tolist()}
    steps = [0.0] + [float(middles[cells[c]]) for c in sorted(chosen) if 0 <= c < len(cells)]
    return max(steps, key=lambda t: float(likelihood.weight @ lines.values(t)))


def _cumulated(weight: np.ndarray, lines: _Lines) -> np.ndarray:
    """Return the weighted log-likelihood of every cell along the lines, for one active expert."""
    near = np.flatnonzero(np.abs(lines.switch) < _FAR)
    near = near[np.argsort(lines.switch[near], kind="stable")]
    change = weight[near] * (lines.own - lines.without)[near] * np.sign(lines.speed[near])
    first = weight @ np.where(lines.active(-_FAR), lines.own, lines.without)
    return np.asarray(first + np.concatenate([[0.0], np.cumsum(change)]))
