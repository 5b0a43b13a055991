"""Matrices that are built from a seed and know exact facts of themselves: positive definite ones, and designs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

from .._validation import check_choice, check_count
from ..errors import InvalidArgument
from .building import complete, frozen, one_line, streams

__all__ = ["DESIGN_OFF", "SPECTRA", "Design", "DesignFacts", "SPDMatrix", "SpectrumFacts"]

SPECTRA = ("geom", "two-cluster", "flat")

#: Largest condition number of an `SPDMatrix`.
MAX_COND = 1e8

#: Eigenvalues are whole numbers up to 2**EIGENVALUE_BITS and every stage of rotations multiplies entries by 25: with
#: four stages no number on the way needs more than 53 bits.
EIGENVALUE_BITS, STAGES = 34, 4


def _spectrum(d: int, cond: float, kind: str) -> np.ndarray:
    """Return d whole numbers, sorted, whose largest ratio is `cond` up to half a unit in the largest."""
    least = np.floor(2.0**EIGENVALUE_BITS / cond)
    most = np.rint(cond * least)
    if d == 1:
        return np.array([least])
    if kind == "geom":
        values = np.geomspace(least, most, d)
    elif kind == "flat":
        values = np.linspace(least, most, d)
    else:
        values = np.where(np.arange(d) < d // 2, least, most)
    values = np.rint(values)
    values[0], values[-1] = least, most
    return values


def _rotate(A: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return 25 Q A Q' for an orthogonal Q that turns random pairs of coordinates by the angle of the 3-4-5 triangle.

    The matrix 5 Q is whole, so that a whole A stays whole and no rounding happens.
    """
    d = len(A)
    Q = 5.0 * np.eye(d)
    for i, j in rng.permutation(d)[: d - d % 2].reshape(-1, 2):
        Q[np.ix_((i, j), (i, j))] = [[3.0, -4.0], [4.0, 3.0]]
    return Q @ A @ Q.T


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SPDMatrix:
    """A symmetric positive definite matrix whose eigenvalues are known without rounding.

    Attributes
    ----------
    A : ndarray, shape (d, d)
        Largest eigenvalue between 1/2 and 2. Read-only.
    eigenvalues : ndarray, shape (d,)
        Those of the stored matrix, exactly, in ascending order.
    seed : int
    decorations : mapping

    Notes
    -----
    A seeded orthogonal factor in floating point loses the small eigenvalues: rounding moves each by about u times the
    largest, a relative 1e-8 at condition 1e8. Here everything is a whole number: rotations by the angle of the 3-4-5
    triangle, scaled by five, turn pairs of coordinates in four stages, and one power of two brings the result to size.
    Each eigenvector therefore has at most sixteen entries that are not zero.

    Examples
    --------
    >>> from sparsetheory.testing import SPDMatrix
    >>> m = SPDMatrix.build(seed=1, d=5, cond=1e8)
    >>> m
    SPDMatrix.build(seed=1, d=5, cond=100000000.0)
    >>> abs(m.exact.cond / 1e8 - 1) < 1e-10
    True
    """

    A: np.ndarray
    eigenvalues: np.ndarray
    seed: int
    decorations: Mapping[str, Any]

    @classmethod
    def build(cls, *, seed: int, d: int, cond: float = 1.0, spectrum: str = "geom") -> Self:
        """Build the matrix.

        Parameters
        ----------
        seed, d : int
        cond : float, default 1
            Ratio of the extreme eigenvalues, from 1 to 1e8; one is lost for d = 1.
        spectrum : {"geom", "two-cluster", "flat"}
            Eigenvalues in geometric progression, half of them at each end, or evenly spaced.
        """
        d, kind = check_count(d, "d"), check_choice(spectrum, "spectrum", SPECTRA)
        if not 1 <= cond <= MAX_COND:
            raise InvalidArgument("cond", f"a number between 1 and {MAX_COND:g}", cond)
        _, on = complete({"cond": cond, "spectrum": spectrum}, {"cond": 1.0, "spectrum": "geom"})
        rng = np.random.default_rng(seed)
        values = _spectrum(d, cond, kind)
        A = np.diag(rng.permutation(values))
        for _ in range(STAGES):
            A = _rotate(A, rng)
        unit = 2.0 ** -np.rint(np.log2(values[-1] * 25.0**STAGES))
        return cls(A=frozen(A * unit), eigenvalues=frozen(values * 25.0**STAGES * unit), seed=seed, decorations=on)

    def __repr__(self) -> str:
        """One line that builds the same matrix again."""
        return one_line("SPDMatrix", seed=self.seed, sizes={"d": len(self.A)}, on=self.decorations)

    @cached_property
    def exact(self) -> "SpectrumFacts":
        """What is known of the matrix without computing."""
        return SpectrumFacts(self)


