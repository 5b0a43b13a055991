"""Vectors that users hold, to be made private one by one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from ..._validation import check_choice, check_count, check_matrix
from ..building import complete, frozen, one_line, streams
from ..finding import SolverFailed
from ..interface import answer, read_array

__all__ = ["PLACES", "VECTOR_OFF", "VectorProblem"]

PLACES = ("inside", "sphere", "sparse", "zero", "outside", "huge", "tiny")

#: What the decorations of vectors are when they are off.
VECTOR_OFF: Mapping[str, Any] = {"place": "inside", "repeated": False}


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class VectorProblem:
    """Rows of a matrix, one a user, that a randomiser of the unit ball is to make private.

    Attributes
    ----------
    V : ndarray, shape (n, d)
        Read-only.
    seed : int or None
        Also the seed of the generator that a mechanism gets.
    decorations : mapping

    Examples
    --------
    >>> from sparsetheory.testing.ldp_mechanism import VectorProblem
    >>> VectorProblem.build(seed=3, n=4, d=2, place="sphere")
    VectorProblem.build(seed=3, n=4, d=2, place='sphere')
    """

    V: np.ndarray
    seed: int | None = None
    decorations: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "V", frozen(check_matrix(self.V, "V")))

    @classmethod
    def build(cls, *, seed: int, n: int, d: int, **decorations: Any) -> Self:
        """Draw the vectors.

        Parameters
        ----------
        seed, n, d : int
        place : str, default "inside"
            In the ball, on its sphere, along one coordinate, at zero, up to four times outside, of length 1e200, or of
            length 1e-200.
        repeated : bool, default False
            All users hold the vector of the first.
        """
        n, d = check_count(n, "n"), check_count(d, "d")
        whole, on = complete(decorations, VECTOR_OFF)
        place = check_choice(whole["place"], "place", PLACES)
        directions, lengths = streams(seed, 2)
        V = np.eye(d)[directions.integers(0, d, n)] if place == "sparse" else directions.standard_normal((n, d))
        V /= np.linalg.norm(V, axis=1, keepdims=True)
        ranges = {"sphere": (1, 1), "zero": (0, 0), "outside": (1, 4), "huge": (1e200, 1e200), "tiny": (1e-200, 1e-200)}
        V *= lengths.uniform(*ranges.get(place, (0, 1)), (n, 1))
        return cls(V=np.repeat(V[:1], n, axis=0) if whole["repeated"] else V, seed=seed, decorations=on)

    def __repr__(self) -> str:
        """One line that builds the same problem again."""
        if self.seed is None:
            return f"VectorProblem(V={self.V.tolist()})"
        n, d = self.V.shape
        return one_line("VectorProblem", seed=self.seed, sizes={"n": n, "d": d}, on=self.decorations)

    @property
    def clipped(self) -> np.ndarray:
        """What a report has to be right about: the rows, shortened to the unit ball."""
        length = np.abs(self.V).max(axis=1, keepdims=True)
        scaled = self.V / np.where(length > 0, length, 1.0)  # squares of huge entries would overflow
        norm = length * np.linalg.norm(scaled, axis=1, keepdims=True)
        return np.where(norm > 1.0, self.V / np.maximum(norm, 1.0), self.V)

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What a mechanism is given: the vectors, and a generator of its own."""
        return {"V": self.V, "rng": np.random.default_rng(self.seed or 0)}

    def read(self, result: Any) -> np.ndarray:
        """Return the reports as floats of the shape of V, or raise `SolverFailed`."""
        return read_array(result, attribute="", shape=self.V.shape)

    def reports(self, solver: Callable[..., Any], *, copies: int, seed: int = 0) -> np.ndarray:
        """Return `copies` independent reports of the first vector, or raise `SolverFailed`."""
        twin = VectorProblem(V=np.repeat(self.V[:1], copies, axis=0), seed=1 + 1000 * (self.seed or 0) + seed)
        return twin.read(answer(solver, twin))


def stated(solver: Any, name: str, problem: VectorProblem) -> Any:
    """Return what a mechanism says of itself in dimension d, or None where it says nothing.

    An attribute of the mechanism, or a function of the dimension of that name.
    """
    value = getattr(solver, name, None)
    if not callable(value):
        return value
    try:
        return value(problem.V.shape[1])
    except Exception as error:
        raise SolverFailed(f"{name}({problem.V.shape[1]}) raised {type(error).__name__}: {error}") from error
