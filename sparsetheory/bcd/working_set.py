"""The columns that a solver works on, weighted and centred, with their Gram matrix: both grow, nothing is rebuilt."""

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
    gram : ndarray of shape (capacity, capacity)
        Its leading block is ``sum_i v_i (x_ij - m_j)(x_il - m_l)`` over members j, l, with m the weighted means.
    """

    def __init__(self, covariates: Covariates, v: np.ndarray, *, centred: bool) -> None:
        self.covariates, self.v, self.centred = covariates, v, centred
        self.members = np.empty(0, dtype=np.intp)
        self.inside = np.zeros(covariates.p, dtype=bool)
        self.gram = np.empty((0, 0))
        self._root = np.sqrt(v)
        self._inverse_root = np.divide(1.0, self._root, out=np.zeros_like(v), where=v > 0)
        self._means = np.empty(0)
        self._share = v / v.sum()
        self._columns = np.empty((0, 0 if covariates.sparse else covariates.n))

    def __len__(self) -> int:
        return len(self.members)

    def slopes(self, residual: np.ndarray) -> np.ndarray:
        """Return ``sum_i v_i (x_ij - m_j) residual_i`` for the members j."""
        return self.correlate(self.v * residual)

    def correlate(self, weighted: np.ndarray) -> np.ndarray:
        """Return ``sum_i (x_ij - m_j) weighted_i`` for the members j; `weighted` is 0 where v is."""
        if self.covariates.sparse:
            block = self.covariates.X[:, self.members]
            return np.asarray(block.T @ weighted, dtype=np.float64) - self._means * weighted.sum()
        return self._columns[: len(self)] @ (weighted * self._inverse_root)

    def image(self, d: np.ndarray) -> np.ndarray:
        """Return ``sum_j (x_ij - m_j) d_j``; arbitrary where v is 0."""
        moved = np.flatnonzero(d)
        if self.covariates.sparse:
            block = self.covariates.X[:, self.members[moved]]
            return np.asarray(block @ d[moved], dtype=np.float64) - self.offset(d)
        return (d @ self._columns[: len(self)]) * self._inverse_root

    def offset(self, d: np.ndarray) -> float:
        """Return ``sum_j m_j d_j``, by which the intercept falls when the coefficients move by d."""
        return float(self._means @ d)

    def extend(self, new: np.ndarray) -> None:
        """Take in columns that are not members yet."""
        old, k = len(self), len(self) + len(new)
        self.members = np.concatenate([self.members, new])
        self.inside[new] = True
        self._reserve(k)
        if self.covariates.sparse:
            self._append_sparse(old, k, new)
        else:
            self._append_dense(old, k, new)
        self.gram[old:k, :old] = self.gram[:old, old:k].T

    def _reserve(self, k: int) -> None:
        """Make room for k members, twice as much as before at least."""
        if k <= len(self.gram):
            return
        old, capacity = len(self._means), min(max(k, 2 * len(self.gram)), self.covariates.p)
        gram, columns = np.empty((capacity, capacity)), np.empty((capacity, self._columns.shape[1]))
        gram[:old, :old] = self.gram[:old, :old]
        columns[:old] = self._columns[:old]
        self.gram, self._columns = gram, columns

    def _append_dense(self, old: int, k: int, new: np.ndarray) -> None:
        rows = self._columns[old:k]
        rows[:] = self.covariates.X.T[new]
        means = rows @ self._share if self.centred else np.zeros(len(new))
        if self.centred:
            rows -= means[:, None]
        rows *= self._root
        self._means = np.concatenate([self._means, means])
        self.gram[:old, old:k] = self._columns[:old] @ rows.T
        self.gram[old:k, old:k] = rows @ rows.T

    def _append_sparse(self, old: int, k: int, new: np.ndarray) -> None:
        X = self.covariates.X
        block = X[:, new].astype(np.float64)
        means = np.asarray(block.T @ self._share) if self.centred else np.zeros(len(new))
        self._means = np.concatenate([self._means, means])
        weighted = block.copy()
        weighted.data *= self.v[block.indices]
        products = (X[:, self.members].astype(np.float64).T @ weighted).toarray()
        self.gram[:k, old:k] = products - self.v.sum() * np.outer(self._means, means)
