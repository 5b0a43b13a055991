"""Quadratic functions given by their matrix, dense or sparse: graphs, Gram matrices, label propagation."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from .._validation import check_nonnegative, check_vector
from ..errors import InvalidArgument
from .design import Matrix, absolute, check_matrix, is_sparse, readonly
from .problem import Problem

__all__ = ["Quadratic"]

_DENSE_INFIMUM = 1000
_SMALL = 50  # variables: a dense solve of fewer costs less than looking for a tree
_DENSE_CHECK = 2000  # up to this size a factorisation, a fraction of a second, decides whether A is indefinite


@dataclass(frozen=True, eq=False)
class Quadratic(Problem):
    r"""A convex quadratic.

    .. math:: f(x) = \tfrac12 x^\top A x - c^\top x + \tfrac{\text{l2}}{2} \|x\|_2^2

    Parameters
    ----------
    A : array_like or sparse matrix of shape (n, n)
        Symmetric positive semi-definite, copied. Semi-definiteness is checked by a factorisation up to n = 2000, by
        the diagonal beyond.
    c : array_like of shape (n,)
        The linear term.
    l2 : float, default 0
        Weight of the square of x.

    Raises
    ------
    InvalidArgument
        For non-finite entries, wrong shapes, a matrix that is not symmetric or not semi-definite, and a zero on the
        diagonal where c is not zero: f is then unbounded below.

    Examples
    --------
    >>> from sparsetheory import bcd
    >>> bcd.minimize(bcd.Quadratic([[2.0, 1.0], [1.0, 2.0]], [3.0, 3.0]), update="exact").x.round(9).tolist()
    [1.0, 1.0]
    """

    A: Any
    c: Any
    l2: float = field(default=0.0, kw_only=True)
    quadratic: ClassVar[bool] = True

    def __post_init__(self) -> None:
        matrix = check_matrix(self.A, "A")
        if matrix.shape[0] != matrix.shape[1]:
            raise InvalidArgument("A", "a square matrix", f"shape {matrix.shape}")
        object.__setattr__(self, "A", matrix)
        object.__setattr__(self, "c", readonly(check_vector(self.c, "c", length=matrix.shape[0])))
        object.__setattr__(self, "l2", check_nonnegative(self.l2, "l2"))
        self._check_convex()

    def _check_convex(self) -> None:
        diagonal = np.asarray(self.A.diagonal())
        largest = float(np.max(np.abs(diagonal)))
        if abs(self.A - self.A.T).max() > 1e-12 * largest:
            raise InvalidArgument("A", "a symmetric matrix", "A != A.T")
        if (diagonal < 0).any():
            raise InvalidArgument("A", "a positive semi-definite matrix", f"diagonal entry {diagonal.min()}")
        unbounded = (diagonal + self.l2 == 0) & (self.c != 0)
        if unbounded.any():
            where = int(np.flatnonzero(unbounded)[0])
            raise InvalidArgument("c", "0 where the diagonal of A is 0 (f is unbounded below)", f"c[{where}]")
        if self.n <= _DENSE_CHECK:
            dense = self.A.toarray() if is_sparse(self.A) else np.array(self.A)
            smallest = float(np.linalg.eigvalsh(dense)[0]) if self.n <= 50 else _smallest_sign(dense, largest)
            if smallest < -1e-10 * largest:
                raise InvalidArgument("A", "a positive semi-definite matrix", "a negative eigenvalue")

    @property
    def n(self) -> int:  # type: ignore[override]
        """Number of variables."""
        return int(self.A.shape[0])

    def image(self, x: np.ndarray) -> np.ndarray:
        """Return z at x."""
        return np.asarray(self.A @ x)

    def shift(self, b: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Return how z moves when ``x[b] += d``."""
        return np.asarray(self.A[b].T @ d)  # rows of a symmetric matrix are its columns

    def value(self, x: np.ndarray, z: np.ndarray) -> float:
        """Return f."""
        return float(0.5 * (x @ z) - self.c @ x + 0.5 * self.l2 * (x @ x))

    def change(self, x: np.ndarray, z: np.ndarray, b: np.ndarray, d: np.ndarray, dz: np.ndarray) -> float:
        """Return ``f(x + U_b d) - f(x)``."""
        return float(d @ (self.partial(x, z, b) + 0.5 * (dz[b] + self.l2 * d)))

    @cached_property
    def infimum(self) -> float:
        """The infimum of f without its square, for at most 1000 variables; NaN beyond, where it would cost a solve."""
        if self.n > _DENSE_INFIMUM:
            return float("nan")
        dense = self.A.toarray() if is_sparse(self.A) else np.asarray(self.A)
        values, vectors = np.linalg.eigh(dense)
        kept = values > 4.0 * self.n * np.finfo(float).eps * max(values[-1], 0.0)
        parts = self.c @ vectors
        if np.linalg.norm(parts[~kept]) > 1e-8 * np.linalg.norm(parts):
            return float("-inf")
        return -0.5 * float((parts[kept] ** 2 / values[kept]).sum())

    def minorant(self, x: np.ndarray, z: np.ndarray, share: float) -> float:
        """Return v with ``loss(u) >= v + share slope.u`` for all u: a mean of the tangent at x and of the infimum."""
        tangent = super().minorant(x, z, 1.0)
        return tangent if share == 1.0 else share * tangent + (1.0 - share) * self.infimum

    def gradient(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return the gradient."""
        return np.asarray(z - self.c + self.l2 * x)

    def partial(self, x: np.ndarray, z: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the gradient on block b."""
        return np.asarray(z[b] - self.c[b] + self.l2 * x[b])

    def block(self, b: np.ndarray) -> Matrix:
        """Return the block of A, in its own storage: sparse stays sparse."""
        return self.A[b][:, b]

    @cached_property
    def graph(self) -> Any:
        """H as a checked CSR matrix where A is sparse; else None."""
        if not is_sparse(self.A):
            return None
        from scipy import sparse

        from .forest import check_symmetric

        return check_symmetric((self.A + self.A.T) / 2 + self.l2 * sparse.eye_array(self.n))

    def forest_solver(self, b: np.ndarray) -> Callable[[np.ndarray], np.ndarray] | None:
        """Return ``r -> H_b^{-1} r`` in O(|b|) where the block is a definite forest and large, else None."""
        if len(b) < _SMALL or self.graph is None:
            return None
        from .forest import ForestFactor

        try:
            return ForestFactor.of(self.graph[b][:, b]).solve
        except InvalidArgument:  # a cycle, or a pivot that is not positive
            return None

    def curvature(self, b: np.ndarray) -> np.ndarray:
        """Return H_b."""
        block = self.block(b)
        return np.asarray(block.toarray() if is_sparse(block) else block) + self.l2 * np.eye(len(b))

    def hessian(self, x: np.ndarray, z: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the Hessian on block b."""
        return self.curvature(b)

    def curvature_product(self, d: np.ndarray) -> np.ndarray:
        """Return H times d."""
        return np.asarray(self.A @ d + self.l2 * d)

    def hessian_product(self, x: np.ndarray, z: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Return the Hessian at x times d."""
        return self.curvature_product(d)

    @cached_property
    def lipschitz(self) -> np.ndarray:
        """L_i, bounds on the second derivative along each coordinate."""
        return readonly(np.asarray(self.A.diagonal()) + self.l2)

    @cached_property
    def third(self) -> np.ndarray:
        """M_i, bounds on the third derivative along each coordinate."""
        return readonly(np.zeros(self.n))

    @cached_property
    def row_sums(self) -> np.ndarray:
        """Row sums of the absolute values of H."""
        return readonly(np.asarray(absolute(self.A).sum(axis=1)).ravel() + self.l2)

    def rounding(self, x: np.ndarray) -> float:
        """Return what rounding leaves in an entry of the gradient at x."""
        entries = np.asarray(absolute(self.A) @ np.abs(x)) + np.abs(self.c) + self.l2 * np.abs(x)
        return float(np.finfo(float).eps * entries.max())


def _smallest_sign(dense: np.ndarray, largest: float) -> float:
    """Return a number below the tolerance when A, shifted by the tolerance, has no Cholesky factor."""
    try:
        np.linalg.cholesky(dense + 2e-10 * largest * np.eye(len(dense)))
    except np.linalg.LinAlgError:
        return -np.inf
    return 0.0
