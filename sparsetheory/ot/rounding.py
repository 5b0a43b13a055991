"""Rounding: the nearest cheap point of the transport polytope, and the repair that stays on a plan's own support."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .._validation import check_cost, check_histogram
from ..errors import InvalidArgument
from .problem import _balanced

__all__ = ["Rounding", "repair_on_support", "round_plan", "rounding"]


class Rounding(NamedTuple):
    """The rounded plan in factored form: ``diag(rows) P diag(columns) + row_gap column_share'``."""

    rows: np.ndarray
    columns: np.ndarray
    row_gap: np.ndarray
    column_share: np.ndarray

    def __call__(self, block: np.ndarray, at: slice = slice(None)) -> np.ndarray:
        """Round the rows `at` of the plan, given as `block`."""
        return self.rows[at, None] * block * self.columns + np.outer(self.row_gap[at], self.column_share)


def _shrink(target: np.ndarray, have: np.ndarray) -> np.ndarray:
    """``min(1, target / have)``, 1 where there is nothing to shrink."""
    return np.divide(target, have, out=np.ones_like(have), where=have > target)


def rounding(
    apply: Callable[[np.ndarray], np.ndarray],
    apply_transposed: Callable[[np.ndarray], np.ndarray],
    a: np.ndarray,
    b: np.ndarray,
) -> Rounding:
    """Compute the factors of Altschuler, Weed and Rigollet (2017), algorithm 2, from three products with the plan."""
    rows = _shrink(a, apply(np.ones_like(b)))
    column_sums = apply_transposed(rows)
    columns = _shrink(b, column_sums)
    row_gap = np.maximum(a - rows * apply(columns), 0.0)
    column_gap = np.maximum(b - columns * column_sums, 0.0)
    missing = column_gap.sum()
    return Rounding(rows, columns, row_gap, column_gap / missing if missing > 0 else column_gap)


def round_plan(P: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    r"""Move a nonnegative matrix onto the transport polytope.

    Rows, then columns, that carry too much are scaled down; what is then missing is added as a rank-one matrix:

    .. math:: \mathrm{round}(P) = X P Y + \frac{e_a e_b^\top}{\lVert e_a\rVert_1} \in \Pi(a, b),
              \qquad \lVert P - \mathrm{round}(P)\rVert_1
              \le \tfrac{3}{2}\,(\lVert P1 - a\rVert_1 + \lVert P^\top 1 - b\rVert_1).

    Parameters
    ----------
    P : array_like, shape (n, m)
        Nonnegative and finite.
    a, b : array_like, shapes (n,) and (m,)
        Target masses, nonnegative, with the same positive total; a relative difference of at most 1e-6 is taken as
        rounding, and b is rescaled. Zero entries empty their row or column.

    Returns
    -------
    ndarray, shape (n, m)
        A new matrix, nonnegative, whose marginals are `a` and `b` up to rounding.

    Raises
    ------
    InvalidArgument
        For shapes that do not fit, negative or non-finite entries, or different total masses.

    References
    ----------
    J. Altschuler, J. Weed, P. Rigollet, "Near-linear time approximation algorithms for optimal transport via Sinkhorn
    iteration", NeurIPS 2017, algorithm 2 and lemma 7, with the constant 2; 3/2 is claim ``ot.rounding``.

    Examples
    --------
    >>> import numpy as np
    >>> from sparsetheory.ot.rounding import round_plan
    >>> round_plan(np.array([[0.6, 0.0], [0.0, 0.3]]), [0.5, 0.5], [0.5, 0.5])
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    P = check_cost(P, "P")
    if not (P.min() >= 0 and np.isfinite(P).all()):
        raise InvalidArgument("P", "nonnegative finite entries", f"entries from {P.min()} to {P.max()}")
    a = check_histogram(a, "a", length=P.shape[0])
    b = check_histogram(b, "b", length=P.shape[1])
    return rounding(P.__matmul__, P.T.__matmul__, a, _balanced(a, b))(P)


def _weights(P: np.ndarray, row_gap: np.ndarray, column_gap: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Solve for (u, v) such that ``P * (u 1' + 1 v')`` has the marginals (row_gap, column_gap), in the least norm."""
    r, c = P.sum(axis=1), P.sum(axis=0)
    r, c = np.where(r > 0, r, 1.0), np.where(c > 0, c, 1.0)
    S = P / np.sqrt(r)[:, None] / np.sqrt(c)
    laplacian = np.eye(len(c)) - S.T @ S
    values, vectors = np.linalg.eigh(laplacian)
    # One zero eigenvalue a connected component; its right-hand side is zero when the component's masses agree.
    inverse = np.divide(1.0, values, out=np.zeros_like(values), where=values > 1e-13)
    right = (column_gap - P.T @ (row_gap / r)) / np.sqrt(c)
    v = vectors @ (inverse * (vectors.T @ right)) / np.sqrt(c)
    return (row_gap - P @ v) / r, v


def repair_on_support(P: np.ndarray, a: np.ndarray, b: np.ndarray, *, rounds: int = 4) -> np.ndarray | None:
    """Correct the marginals of `P` without touching an entry that is zero, or return None when that fails.

    Each round adds ``P * (u 1' + 1 v')`` with the one pair (u, v) that makes the marginals exact (one dense symmetric
    solve). It succeeds when the relative corrections stay above -1, that is, close enough to a plan on this support.
    """
    if P.shape[0] < P.shape[1]:
        repaired = repair_on_support(P.T, b, a, rounds=rounds)
        return None if repaired is None else repaired.T
    unit = np.finfo(float).eps * float(a.sum())
    for _ in range(rounds):
        row_gap, column_gap = a - P.sum(axis=1), b - P.sum(axis=0)
        if np.abs(row_gap).sum() + np.abs(column_gap).sum() <= 4 * unit:
            break
        u, v = _weights(P, row_gap, column_gap)
        P = P * (1.0 + u[:, None] + v)
        if not (np.isfinite(P).all() and P.min() >= 0):
            return None
    residual = np.abs(a - P.sum(axis=1)).sum() + np.abs(b - P.sum(axis=0)).sum()
    return P if residual <= sum(P.shape) * unit else None
