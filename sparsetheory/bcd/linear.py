"""Losses of a linear model: least squares and logistic regression as sums over samples."""

import math
from abc import abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from .._validation import check_nonnegative, check_vector
from ..errors import InvalidArgument
from .design import Matrix, absolute, absolute_power, check_columns, gram, gram_row_sums, readonly, squared_rows
from .problem import Problem

__all__ = ["LeastSquares", "Linear", "Logistic"]


@dataclass(frozen=True, eq=False)
class Linear(Problem):
    """A sum over samples of a loss of ``z_i = (X w)_i``."""

    X: Any
    y: Any
    l2: float = field(default=0.0, kw_only=True)
    weight_bound: ClassVar[float]

    def __post_init__(self) -> None:
        rows = check_columns(self.X, "X")
        object.__setattr__(self, "X", rows.T)  # a view: the row of a variable is contiguous
        object.__setattr__(self, "y", readonly(check_vector(self.y, "y", length=rows.shape[1])))
        object.__setattr__(self, "l2", check_nonnegative(self.l2, "l2"))

    @property
    def rows(self) -> Matrix:
        """The columns of X as rows, one a variable."""
        return self.X.T

    @property
    def n(self) -> int:  # type: ignore[override]
        """Number of variables."""
        return int(self.X.shape[1])

    @abstractmethod
    def loss(self, z: np.ndarray) -> float:
        """Return the sum of the losses."""

    @abstractmethod
    def loss_change(self, z: np.ndarray, dz: np.ndarray) -> float:
        """Return ``loss(z + dz) - loss(z)``, accurate when dz is small."""

    @abstractmethod
    def conjugate(self, theta: np.ndarray) -> float:
        """Return the Fenchel conjugate of the loss at ``-theta``."""

    @abstractmethod
    def slope(self, z: np.ndarray) -> np.ndarray:
        """Return the derivative of each loss."""

    @abstractmethod
    def weight(self, z: np.ndarray) -> np.ndarray:
        """Return the second derivative of each loss."""

    @abstractmethod
    def slope_rounding(self, z_rounding: np.ndarray) -> np.ndarray:
        """Return what rounding leaves in each slope, given what it leaves in z, both in units of machine epsilon."""

    def image(self, x: np.ndarray) -> np.ndarray:
        """Return z at x."""
        return np.asarray(self.X @ x)

    def shift(self, b: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Return how z moves when ``x[b] += d``."""
        return np.asarray(self.rows[b].T @ d)

    def value(self, x: np.ndarray, z: np.ndarray) -> float:
        """Return f."""
        return self.loss(z) + 0.5 * self.l2 * float(x @ x)

    def change(self, x: np.ndarray, z: np.ndarray, b: np.ndarray, d: np.ndarray, dz: np.ndarray) -> float:
        """Return ``f(x + U_b d) - f(x)``."""
        return self.loss_change(z, dz) + self.l2 * float(d @ (x[b] + 0.5 * d))

    def minorant(self, x: np.ndarray, z: np.ndarray, share: float) -> float:
        """Return v with ``loss(u) >= v + share slope.u`` for all u: minus the conjugate at the scaled slopes."""
        return -self.conjugate(-share * self.slope(z))

    def gradient(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return the gradient."""
        return np.asarray(self.rows @ self.slope(z)) + self.l2 * x

    def partial(self, x: np.ndarray, z: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the gradient on block b."""
        return np.asarray(self.rows[b] @ self.slope(z)) + self.l2 * x[b]

    def hessian(self, x: np.ndarray, z: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the Hessian on block b."""
        return gram(self.rows[b], self.weight(z)) + self.l2 * np.eye(len(b))

    def curvature(self, b: np.ndarray) -> np.ndarray:
        """Return H_b."""
        return self.weight_bound * gram(self.rows[b]) + self.l2 * np.eye(len(b))

    def hessian_product(self, x: np.ndarray, z: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Return the Hessian at x times d."""
        return np.asarray(self.rows @ (self.weight(z) * (self.X @ d))) + self.l2 * d

    def curvature_product(self, d: np.ndarray) -> np.ndarray:
        """Return H times d."""
        return np.asarray(self.rows @ (self.weight_bound * (self.X @ d))) + self.l2 * d

    @cached_property
    def lipschitz(self) -> np.ndarray:
        """L_i, bounds on the second derivative along each coordinate."""
        return readonly(self.weight_bound * squared_rows(self.rows) + self.l2)

    @cached_property
    def row_sums(self) -> np.ndarray:
        """Row sums of the absolute values of H."""
        return readonly(self.weight_bound * gram_row_sums(self.rows) + self.l2)

    def rounding(self, x: np.ndarray) -> float:
        """Return what rounding leaves in an entry of the gradient at x."""
        size = absolute(self.rows)
        slopes = self.slope_rounding(np.asarray(size.T @ np.abs(x)))
        return float(np.finfo(float).eps * np.max(np.asarray(size @ slopes) + self.l2 * np.abs(x)))


@dataclass(frozen=True, eq=False)
class LeastSquares(Linear):
    r"""Least squares, not divided by the number of samples.

    .. math:: f(w) = \tfrac12 \|X w - y\|_2^2 + \tfrac{\text{l2}}{2} \|w\|_2^2

    scikit-learn's ``Lasso(alpha)`` divides the square by n_samples: its alpha is ``L1(alpha * n_samples)`` here, and
    its ``Ridge(alpha)`` is ``l2=alpha``.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n_samples, n)
        The design, copied; zero and duplicate columns are fine.
    y : array_like of shape (n_samples,)
        The targets.
    l2 : float, default 0
        Weight of the square of w.

    Raises
    ------
    InvalidArgument
        For non-finite entries and wrong lengths.

    Examples
    --------
    >>> from sparsetheory import bcd
    >>> bcd.LeastSquares([[3.0, 0.0], [4.0, 1.0]], [1.0, 2.0]).lipschitz.tolist()
    [25.0, 1.0]
    """

    quadratic: ClassVar[bool] = True
    weight_bound: ClassVar[float] = 1.0

    def loss(self, z: np.ndarray) -> float:
        """Return the sum of the losses."""
        residual = z - self.y
        return 0.5 * float(residual @ residual)

    def loss_change(self, z: np.ndarray, dz: np.ndarray) -> float:
        """Return the change of the loss along dz."""
        return float(dz @ (z - self.y + 0.5 * dz))

    def conjugate(self, theta: np.ndarray) -> float:
        """Return the Fenchel conjugate of the loss at ``-theta``."""
        return float(theta @ (0.5 * theta - self.y))

    def slope(self, z: np.ndarray) -> np.ndarray:
        """Return the derivative of each loss."""
        return np.asarray(z - self.y)

    def weight(self, z: np.ndarray) -> np.ndarray:
        """Return the second derivative of each loss."""
        return np.ones_like(z)

    def slope_rounding(self, z_rounding: np.ndarray) -> np.ndarray:
        """Return what rounding leaves in each slope, in units of machine epsilon."""
        return np.asarray(z_rounding + np.abs(self.y))

    @cached_property
    def third(self) -> np.ndarray:
        """M_i, bounds on the third derivative along each coordinate."""
        return readonly(np.zeros(self.n))


@dataclass(frozen=True, eq=False)
class Logistic(Linear):
    r"""Logistic regression, a sum over samples, labels -1 and 1.

    .. math:: f(w) = \sum_i \log(1 + e^{-y_i x_i^\top w}) + \tfrac{\text{l2}}{2} \|w\|_2^2

    scikit-learn's ``LogisticRegression(C)`` without intercept is ``l2=1/C`` or ``L1(1/C)`` here.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n_samples, n)
        The design, copied.
    y : array_like of shape (n_samples,)
        Labels, -1 or 1.
    l2 : float, default 0
        Weight of the square of w. On separable data without l2 or penalty the infimum 0 is not attained.

    Raises
    ------
    InvalidArgument
        For non-finite entries, wrong lengths and other labels.

    Examples
    --------
    >>> from sparsetheory import bcd
    >>> bcd.Logistic([[2.0], [1.0]], [1, -1]).lipschitz.tolist()
    [1.25]
    """

    weight_bound: ClassVar[float] = 0.25

    def __post_init__(self) -> None:
        super().__post_init__()
        if not np.isin(self.y, (-1.0, 1.0)).all():
            raise InvalidArgument("y", "labels -1 and 1", f"values {np.unique(self.y)[:5].tolist()}")

    def loss(self, z: np.ndarray) -> float:
        """Return the sum of the losses."""
        return float(np.logaddexp(0.0, -self.y * z).sum())

    def loss_change(self, z: np.ndarray, dz: np.ndarray) -> float:
        """Return the change of the loss along dz."""
        from scipy.special import expit

        if np.max(np.abs(dz)) > 1.0:
            return self.loss(z + dz) - self.loss(z)
        # (1 + e^-(m + t)) / (1 + e^-m) = 1 + (e^-t - 1) / (1 + e^m)
        return float(np.log1p(expit(-self.y * z) * np.expm1(-self.y * dz)).sum())

    def conjugate(self, theta: np.ndarray) -> float:
        """Return the Fenchel conjugate of the loss at ``-theta``."""
        from scipy.special import entr

        share = self.y * theta
        return -float((entr(share) + entr(1.0 - share)).sum())

    def slope(self, z: np.ndarray) -> np.ndarray:
        """Return the derivative of each loss."""
        from scipy.special import expit

        return np.asarray(-self.y * expit(-self.y * z))

    def weight(self, z: np.ndarray) -> np.ndarray:
        """Return the second derivative of each loss."""
        from scipy.special import expit

        return np.asarray(expit(z) * expit(-z))

    def slope_rounding(self, z_rounding: np.ndarray) -> np.ndarray:
        """Return what rounding leaves in each slope, in units of machine epsilon."""
        return np.asarray(1.0 + 0.25 * z_rounding)

    @cached_property
    def third(self) -> np.ndarray:
        """M_i, bounds on the third derivative along each coordinate."""
        return readonly(absolute_power(self.rows, 3) / (6.0 * math.sqrt(3.0)))
