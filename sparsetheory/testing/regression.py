"""Sparse vectors, and regression data with a planted one, built from a seed and named decorations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

from .._validation import check_choice, check_count, check_positive
from ..errors import InvalidArgument
from .building import complete, frozen, one_line, streams
from .matrices import DESIGN_OFF, Design

__all__ = ["REGRESSION_OFF", "SIGNS", "RegressionFacts", "RegressionProblem", "SparseVector"]

SIGNS = ("mixed", "positive", "negative")

#: What the decorations of regression data are when they are off.
REGRESSION_OFF: Mapping[str, Any] = {"k": 1, "snr": 10.0, "heavy_tail": False, **DESIGN_OFF}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SparseVector:
    """A vector with k entries that are not zero, between `min_abs` and twice that in size.

    Attributes
    ----------
    w : ndarray, shape (p,)
        Read-only.
    seed : int
    decorations : mapping

    Examples
    --------
    >>> from sparsetheory.testing import SparseVector
    >>> v = SparseVector.build(seed=0, p=4, k=2, signs="positive")
    >>> len(v.support), bool((v.w >= 0).all())
    (2, True)
    """

    w: np.ndarray
    seed: int
    decorations: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def build(cls, *, seed: int, p: int, k: int = 1, min_abs: float = 0.5, signs: str = "mixed") -> Self:
        """Build the vector; k is cut to p.

        Parameters
        ----------
        seed, p : int
        k : int, default 1
        min_abs : float, default 0.5
            Least size of an entry that is not zero.
        signs : {"mixed", "positive", "negative"}
        """
        p, k = check_count(p, "p"), check_count(k, "k", minimum=0)
        check_positive(min_abs, "min_abs")
        check_choice(signs, "signs", SIGNS)
        off = {"k": 1, "min_abs": 0.5, "signs": "mixed"}
        _, on = complete({"k": k, "min_abs": min_abs, "signs": signs}, off)
        place, size, side = streams(seed, 3)
        w = np.zeros(p)
        support = place.permutation(p)[:k]
        w[support] = min_abs * size.uniform(1.0, 2.0, len(support))
        sides: tuple[float, ...] = {"mixed": (-1.0, 1.0), "positive": (1.0,), "negative": (-1.0,)}[signs]
        w[support] *= side.choice(sides, len(support))
        return cls(w=frozen(w), seed=seed, decorations=on)

    def __repr__(self) -> str:
        """One line that builds the same vector again."""
        return one_line("SparseVector", seed=self.seed, sizes={"p": len(self.w)}, on=self.decorations)

    @property
    def support(self) -> tuple[int, ...]:
        """Where the entries are that are not zero, in ascending order."""
        return tuple(int(j) for j in np.flatnonzero(self.w))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class RegressionProblem:
    """Data y = Xw + noise with a sparse w.

    Attributes
    ----------
    X : ndarray, shape (n, p)
    y : ndarray, shape (n,)
        In double precision. Both are read-only.
    w : ndarray, shape (p,)
        What was planted.
    seed : int
    decorations : mapping
        The decorations that are on.

    Examples
    --------
    >>> from sparsetheory.testing import RegressionProblem
    >>> data = RegressionProblem.build(seed=4, n=20, p=5, snr=100.0)
    >>> data, round(data.exact.snr, 9)
    (RegressionProblem.build(seed=4, n=20, p=5, snr=100.0), 100.0)
    """

    X: np.ndarray
    y: np.ndarray
    w: np.ndarray
    seed: int
    decorations: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def build(cls, *, seed: int, n: int, p: int, **decorations: Any) -> Self:
        """Build the data.

        Parameters
        ----------
        seed, n, p : int
        k : int, default 1
            Number of planted coefficients.
        snr : float, default 10
            Squared length of Xw over that of the noise; ``inf`` for none. Where Xw is zero the noise has length
            sqrt(n) and no ratio exists.
        heavy_tail : bool, default False
            Noise of Student's law with two degrees of freedom, which has no variance.
        **decorations
            Those of `Design.build`.
        """
        d, on = complete(decorations, REGRESSION_OFF)
        if not d["snr"] > 0:
            raise InvalidArgument("snr", "a positive number, or inf", d["snr"])
        X = Design.build(seed=seed, n=n, p=p, **{name: d[name] for name in DESIGN_OFF}).X
        w = SparseVector.build(seed=seed, p=p, k=d["k"]).w
        rng = np.random.default_rng((seed, 99))  # a stream that neither the design nor the vector uses
        noise = rng.standard_t(2, n) if d["heavy_tail"] else rng.standard_normal(n)
        signal = X.astype(np.float64) @ w
        length = np.linalg.norm(signal) / np.sqrt(d["snr"]) if signal.any() else np.sqrt(n)
        y = signal + noise * (length / np.linalg.norm(noise))
        return cls(X=X, y=frozen(y), w=w, seed=seed, decorations=on)

    def __repr__(self) -> str:
        """One line that builds the same data again."""
        n, p = self.X.shape
        return one_line("RegressionProblem", seed=self.seed, sizes={"n": n, "p": p}, on=self.decorations)

    @cached_property
    def exact(self) -> "RegressionFacts":
        """What is known of the data."""
        return RegressionFacts(self)


@dataclass(frozen=True, eq=False, repr=False)
class RegressionFacts:
    """Exact facts of regression data.

    Attributes
    ----------
    problem : RegressionProblem
    """

    problem: RegressionProblem

    @property
    def support(self) -> tuple[int, ...]:
        """Where the planted coefficients are."""
        return tuple(int(j) for j in np.flatnonzero(self.problem.w))

    @property
    def noise(self) -> np.ndarray:
        """What was added to Xw."""
        return self.problem.y - self.problem.X.astype(np.float64) @ self.problem.w

    @property
    def snr(self) -> float:
        """Squared length of Xw over that of the noise."""
        noise = float(self.noise @ self.noise)
        signal = self.problem.y - self.noise
        return float(signal @ signal) / noise if noise > 0 else np.inf

    @property
    def alpha_max(self) -> float:
        """Least alpha from which on the lasso is zero: max|X'y| / n."""
        X = self.problem.X.astype(np.float64)
        return float(np.abs(X.T @ self.problem.y).max()) / len(self.problem.y)