@dataclass(frozen=True, eq=False, repr=False)
class SpectrumFacts:
    """Exact facts of an `SPDMatrix`.

    Attributes
    ----------
    matrix : SPDMatrix
    """

    matrix: SPDMatrix

    @property
    def mu(self) -> float:
        """Smallest eigenvalue."""
        return float(self.matrix.eigenvalues[0])

    @property
    def L(self) -> float:
        """Largest eigenvalue."""
        return float(self.matrix.eigenvalues[-1])

    @property
    def cond(self) -> float:
        """Their ratio."""
        return self.L / self.mu


#: What the decorations of a design are when they are off.
DESIGN_OFF: Mapping[str, Any] = {
    "correlation": 0.0, "zero_cols": 0, "duplicates": 0, "density": 1.0, "decades": 0, "dtype": "float64", "order": "C",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Design:
    """A design matrix.

    Attributes
    ----------
    X : ndarray, shape (n, p)
        Read-only.
    seed : int
    decorations : mapping
        The decorations that are on.

    Examples
    --------
    >>> from sparsetheory.testing import Design
    >>> design = Design.build(seed=2, n=3, p=4, duplicates=1)
    >>> design, design.exact.twins
    (Design.build(seed=2, n=3, p=4, duplicates=1), ((0, 3),))
    """

    X: np.ndarray
    seed: int
    decorations: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def build(cls, *, seed: int, n: int, p: int, **decorations: Any) -> Self:
        """Build the matrix.

        Parameters
        ----------
        seed, n, p : int
        correlation : float, default 0
            Of neighbouring columns; it falls geometrically with their distance.
        zero_cols : int, default 0
            How many columns are exactly zero, at most p.
        duplicates : int, default 0
            How many columns at the end repeat those at the beginning, at most half of them.
        density : float, default 1
            Chance of an entry to be kept; each column keeps one.
        decades : int, default 0
            The norms of the columns spread over this many decades.
        dtype : {"float64", "float32"}
        order : {"C", "F"}
        """
        n, p = check_count(n, "n"), check_count(p, "p")
        d, on = complete(decorations, DESIGN_OFF)
        check_choice(d["dtype"], "dtype", ("float64", "float32"))
        check_choice(d["order"], "order", ("C", "F"))
        if not (0 <= d["correlation"] < 1 and 0 < d["density"] <= 1):
            raise InvalidArgument("decorations", "correlation in [0, 1) and density in (0, 1]", d)
        entries, kept, sizes, zeros = streams(seed, 4)
        X = entries.standard_normal((n, p))
        for j in range(1, p):
            X[:, j] = d["correlation"] * X[:, j - 1] + np.sqrt(1 - d["correlation"] ** 2) * X[:, j]
        if d["density"] < 1:
            keep = kept.random((n, p)) < d["density"]
            keep[kept.integers(n, size=p), np.arange(p)] = True
            X[~keep] = 0.0
        if d["decades"]:
            X *= 10.0 ** sizes.permutation(np.linspace(-d["decades"] / 2, d["decades"] / 2, p))
        copies = min(d["duplicates"], p // 2)
        X[:, p - copies :] = X[:, :copies][:, ::-1]
        X[:, zeros.permutation(p)[: d["zero_cols"]]] = 0.0
        return cls(X=frozen(np.asarray(X, dtype=d["dtype"], order=d["order"])), seed=seed, decorations=on)

    def __repr__(self) -> str:
        """One line that builds the same matrix again."""
        n, p = self.X.shape
        return one_line("Design", seed=self.seed, sizes={"n": n, "p": p}, on=self.decorations)

    @cached_property
    def exact(self) -> "DesignFacts":
        """What is known of the matrix."""
        return DesignFacts(X=self.X)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class DesignFacts:
    """Exact facts of a design.

    Attributes
    ----------
    X : ndarray, shape (n, p)
    """

    X: np.ndarray

    @cached_property
    def norms(self) -> np.ndarray:
        """Euclidean norms of the columns."""
        return np.linalg.norm(self.X.astype(np.float64), axis=0)

    @property
    def zeros(self) -> tuple[int, ...]:
        """The columns that are zero."""
        return tuple(int(j) for j in np.flatnonzero(~self.X.any(axis=0)))

    @property
    def twins(self) -> tuple[tuple[int, int], ...]:
        """Pairs of equal columns that are not zero."""
        alive = [j for j in range(self.X.shape[1]) if j not in self.zeros]
        return tuple((i, j) for i in alive for j in alive if i < j and np.array_equal(self.X[:, i], self.X[:, j]))
