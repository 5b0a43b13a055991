"""Rules as the paper's own code has them, added to the tables: sums of |g_i|, hard thresholding, ties in no order."""

import numpy as np

from sparsetheory.bcd.partition import PARTITIONS, cut
from sparsetheory.bcd.selection import SELECTIONS, Greedy

__all__ = ["register"]


def _sums(scale):
    """Fixed blocks by ``sum_i |g_i| / sqrt(scale_i)``; variable blocks need no row of their own."""
    return Greedy(lambda s: s.block_sums(np.abs(s.gradient) / np.sqrt(np.maximum(scale(s), 1e-300))),
                  "the largest |g_i| are those of the squares")  # fmt: skip


def _by_estimates(state):
    """``g_b^2`` over the largest estimate of the adaptive step in the block, which knows no L_b."""
    estimates = np.maximum.reduceat(state.estimates[state.order], state.starts)
    return state.block_sums(state.gradient**2) / estimates


def _hard_thresholding(state):
    """Ten steps of ``d <- HT(d - (g + H d) / L_f)`` from ``-g / sqrt(L_i)``, kept whether the model falls or not."""
    g, problem = state.gradient, state.problem
    d = -g / np.sqrt(np.maximum(problem.lipschitz, 1e-300))
    for _ in range(10):
        moved = d - (g + problem.curvature_product(d)) / problem.total_lipschitz
        chosen = state.top(np.abs(moved))
        new = np.zeros_like(d)
        new[chosen] = moved[chosen]
        if np.linalg.norm(new - d) < 1e-10:
            break
        d = new
    return chosen


def _unstable(problem, penalty, size, rng):
    """Sorted by L_i, equal ones in no order: quicksort leaves them so, and so scatters a lattice over the blocks."""
    order = rng.permutation(problem.n)
    return cut(order[np.argsort(problem.lipschitz[order], kind="stable")], size)


def register():
    """Add the rows; they run like any other."""
    PARTITIONS["sort, ties shuffled"] = _unstable
    SELECTIONS.update({
        "gs-sum": _sums(lambda s: np.ones(s.problem.n)),
        "gsl-sum": _sums(lambda s: s.scales),
        "gsd-sum": _sums(lambda s: s.problem.lipschitz),
        "gsq-thresholding": Greedy(SELECTIONS["gsq"].fixed, _hard_thresholding),
        "gsl-estimates": Greedy(_by_estimates, "estimates of variable blocks have no block to be of"),
    })  # fmt: skip
