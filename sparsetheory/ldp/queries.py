r"""What a user may be asked: vectors that are linear in x x^T, x y and y^2, of known norm and sensitivity.

Every query is in units of the bounds: with u = x / r in the unit ball and t = y / tau in [-1, 1]. Norm and sensitivity
then do not depend on the bounds, and answers are multiplied by them when they are read.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from ._packed import outer_rows
from .packed import pack, packed_length, svec, unpack, unsvec
from .prediction import GramNoise
from .records import ClippedRecords, Moments

__all__ = ["Joint", "Outer", "Product", "Published", "Query"]


class Query(Protocol):
    """A query whose answers may be added up."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def length(self) -> int: ...  # noqa: D102

    @property
    def reach(self) -> float:
        """Return the largest norm of an answer."""

    @property
    def sensitivity(self) -> float:
        """Return the largest distance of two answers."""

    def answer(self, moments: Moments) -> np.ndarray:
        """Return the sum of the answers of records with these moments."""

    def values(self, records: ClippedRecords) -> np.ndarray:
        """Return each record's answer."""

    def noise(self, sd: float) -> GramNoise:
        """Return the deviations that noise sd in every coordinate leaves in the moments; nan where not asked."""

    def gram(self, v: np.ndarray) -> np.ndarray | None:
        """Read x x^T from an answer."""

    def cross(self, v: np.ndarray) -> np.ndarray | None:
        """Read x y from an answer."""


def _products(records: ClippedRecords) -> np.ndarray:
    return (records.unit if records.boxed is None else records.boxed) * records.response[:, None]


@dataclass(frozen=True)
class Outer:
    r"""svec(u u^T), a point of the unit ball: :math:`|uu^T - u'u'^T|^2 \le 2`."""

    dim: int
    x_radius: float
    name: ClassVar[str] = "gram"
    reach: ClassVar[float] = 1.0
    sensitivity: ClassVar[float] = math.sqrt(2.0)

    @property
    def length(self) -> int:
        """Return d (d + 1) / 2."""
        return packed_length(self.dim)

    def answer(self, moments: Moments) -> np.ndarray:
        """Return the sum of answers from moments."""
        return svec(moments.gram) / self.x_radius**2

    def values(self, records: ClippedRecords) -> np.ndarray:
        """Return an answer a row."""
        out = np.empty((len(records), self.length))
        outer_rows(records.unit, 1.0, math.sqrt(2.0), out)
        return out

    def noise(self, sd: float) -> GramNoise:
        """Return deviations in the units of the data."""
        sd = sd * self.x_radius**2
        return GramNoise(sd / math.sqrt(2.0), sd, math.nan)

    def gram(self, v: np.ndarray) -> np.ndarray | None:
        """Read x x^T."""
        return unsvec(v) * self.x_radius**2

    def cross(self, v: np.ndarray) -> np.ndarray | None:
        """Read x y."""
        return None


@dataclass(frozen=True)
class Product:
    r"""u t, a point of the unit ball: :math:`|ut - u't'| \le 2`; covariates may be clipped by coordinate."""

    dim: int
    x_radius: float
    y_bound: float
    name: ClassVar[str] = "cross"
    reach: ClassVar[float] = 1.0
    sensitivity: ClassVar[float] = 2.0

    @property
    def length(self) -> int:
        """Return d."""
        return self.dim

    def answer(self, moments: Moments) -> np.ndarray:
        """Return the sum of answers from moments."""
        return (moments.cross if moments.boxed_cross is None else moments.boxed_cross) / (self.x_radius * self.y_bound)

    def values(self, records: ClippedRecords) -> np.ndarray:
        """Return an answer a row."""
        return _products(records)

    def noise(self, sd: float) -> GramNoise:
        """Return deviations in the units of the data."""
        return GramNoise(math.nan, math.nan, sd * self.x_radius * self.y_bound)

    def gram(self, v: np.ndarray) -> np.ndarray | None:
        """Read x x^T."""
        return None

    def cross(self, v: np.ndarray) -> np.ndarray | None:
        """Read x y."""
        return v * (self.x_radius * self.y_bound)


