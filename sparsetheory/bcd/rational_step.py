"""Steps of block descent on a quadratic in rational arithmetic, for proofs: no rounding, a few variables."""

from collections.abc import Sequence
from fractions import Fraction

__all__ = ["block_error", "expected_share", "fall", "share", "shares_of_run", "solve", "two_blocks"]

Matrix = Sequence[Sequence[Fraction]]
Vector = Sequence[Fraction]
Block = Sequence[int]


def solve(A: Matrix, b: Vector) -> list[Fraction]:
    """Return the solution of ``A x = b`` for a positive definite A, by elimination without pivoting.

    Examples
    --------
    >>> solve([[Fraction(2), Fraction(1)], [Fraction(1), Fraction(2)]], [Fraction(3), Fraction(0)])
    [Fraction(2, 1), Fraction(-1, 1)]
    """
    rows = [[*map(Fraction, row), Fraction(t)] for row, t in zip(A, b, strict=True)]
    for k, pivot in enumerate(rows):
        lead = pivot[k]
        rows[k] = pivot = [entry / lead for entry in pivot]
        for i, row in enumerate(rows):
            if i != k and row[k]:
                rows[i] = [entry - row[k] * p for entry, p in zip(row, pivot)]
    return [row[-1] for row in rows]


def _dot(x: Vector, y: Vector) -> Fraction:
    return sum((s * t for s, t in zip(x, y, strict=True)), Fraction(0))


def _times(Q: Matrix, v: Vector) -> list[Fraction]:
    return [_dot(row, v) for row in Q]


def _block(M: Matrix, b: Block) -> list[list[Fraction]]:
    return [[M[i][j] for j in b] for i in b]


def block_error(Q: Matrix, v: Vector) -> Fraction:
    """Return the error ``v'Qv / 2`` at distance v from the minimiser."""
    return _dot(v, _times(Q, v)) / 2


def score(Q: Matrix, v: Vector, b: Block, M: Matrix) -> Fraction:
    """Return ``g_b' M_b^{-1} g_b``, what the rules that know M compare."""
    g = _times(Q, v)
    part = [g[i] for i in b]
    return _dot(part, solve(_block(M, b), part))


def step(Q: Matrix, v: Vector, b: Block, M: Matrix) -> list[Fraction]:
    """Return v after the step ``-M_b^{-1} g_b`` on block b."""
    g, moved = _times(Q, v), list(v)
    for i, d in zip(b, solve(_block(M, b), [g[i] for i in b])):
        moved[i] -= d
    return moved


def fall(Q: Matrix, v: Vector, b: Block, M: Matrix) -> Fraction:
    """Return what the step on block b lowers the error by."""
    return block_error(Q, v) - block_error(Q, step(Q, v, b, M))


def share(Q: Matrix, v: Vector, b: Block, M: Matrix) -> Fraction:
    """Return the share of the error that the step on block b removes."""
    return fall(Q, v, b, M) / block_error(Q, v)


def expected_share(Q: Matrix, v: Vector, blocks: Sequence[Block], M: Matrix, p: Vector) -> Fraction:
    """Return the share removed on average, block b having the probability p_b."""
    return sum((weight * share(Q, v, b, M) for weight, b in zip(p, blocks, strict=True)), Fraction(0))


def shares_of_run(Q: Matrix, v: Vector, blocks: Sequence[Block], M: Matrix, steps: int) -> list[Fraction]:
    """Return the shares of a greedy run: the block with the largest score, the first among equals."""
    found = []
    for _ in range(steps):
        best = max(blocks, key=lambda b: score(Q, v, b, M))
        if not score(Q, v, best, M):
            break
        found.append(share(Q, v, best, M))
        v = step(Q, v, best, M)
    return found


def two_blocks(factors: Sequence[Matrix], rho: Fraction) -> tuple[list[list[Fraction]], list[Block]]:
    r"""Return :math:`F (\begin{smallmatrix} I & \rho I \\ \rho I & I \end{smallmatrix}) F^\top` and its two blocks.

    F has the two square factors on its diagonal. In the sum of block norms of :math:`F_b F_b^\top` the constant of
    strong convexity is exactly :math:`(1 - \rho)/2` for :math:`0 \leq \rho < 1`: the weights :math:`1 - \rho` prove it,
    and the gradient :math:`(F_1 u, -F_2 u)` with a unit vector u attains it.

    Examples
    --------
    >>> one = [[Fraction(1)]]
    >>> two_blocks((one, one), Fraction(1, 2))[0]
    [[Fraction(1, 1), Fraction(1, 2)], [Fraction(1, 2), Fraction(1, 1)]]
    """
    size = len(factors[0])
    F = [[factors[i // size][i % size][j % size] if i // size == j // size else Fraction(0) for j in range(2 * size)]
         for i in range(2 * size)]  # fmt: skip
    core = [[Fraction(int(i == j)) + rho * (abs(i - j) == size) for j in range(2 * size)] for i in range(2 * size)]
    Q = [[_dot(F[i], _times(core, F[j])) for j in range(2 * size)] for i in range(2 * size)]
    return Q, [range(size), range(size, 2 * size)]
