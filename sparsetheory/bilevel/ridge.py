"""Ridge regression with a penalty a feature as the lower level: the loss on other data, its gradient and Hessian."""

from dataclasses import dataclass

import numpy as np

__all__ = ["RidgePoint", "RidgeValidation"]


@dataclass(frozen=True, eq=False)
class RidgeValidation:
    r"""The function :math:`\psi(\theta) = \frac1{2m} |X_v b - y_v|^2` with :math:`b` the ridge coefficients at theta.

    .. math:: b(\theta) = \arg\min_b \frac{1}{2n} |X b - y|^2 + \tfrac12 \sum_j e^{\theta_{k(j)}} b_j^2

    Attributes
    ----------
    gram, moment : ndarray
        X'X / n and X'y / n.
    gram_val, moment_val, half_square : ndarray, ndarray, float
        The same for the validation data, and |y_v|^2 / 2m.
    groups : ndarray of int, shape (p,)
        k(j), the penalty of feature j.
    """

    gram: np.ndarray
    moment: np.ndarray
    gram_val: np.ndarray
    moment_val: np.ndarray
    half_square: float
    groups: np.ndarray

    @classmethod
    def of(
        cls, X: np.ndarray, y: np.ndarray, X_val: np.ndarray, y_val: np.ndarray, groups: np.ndarray
    ) -> "RidgeValidation":
        """Sum up the data."""
        n, m = len(y), len(y_val)
        return cls(X.T @ X / n, X.T @ y / n, X_val.T @ X_val / m, X_val.T @ y_val / m, y_val @ y_val / (2 * m), groups)

    def __call__(self, theta: np.ndarray) -> "RidgePoint":
        """Solve the lower level at theta and the adjoint system, by one Cholesky factorisation."""
        from scipy.linalg import cho_factor, cho_solve

        penalties = np.exp(theta)[self.groups]
        system = self.gram.copy()
        system.flat[:: len(system) + 1] += penalties
        factor = cho_factor(system, lower=True, overwrite_a=True, check_finite=False)[0]
        coef = cho_solve((factor, True), self.moment, check_finite=False)
        image = self.gram_val @ coef
        value = float(self.half_square + coef @ image / 2 - self.moment_val @ coef)
        adjoint = cho_solve((factor, True), image - self.moment_val, check_finite=False)
        return RidgePoint(self, penalties, coef, adjoint, factor, value, len(theta))


@dataclass(frozen=True, eq=False)
class RidgePoint:
    """What one factorisation tells of a point.

    Attributes
    ----------
    level : RidgeValidation
    penalties, coef, adjoint : ndarray, shape (p,)
    factor : ndarray, shape (p, p)
        Lower Cholesky factor of X'X / n + diag(penalties).
    value : float
    n_groups : int
    """

    level: RidgeValidation
    penalties: np.ndarray
    coef: np.ndarray
    adjoint: np.ndarray
    factor: np.ndarray
    value: float
    n_groups: int

    @property
    def gradient(self) -> np.ndarray:
        r"""Gradient of psi, :math:`-e^{\theta_j} b_j v_j` summed over the features of a group."""
        return np.bincount(self.level.groups, -self.penalties * self.coef * self.adjoint, self.n_groups)

    def hessian(self) -> np.ndarray:
        r"""Return the Hessian of psi.

        With A the system, :math:`u = e^\theta b` and :math:`w = e^\theta v`,

        .. math:: \partial_k b = -A^{-1} e_k u_k, \qquad \partial_k v = A^{-1} (V \partial_k b - e_k w_k),

        where V is the validation's Gram matrix, and the gradient is :math:`-u_j v_j`.
        """
        from scipy.linalg.lapack import dpotri

        inverse = np.tril(dpotri(self.factor, lower=1)[0])
        inverse += np.tril(inverse, -1).T
        u, w = self.penalties * self.coef, self.penalties * self.adjoint
        full = np.multiply.outer(u, u) * (inverse @ self.level.gram_val @ inverse)
        cross = np.multiply.outer(w, u)
        full += inverse * (cross + cross.T)
        full.flat[:: len(full) + 1] -= u * self.adjoint
        if np.array_equal(self.level.groups, np.arange(self.n_groups)):
            return full
        member = np.equal.outer(np.arange(self.n_groups), self.level.groups).astype(np.float64)
        return member @ full @ member.T
