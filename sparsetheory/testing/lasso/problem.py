"""A small lasso problem that is built from a seed and a few named decorations, and knows exact facts of itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

from ..._validation import check_cost, check_positive, check_vector
from ...errors import InvalidArgument
from ..building import complete, frozen, one_line
from ..interface import read_array
from ..matrices import DesignFacts
from ..regression import REGRESSION_OFF, RegressionProblem

__all__ = ["LASSO_OFF", "LassoFacts", "LassoProblem"]

#: What a decoration is when it is off; a repr names only what is on.
LASSO_OFF: Mapping[str, Any] = {"alpha": 0.1, "log_scale": 0, **REGRESSION_OFF}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LassoProblem:
    """A lasso problem: min |y - Xw|^2 / (2n) + alpha |w|_1, without intercept.

    Attributes
    ----------
    X : ndarray, shape (n, p)
        In single or double precision. Read-only, as is `y`.
    y : ndarray, shape (n,)
    alpha : float
        Positive, in the units of X'y / n.
    seed : int or None
        What the arrays were built from; None when they were given.
    decorations : mapping
        The decorations that are on.

    Examples
    --------
    >>> from sparsetheory.testing import LassoProblem
    >>> LassoProblem.build(seed=3, n=4, p=2, zero_cols=1)
    LassoProblem.build(seed=3, n=4, p=2, zero_cols=1)
    """

    X: np.ndarray
    y: np.ndarray
    alpha: float
    seed: int | None = None
    decorations: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = np.asarray(self.X)
        X = check_cost(given, "X")
        if np.isinf(X).any():
            raise InvalidArgument("X", "finite entries", "inf")
        if given.dtype in (np.float32, np.float64):
            X = given  # in its own precision and memory order
        object.__setattr__(self, "X", frozen(X))
        object.__setattr__(self, "y", frozen(check_vector(self.y, "y", length=len(X))))
        object.__setattr__(self, "alpha", check_positive(self.alpha, "alpha"))

    @classmethod
    def build(cls, *, seed: int, n: int, p: int, **decorations: Any) -> Self:
        """Build the arrays from a seed.

        Parameters
        ----------
        seed, n, p : int
        alpha : float, default 0.1
            Relative to the least value at which the solution is zero, where there is one.
        log_scale : int, default 0
            y and `alpha` are multiplied by ten to this power.
        **decorations
            Those of `RegressionProblem.build` and of `Design.build`.
        """
        d, on = complete(decorations, LASSO_OFF)
        data = RegressionProblem.build(seed=seed, n=n, p=p, **{name: d[name] for name in REGRESSION_OFF})
        scale = 10.0 ** d["log_scale"]
        alpha = d["alpha"] * scale * (data.exact.alpha_max or 1.0)
        return cls(X=data.X, y=scale * data.y, alpha=alpha, seed=seed, decorations=on)

    def __repr__(self) -> str:
        """One line that builds the same problem again."""
        n, p = self.X.shape
        if self.seed is None:
            return f"LassoProblem(X={self.X.tolist()}, y={self.y.tolist()}, alpha={self.alpha!r})"
        return one_line("LassoProblem", seed=self.seed, sizes={"n": n, "p": p}, on=self.decorations)

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What a solver is given."""
        return {"X": self.X, "y": self.y, "alpha": self.alpha}

    def read(self, result: Any) -> np.ndarray:
        """Return the coefficients of a result, an array or its ``.coef_``, or raise `SolverFailed`."""
        return read_array(result, attribute="coef_", shape=self.X.shape[1:])

    @cached_property
    def exact(self) -> "LassoFacts":
        """What is known of the answer without solving the problem."""
        return LassoFacts(X=self.X.astype(np.float64), y=self.y)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LassoFacts(DesignFacts):
    """Exact facts of a problem: those of its design, and what is known at w = 0.

    Attributes
    ----------
    X : ndarray, shape (n, p)
        In double precision.
    y : ndarray, shape (n,)
    """

    y: np.ndarray

    @property
    def null_value(self) -> float:
        """The objective at zero, |y|^2 / (2n)."""
        return float(self.y @ self.y) / (2 * len(self.y))

    @property
    def alpha_max(self) -> float:
        """Least alpha from which on the solution is zero: max|X'y| / n."""
        return float(np.abs(self.X.T @ self.y).max()) / len(self.y)

    @property
    def longest(self) -> float:
        """Largest norm of a column."""
        return float(self.norms.max())
