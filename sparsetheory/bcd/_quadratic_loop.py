"""Kernels of block descent on a quadratic: blocks in a given order, or the best score of a tournament.

Everywhere ``g_i = read_i . s + l2 x_i``, and moving ``x_i`` by d moves s by ``d write_i``; read and write are CSR with
a row for each variable, back is the transpose of read. Least squares: s is the residual, read and write are the columns
of X. A matrix A: ``s = A x - c``, read is the identity, write is A.

A block step is ``x - P_b g_b`` where inverses are given (P_b stands at ``corners[b]``), else the prox of absolute
values and bounds with one constant a variable.
"""

import math

from .._numba import kernel

_NO_CURVATURE = 1e-300
_REPLAY = 16  # what it costs to play one block again, in matches of a tournament played afresh


@kernel
def pattern(x, lower, upper):
    """Return the sign, plus 3 at a bound."""
    sign = 1 if x > 0.0 else (-1 if x < 0.0 else 0)
    return sign + 3 if x in (lower, upper) else sign


@kernel
def prox(x, g, scale, alpha, lower, upper):
    """Return the prox of a coordinate after the step ``-g / scale``."""
    step = 1.0 / max(scale, _NO_CURVATURE)
    v = x - step * g
    u = max(abs(v) - step * alpha, 0.0)
    return min(max(u if v > 0.0 else -u, lower), upper)


@kernel
def absolute_change(alpha, x, d):
    """Return ``alpha (|x + d| - |x|)``; exact where no sign changes."""
    new = x + d
    if x * new < 0.0:
        return alpha * (abs(new) - abs(x))
    return alpha * d if (x > 0.0 or (x == 0.0 and d > 0.0)) else -alpha * d


@kernel
def propose(k, starts, members, scale, inverses, corners, alpha, lower, upper, x, g, news):
    """Write into `news` the values that block k moves to."""
    first, size = starts[k], starts[k + 1] - starts[k]
    for p in range(size):
        i = members[first + p]
        if len(inverses) == 0:
            news[p] = prox(x[i], g[i], scale[i], alpha[i], lower[i], upper[i])
            continue
        total = 0.0
        for q in range(size):
            total += inverses[corners[k] + p * size + q] * g[members[first + q]]
        news[p] = x[i] - total


@kernel
def read_gradient(k, starts, members, read_start, read_index, read_value, l2, x, s, g):
    """Write the gradient on block k."""
    for p in range(starts[k], starts[k + 1]):
        i = members[p]
        total = 0.0
        for e in range(read_start[i], read_start[i + 1]):
            total += read_value[e] * s[read_index[e]]
        g[i] = total + l2 * x[i]


@kernel
def move_block(k, starts, members, alpha, lower, upper, x, g, news, moves):
    """Move block k; return whether it moved, whether a face changed, the penalty's change plus half of ``g.moves``."""
    moved, turned, change = False, False, 0.0
    for p in range(starts[k + 1] - starts[k]):
        i = members[starts[k] + p]
        moves[p] = news[p] - x[i]
        if moves[p] != 0.0:
            moved = True
            before = pattern(x[i], lower[i], upper[i])
            change += 0.5 * g[i] * moves[p] + absolute_change(alpha[i], x[i], moves[p])
            x[i] = news[p]
            turned = turned or pattern(x[i], lower[i], upper[i]) != before
    return moved, turned, change


@kernel
def half_product(k, starts, members, g, moves):
    """Return half of ``g.moves``; with g before and after the move, the two halves are the change of a quadratic."""
    total = 0.0
    for p in range(starts[k + 1] - starts[k]):
        total += 0.5 * g[members[starts[k] + p]] * moves[p]
    return total


@kernel
def visit(
    picked, starts, members, read_start, read_index, read_value, write_start, write_index, write_value,
    scale, inverses, corners, ready, alpha, lower, upper, l2, x, s, g, news, moves, changes, counts,
):  # fmt: skip
    """Move the blocks `picked` in turn; return how many, fewer where an inverse is missing.

    `changes` gets the change of F an iteration; `counts` the iterations since a variable moved, and the last one (the
    first is 1) that changed a face.
    """
    for t in range(len(picked)):
        k = picked[t]
        if len(inverses) > 0 and not ready[k]:
            return t
        read_gradient(k, starts, members, read_start, read_index, read_value, l2, x, s, g)
        propose(k, starts, members, scale, inverses, corners, alpha, lower, upper, x, g, news)
        moved, turned, change = move_block(k, starts, members, alpha, lower, upper, x, g, news, moves)
        counts[0] = 0 if moved else counts[0] + 1
        if turned:
            counts[1] = t + 1
        if moved:
            for p in range(starts[k + 1] - starts[k]):
                i = members[starts[k] + p]
                for e in range(write_start[i], write_start[i + 1]):
                    s[write_index[e]] += write_value[e] * moves[p]
            read_gradient(k, starts, members, read_start, read_index, read_value, l2, x, s, g)
            change += half_product(k, starts, members, g, moves)
        changes[t] = change
    return len(picked)


@kernel
def entry_score(kind, divisor, alpha, lower, upper, x, g):
    """Return the score of a variable: 0 ``g^2 / divisor``, 1 subgradient, 2 length and 3 decrease of the prox step."""
    if kind == 0:
        return g * g / divisor
    if kind == 1:
        low = -alpha if x <= 0.0 else alpha
        high = alpha if x >= 0.0 else -alpha
        least = min(max(0.0, g + low if x > lower else -math.inf), g + high if x < upper else math.inf)
        return least * least
    d = prox(x, g, divisor, alpha, lower, upper) - x
    if kind == 2:
        return d * d
    return -(g * d + absolute_change(alpha, x, d) + 0.5 * divisor * d * d)


