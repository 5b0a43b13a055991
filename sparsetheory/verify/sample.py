"""Sample: what a study measured, cell by cell and replicate by replicate."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import numpy as np

from .bound import Bound

__all__ = ["Cell", "Grid", "Measurement", "Observation", "Sample"]

Cell = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What one replicate of one cell says about the bound.

    Attributes
    ----------
    value : array_like, shape (m,) or scalar
        The measured quantity, one entry an iterate or a single number.
    at : mapping of str to array_like
        The value of every symbol of the claim's bound, each a scalar or of shape (m,). The engine evaluates the
        bound itself, so that no study can carry a copy of it.
    floor : array_like
        Round-off floor of `value`, derived and in its unit; scalar or of shape (m,).
    must_vanish : mapping of str to (residual, floor)
        Side conditions of the statement: residuals that have to be zero up to their floor.
    """

    value: Any
    at: Mapping[str, Any]
    floor: Any = 0.0
    must_vanish: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain lists and floats, exact under a round trip through JSON."""
        return {
            "value": np.atleast_1d(np.asarray(self.value, float)).tolist(),
            "at": {k: np.asarray(v, float).tolist() for k, v in self.at.items()},
            "floor": np.asarray(self.floor, float).tolist(),
            "must_vanish": {k: [float(r), float(f)] for k, (r, f) in self.must_vanish.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Measurement":
        """Read back what `to_json` wrote."""
        return cls(
            value=np.asarray(data["value"], float),
            at={k: np.asarray(v, float) for k, v in data["at"].items()},
            floor=np.asarray(data["floor"], float),
            must_vanish={k: (r, f) for k, (r, f) in data["must_vanish"].items()},
        )


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Cells of a study: strata (kinds of problem, each judged and shown on its own) times sizes along one axis.

    Attributes
    ----------
    axis : str
        Name of the parameter along which a rate is read; also the name of a study without one (a single size).
    sizes : sequence of float
        Values on the axis, increasing.
    strata : sequence of mapping
        Other parameters, a mapping a stratum; ``({},)`` when there is one.
    """

    axis: str = "size"
    sizes: Sequence[float] = (1,)
    strata: Sequence[Mapping[str, Any]] = ({},)

    def __len__(self) -> int:
        return len(self.sizes) * len(self.strata)

    def cell(self, index: int) -> dict[str, Any]:
        """Return the parameters of a cell; cells are numbered stratum by stratum."""
        stratum, size = divmod(index, len(self.sizes))
        return {**self.strata[stratum], self.axis: self.sizes[size]}


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One record: a measurement, or the reason why there is none."""

    cell: int
    replicate: int
    measurement: Measurement | None = None
    failure: str | None = None


@dataclass(frozen=True, kw_only=True)
class Sample:
    """All records of one variant of a study (the study itself, or one of its controls).

    Attributes
    ----------
    grid : Grid
        The cells.
    observations : sequence of Observation
        In the order (cell, replicate).
    bound : Bound
        What the values are held against.
    constants : mapping of str to float
        Values of symbols that no measurement carries (the ``kappa`` of a wrong bound).
    """

    grid: Grid
    observations: Sequence[Observation]
    bound: Bound
    constants: Mapping[str, float] = field(default_factory=dict)

    def bound_at(self, measurement: Measurement) -> np.ndarray:
        """Evaluate the bound where a measurement was taken; one entry a value."""
        value = np.atleast_1d(np.asarray(measurement.value, float))
        return np.broadcast_to(self.bound(**measurement.at, **self.constants), value.shape)

    def stratum_of(self, cell: int) -> int:
        """Return the index of the stratum a cell belongs to."""
        return cell // len(self.grid.sizes)

    def size_of(self, cell: int) -> float:
        """Return the place of a cell on the axis."""
        return float(self.grid.sizes[cell % len(self.grid.sizes)])

    def first(self, replicates: int) -> "Sample":
        """Return the records of the first replicates."""
        return replace(self, observations=[o for o in self.observations if o.replicate < replicates])

    @property
    def whole(self) -> int:
        """Number of replicates, from the first on without a gap, that have a record in every cell."""
        records = Counter(o.replicate for o in self.observations)
        return next(r for r in count() if records[r] < len(self.grid))

    @property
    def n_replicates(self) -> int:
        """Number of distinct replicates."""
        return len({o.replicate for o in self.observations})

    @property
    def failures(self) -> list[Observation]:
        """The records without a measurement."""
        return [o for o in self.observations if o.measurement is None]
