"""Ridge regression with a penalty a feature as the lower level: the loss on other data, its gradient and Hessian."""

from dataclasses import dataclass
from functools import cached_property

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

    @cached_property
    def single(self) -> bool:
        """Whether feature j has penalty j."""
        return bool(np.array_equal(self.groups, np.arange(len(self.groups))))

    @classmethod
    def of(
        cls, X: np.ndarray, y: np.ndarray, X_val: np.ndarray, y_val: np.ndarray, groups: np.ndarray
    ) -> "RidgeValidation":
        """Sum up the data."""
        n, m = len(y), len(y_val)
        return cls(X.T @ X / n, X.T @ y / n, X_val.T @ X_val / m, X_val.T @ y_val / m, y_val @ y_val / (2 * m), groups)

    def __call__(self, theta: np.ndarray) -> "RidgePoint":
        """Solve the lower level at theta and the adjoint system, by one Cholesky factorisation.

        Where rounding makes the system singular the value is infinite.
        """
        from scipy.linalg.lapack import dpotrf, dpotrs

        penalties = np.exp(theta)[self.groups]
        system = self.gram.copy(order="F")
        system.reshape(-1, order="F")[:: len(system) + 1] += penalties
        factor, info = dpotrf(system, lower=1, clean=1, overwrite_a=1)
        if info != 0:
            nothing = np.full(len(penalties), np.nan)
            return RidgePoint(self, penalties, nothing, nothing, factor, np.inf, len(theta))
        coef = dpotrs(factor, self.moment, lower=1)[0]
        slope = self.gram_val @ coef - self.moment_val
        value = float(self.half_square + coef @ (slope - self.moment_val) / 2)
        return RidgePoint(self, penalties, coef, dpotrs(factor, slope, lower=1)[0], factor, value, len(theta))


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

    @cached_property
    def gradient(self) -> np.ndarray:
        r"""Gradient of psi, :math:`-e^{\theta_j} b_j v_j` summed over the features of a group."""
        return np.bincount(self.level.groups, -self.penalties * self.coef * self.adjoint, self.n_groups)

    @cached_property
    def inverse(self) -> np.ndarray:
        """Inverse of X'X / n + diag(penalties)."""
        from scipy.linalg.lapack import dpotri

        half = dpotri(self.factor, lower=1)[0]
        whole = half + half.T
        whole.flat[:: len(whole) + 1] /= 2
        return whole

    @property
    def gates(self) -> np.ndarray:
        r"""Means over groups of :math:`a_j = e^{\theta_j} (A^{-1})_{jj}`, A the system.

        Inverting A after a change of one penalty (Sherman, Morrison) shows psi to be a parabola in
        :math:`s = t / (1 + a_j t)` with t the relative change. 1 - a is what the other features leave of feature j,
        shrunk: near one where the penalty does little, near zero where it decides.
        """
        gates = self.penalties * np.diag(self.inverse)
        if self.level.single:
            return gates
        return np.bincount(self.level.groups, gates, self.n_groups) / np.bincount(self.level.groups)

    def hessian(self, free: np.ndarray | None = None) -> np.ndarray:
        r"""Return the Hessian of psi, or its rows and columns of the indices `free`.

        With A the system, :math:`u = e^\theta b` and :math:`w = e^\theta v`,

        .. math:: \partial_k b = -A^{-1} e_k u_k, \qquad \partial_k v = A^{-1} (V \partial_k b - e_k w_k),

        where V is the validation's Gram matrix, and the gradient is :math:`-u_j v_j`: the sum of
        :math:`D A^{-1} V A^{-1} D` with D = diag(u), of :math:`A^{-1} \circ (u w' + w u')`, and of the gradient on the
        diagonal.
        """
        free = np.arange(self.n_groups) if free is None else free
        u, w = self.penalties * self.coef, self.penalties * self.adjoint
        if self.level.single:
            rows = self.inverse[free] * u[free, None]
            image = rows @ self.level.gram_val
            image[np.arange(len(free)), free] += 2 * w[free]
        else:
            member = np.equal.outer(free, self.level.groups)
            rows = (member * u) @ self.inverse
            image = rows @ self.level.gram_val + 2 * member * w
        half = rows @ image.T
        full = (half + half.T) / 2
        full.flat[:: len(full) + 1] += self.gradient[free]
        return full