@dataclass(frozen=True)
class Joint:
    r"""svec(z z^T) with z = (u, w t): :math:`|z|^2 \le 1 + w^2`, so :math:`|zz^T - z'z'^T|^2 \le 2 (1 + w^2)^2`.

    With the response in its own units, z = (x, c y)/r and w = c tau / r.
    """

    dim: int
    x_radius: float
    y_bound: float
    weight: float
    name: ClassVar[str] = "joint"

    @property
    def length(self) -> int:
        """Return (d + 1) (d + 2) / 2."""
        return packed_length(self.dim + 1)

    @property
    def _w(self) -> float:
        return self.weight * self.y_bound / self.x_radius

    @property
    def reach(self) -> float:
        """Return 1 + w^2."""
        return 1.0 + self._w**2

    @property
    def sensitivity(self) -> float:
        """Return sqrt(2) (1 + w^2)."""
        return math.sqrt(2.0) * self.reach

    def answer(self, moments: Moments) -> np.ndarray:
        """Return the sum of answers from moments."""
        c = self.weight
        Z = np.block([
            [moments.gram, c * moments.cross[:, None]],
            [c * moments.cross[None, :], np.full((1, 1), c**2 * moments.square)],
        ])  # fmt: skip
        return svec(Z) / self.x_radius**2

    def _z(self, records: ClippedRecords) -> np.ndarray:
        return np.column_stack([records.unit, self._w * records.response])

    def values(self, records: ClippedRecords) -> np.ndarray:
        """Return an answer a row."""
        out = np.empty((len(records), self.length))
        outer_rows(self._z(records), 1.0, math.sqrt(2.0), out)
        return out

    def noise(self, sd: float) -> GramNoise:
        """Return deviations in the units of the data."""
        sd = sd * self.x_radius**2
        return GramNoise(sd / math.sqrt(2.0), sd, sd / (math.sqrt(2.0) * self.weight))

    def gram(self, v: np.ndarray) -> np.ndarray | None:
        """Read x x^T."""
        return unsvec(v)[: self.dim, : self.dim] * self.x_radius**2

    def cross(self, v: np.ndarray) -> np.ndarray | None:
        """Read x y."""
        return unsvec(v)[: self.dim, self.dim] * (self.x_radius**2 / self.weight)


@dataclass(frozen=True)
class Published:
    r"""The plain upper triangle of u u^T, then the cross moment with covariates clipped by coordinate.

    The parts move by at most sqrt(2) and 2, together by at most sqrt(6); the published analysis uses 2 for each part.
    """

    dim: int
    x_radius: float
    y_bound: float
    coordinate_bound: float
    name: ClassVar[str] = "published"
    reach: ClassVar[float] = math.sqrt(2.0)
    sensitivity: ClassVar[float] = math.sqrt(6.0)

    @property
    def _triangle(self) -> int:
        return packed_length(self.dim)

    @property
    def length(self) -> int:
        """Return d (d + 1) / 2 + d."""
        return self._triangle + self.dim

    @property
    def _box(self) -> float:
        return math.sqrt(self.dim) * self.coordinate_bound * self.y_bound

    def answer(self, moments: Moments) -> np.ndarray:
        """Return the sum of answers from moments."""
        cross = moments.cross if moments.boxed_cross is None else moments.boxed_cross
        return np.concatenate([pack(moments.gram) / self.x_radius**2, cross / self._box])

    def values(self, records: ClippedRecords) -> np.ndarray:
        """Return an answer a row."""
        out = np.empty((len(records), self._triangle))
        outer_rows(records.unit, 1.0, 1.0, out)
        return np.column_stack([out, _products(records)])

    def noise(self, sd: float) -> GramNoise:
        """Return deviations in the units of the data."""
        return GramNoise(sd * self.x_radius**2, sd * self.x_radius**2, sd * self._box)

    def gram(self, v: np.ndarray) -> np.ndarray | None:
        """Read x x^T."""
        return unpack(v[: self._triangle]) * self.x_radius**2

    def cross(self, v: np.ndarray) -> np.ndarray | None:
        """Read x y."""
        return v[self._triangle :] * self._box
