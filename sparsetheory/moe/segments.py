"""The best fit of experts of which one is active at a time, in one dimension: regressions on segments of a line."""

from itertools import pairwise

import numpy as np

from .likelihood import Likelihood
from .parameters import Parameters
from .partition import lines_of

__all__ = ["PLACES", "best_segments"]

PLACES = 600  # most places where a segment may end: their number squared is the cost


def best_segments(likelihood: Likelihood, known: float = 1.0, *, most: int = PLACES) -> Parameters | None:
    r"""Return experts and gate rows of the best segmentation; None where that is not this problem.

    .. math:: \max_{c_1 \le \dots \le c_{k-1}} \sum_p \max_{a, b, v} \Big\{ \sum_{c_{p-1} < x_i \le c_p}
        s_i \log N(y_i; a x_i + b, v) - \alpha \big(\tfrac{\hat\sigma^2}{v} + \log v\big) \Big\}

    Every segment has an expert of its own, so that prefix sums give the value of each of them and dynamic programming
    the best partition: the global maximum, up to the resolution of the places where segments may end (all gaps between
    samples if there are few, their quantiles if there are many) and segments of at least three samples. Not for tied
    variances, which couple the segments.

    Parameters
    ----------
    likelihood : Likelihood
    known : float
        The variance where the layout has a known one.
    most : int
        Most places where a segment may end.
    """
    gate, layout = likelihood.gate, likelihood.layout
    if gate.top_k > 1 or gate.slopes_only or layout.d > 1 or gate.n_experts < 2 or layout.variance == "tied":
        return None
    order = np.argsort(likelihood.Z[0], kind="stable")
    x, y, s = likelihood.Z[0][order], likelihood.Z[2][order], likelihood.weight[order]
    ends = _ends(x, most)
    if len(ends) < 3:
        return None
    value, row, variance = _fits(likelihood, x, y, s, ends, known)
    cuts = _best_path(value, gate.n_experts)
    gaps = [0.5 * (x[ends[c] - 1] + x[ends[c]]) for c in cuts[1:-1]]
    count, k = len(cuts) - 1, gate.n_experts
    chosen = [*pairwise(cuts), *[(cuts[0], cuts[1])] * (k - count)]
    at = tuple(np.array(chosen).T)
    rows = lines_of(np.arange(count), np.array(gaps), k, float(np.ptp(x)))
    return layout.referred(Parameters(rows, row[at], variance[at]))


def _ends(x: np.ndarray, most: int) -> np.ndarray:
    """Return the numbers of samples after which a segment may end, 0 and n included."""
    inner = np.flatnonzero(np.diff(x) > 0) + 1
    if len(inner) > most:
        inner = inner[np.linspace(0, len(inner) - 1, most).astype(int)]
    return np.concatenate([[0], inner, [len(x)]])


def _fits(
    likelihood: Likelihood, x: np.ndarray, y: np.ndarray, s: np.ndarray, ends: np.ndarray, known: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return value, regression row and variance of every segment from one end to another; -inf where too short."""
    sums = np.column_stack([s, s * x, s * y, s * x * x, s * x * y, s * y * y, s > 0])
    prefix = np.concatenate([np.zeros((1, 7)), np.cumsum(sums, axis=0)])[ends]
    m, mx, my, mxx, mxy, myy, count = np.moveaxis(prefix[None, :] - prefix[:, None], 2, 0)
    mass = np.where(m > 0, m, 1.0)
    sxx, sxy, syy = mxx - mx * mx / mass, mxy - mx * my / mass, myy - my * my / mass
    usable = (count >= 3) & (sxx > 1e-12 * np.maximum(mxx, 1e-300))
    slope = np.where(usable, sxy / np.where(usable, sxx, 1.0), 0.0)
    squares = np.maximum(syy - slope * sxy, 0.0)
    variance = _variance(likelihood, squares, m, known)
    off = likelihood.penalty * (likelihood.scale / variance + np.log(variance))
    value = -0.5 * (squares / variance + m * np.log(2.0 * np.pi * variance)) - off
    row = np.stack([slope, (my - slope * mx) / mass], axis=2)
    return np.where(usable, value, -np.inf), row, variance


def _variance(likelihood: Likelihood, squares: np.ndarray, mass: np.ndarray, known: float) -> np.ndarray:
    if likelihood.layout.variance != "free":
        return np.full(squares.shape, known)
    a = likelihood.penalty
    top, bottom = squares + 2 * a * likelihood.scale, mass + 2 * a
    return np.maximum(top / np.where(bottom > 0, bottom, 1.0), 1e-6 * likelihood.scale)


def _best_path(value: np.ndarray, most: int) -> list[int]:
    """Return the ends of the best chain of at most `most` segments from the first end to the last."""
    best, steps = value[0], []
    found = [(best[-1], 1)]
    for count in range(2, most + 1):
        through = best[:, None] + value
        steps.append(through.argmax(axis=0))
        best = through.max(axis=0)
        found.append((best[-1], count))
    count = max(found)[1]
    path = [value.shape[0] - 1]
    for step in reversed(steps[: count - 1]):
        path.append(int(step[path[-1]]))
    return [0, *reversed(path)]
