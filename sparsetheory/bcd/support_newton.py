"""Newton steps on the support of a quadratic model, signs held: the exact end that coordinate descent lacks."""

from collections.abc import Callable

import numpy as np

from .ridged import solve_ridged
from .shrinkage import Shrinkage

__all__ = ["newton_step", "stop_at_signs"]


def newton_step(gram: np.ndarray, penalty: Shrinkage, w: np.ndarray, slope: np.ndarray) -> bool:
    """Move the nonzero w to the minimiser with their signs held, or to where a sign would change; keep the slope.

    Of two ways of stopping at a sign change, the first one met, or all entries that would change sign set to zero, the
    one with the lower objective is taken; either lowers it. Returns whether the whole step was taken.
    """
    active = np.flatnonzero((w != 0) | penalty.free)
    if len(active) == 0:
        return True
    own, old = penalty.at(active), w[active]
    rows = gram[active]
    block = rows[:, active]
    d = solve_ridged(block, np.diagonal(block) + own.l2, slope[active] - own.l1 * np.sign(old) - own.l2 * old)
    if d is None:
        return False
    new, whole = stop_at_signs(lambda step: block @ step, own, old, slope[active], d)
    w[active] = new
    slope -= (new - old) @ rows
    return whole


def stop_at_signs(
    curve: Callable[[np.ndarray], np.ndarray], own: Shrinkage, old: np.ndarray, slope: np.ndarray, d: np.ndarray
) -> tuple[np.ndarray, bool]:
    """Return the point reached along d from `old`, and whether no sign stood in the way; `curve` multiplies with G."""
    kinked = (own.l1 > 0) | (own.lower == 0)
    crossing = kinked & (np.sign(d) == -np.sign(old)) & (np.abs(d) >= np.abs(old))
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
        return float(0.5 * step @ curve(step) - slope @ step) + own.change(old, step)

    return (cut if change(cut) < change(near) else near), False
