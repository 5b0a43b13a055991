"""Newton steps on the groups that are not zero, where their norms are smooth: the fast end that sweeps lack."""

import numpy as np

from .group_norms import GroupNorms

__all__ = ["newton_step"]

_RIDGE = 1e-10  # of the diagonal, where columns of the face depend on each other
_HALVINGS = 30


def newton_step(gram: np.ndarray, penalty: GroupNorms, w: np.ndarray, slope: np.ndarray) -> bool:
    """Move the nonzero groups by a Newton step that lowers the model; keep the slope. Returns whether it was whole."""
    k, norms = len(w), penalty.norms(w)
    on = np.flatnonzero((norms > 0)[penalty.labels])
    if len(on) == 0:
        return False
    labels, old = penalty.labels[on], w[on]
    pull = (penalty.alpha / np.where(norms > 0, norms, 1.0))[labels]
    d = np.zeros(k)
    found = _solve(_hessian(gram, on, labels, pull, old / norms[labels]), slope[on] - pull * old)
    if found is None:
        return False
    d[on] = found
    push = gram[:k, :k] @ d
    share = _share(penalty, w, d, float(slope @ d), float(push @ d))
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


def _solve(H: np.ndarray, g: np.ndarray) -> np.ndarray | None:
    """Solve ``H d = g`` by Cholesky; where H is singular a small ridge turns d along its null space."""
    from scipy.linalg.lapack import dpotrf, dpotrs

    curvature = np.diagonal(H).copy()
    for ridge in (0.0, _RIDGE):
        A = H.copy()
        np.fill_diagonal(A, curvature * (1.0 + ridge))
        factor, info = dpotrf(A.T, lower=1, overwrite_a=1, clean=0)  # the transpose is in the order of LAPACK
        floor = 64 * len(A) * np.finfo(float).eps * curvature
        if info == 0 and (ridge > 0 or (np.diagonal(factor) ** 2 > floor).all()):
            d, info = dpotrs(factor, g, lower=1)
            return d if info == 0 and np.isfinite(d).all() else None
    return None


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
