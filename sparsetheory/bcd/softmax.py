"""Multinomial logistic regression as a block problem: variable ``j * K + c`` is feature j, class c."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from .._validation import check_nonnegative, check_vector
from ..errors import InvalidArgument
from .design import Matrix, absolute, absolute_power, check_columns, gram, gram_row_sums, readonly, squared_rows
from .problem import Problem

__all__ = ["Softmax"]


@dataclass(frozen=True, eq=False)
class Softmax(Problem):
    r"""Multinomial logistic regression, a sum over samples, every class with its own weights.

    .. math:: f(W) = \sum_i \Big( \log \sum_{c} e^{(XW)_{ic}} - (XW)_{i y_i} \Big) + \tfrac{\text{l2}}{2} \|W\|_F^2

    The variables are ``W.ravel()``, W of shape (n_features, n_classes). Without l2 a shift of a row of W over all
    classes changes nothing: such blocks are singular and take the step of least norm.

    Parameters
    ----------
    X : array_like or sparse matrix of shape (n_samples, n_features)
        The design, copied.
    y : array_like of int, shape (n_samples,)
        Classes 0, ..., K-1; K is one more than the largest.
    l2 : float, default 0
        Weight of the square of W; scikit-learn's ``LogisticRegression(C)`` without intercept is ``l2=1/C``.

    Raises
    ------
    InvalidArgument
        For non-finite entries, wrong lengths and labels that are not such integers.

    Examples
    --------
    >>> from sparsetheory import bcd
    >>> bcd.Softmax([[1.0, 2.0], [0.0, 1.0]], [0, 2]).n
    6
    """

    X: Any
    y: Any
    l2: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        rows = check_columns(self.X, "X")
        labels = check_vector(self.y, "y", length=rows.shape[1])
        if (labels < 0).any() or (labels != np.floor(labels)).any():
            raise InvalidArgument("y", "classes 0, ..., K-1", f"values {np.unique(labels)[:5].tolist()}")
        if labels.max() < 1:
            raise InvalidArgument("y", "at least two classes", "only class 0")
        object.__setattr__(self, "X", rows.T)
        object.__setattr__(self, "y", readonly(labels.astype(np.intp)))
        object.__setattr__(self, "l2", check_nonnegative(self.l2, "l2"))

    @property
    def rows(self) -> Matrix:
        """The columns of X as rows, one a feature."""
        return self.X.T

    @cached_property
    def n_classes(self) -> int:
        """K, one more than the largest label."""
        return int(self.y.max()) + 1

    @property
    def n(self) -> int:  # type: ignore[override]
        """Number of variables, features times classes."""
        return int(self.X.shape[1]) * self.n_classes

    def _split(self, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return b // self.n_classes, b % self.n_classes

    def _probabilities(self, z: np.ndarray) -> np.ndarray:
        from scipy.special import softmax

        return np.asarray(softmax(z, axis=1))

    def _slope(self, z: np.ndarray) -> np.ndarray:
        slope = self._probabilities(z)
        slope[np.arange(len(self.y)), self.y] -= 1.0
        return slope

    def image(self, x: np.ndarray) -> np.ndarray:
        """Return z at x."""
        return np.asarray(self.X @ x.reshape(-1, self.n_classes))

    def shift(self, b: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Return how z moves when ``x[b] += d``."""
        features, classes = self._split(b)
        steps = np.zeros((len(b), self.n_classes))
        steps[np.arange(len(b)), classes] = d
        return np.asarray(self.rows[features].T @ steps)

    def value(self, x: np.ndarray, z: np.ndarray) -> float:
        """Return f."""
        from scipy.special import logsumexp

        losses = logsumexp(z, axis=1) - z[np.arange(len(self.y)), self.y]
        return float(losses.sum()) + 0.5 * self.l2 * float(x @ x)

    def change(self, x: np.ndarray, z: np.ndarray, b: np.ndarray, d: np.ndarray, dz: np.ndarray) -> float:
        """Return ``f(x + U_b d) - f(x)``."""
        ridge = self.l2 * float(d @ (x[b] + 0.5 * d))
        if np.max(np.abs(dz)) > 1.0:
            nothing = np.zeros(0)
            return self.value(nothing, z + dz) - self.value(nothing, z) + ridge
        own = dz[np.arange(len(self.y)), self.y]
        return float((np.log1p((self._probabilities(z) * np.expm1(dz)).sum(axis=1)) - own).sum()) + ridge

    def minorant(self, x: np.ndarray, z: np.ndarray, share: float) -> float:
        """Return v with ``loss(u) >= v + share slope.u`` for all u: an entropy.

        A scaled slope is a distribution q less the label, and ``logsumexp(u) >= q.u + entropy(q)``.
        """
        from scipy.special import entr

        mixed = share * self._slope(z)
        mixed[np.arange(len(self.y)), self.y] += 1.0
        return float(entr(np.maximum(mixed, 0.0)).sum())

    def gradient(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return the gradient."""
        return np.asarray(self.rows @ self._slope(z)).ravel() + self.l2 * x

    def partial(self, x: np.ndarray, z: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the gradient on block b."""
        features, classes = self._split(b)
        products = np.asarray(self.rows[features] @ self._slope(z))
        return products[np.arange(len(b)), classes] + self.l2 * x[b]

    def hessian(self, x: np.ndarray, z: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Return the Hessian on block b."""
        features, classes = self._split(b)
        rows = self.rows[features]
        rows = rows.toarray() if hasattr(rows, "toarray") else rows
        probabilities = self._probabilities(z)
        spread = probabilities * _rest(probabilities)
        weighted = rows * probabilities.T[classes]
        own = (rows * spread.T[classes]) @ rows.T
        return np.where(classes[:, None] == classes, own, -(weighted @ weighted.T)) + self.l2 * np.eye(len(b))

    def curvature(self, b: np.ndarray) -> np.ndarray:
        """Return Böhning's bound ``(I - 11'/k)/2`` on the classes times the Gram matrix of the features.

        Classes that the block leaves alone act as one class, so k is the classes touched plus one, at most K.
        """
        features, classes = self._split(b)
        k = min(self.n_classes, len(np.unique(classes)) + 1)
        between = 0.5 * ((classes[:, None] == classes) - 1.0 / k)
        return between * gram(self.rows[features]) + self.l2 * np.eye(len(b))

    def hessian_product(self, x: np.ndarray, z: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Return the Hessian at x times d."""
        probabilities, moved = self._probabilities(z), self.image(d)
        weighted = probabilities * moved
        weighted -= probabilities * weighted.sum(axis=1, keepdims=True)
        return np.asarray(self.rows @ weighted).ravel() + self.l2 * d

    def curvature_product(self, d: np.ndarray) -> np.ndarray:
        """Return H times d."""
        moved = self.image(d)
        return np.asarray(self.rows @ (0.5 * (moved - moved.mean(axis=1, keepdims=True)))).ravel() + self.l2 * d

    @cached_property
    def lipschitz(self) -> np.ndarray:
        """L_i, bounds on the second derivative along each coordinate."""
        return readonly(np.repeat(0.25 * squared_rows(self.rows), self.n_classes) + self.l2)

    @cached_property
    def third(self) -> np.ndarray:
        """M_i, bounds on the third derivative along each coordinate."""
        return readonly(np.repeat(absolute_power(self.rows, 3) / (6.0 * math.sqrt(3.0)), self.n_classes))

    @cached_property
    def row_sums(self) -> np.ndarray:
        """Row sums of the absolute values of H."""
        between = 1.0 - 1.0 / self.n_classes  # row sum of |I - 11'/K| / 2
        return readonly(np.repeat(between * gram_row_sums(self.rows), self.n_classes) + self.l2)

    def rounding(self, x: np.ndarray) -> float:
        """Return what rounding leaves in an entry of the gradient at x."""
        size = absolute(self.rows)
        slopes = 1.0 + 0.5 * np.asarray(size.T @ np.abs(x).reshape(-1, self.n_classes))
        entries = np.asarray(size @ slopes).ravel() + self.l2 * np.abs(x)
        return float(np.finfo(float).eps * entries.max())


def _rest(probabilities: np.ndarray) -> np.ndarray:
    """Return ``1 - p``; where p is nearly one, as the sum of the others, which loses nothing."""
    rest, samples = 1.0 - probabilities, np.arange(len(probabilities))
    top = probabilities.argmax(axis=1)
    others = probabilities.copy()
    others[samples, top] = 0.0
    rest[samples, top] = others.sum(axis=1)
    return rest
