"""Slow obvious twin of the best partition of sorted places into intervals of distinct columns."""

import itertools

import numpy as np


def best_sum(terms):
    """Largest sum over all orders of all subsets of columns and all cuts, every one tried."""
    n, k = terms.shape
    top = -np.inf
    for size in range(1, k + 1):
        for order in itertools.permutations(range(k), size):
            for cuts in itertools.combinations(range(1, n), size - 1):
                ends = (0, *cuts, n)
                parts = (terms[a:b, j].sum() for j, a, b in zip(order, ends[:-1], ends[1:]))
                top = max(top, sum(parts))
    return top
