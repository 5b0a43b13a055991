"""A quadratic plus log cosh of linear forms: strongly convex, not quadratic, with a minimiser that is known."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from .design import readonly
from .problem import Problem

__all__ = ["LogCosh", "log_cosh"]

_THIRD = 4.0 / (3.0 * np.sqrt(3.0))  # the largest |2 tanh / cosh^2|


def log_cosh(t: np.ndarray) -> np.ndarray:
    """Return log(cosh(t)), to full relative accuracy also near 0, where it is t^2 / 2.

    Examples
    --------
    >>> [float(f"{value:.6g}") for value in log_cosh(np.array([0.0, 1e-8, 1000.0]))]
    [0.0, 5e-17, 999.307]
    """
    t = np.abs(t)
    small = np.minimum(t, 1.0)
    return np.where(t < 1.0, 0.5 * np.log1p(np.sinh(small) ** 2), t + np.log1p(np.exp(-2.0 * t)) - np.log(2.0))


def _bend(t: np.ndarray) -> np.ndarray:
    """Return the second derivative, 1 / cosh^2."""
    return np.asarray(1.0 - np.tanh(t) ** 2)


@dataclass(frozen=True, eq=False)
class LogCosh(Problem):
    r"""A quadratic plus log cosh of linear forms, minimal at a given point.

    .. math:: f(x) = \tfrac12 (x - x^*)^\top A (x - x^*) + \sum_k \log\cosh r_k^\top (x - x^*)

    The second derivative of log cosh lies in (0, 1]: the Hessian is between A and :math:`A + R^\top R`.

    Parameters
    ----------
    A : ndarray of shape (n, n)
        Positive definite.
    rows : ndarray of shape (k, n)
        The r_k.
    minimizer : ndarray of shape (n,)
        With products ``A @ minimizer`` and ``rows @ minimizer`` that are exact, it is the minimiser to the last digit.
    bound : ndarray of shape (n, n)
        Its blocks are the H_b that rules know; ``A + rows.T @ rows`` is above every Hessian. Not checked, so that a
        wrong one can be shown to fail.
    """

    A: np.ndarray
    rows: np.ndarray
    minimizer: np.ndarray
    bound: np.ndarray
    l2: float = field(default=0.0, init=False)

    @property
    def n(self) -> int:  # type: ignore[override]
        """Number of variables."""
        return len(self.A)

    @cached_property
    def c(self) -> np.ndarray:
        """The linear term of the quadratic part."""
        return readonly(self.A @ self.minimizer)

    @cached_property
    def offset(self) -> np.ndarray:
        """The linear forms at the minimiser."""
        return readonly(self.rows @ self.minimizer)

    def image(self, x: np.ndarray) -> np.ndarray:
        """Return A x and the linear forms, one after the other."""
        return np.concatenate([self.A @ x, self.rows @ x])

    def shift(self, b: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Return how the image moves when ``x[b] += d``."""
        return np.concatenate([self.A[:, b] @ d, self.rows[:, b] @ d])

    def _forms(self, z: np.ndarray) -> np.ndarray:
        return z[self.n :] - self.offset

    def value(self, x: np.ndarray, z: np.ndarray) -> float:
        """Return f up to a constant."""
        return float(0.5 * (x @ z[: self.n]) - self.c @ x + log_cosh(self._forms(z)).sum())

    def change(self, x: np.ndarray, z: np.ndarray, b: np.ndarray, d: np.ndarray, dz: np.ndarray) -> float:
        """Return ``f(x + U_b d) - f(x)``."""
        forms, moved = self._forms(z), dz[self.n :]
        smooth = float((log_cosh(forms + moved) - log_cosh(forms)).sum())
        return float(d @ (z[b] - self.c[b] + 0.5 * dz[: self.n][b])) + smooth

    def gradient(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return the gradient."""
        return np.asarray(z[: self.n] - self.c + np.tanh(self._forms(z)) @ self.rows)

    def partial(self, x: np.ndarray, z: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the gradient on block b."""
        return np.asarray(z[b] - self.c[b] + np.tanh(self._forms(z)) @ self.rows[:, b])

    def hessian(self, x: np.ndarray, z: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the Hessian on block b."""
        rows, bend = self.rows[:, b], _bend(self._forms(z))
        return np.asarray(self.A[np.ix_(b, b)] + (rows.T * bend) @ rows)

    def curvature(self, b: np.ndarray) -> np.ndarray:
        """Return H_b."""
        return self.bound[np.ix_(b, b)]

    def hessian_product(self, x: np.ndarray, z: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Return the Hessian at x times d."""
        return np.asarray(self.A @ d + ((self.rows @ d) * _bend(self._forms(z))) @ self.rows)

    def curvature_product(self, d: np.ndarray) -> np.ndarray:
        """Return the bound times d."""
        return np.asarray(self.bound @ d)

    @cached_property
    def lipschitz(self) -> np.ndarray:
        """L_i, bounds on the second derivative along each coordinate."""
        return readonly(np.diagonal(self.bound).copy())

    @cached_property
    def third(self) -> np.ndarray:
        """M_i, bounds on the third derivative along each coordinate."""
        return readonly(_THIRD * (np.abs(self.rows) ** 3).sum(axis=0))

    @cached_property
    def row_sums(self) -> np.ndarray:
        """Row sums of the absolute values of the bound."""
        return readonly(np.abs(self.bound).sum(axis=1))

    def rounding(self, x: np.ndarray) -> float:
        """Return what rounding leaves in an entry of the gradient at x."""
        size = np.abs(x)
        forms = np.abs(self.rows) @ size + np.abs(self.offset)
        entries = np.abs(self.A) @ size + np.abs(self.c) + forms @ np.abs(self.rows)
        return float(np.finfo(float).eps * entries.max())
