"""Newton steps on the support of a quadratic model, signs held: the exact end that coordinate descent lacks."""

import numpy as np

from .shrinkage import Shrinkage

__all__ = ["newton_step"]

_RIDGE = 1e-10  # of the diagonal, where columns of the support depend on each other


def _direction(H: np.ndarray, g: np.ndarray) -> np.ndarray | None:
    """Solve ``H d = g`` by Cholesky; with a small ridge where H is singular, which turns d along its null space."""
    from scipy.linalg.lapack import dpotrf, dpotrs

    diagonal = np.diagonal(H).copy()
    for ridge in (0.0, _RIDGE):
        np.fill_diagonal(H, diagonal * (1.0 + ridge))
        factor, info = dpotrf(H.T, lower=1, overwrite_a=0, clean=0)
        floor = 64 * len(H) * np.finfo(float).eps * diagonal
        if info == 0 and (ridge > 0 or (np.diagonal(factor) ** 2 > floor).all()):
            d, info = dpotrs(factor, g, lower=1)
            return d if info == 0 and np.isfinite(d).all() else None
    return None


def newton_step(gram: np.ndarray, penalty: Shrinkage, w: np.ndarray, slope: np.ndarray) -> bool:
    """Move the nonzero w to the minimiser with their signs held, or to where a sign would change; keep the slope.

    Of two ways of stopping at a sign change, the first one met, or all entries that would change sign set to zero, the
    one with the lower objective is taken; either lowers it. Returns whether the whole step was taken.
    """
    k = len(w)
    support = np.flatnonzero((w != 0) | (penalty.free & (np.diagonal(gram)[:k] > 0)))
    if len(support) == 0:
        return True
    own, old = penalty.at(support), w[support]
    block = gram[np.ix_(support, support)]
    sign = np.sign(old)
    g = slope[support] - own.l1 * sign - own.l2 * old
    H = block + np.diag(own.l2)
    d = _direction(H, g)
    if d is None:
        return False
    new, whole = _stop_at_signs(block, own, old, slope[support], d)
    w[support] = new
    slope -= (new - old) @ gram[support, :k]
    return whole


def _stop_at_signs(
    block: np.ndarray, own: Shrinkage, old: np.ndarray, slope: np.ndarray, d: np.ndarray
) -> tuple[np.ndarray, bool]:
    """Return the point reached along d from `old`, and whether no sign stood in the way."""
    crossing = ~own.free & (np.sign(d) == -np.sign(old)) & (np.abs(d) >= np.abs(old))
    if not crossing.any():
        return old + d, True
    reach = np.full(len(old), np.inf)
    reach[crossing] = -old[crossing] / d[crossing]
    first = reach.min()
    near, cut = old + first * d, old + d
    near[reach <= first] = 0.0
    cut[crossing] = 0.0

    def change(new: np.ndarray) -> float:
        step = new - old
        return float(0.5 * step @ (block @ step) - slope @ step) + own.value(new) - own.value(old)

    return (cut if change(cut) < change(near) else near), False
