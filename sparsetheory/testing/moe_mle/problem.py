"""Data to which a softmax-gated Gaussian mixture of linear experts is to be fitted by maximum likelihood."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from ..._validation import check_count, check_matrix, check_vector
from ..building import frozen, one_line
from ..finding import SolverFailed
from ..interface import read_array
from ..moe import Experts, MoEInstance

__all__ = ["MoEProblem"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class MoEProblem:
    """Fit p(y | x) = sum_j softmax_j(beta1_j x + beta0_j) N(y; a_j x + b_j, v_j) by maximum likelihood.

    Attributes
    ----------
    X : ndarray, shape (n, d)
    y : ndarray, shape (n,)
        Read-only, as is `X`.
    n_experts : int
    truth : Experts or None
        Where the data came from, where that is known.
    seed : int or None
    decorations : mapping

    Examples
    --------
    >>> from sparsetheory.testing.moe_mle import MoEProblem
    >>> MoEProblem.build(seed=3, n=150, d=1, experts=2)
    MoEProblem.build(seed=3, n=150, d=1, experts=2)
    """

    X: np.ndarray
    y: np.ndarray
    n_experts: int
    truth: Experts | None = None
    seed: int | None = None
    decorations: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "X", frozen(check_matrix(self.X, "X")))
        object.__setattr__(self, "y", frozen(check_vector(self.y, "y", length=len(self.X))))
        object.__setattr__(self, "n_experts", check_count(self.n_experts, "n_experts"))

    @classmethod
    def build(cls, *, seed: int, n: int, d: int, experts: int, **decorations: Any) -> Self:
        """Draw the data; the arguments are those of `sparsetheory.testing.MoEInstance.build`."""
        data = MoEInstance.build(seed=seed, n=n, d=d, experts=experts, **decorations)
        return cls(X=data.X, y=data.y, n_experts=data.exact.experts_to_fit, truth=data.exact.embedded, seed=seed,
                   decorations=data.decorations)  # fmt: skip

    def __repr__(self) -> str:
        """One line that builds the same problem again."""
        if self.seed is None or self.truth is None:
            return f"MoEProblem(X={self.X.tolist()}, y={self.y.tolist()}, n_experts={self.n_experts})"
        experts = self.n_experts - int(self.decorations.get("over_specified", 0))
        sizes = {"n": self.X.shape[0], "d": self.X.shape[1], "experts": experts}
        return one_line("MoEProblem", seed=self.seed, sizes=sizes, on=self.decorations)

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What a solver is given."""
        return {"X": self.X, "y": self.y, "n_experts": self.n_experts}

    def read(self, result: Any) -> np.ndarray:
        """Return the parameters as rows (beta1, beta0, a, b, v), shape (k, 2 d + 3), or raise `SolverFailed`.

        A result is such an array, has the five as attributes, alone or in ``.measure``, or is an estimator with
        ``gate_coef_``, ``gate_intercept_``, ``expert_coef_``, ``expert_intercept_`` and ``variance_``.
        """
        k, d = self.n_experts, self.X.shape[1]
        rows = read_array(_rows(result), attribute="", shape=(k, 2 * d + 3))
        if not (rows[:, -1] > 0).all():
            raise SolverFailed(f"returned a variance of {rows[:, -1].min():.3g}")
        return rows

    def experts(self, rows: np.ndarray) -> Experts:
        """Return what was read as a density."""
        d = self.X.shape[1]
        return Experts(beta1=rows[:, :d], beta0=rows[:, d], a=rows[:, d + 1 : 2 * d + 1], b=rows[:, -2], v=rows[:, -1])


_NAMES = (
    ("beta1", "beta0", "a", "b", "v"),
    ("gate_coef_", "gate_intercept_", "expert_coef_", "expert_intercept_", "variance_"),
)


def _rows(result: Any) -> Any:
    """Return the five parameters side by side, where the result has them."""
    found = getattr(result, "measure", result)
    for names in _NAMES:
        if all(hasattr(found, name) for name in names):
            try:
                return np.column_stack([np.asarray(getattr(found, name), dtype=float) for name in names])
            except (TypeError, ValueError):
                raise SolverFailed(f"returned {', '.join(names)} of shapes that do not fit") from None
    return found
