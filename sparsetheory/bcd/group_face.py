"""Newton steps on the groups that are not zero, where their norms are smooth: the fast end that sweeps lack."""

import numpy as np

from .group_norms import GroupNorms
from .ridged import solve_ridged

__all__ = ["newton_step"]

_HALVINGS = 30
_EPS = float(np.finfo(float).eps)


def newton_step(gram: np.ndarray, penalty: GroupNorms, w: np.ndarray, slope: np.ndarray) -> bool:
    """Move the nonzero groups by a Newton step that lowers the model; keep the slope. Returns whether it was whole."""
    k, norms = len(w), penalty.norms(w)
    on = np.flatnonzero((norms > 0)[penalty.labels])
    if len(on) == 0:
        return False
    labels, old = penalty.labels[on], w[on]
    pull = (penalty.alpha / np.where(norms > 0, norms, 1.0))[labels]
    d = np.zeros(k)
    H = _hessian(gram, on, labels, pull, old / norms[labels])
    found = solve_ridged(H, np.diagonal(H).copy(), slope[on] - pull * old)
    if found is None:
        return False
    d[on] = found
    push = gram[:k, :k] @ d
    rounding = _EPS * float(np.sqrt(np.diagonal(gram)[:k]) @ np.abs(d)) ** 2  # much, where d runs along the null space
    share = _share(penalty, w, d, float(slope @ d), float(push @ d) + rounding)
    if share == 0.0:
        return False
    w += share * d
    slope -= share * push
    return share == 1.0


def _hessian(gram: np.ndarray, on: np.ndarray, labels: np.ndarray, pull: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Return the Hessian: the norm of a group bends by ``pull (I - unit unit')``; groups are consecutive."""
    H = gram[np.ix_(on, on)]
    H.flat[:: len(on) + 1] += pull
    ends = np.append(np.flatnonzero(np.diff(labels)) + 1, len(on))
    start = 0
    for end in ends:
        own = slice(start, end)
        H[own, own] -= np.outer(pull[own] * unit[own], unit[own])
        start = end
    return H


def _share(penalty: GroupNorms, w: np.ndarray, d: np.ndarray, gain: float, curvature: float) -> float:
    """Return the first of 1, 1/2, 1/4, ... at which the model falls, or 0.

    The change of a norm is taken as ``(u - w).(u + w) / (|u| + |w|)``: the difference itself cancels near a solution.
    """
    before, count = penalty.norms(w), len(penalty.alpha)
    share = 1.0
    for _ in range(_HALVINGS):
        step = share * d
        both = before + penalty.norms(w + step)
        rise = np.bincount(penalty.labels, step * (2 * w + step), count)
        paid = float(penalty.alpha @ np.divide(rise, both, out=np.zeros(count), where=both > 0))
        if paid - share * gain + 0.5 * share * share * curvature < 0:
            return share
        share *= 0.5
    return 0.0
