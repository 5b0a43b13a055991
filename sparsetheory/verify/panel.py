"""Panel: the records of one stratum as arrays, replicates by slots; what counts as usable is decided here, once."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InvalidArgument
from .bound import _CONSTANTS, _FUNCTIONS, Bound
from .estimate import column_medians
from .sample import Observation, Sample

__all__ = ["FLOOR_FACTOR", "Panel", "abscissa_formula", "stratum_name"]

#: A value this far above its floor carries a relative error of 1e-3 at most; a factor of 0.8 is then fitted to 2e-5.
FLOOR_FACTOR = 1e3
#: A slot with a larger share of values near the floor is left out whole; single values are never picked, which would
#: select on the noise.
_FLOOR_SHARE = 0.05


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One stratum (or the whole grid) as arrays of shape (R, K).

    A row is a replicate, a column a slot (an entry of a cell's value).

    Attributes
    ----------
    place : ndarray
        Abscissa of every entry, NaN where there is no measurement.
    ratio : ndarray
        log(value / bound), NaN where it is not usable (failed, not finite, not above the floor).
    bound : ndarray
        log(bound), NaN where there is no measurement.
    n_records, n_failures : int
        Records of the stratum, and how many of them give no usable number in a slot above the floor.
    n_floored : int
        Slots left out because the floor was near.
    slot_sizes : tuple of float, length K
        Size of every slot on the grid's axis.
    tightness : float
        Largest value / bound above the floor.
    """

    place: np.ndarray
    ratio: np.ndarray
    bound: np.ndarray
    n_records: int
    n_failures: int
    n_floored: int
    slot_sizes: tuple[float, ...]
    tightness: float

    @property
    def sizes(self) -> tuple[float, float]:
        """Least and largest size on the grid's axis."""
        return min(self.slot_sizes, default=np.nan), max(self.slot_sizes, default=np.nan)

    @property
    def n_replicates(self) -> int:
        """Number of rows."""
        return len(self.ratio)

    @property
    def places(self) -> np.ndarray:
        """One abscissa a slot: the median over replicates, exact where all share it."""
        return column_medians(self.place.T)

    def pairs(self) -> Iterator[tuple[float, float]]:
        """Yield the size on the grid and the abscissa of every slot."""
        yield from zip(self.slot_sizes, self.places.tolist(), strict=True)

    @property
    def crippled(self) -> bool:
        """Whether some slot is missing in more than half of the replicates."""
        return bool((np.isnan(self.ratio).mean(axis=0) > 0.5).any())

    def worst_case(self, direction: int) -> np.ndarray:
        """Return `ratio` with every missing entry set to the value of its slot that tilts a slope most.

        `direction` +1 raises the slope, -1 lowers it: right of the centre the slot's largest value, left its least.
        """
        return self.tilted(direction * (self.places - self.places.mean()))

    def tilted(self, weights: np.ndarray) -> np.ndarray:
        """Return `ratio` with every missing entry set to the value of its slot that raises ``ratio @ weights`` most."""
        extreme = np.where(weights > 0, np.nanmax(self.ratio, axis=0), np.nanmin(self.ratio, axis=0))
        return np.where(np.isnan(self.ratio), extreme, self.ratio)

    @classmethod
    def of(cls, sample: Sample, stratum: int | None, axis: Bound | None = None) -> "Panel":
        """Read a stratum off a sample (all of them side by side for None).

        `axis` is the abscissa as a formula, the grid's own axis without one.
        """
        observations = [o for o in sample.observations if stratum in (None, sample.stratum_of(o.cell))]
        rows = {r: i for i, r in enumerate(sorted({o.replicate for o in observations}))}
        slots: dict[tuple[int, int], int] = {}
        read = []
        for o in observations:
            entries = _entries(sample, o, axis)
            length = 0 if entries is None else len(entries[0])
            columns = [slots.setdefault((o.cell, k), len(slots)) for k in range(max(length, 1))]
            read.append((rows[o.replicate], columns, entries))
        value, floor, bound, place = np.full((4, len(rows), len(slots)), np.nan)
        for row, columns, entries in read:
            if entries is not None:
                for array, entry in zip((value, floor, bound, place), entries, strict=True):
                    array[row, columns] = entry
        return _panel(value, floor, bound, place, [c for c, _ in slots], sample, read)


def _panel(
    value: np.ndarray, floor: np.ndarray, bound: np.ndarray, place: np.ndarray,
    cells: list[int], sample: Sample, read: list[tuple[int, list[int], Any]],
) -> Panel:  # fmt: skip
    measured = np.isfinite(value) & np.isfinite(bound) & (value >= 0) & (bound >= 0)
    near = measured & ((value <= FLOOR_FACTOR * floor) | (bound < np.finfo(float).tiny))
    floored = near.sum(axis=0) > _FLOOR_SHARE * np.maximum(measured.sum(axis=0), 1)
    usable = measured & (value > floor) & (bound >= np.finfo(float).tiny)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_bound = np.where(bound > 0, np.log(bound), np.nan)
        ratio = np.where(usable, np.log(value) - log_bound, np.nan)
    kept = ~floored
    failed = [
        entries is None or (kept[columns].any() and not (usable[row, columns] & kept[columns]).any())
        for row, columns, entries in read
    ]
    return Panel(
        place=place[:, kept],
        ratio=ratio[:, kept],
        bound=log_bound[:, kept],
        n_records=len(read),
        n_failures=sum(failed),
        n_floored=int(floored.sum()),
        slot_sizes=tuple(sample.size_of(c) for c, k in zip(cells, kept, strict=True) if k),
        tightness=float(np.exp(np.nanmax(np.append(ratio, -np.inf)))) if usable.any() else np.nan,
    )


def _entries(sample: Sample, o: Observation, axis: Bound | None) -> tuple[np.ndarray, ...] | None:
    """Return value, floor, bound and abscissa of a record, each (m,); None for a failure."""
    if o.measurement is None:
        return None
    value = np.atleast_1d(np.asarray(o.measurement.value, float))
    with np.errstate(all="ignore"):  # an overflowing bound becomes inf, which is not usable
        bound = sample.bound_at(o.measurement)
        place = sample.size_of(o.cell) if axis is None else axis(**_symbols(sample, o, axis))
    floor = np.broadcast_to(np.asarray(o.measurement.floor, float), value.shape)
    return value, floor, np.asarray(bound, float), np.broadcast_to(np.asarray(place, float), value.shape)


def _symbols(sample: Sample, o: Observation, axis: Bound) -> dict[str, Any]:
    assert o.measurement is not None
    known = {**sample.constants, **sample.grid.cell(o.cell), **o.measurement.at}
    missing = sorted(set(axis.symbols) - set(known))
    if missing:
        raise InvalidArgument("axis", f"symbols among {sorted(known)}", missing)
    return {name: known[name] for name in axis.symbols}


def abscissa_formula(axis: str) -> Bound:
    """Return an abscissa as a formula: the bound's engine with whatever symbols it mentions."""
    try:
        tree = ast.parse(axis, mode="eval")
    except SyntaxError as error:
        raise InvalidArgument("axis", "an expression of grid and bound symbols", f"{axis!r} ({error.msg})") from None
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - set(_FUNCTIONS) - set(_CONSTANTS)
    return Bound(axis, **dict.fromkeys(names, "abscissa"))


def stratum_name(parameters: Mapping[str, Any]) -> str:
    """Name a stratum by its parameters."""
    return ", ".join(f"{k} = {v}" for k, v in parameters.items()) or "all instances"
