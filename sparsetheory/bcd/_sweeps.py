"""Kernels of block Gauss-Seidel where every block induces a forest; vectors are by position (see `_forest`)."""

from .._numba import kernel
from ._forest import substitute


@kernel
def couplings(indptr, indices, data, label, order, position, row_start, row_middle, columns, values):
    """Write the entries between different blocks as CSR by position, in each row those to earlier blocks first.

    They are followed from row_middle on by those to later blocks. Returns the number of entries.
    """
    filled = 0
    for k in range(len(order)):
        row_start[k] = filled
        node = order[k]
        for e in range(indptr[node], indptr[node + 1]):
            other = indices[e]
            if label[other] < label[node]:
                columns[filled], values[filled] = position[other], data[e]
                filled += 1
        row_middle[k] = filled
        for e in range(indptr[node], indptr[node + 1]):
            other = indices[e]
            if label[other] > label[node]:
                columns[filled], values[filled] = position[other], data[e]
                filled += 1
    row_start[len(order)] = filled
    return filled


@kernel
def exact_block(start, stop, parent, pivot, factor, row_start, columns, values, rhs, x):
    """Minimise over x[start:stop], all else held: its rows of A x = rhs become exact."""
    for k in range(start, stop):
        total = rhs[k]
        for e in range(row_start[k], row_start[k + 1]):
            total -= values[e] * x[columns[e]]
        x[k] = total
    substitute(start, stop, parent, pivot, factor, x)


@kernel
def sweeps(n_sweeps, blocks, parent, pivot, factor, row_start, columns, values, rhs, x):
    """Visit the blocks first to last n_sweeps times; block b stands at positions blocks[b]:blocks[b + 1]."""
    for _ in range(n_sweeps):
        for b in range(len(blocks) - 1):
            exact_block(blocks[b], blocks[b + 1], parent, pivot, factor, row_start, columns, values, rhs, x)


@kernel
def symmetric_sweep(blocks, parent, pivot, factor, row_start, row_middle, columns, values, rhs, x, change):
    """Set x to M^-1 rhs: from zero, first block to last and back. M is symmetric positive definite.

    Forwards later blocks are zero, backwards only they have changed: every entry is read once. `change` is scratch.
    """
    last = len(blocks) - 2
    for b in range(last + 1):
        for k in range(blocks[b], blocks[b + 1]):
            total = rhs[k]
            for e in range(row_start[k], row_middle[k]):
                total -= values[e] * x[columns[e]]
            x[k] = total
        substitute(blocks[b], blocks[b + 1], parent, pivot, factor, x)
    for b in range(last - 1, -1, -1):
        for k in range(blocks[b], blocks[b + 1]):
            total = 0.0
            for e in range(row_middle[k], row_start[k + 1]):
                total += values[e] * x[columns[e]]
            change[k] = total
        substitute(blocks[b], blocks[b + 1], parent, pivot, factor, change)
        for k in range(blocks[b], blocks[b + 1]):
            x[k] -= change[k]


_I, _J, _V = "int64[::1]", "int32[::1]", "float64[::1]"
_TREES, _ROWS = f"{_J}, {_V}, {_V}", f"{_J}, {_J}, {_V}"
SIGNATURES = {
    couplings: (f"({_J}, {_J}, {_V}, {_J}, {_J}, {_J}, {_J}, {_J}, {_J}, {_V})",),
    exact_block: (f"(int64, int64, {_TREES}, {_ROWS}, {_V}, {_V})",),
    sweeps: (f"(int64, {_I}, {_TREES}, {_ROWS}, {_V}, {_V})",),
    symmetric_sweep: (f"({_I}, {_TREES}, {_J}, {_ROWS}, {_V}, {_V}, {_V})",),
}
