"""Kernels that cut a graph into colour classes or forests, one pass over the edges in a given order of the nodes."""

import numpy as np

from .._numba import kernel


@kernel
def colour_greedily(indptr, indices, order, colour):
    """Give each node the least-used colour that no neighbour has, the oldest of those, else a new one.

    Writes colour (n,); returns the number of colours.
    """
    colour[:] = -1
    used = np.zeros(len(colour) + 1, dtype=np.int64)
    taken = np.full(len(colour) + 1, -1, dtype=np.int64)
    n_colours = 0
    for node in order:
        for e in range(indptr[node], indptr[node + 1]):
            if colour[indices[e]] >= 0:
                taken[colour[indices[e]]] = node
        best = n_colours
        for c in range(n_colours):
            if taken[c] != node and (best == n_colours or used[c] < used[best]):
                best = c
        colour[node] = best
        used[best] += 1
        n_colours = max(n_colours, best + 1)
    return n_colours


@kernel
def _tree_of(node, up):
    """Find the representative of the tree of a node, halving the path to it."""
    while up[node] != node:
        up[node] = up[up[node]]
        node = up[node]
    return node


@kernel
def grow_forests(indptr, indices, order, limit, label):
    """Put each node into the first forest where it closes no cycle; -1 if that would be forest number `limit`.

    A node may join when its neighbours there lie in pairwise different trees. Writes label (n,); returns the number of
    forests. One union-find serves all forests, because a node belongs to one of them.
    """
    n = len(label)
    label[:] = -1
    up, size = np.arange(n), np.ones(n, dtype=np.int64)
    touched = np.full(n, -1, dtype=np.int64)  # by tree: the last node that met it
    closed = np.full(n + 1, -1, dtype=np.int64)  # by forest: the last node that may not join it
    n_forests = 0
    for node in order:
        for e in range(indptr[node], indptr[node + 1]):
            other = indices[e]
            if other != node and label[other] >= 0:
                tree = _tree_of(other, up)
                if touched[tree] == node:
                    closed[label[other]] = node
                touched[tree] = node
        forest = 0
        while closed[forest] == node:
            forest += 1
        if forest >= limit:
            continue
        label[node] = forest
        n_forests = max(n_forests, forest + 1)
        for e in range(indptr[node], indptr[node + 1]):
            if label[indices[e]] == forest and indices[e] != node:
                a, b = _tree_of(indices[e], up), _tree_of(node, up)
                if size[a] < size[b]:
                    a, b = b, a
                up[b] = a
                size[a] += size[b]
    return n_forests


_I, _J = "int64[::1]", "int32[::1]"
SIGNATURES = {
    colour_greedily: (f"({_J}, {_J}, {_I}, {_J})",),
    _tree_of: ("(int32, int64[::1])", "(int64, int64[::1])"),
    grow_forests: (f"({_J}, {_J}, {_I}, int64, {_J})",),
}
