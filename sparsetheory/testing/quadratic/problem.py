"""A small convex quadratic that is built from a seed and a few named decorations, with a solution known exactly."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

from ..._validation import check_choice, check_cost, check_count, check_vector
from ...errors import InvalidArgument
from ..building import complete, frozen, one_line, streams
from ..interface import read_array

__all__ = ["KINDS", "QUADRATIC_OFF", "QuadraticFacts", "QuadraticProblem"]

KINDS = ("gram", "graph", "tree", "floating", "ring")

#: What a decoration is when it is off; a repr names only what is on.
QUADRATIC_OFF: Mapping[str, Any] = {"kind": "gram", "duplicates": 0, "free": 0, "decades": 0, "log_scale": 0}


def _power_of_two(exponent_of_ten: Any) -> Any:
    return 2.0 ** np.rint(np.log2(10.0) * exponent_of_ten)


def _gram(n: int, rng: np.random.Generator) -> np.ndarray:
    B = rng.integers(-2, 3, (n + 1, n)) * (rng.random((n + 1, n)) < 0.7)
    return B.T @ B + np.eye(n)


def _laplacian(n: int, edges: np.ndarray, weights: np.ndarray) -> np.ndarray:
    A = np.zeros((n, n))
    for (i, j), w in zip(edges, weights, strict=True):
        A[[i, j], [i, j]] += w
        A[[i, j], [j, i]] -= w
    return A


def _tree_edges(n: int, rng: np.random.Generator) -> np.ndarray:
    child = np.arange(1, n)
    return np.column_stack([child, (rng.random(n - 1) * child).astype(int)])


def _whole_matrix(kind: str, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return a positive semi-definite matrix of small whole numbers."""
    if kind == "gram":
        return _gram(n, rng)
    if kind == "ring":  # every variable is like every other: ties everywhere
        edges = np.column_stack([np.arange(n), np.roll(np.arange(n), 1)])[: n if n > 2 else n - 1]
        return _laplacian(n, edges, np.ones(len(edges))) + np.eye(n)
    edges = _tree_edges(n, rng)
    if kind != "tree":
        chords = rng.integers(0, n, (n // 2, 2))
        edges = np.vstack([edges, chords[chords[:, 0] != chords[:, 1]]])
    A = _laplacian(n, edges, rng.integers(1, 5, len(edges)))
    ground = np.where(rng.random(n) < 0.3, 1.0, 0.0)
    ground[0] = 1.0
    return A if kind == "floating" else A + np.diag(ground)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class QuadraticProblem:
    """A convex quadratic: min x'Ax/2 - c'x, bounded below.

    Attributes
    ----------
    A : ndarray, shape (n, n)
        Symmetric positive semi-definite, read-only as is `c`.
    c : ndarray, shape (n,)
        In the range of A.
    solution : ndarray of shape (n,) or None
        One with A x = c without any rounding; None when the arrays were given.
    seed : int or None
        What the arrays were built from.
    decorations : mapping
        The decorations that are on.

    Examples
    --------
    >>> from sparsetheory.testing import QuadraticProblem
    >>> p = QuadraticProblem.build(seed=3, n=4, kind="tree")
    >>> p
    QuadraticProblem.build(seed=3, n=4, kind='tree')
    >>> bool((p.A @ p.solution == p.c).all())
    True
    """

    A: np.ndarray
    c: np.ndarray
    solution: np.ndarray | None = None
    seed: int | None = None
    decorations: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        A = check_cost(np.asarray(self.A), "A")
        if A.shape[0] != A.shape[1] or not np.array_equal(A, A.T):
            raise InvalidArgument("A", "a symmetric matrix", f"shape {A.shape}")
        object.__setattr__(self, "A", frozen(A))
        object.__setattr__(self, "c", frozen(check_vector(self.c, "c", length=len(A))))

    @classmethod
    def build(cls, *, seed: int, n: int, **decorations: Any) -> Self:
        """Build the arrays from a seed: whole numbers and powers of two, so that A x = c holds exactly.

        Parameters
        ----------
        seed, n : int
        kind : {"gram", "graph", "tree", "floating", "ring"}
            B'B + I; a graph or a tree held to zero at some nodes; a graph held nowhere, so that constants are in the
            kernel; a ring on which all variables are alike.
        duplicates : int, default 0
            So many variables are given twice: A is singular.
        free : int, default 0
            So many variables that occur nowhere.
        decades : float, default 0
            Units of the variables are spread over that many powers of ten.
        log_scale : int, default 0
            c, and with it the solution, is multiplied by about ten to this power.
        """
        n = check_count(n, "n")
        d, on = complete(decorations, QUADRATIC_OFF)
        matrix_rng, solution_rng, order_rng, unit_rng = streams(seed, 4)
        kind = check_choice(d["kind"], "kind", KINDS)
        free = min(d["free"], n - 1)
        twice = min(d["duplicates"], (n - free) // 2)
        base = n - free - twice
        copies = np.concatenate([np.arange(base), np.arange(twice)])
        A, x = np.zeros((n, n)), np.zeros(n)
        A[: n - free, : n - free] = _whole_matrix(kind, base, matrix_rng)[np.ix_(copies, copies)]
        whole = solution_rng.integers(1, 5, n) * solution_rng.choice([-1.0, 1.0], n)
        x[: n - free] = 1.0 if kind == "ring" else whole[: n - free]
        order = order_rng.permutation(n)
        A, x = A[np.ix_(order, order)], x[order] * _power_of_two(d["log_scale"])
        units = _power_of_two(d["decades"] * unit_rng.uniform(-0.5, 0.5, n))
        A, x = A * np.outer(units, units), x / units
        return cls(A=A, c=A @ x, solution=frozen(x), seed=seed, decorations=on)

    def __repr__(self) -> str:
        """One line that builds the same problem again."""
        if self.seed is None:
            return f"QuadraticProblem(A={self.A.tolist()}, c={self.c.tolist()})"
        return one_line("QuadraticProblem", seed=self.seed, sizes={"n": len(self.c)}, on=self.decorations)

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What a solver is given."""
        return {"A": self.A, "c": self.c}

    def read(self, result: Any) -> np.ndarray:
        """Return the point of a result, an array or its ``.x``, or raise `SolverFailed`."""
        return read_array(result, attribute="x", shape=self.c.shape)

    @cached_property
    def exact(self) -> "QuadraticFacts":
        """What is known of the problem without solving it."""
        return QuadraticFacts(A=self.A, c=self.c)


@dataclass(frozen=True, kw_only=True, eq=False)
class QuadraticFacts:
    """Facts of a quadratic in units in which every curvature is one, where bad scaling does not show.

    Attributes
    ----------
    A, c : ndarray
    """

    A: np.ndarray
    c: np.ndarray

    @cached_property
    def root(self) -> np.ndarray:
        """Square roots of the diagonal; 1 for variables that occur nowhere."""
        diagonal = np.diagonal(self.A)
        return np.sqrt(np.where(diagonal > 0, diagonal, 1.0))

    @cached_property
    def spectrum(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues of A with ones on its diagonal, those that are zero left out, and their vectors."""
        values, vectors = np.linalg.eigh(self.A / np.outer(self.root, self.root))
        kept = values > 1e-10  # whole numbers this small have no smaller ones, but rounding has
        return values[kept], vectors[:, kept]

    @property
    def least(self) -> float:
        """Least eigenvalue that is not zero, at most 1."""
        return float(self.spectrum[0].min(initial=1.0))

    @property
    def singular(self) -> bool:
        """Whether solutions are not unique."""
        return len(self.spectrum[0]) < len(self.c)

    @property
    def slope(self) -> float:
        """Largest entry of the gradient at zero."""
        return float(np.abs(self.c).max())

    @cached_property
    def depth(self) -> float:
        """Upper bound on sqrt(2 (f(0) - f*)), the energy norm of a solution."""
        return float(np.linalg.norm(self.c / self.root)) / np.sqrt(self.least)
