"""The design of a regression as it was given, dense or CSC, in single or double precision: products, never a copy."""

from typing import Any

import numpy as np

from .._validation import check_vector
from ..errors import InvalidArgument

__all__ = ["Covariates", "check_design", "check_sample_weight"]

_SLAB = 1 << 18  # entries of single precision that are widened at a time: they stay in the cache


def _is_sparse(X: Any) -> bool:
    return hasattr(X, "tocsc") and hasattr(X, "nnz")  # without importing scipy for dense data


def check_design(value: Any, name: str = "X") -> Any:
    """Return a real matrix, dense in one of the two memory orders or CSC, float32 kept; copied only where it must be.

    Entries are not read: a NaN or an infinity anywhere shows in the first product (see `Covariates.correlate`).
    """
    raw: Any = value if _is_sparse(value) else np.asarray(value)
    if np.ma.is_masked(value):
        raise InvalidArgument(name, "a matrix without masked entries", type(value).__name__)
    if raw.dtype.kind not in "biuf":
        raise InvalidArgument(name, "a matrix of real numbers", f"dtype {raw.dtype}")
    if raw.ndim != 2 or 0 in raw.shape:
        raise InvalidArgument(name, "a matrix with at least one entry", f"shape {raw.shape}")
    dtype = np.float32 if raw.dtype == np.float32 else np.float64
    if _is_sparse(raw):
        return raw.tocsc().astype(dtype, copy=False)
    array = raw.astype(dtype, copy=False)
    return array if array.flags.c_contiguous or array.flags.f_contiguous else np.asfortranarray(array)


def check_sample_weight(value: Any, n: int) -> np.ndarray:
    """Return nonnegative weights of n samples that sum to 1, equal ones for None."""
    if value is None:
        return np.full(n, 1.0 / n)
    weights = check_vector(value, "sample_weight", length=n)
    if (weights < 0).any():
        raise InvalidArgument("sample_weight", "nonnegative weights", float(weights.min()))
    total = float(weights.sum())
    if not 0 < total < np.inf:
        raise InvalidArgument("sample_weight", "weights with a positive finite sum, not all zero", f"sum {total}")
    return weights / total


class Covariates:
    """A checked design of shape (n, p) and what solvers ask of it, all in double precision."""

    def __init__(self, X: Any) -> None:
        self.X = check_design(X)
        self.n, self.p = self.X.shape
        self.sparse = _is_sparse(self.X)
        self.size = int(self.X.nnz if self.sparse else self.X.size)

    def correlate(self, v: np.ndarray) -> np.ndarray:
        """Return X'v; not finite where X is not, also if v is zero there."""
        if self.sparse or self.X.dtype == np.float64:
            return np.asarray(self.X.T @ v, dtype=np.float64)
        out, width = np.empty(self.p), max(1, _SLAB // self.n)
        for start in range(0, self.p, width):
            out[start : start + width] = self.X[:, start : start + width].T.astype(np.float64) @ v
        return out

    def image(self, coef: np.ndarray) -> np.ndarray:
        """Return X coef, from the columns whose coefficient is not zero."""
        support = np.flatnonzero(coef)
        if self.sparse:
            return np.asarray(self.X[:, support] @ coef[support], dtype=np.float64)
        return coef[support] @ self.rows(support)

    def rows(self, j: np.ndarray) -> np.ndarray:
        """Return the columns j as the contiguous rows of a new dense array."""
        columns = self.X[:, j].toarray().T if self.sparse else self.X.T[j]
        return np.ascontiguousarray(columns, dtype=np.float64)

    def refuse_nonfinite(self) -> None:
        """Say where X is not finite; called when a product was not."""
        entries = self.X.data if self.sparse else self.X
        bad = ~np.isfinite(entries)
        if bad.any():
            where = tuple(int(k) for k in np.argwhere(bad)[0])
            value, number = entries[where], int(bad.sum())
            place = "" if self.sparse else f" at index {where}"
            expected = "finite entries, neither NaN nor infinity (inf)"
            raise InvalidArgument("X", expected, f"{value}{place} ({number} such entries)")
        raise InvalidArgument("X", "entries whose products with y are finite numbers", "an overflow; rescale the data")
