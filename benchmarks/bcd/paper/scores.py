"""Scores as the paper's own code has them, added to the table of selections: sums of |g_i| in place of squares."""

import numpy as np

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


def register():
    """Add the rows; they run like any other."""
    SELECTIONS.update({
        "gs-sum": _sums(lambda s: np.ones(s.problem.n)),
        "gsl-sum": _sums(lambda s: s.scales),
        "gsd-sum": _sums(lambda s: s.problem.lipschitz),
        "gsl-estimates": Greedy(_by_estimates, "estimates of variable blocks have no block to be of"),
    })  # fmt: skip
