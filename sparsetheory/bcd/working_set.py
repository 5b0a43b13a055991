"""The columns that a solver works on, weighted and centred, with their Gram matrix: both grow, nothing is rebuilt."""

from typing import Any

import numpy as np

from .covariates import Covariates

__all__ = ["WorkingSet"]


class WorkingSet:
    """Columns of a design in the metric of the sample weights v, orthogonal to the intercept if there is one.

    Attributes
    ----------
    members : ndarray of shape (k,)
        The columns, in the order in which they came.
    inside : ndarray of bool, shape (p,)
        Whether a column is a member.
    means : ndarray of shape (k,)
        Weighted means of the members, zeros without an intercept.
    block : sparse array of shape (n, k), or None
        The members as they are, for a sparse design.
    """

    def __init__(self, covariates: Covariates, v: np.ndarray, *, centred: bool) -> None:
        self.covariates, self.v, self.centred = covariates, v, centred
        self.members = np.empty(0, dtype=np.intp)
        self.inside = np.zeros(covariates.p, dtype=bool)
        self.block: Any = covariates.X[:, self.members].astype(np.float64) if covariates.sparse else None
        self._gram, self._known = np.empty((0, 0)), 0
        self._root = np.sqrt(v)
        self._inverse_root = np.divide(1.0, self._root, out=np.zeros_like(v), where=v > 0)
        self.means = np.empty(0)
        self._share = v / v.sum()
        self._columns = np.empty((0, 0 if covariates.sparse else covariates.n))

    def __len__(self) -> int:
        return len(self.members)

    def slopes(self, residual: np.ndarray) -> np.ndarray:
        """Return ``sum_i v_i (x_ij - m_j) residual_i`` for the members j."""
        return self.correlate(self.v * residual)

    def correlate(self, weighted: np.ndarray) -> np.ndarray:
        """Return ``sum_i (x_ij - m_j) weighted_i`` for the members j; `weighted` is 0 where v is."""
        if self.block is not None:
            return np.asarray(self.block.T @ weighted) - self.means * weighted.sum()
        return self._columns[: len(self)] @ (weighted * self._inverse_root)

    def image(self, d: np.ndarray) -> np.ndarray:
        """Return ``sum_j (x_ij - m_j) d_j``; arbitrary where v is 0."""
        if self.block is not None:
            return np.asarray(self.block @ d) - self.offset(d)
        return (d @ self._columns[: len(self)]) * self._inverse_root

    def offset(self, d: np.ndarray) -> float:
        """Return ``sum_j m_j d_j``, by which the intercept falls when the coefficients move by d."""
        return float(self.means @ d)

    @property
    def gram(self) -> np.ndarray:
        """Array (capacity, capacity) that starts with ``sum_i v_i (x_ij - m_j)(x_il - m_l)`` over members j, l.

        Products that are known are not computed again.
        """
        old, k = self._known, len(self)
        if old < k:
            self._gram = _grown(self._gram, k, k)
            self._gram[:k, old:k] = self._products(old)
            self._gram[old:k, :old] = self._gram[:old, old:k].T
            self._known = k
        return self._gram

    def _products(self, old: int) -> np.ndarray:
        """Return the products of all members with those from `old` on."""
        if self.block is None:
            columns, new = self._columns[: len(self)], self._columns[old : len(self)]
            # a matrix with itself takes half the work
            return np.vstack([columns[:old] @ new.T, new @ new.T])
        weighted = self.block[:, old:]
        weighted.data = weighted.data * self.v[weighted.indices]
        return (self.block.T @ weighted).toarray() - self.v.sum() * np.outer(self.means, self.means[old:])

    def extend(self, new: np.ndarray) -> None:
        """Take in columns that are not members yet."""
        old = len(self)
        self.members = np.concatenate([self.members, new])
        self.inside[new] = True
        if self.block is not None:
            self.block = self.covariates.X[:, self.members].astype(np.float64)
            fresh = self.block[:, old:].T
        else:
            self._columns = _grown(self._columns, len(self), self.covariates.n)
            fresh = self._columns[old : len(self)]
            fresh[:] = self.covariates.X.T[new]
        means = np.asarray(fresh @ self._share) if self.centred else np.zeros(len(new))
        self.means = np.concatenate([self.means, means])
        if self.block is None:
            fresh -= means[:, None]
            fresh *= self._root


def _grown(array: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Return the array with at least so many rows and columns, twice as many as before where it has to grow."""
    if rows <= array.shape[0] and columns <= array.shape[1]:
        return array
    room = [max(want, 2 * have) if want > have else have for want, have in zip((rows, columns), array.shape)]
    grown = np.empty(room)
    grown[: array.shape[0], : array.shape[1]] = array
    return grown
