"""Kernels of message passing on forests: check symmetry, root every tree, eliminate upwards, substitute downwards.

Positions: node ``order[k]`` stands at position k, parents before children; ``parent[k]`` is a position, -1 at a root.
Breadth first, so that ``parent`` never decreases inside a tree and both sweeps run through memory in order.
"""

from .._numba import kernel


@kernel
def mirrored(indptr, indices, data, cursor):
    """Whether a canonical CSR matrix (sorted, no duplicates) equals its transpose bit for bit; cursor (n,) is scratch.

    Going down the rows, the entries left of the diagonal of row j are met as mirrors in the order in which they stand:
    cursor[j] is the next of them. No transpose is formed.
    """
    n = len(indptr) - 1
    cursor[:] = indptr[:n]
    for i in range(n):
        for e in range(cursor[i], indptr[i + 1]):
            j = indices[e]
            if j < i:
                return False
            if j > i:
                m = cursor[j]
                if m == indptr[j + 1] or indices[m] != i or data[m] != data[e]:
                    return False
                cursor[j] = m + 1
    return True


@kernel
def root(indptr, indices, data, label, roots, order, position, parent, weight, pivot):
    """Order the subgraph in which only nodes of one label are joined, tree by tree as `roots` (n,) lists them.

    Reads a symmetric CSR matrix; nodes with label < 0 are left out. Writes order, parent, weight (edge to the parent)
    and pivot (diagonal) by position, and position by node (-1 where left out). Returns (positions filled, i, j), where
    the edge (i, j) closes a cycle, or i = -1.
    """
    position[:] = -1
    filled = 0
    for start in roots:
        if label[start] < 0 or position[start] >= 0:
            continue
        order[filled], parent[filled], weight[filled], position[start] = start, -1, 0.0, filled
        head, filled = filled, filled + 1
        while head < filled:
            node = order[head]
            above = order[parent[head]] if parent[head] >= 0 else -1
            pivot[head] = 0.0
            for e in range(indptr[node], indptr[node + 1]):
                other = indices[e]
                if other == node:
                    pivot[head] = data[e]
                    continue
                if other == above or label[other] != label[node]:
                    continue
                if position[other] >= 0:
                    return filled, node, other
                order[filled], parent[filled], weight[filled], position[other] = other, head, data[e], filled
                filled += 1
            head += 1
    return filled, -1, -1


@kernel
def eliminate(parent, weight, floor, pivot, factor):
    """Turn pivot, the diagonal on entry, into that of L D L'; factor[k] is the entry of L between k and its parent.

    Returns the first position met whose pivot is not above its floor (NaN included), or -1.
    """
    for k in range(len(parent) - 1, -1, -1):
        if not pivot[k] > floor[k]:
            return k
        factor[k] = weight[k] / pivot[k]
        if parent[k] >= 0:
            pivot[parent[k]] -= weight[k] * factor[k]
    return -1


@kernel
def substitute(start, stop, parent, pivot, factor, x):
    """Overwrite x[start:stop], right-hand side by position, with the solution of the trees that stand there."""
    for k in range(stop - 1, start - 1, -1):
        if parent[k] >= 0:
            x[parent[k]] -= factor[k] * x[k]
    for k in range(start, stop):
        x[k] /= pivot[k]
        if parent[k] >= 0:
            x[k] -= factor[k] * x[parent[k]]


_J, _V = "int32[::1]", "float64[::1]"
SIGNATURES = {
    mirrored: (f"({_J}, {_J}, {_V}, {_J})",),
    root: (f"({_J}, {_J}, {_V}, {_J}, {_J}, {_J}, {_J}, {_J}, {_V}, {_V})",),
    eliminate: (f"({_J}, {_V}, {_V}, {_V}, {_V})",),
    substitute: (f"(int64, int64, {_J}, {_V}, {_V}, {_V})",),
}