@kernel
def block_score(k, kind, starts, members, divisor, alpha, lower, upper, x, g):
    """Return the sum of the scores of a block."""
    total = 0.0
    for p in range(starts[k], starts[k + 1]):
        i = members[p]
        total += entry_score(kind, divisor[i], alpha[i], lower[i], upper[i], x[i], g[i])
    return total


@kernel
def winner(tree, scores, node):
    """Return the better of the two below a node, the first among equals."""
    left, right = tree[2 * node], tree[2 * node + 1]
    return left if right >= len(scores) or (left < len(scores) and scores[left] >= scores[right]) else right


@kernel
def build_tournament(tree, scores):
    """Fill the tree: leaf k stands at ``len(tree) / 2 + k``, the winner of all at 1."""
    half = len(tree) // 2
    for k in range(half):
        tree[half + k] = k
    for node in range(half - 1, 0, -1):
        tree[node] = winner(tree, scores, node)


@kernel
def replay(tree, scores, k):
    """Let block k, whose score changed, play again; stop where it neither won nor wins."""
    node = (len(tree) // 2 + k) // 2
    while node > 0:
        best = winner(tree, scores, node)
        if best == tree[node] and best != k:
            return
        tree[node] = best
        node //= 2


@kernel
def spread_rows(k, starts, members, moves, write_start, write_index, write_value, stamp, sums, rows, s):
    """Move s with block k; return how many of its entries moved, listed in `rows`, by how much in `sums`."""
    n_rows = 0
    for p in range(starts[k + 1] - starts[k]):
        i, d = members[starts[k] + p], moves[p]
        if d == 0.0:
            continue
        for e in range(write_start[i], write_start[i + 1]):
            j = write_index[e]
            if not stamp[j]:
                stamp[j], sums[j], rows[n_rows] = True, 0.0, j
                n_rows += 1
            sums[j] += write_value[e] * d
    for r in range(n_rows):
        stamp[rows[r]] = False
        s[rows[r]] += sums[rows[r]]
    return n_rows


@kernel
def spread_gradient(k, n_rows, rows, sums, starts, members, moves, back_start, back_index, back_value, owner, stale,
                    touched, l2, g):  # fmt: skip
    """Move g with the entries of s that moved; return how many blocks have another gradient, listed in `touched`."""
    stale[k], touched[0], n_touched = True, k, 1  # also where x moved and g did not
    for p in range(starts[k + 1] - starts[k]):
        g[members[starts[k] + p]] += l2 * moves[p]
    for r in range(n_rows):
        j = rows[r]
        for e in range(back_start[j], back_start[j + 1]):
            i = back_index[e]
            g[i] += back_value[e] * sums[j]
            if not stale[owner[i]]:
                stale[owner[i]], touched[n_touched] = True, owner[i]
                n_touched += 1
    return n_touched


@kernel
def greedy(
    picked, kind, divisor, owner, starts, members, write_start, write_index, write_value,
    back_start, back_index, back_value,
    scale, inverses, corners, ready, alpha, lower, upper, l2, x, s, g,
    news, moves, tree, scores, stamp, sums, rows, stale, touched, changes, counts,
):  # fmt: skip
    """Move the block with the best score, again and again; return how many, fewer where one does not move.

    `g` is the whole gradient and is kept up to date, and so are the scores of the blocks that it changed on.
    """
    for k in range(len(scores)):
        scores[k] = block_score(k, kind, starts, members, divisor, alpha, lower, upper, x, g)
    build_tournament(tree, scores)
    for t in range(len(picked)):
        k = tree[1]
        if len(inverses) > 0 and not ready[k]:
            picked[t] = k
            return t
        picked[t] = k
        propose(k, starts, members, scale, inverses, corners, alpha, lower, upper, x, g, news)
        moved, turned, changes[t] = move_block(k, starts, members, alpha, lower, upper, x, g, news, moves)
        if turned:
            counts[1] = t + 1
        if not moved:
            counts[0] += 1
            return t + 1
        counts[0] = 0
        n_rows = spread_rows(k, starts, members, moves, write_start, write_index, write_value, stamp, sums, rows, s)
        n_touched = spread_gradient(
            k, n_rows, rows, sums, starts, members, moves, back_start, back_index, back_value, owner, stale, touched,
            l2, g,
        )  # fmt: skip
        few = _REPLAY * n_touched < len(scores)
        for q in range(n_touched):
            b = touched[q]
            stale[b] = False
            scores[b] = block_score(b, kind, starts, members, divisor, alpha, lower, upper, x, g)
            if few:
                replay(tree, scores, b)
        if not few:
            build_tournament(tree, scores)
        changes[t] += half_product(k, starts, members, g, moves)
    return len(picked)


_I, _J, _V, _B = "int64[::1]", "int32[::1]", "float64[::1]", "boolean[::1]"
_CSR = f"{_J}, {_J}, {_V}"
_BLOCKS = f"{_I}, {_I}"
_STEP = f"{_V}, {_V}, {_I}, {_B}, {_V}, {_V}, {_V}, float64"
SIGNATURES = {
    visit: (f"({_I}, {_BLOCKS}, {_CSR}, {_CSR}, {_STEP}, {_V}, {_V}, {_V}, {_V}, {_V}, {_V}, {_I})",),
    greedy: (
        f"({_I}, int64, {_V}, {_I}, {_BLOCKS}, {_CSR}, {_CSR}, {_STEP}, {_V}, {_V}, {_V}, "
        f"{_V}, {_V}, {_I}, {_V}, {_B}, {_V}, {_I}, {_B}, {_I}, {_V}, {_I})",
    ),
}
