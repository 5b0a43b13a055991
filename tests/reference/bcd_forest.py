"""Forests and partitions as one reads them in a textbook: dense matrices, sets of nodes, no cleverness."""

import numpy as np


def neighbours(A, i):
    """Every j != i with A_ij != 0."""
    return [j for j in range(len(A)) if j != i and A[i, j] != 0]


def has_cycle(A, nodes):
    """Remove nodes with at most one neighbour among the remaining ones, as long as there are any; a cycle remains."""
    rest = set(nodes)
    while True:
        leaves = {i for i in rest if sum(j in rest for j in neighbours(A, i)) <= 1}
        if not leaves:
            return bool(rest)
        rest -= leaves


def tree_partition(A, order):
    """Put each node into the first forest that stays one."""
    forests = []
    for i in order:
        home = next((f for f in forests if not has_cycle(A, f | {i})), None)
        if home is None:
            forests.append({i})
        else:
            home.add(i)
    return np.array([next(k for k, f in enumerate(forests) if i in f) for i in range(len(A))])


def colouring(A, order):
    """Give each node the least-used colour (then the oldest) that no neighbour has."""
    colour = {}
    for i in order:
        used = list(colour.values())
        free = [c for c in range(len(set(used))) if c not in {colour.get(j) for j in neighbours(A, i)}]
        colour[i] = min(free, key=used.count) if free else len(set(used))
    return np.array([colour[i] for i in range(len(A))])


def gauss_seidel(A, c, label, x, n_sweeps):
    """Solve for one block after another with a dense solver."""
    x = x.copy()
    for _ in range(n_sweeps):
        for b in range(label.max() + 1):
            i, j = np.flatnonzero(label == b), np.flatnonzero(label != b)
            x[i] = np.linalg.solve(A[np.ix_(i, i)], c[i] - A[np.ix_(i, j)] @ x[j])
    return x


def symmetric_gauss_seidel(A, label):
    """Return the matrix M = (D + L) D^-1 (D + L)' of which one symmetric sweep from zero is the inverse."""
    same = label[:, None] == label
    D, lower = np.where(same, A, 0.0), np.where(label[:, None] >= label, A, 0.0)
    return lower @ np.linalg.inv(D) @ lower.T


def two_block_rate(A, label):
    """Return rho, the largest eigenvalue of A00^-1 A01 A11^-1 A10."""
    i, j = np.flatnonzero(label == 0), np.flatnonzero(label == 1)
    M = np.linalg.solve(A[np.ix_(i, i)], A[np.ix_(i, j)]) @ np.linalg.solve(A[np.ix_(j, j)], A[np.ix_(j, i)])
    return float(np.linalg.eigvals(M).real.max())
