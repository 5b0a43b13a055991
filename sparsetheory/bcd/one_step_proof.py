"""Exact runs of greedy and of random rules that every proof of a one-step rate ends with."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import numpy as np

from ..verify.bound import Bound
from ..verify.certify import norm_convexity
from ..verify.certify.contraction import evaluate
from ..verify.proof import Step
from .norm_constants import norm_constant
from .rational_step import Block, Matrix, block_error, expected_share, share, shares_of_run, solve, two_blocks

__all__ = ["averaged_step", "greedy_step", "row_sums"]

RHO, UNIT = Fraction(1, 3), (Fraction(3, 5), Fraction(-4, 5))
Symbols = Callable[[Fraction, Matrix], Mapping[str, Fraction]]
Metric = Callable[[Matrix, Sequence[Block]], Matrix]


def example(k: int, n: int = 4) -> tuple[list[list[Fraction]], list[Fraction]]:
    """Return a positive definite matrix of small whole numbers and a distance from its minimiser, by a congruence."""
    B = [[(5 * k * (i + 1) + 3 * j * (j + k) + i * j + 2 * i) % 7 - 3 for j in range(n)] for i in range(n)]
    scale = [1 + (k + i) % 3 for i in range(n)]
    Q = [[Fraction(scale[i] * scale[j] * (sum(B[r][i] * B[r][j] for r in range(n)) + (i == j))) for j in range(n)]
         for i in range(n)]  # fmt: skip
    return Q, [Fraction((3 * k + 2 * i) % 5 - 2 + (i == k % n)) for i in range(n)]


def row_sums(Q: Matrix, b: Block) -> Fraction:
    """Return the largest row sum of absolute values of a block, which is at least L_b."""
    return max(sum((abs(Q[i][j]) for j in b), Fraction(0)) for i in b)


def _proved(Q: Matrix, blocks: Sequence[Block], M: Matrix) -> Fraction:
    """Return a constant of strong convexity in the sum of the M-norms of the blocks, proved by exact pivots."""
    floats = [np.array([[float(entry) for entry in row] for row in A]) for A in (Q, M)]
    weights = norm_constant(floats[0], blocks=blocks, metric=floats[1]).weights
    return norm_convexity(Q, blocks=blocks, H=M, weights=weights).value


def greedy_step(
    bound: Bound, *, symbols: Symbols, metric: Metric, factors: Sequence[Matrix], runs: int = 6, length: int = 4
) -> Step:  # fmt: skip
    r"""Return the step that runs the rule in rational arithmetic, on examples and where the bound is attained.

    Parameters
    ----------
    bound : Bound
        Of the claim.
    symbols : callable (mu, M) -> values of the symbols of the bound
        mu is the constant in the sum of the M-norms, in the scale of which the bound is mu itself.
    metric : callable (Q, blocks) -> M
        The metric of the steps.
    factors : two square matrices
        :math:`F_b` of the extremal instance, whose steps have :math:`M_b = F_b F_b^\top = Q_{bb}`.
    """
    size = len(factors[0])

    def execute(factor: Fraction) -> tuple[bool, str]:
        blocks: list[Block] = [range(start, start + size) for start in range(0, 4, size)]
        done = 0
        for k in range(runs):
            Q, v = example(k)
            M = metric(Q, blocks)
            least = factor * evaluate(bound, **symbols(_proved(Q, blocks, M), M))
            shares = shares_of_run(Q, v, blocks, M, length)
            if not shares or min(shares) < least:
                return False, f"run {k}: a share below {float(least):.6g}"
            done += len(shares)
        Q, pair = two_blocks(factors, RHO)
        unit = UNIT[:size] if size == 2 else (Fraction(1),)
        g = [sum((a * u for a, u in zip(row, unit)), Fraction(0)) for row in factors[0]]
        g += [-sum((a * u for a, u in zip(row, unit)), Fraction(0)) for row in factors[1]]
        mu = norm_convexity(Q, blocks=pair, H=Q, weights=[1 - RHO, 1 - RHO]).value
        found = [share(Q, solve(Q, g), b, Q) for b in pair]
        least = factor * evaluate(bound, **symbols(mu, Q))
        return found == [least, least], f"{done} steps hold; attained: share {found[0]}, bound {least}"

    return Step(
        name="exact runs, and the bound attained",
        evidence="exact certificate",
        statement=(
            r"The rule in rational arithmetic on examples, constants proved by pivots: every step removes its "
            r"share. On "
            r"$Q = F (I + \rho J) F^T$ with two blocks, $J$ exchanging them, at gradient $(F_1 u, -F_2 u)$ with "
            r"$M_b = Q_{bb}$, every block removes exactly the bound, $(1 - \rho)/2$: no better constant holds."
        ),
        check=lambda: execute(Fraction(1)),
        anti_test=lambda: execute(Fraction(1001, 1000)),
    )


def averaged_step(
    bound: Bound, *, symbols: Callable[[Fraction, Sequence[Fraction]], Mapping[str, Fraction]], sampled: bool,
    extremal: tuple[Matrix, Sequence[Fraction], Sequence[Block]], runs: int = 8,
) -> Step:  # fmt: skip
    """Return the step that averages over the blocks in rational arithmetic, on examples and where it is attained.

    Parameters
    ----------
    symbols : callable (mu, L_b of the blocks) -> values of the symbols of the bound
    sampled : bool
        Whether the probabilities are L_b over their sum and steps 1/L_b, or all equal with steps 1/max L_b.
    extremal : Q, v, blocks
        With blocks that are multiples of the identity, and v an eigenvector of the smallest eigenvalue.
    """

    def average(Q: Matrix, v: Sequence[Fraction], blocks: Sequence[Block]) -> tuple[Fraction, list[Fraction]]:
        scales = [row_sums(Q, b) for b in blocks]
        used = scales if sampled else [max(scales)] * len(blocks)
        step = {i: s for s, b in zip(used, blocks) for i in b}
        M = [[step[i] * (i == j) for j in range(len(Q))] for i in range(len(Q))]
        return expected_share(Q, v, blocks, M, [s / sum(used) for s in used]), scales

    def execute(factor: Fraction) -> tuple[bool, str]:
        blocks = [range(2), range(2, 4)]
        for k in range(runs):
            Q, v = example(k)
            unit = [[Fraction(int(i == j)) for j in range(4)] for i in range(4)]
            found, scales = average(Q, v, blocks)
            least = factor * evaluate(bound, **symbols(_proved(Q, [range(4)], unit), scales))
            if found < least:
                return False, f"run {k}: {float(found):.6g} below {float(least):.6g}"
        top, along, parts = extremal
        mu = 2 * block_error(top, along) / sum(t * t for t in along)
        unit = [[Fraction(int(i == j)) for j in range(len(top))] for i in range(len(top))]
        norm_convexity(
            top, blocks=[range(len(top))], H=unit, weights=[mu]
        )  # raises where mu is not the smallest eigenvalue
        found, scales = average(top, along, parts)
        least = factor * evaluate(bound, **symbols(mu, scales))
        return found == least, f"{runs} examples hold; attained: share {found}, bound {least}"

    return Step(
        name="exact averages, and the bound attained",
        evidence="exact certificate",
        statement=(
            r"The average over the blocks in rational arithmetic on examples, $\mu$ proved by pivots: no less than its "
            r"share. Along the eigenvector of the smallest eigenvalue of a matrix with $H_b = L_b I$ it is the bound, "
            r"exactly: no better constant holds."
        ),
        check=lambda: execute(Fraction(1)),
        anti_test=lambda: execute(Fraction(1001, 1000)),
    )
