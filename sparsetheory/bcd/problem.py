"""Smooth problems whose value depends on x through a linear image: what a block method needs to know of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

__all__ = ["Problem"]


class Problem(ABC):
    """A convex smooth f of n variables, seen through ``z = image(x)``, which a block step moves cheaply.

    Attributes
    ----------
    n : int
        Number of variables.
    l2 : float
        Weight of the term ``l2/2 |x|^2``, part of f.
    quadratic : bool
        Whether the Hessian is constant, so that block minimisation is one linear solve.
    """

    n: int
    l2: float
    quadratic: ClassVar[bool] = False

    @property
    def graph(self) -> Any:
        """H as a checked CSR matrix where it is sparse, for rules on its graph; else None."""
        return None

    def forest_solver(self, b: np.ndarray) -> Callable[[np.ndarray], np.ndarray] | None:
        """Return ``r -> H_b^{-1} r`` in O(|b|) where the block is a forest of the graph and large, else None."""
        return None

    @abstractmethod
    def image(self, x: np.ndarray) -> np.ndarray:
        """Return z at x."""

    @abstractmethod
    def shift(self, b: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Return how z moves when ``x[b] += d``."""

    @abstractmethod
    def value(self, x: np.ndarray, z: np.ndarray) -> float:
        """Return f."""

    @abstractmethod
    def change(self, x: np.ndarray, z: np.ndarray, b: np.ndarray, d: np.ndarray, dz: np.ndarray) -> float:
        """Return ``f(x + U_b d) - f(x)``, ``dz = shift(b, d)``, without subtracting two large sums."""

    @abstractmethod
    def gradient(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return the gradient, length n."""

    @abstractmethod
    def partial(self, x: np.ndarray, z: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the gradient on block b."""

    @abstractmethod
    def hessian(self, x: np.ndarray, z: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the Hessian on block b, dense."""

    @abstractmethod
    def curvature(self, b: np.ndarray) -> np.ndarray:
        """Return H_b, dense, with ``hessian(x, z, b) <= H_b`` (as quadratic forms) for every x."""

    @abstractmethod
    def hessian_product(self, x: np.ndarray, z: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Return the Hessian at x times d."""

    @abstractmethod
    def curvature_product(self, d: np.ndarray) -> np.ndarray:
        """Return the fixed bound H (all variables as one block) times d."""

    @property
    @abstractmethod
    def lipschitz(self) -> np.ndarray:
        """L_i: bounds on the second derivative along each coordinate."""

    @property
    @abstractmethod
    def third(self) -> np.ndarray:
        """M_i: bounds on the third derivative along each coordinate."""

    @property
    @abstractmethod
    def row_sums(self) -> np.ndarray:
        """Row sums of absolute values of the fixed bound H: ``diag(row_sums)`` bounds H on every block."""

    @abstractmethod
    def rounding(self, x: np.ndarray) -> float:
        """Return what rounding alone leaves in an entry of the gradient at x, to a factor of a few."""

    def third_bound(self, b: np.ndarray) -> float:
        r"""M_b, Lipschitz constant of the Hessian on block b: ``(sum_i M_i^(2/3))^(3/2)``.

        Every mixed third derivative of the losses here is at most :math:`(M_i M_j M_k)^{1/3}` (Holder's inequality over
        the samples), so that the third derivative along d is at most :math:`(\sum_i M_i^{1/3} |d_i|)^3`; then Cauchy.
        """
        return float(np.sum(self.third[b] ** (2.0 / 3.0)) ** 1.5)

    def minorant(self, x: np.ndarray, z: np.ndarray, share: float) -> float:
        """Return v with ``loss(u) >= v + share slope.u`` for all u; loss is f without l2, slope its gradient at x.

        At ``share = 1`` this is the tangent, the only one that every convex function has; NaN where none is known.
        """
        if share < 1.0:
            return float("nan")
        slope = self.gradient(x, z) - self.l2 * x
        return self.value(x, z) - 0.5 * self.l2 * float(x @ x) - float(slope @ x)

    @cached_property
    def total_lipschitz(self) -> float:
        """L_f: largest eigenvalue of the fixed bound H."""
        from scipy.sparse.linalg import LinearOperator, eigsh

        if self.n <= 3:
            return float(np.linalg.eigvalsh(self.curvature(np.arange(self.n)))[-1])
        operator = LinearOperator((self.n, self.n), matvec=lambda d: self.curvature_product(d.ravel()))
        start = 1.0 + np.sqrt(self.lipschitz)  # deterministic, and not orthogonal to the scales
        return float(eigsh(operator, k=1, v0=start, return_eigenvectors=False)[0])
