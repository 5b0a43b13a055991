"""The Newton system of the semi-dual: a graph Laplacian, sparsified by mass, solved by CG or by Cholesky."""

from typing import NamedTuple

import numpy as np

from ._semi_dual import (
    count_kept,
    dense_cg,
    dense_gram_diagonal,
    extract,
    sparse_cg,
    sparse_gram_diagonal,
)

__all__ = ["Direction", "newton_direction"]

_DENSE = 0.1  # above this kept density a sparse product costs more than a dense one
_CG_LIMIT = 300  # iterations after which a nearly disconnected plan is factorised instead
_CG_ENTRIES = 2_000_000_000  # entries visited where it is too large to be factorised: some seconds without Ctrl-C
_LARGEST_FACTOR = 3_000  # columns
_TINY = 1e-290  # stands in for a column sum that underflowed


class Direction(NamedTuple):
    """A Newton direction in units of reg, and what it took."""

    step: np.ndarray
    cg_iter: int
    density: float
    factorised: bool


def newton_direction(
    plan: np.ndarray, a: np.ndarray, b: np.ndarray, columns: np.ndarray, *, drop: float, shift: float, forcing: float
) -> Direction:
    r"""Solve :math:`(\mathrm{diag}(c)(1 + \mathrm{shift}) - P_s^\top \mathrm{diag}(1/a) P_s)\, x = b - c`.

    Parameters
    ----------
    plan : ndarray (n, m)
        The plan P, its rows exact; `columns` holds its column sums c.
    drop : float
        :math:`P_s` keeps the entries with ``P_ij > drop * a_i`` or ``P_ij > drop * b_j``. The diagonal stays that of
        the full plan, so the matrix is strictly diagonally dominant and what is dropped acts as a shift.
    shift : float
        Levenberg shift, relative to the diagonal c.
    forcing : float
        Relative residual at which conjugate gradients stop.
    """
    rhs = b - columns
    rhs -= columns * (rhs.sum() / columns.sum())  # the gauge direction carries rounding only
    kept = np.empty(len(a), dtype=np.int64)
    count_kept(plan, a, b, drop, kept)
    density = float(kept.sum()) / plan.size
    lifted = columns * (1.0 + shift)
    if density > _DENSE:
        x, done, reached = _solve_dense(plan, a, lifted, rhs, forcing)
    else:
        x, done, reached = _solve_sparse(plan, a, b, lifted, rhs, forcing, drop, kept)
    if not reached and len(b) <= _LARGEST_FACTOR:
        exact = _factorised(plan, a, columns, shift, rhs)
        if exact is not None:
            return Direction(exact, done, density, True)
    return Direction(x, done, density, False)


def _limit(m: int, entries: int) -> int:
    """Iterations to allow: few where a factorisation can take over, else as many as keep Ctrl-C alive."""
    return _CG_LIMIT if m <= _LARGEST_FACTOR else max(_CG_LIMIT, _CG_ENTRIES // (entries + 1))


def _solve_dense(
    plan: np.ndarray, a: np.ndarray, lifted: np.ndarray, rhs: np.ndarray, forcing: float
) -> tuple[np.ndarray, int, bool]:
    x, diagonal = np.empty_like(rhs), np.empty_like(rhs)
    dense_gram_diagonal(plan, a, diagonal)
    limit, work = _limit(len(rhs), plan.size), np.empty((4, len(rhs)))
    done, reached = dense_cg(plan, a, lifted, _inverse(lifted, diagonal), rhs, forcing, limit, x, work)
    return x, done, reached


def _solve_sparse(
    plan: np.ndarray, a: np.ndarray, b: np.ndarray, lifted: np.ndarray, rhs: np.ndarray, forcing: float,
    drop: float, kept: np.ndarray,
) -> tuple[np.ndarray, int, bool]:  # fmt: skip
    x, diagonal = np.empty_like(rhs), np.empty_like(rhs)
    start = np.concatenate(([0], np.cumsum(kept)))
    at, values = np.empty(start[-1], dtype=np.int64), np.empty(start[-1])
    extract(plan, a, b, drop, start, at, values)
    sparse_gram_diagonal(start, at, values, a, diagonal)
    limit, work = _limit(len(rhs), len(values)), np.empty((4, len(rhs)))
    done, reached = sparse_cg(start, at, values, a, lifted, _inverse(lifted, diagonal), rhs, forcing, limit, x, work)
    return x, done, reached


def _inverse(lifted: np.ndarray, gram_diagonal: np.ndarray) -> np.ndarray:
    """Exact diagonal as preconditioner; rounding may leave it without a sign where a column has one entry."""
    return 1.0 / np.maximum(lifted - gram_diagonal, 1e-15 * lifted + _TINY)


def _factorised(
    plan: np.ndarray, a: np.ndarray, columns: np.ndarray, shift: float, rhs: np.ndarray
) -> np.ndarray | None:
    """Solve with all of the plan by Cholesky on the normalised matrix, the gauge filled by a rank-one term.

    The diagonal is the sum of the off-diagonal entries, not ``c - (P' P)_jj``, which would cancel.
    """
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    scaled = plan / np.sqrt(a)[:, None]
    root = np.sqrt(columns + _TINY)
    matrix = scaled.T @ scaled
    np.fill_diagonal(matrix, 0.0)
    diagonal = matrix.sum(axis=1) + shift * columns
    np.negative(matrix, out=matrix)
    np.fill_diagonal(matrix, diagonal)
    matrix /= root[:, None]
    matrix /= root
    matrix += np.outer(root, root)
    for lift in (0.0, 1e-15, 1e-13, 1e-11):
        try:
            factor = cho_factor(matrix + lift * np.eye(len(root)), check_finite=False)
        except LinAlgError:
            continue
        x = cho_solve(factor, rhs / root, check_finite=False) / root
        if np.isfinite(x).all():
            return x
    return None
