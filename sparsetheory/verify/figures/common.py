"""What the figures share: the sample as columns, means with bands, axes, floors."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..outcome import Outcome
from ..sample import Sample
from .svg import FLOOR, INK, MUTED, pretty

__all__ = [
    "MAIN", "SIDE", "Table", "label", "logarithmic", "mean_band", "positive", "shade_floor", "some",
    "thinned", "title",
]

MAIN, SIDE = (560, 400), (380, 250)  # points
DOTS = 2500  # dots a panel draws of a larger cloud


@dataclass(frozen=True)
class Table:
    """A sample as columns, one row a measured number."""

    stratum: np.ndarray
    size: np.ndarray
    replicate: np.ndarray
    k: np.ndarray
    value: np.ndarray
    bound: np.ndarray
    floor: np.ndarray

    @classmethod
    def of(cls, sample: Sample) -> "Table":
        """Read the columns off a sample; a failure gives no row."""
        columns: list[list[np.ndarray]] = [[] for _ in range(7)]
        for o in sample.observations:
            if o.measurement is None:
                continue
            value = np.atleast_1d(np.asarray(o.measurement.value, float))
            row = (
                sample.stratum_of(o.cell), sample.size_of(o.cell), o.replicate, np.arange(len(value)),
                value, sample.bound_at(o.measurement), o.measurement.floor,
            )  # fmt: skip
            for column, entry in zip(columns, row):
                column.append(np.broadcast_to(np.asarray(entry, float), value.shape))
        return cls(*(np.concatenate(column) if column else np.empty(0) for column in columns))

    def where(self, mask: np.ndarray) -> "Table":
        """Return the rows that a mask keeps."""
        return Table(*(getattr(self, name)[mask] for name in self.__dataclass_fields__))

    @property
    def ratio(self) -> np.ndarray:
        """Measured over bound."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.value / self.bound

    def strata(self) -> Iterator[tuple[int, "Table"]]:
        """Yield every stratum with its rows."""
        for stratum in np.unique(self.stratum).astype(int):
            yield stratum, self.where(self.stratum == stratum)


def positive(*columns: np.ndarray) -> np.ndarray:
    """Return where all columns can stand on a logarithmic axis."""
    return np.logical_and.reduce([np.isfinite(c) & (c > 0) for c in columns])


def thinned(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return at most as many points as a panel draws, evenly chosen."""
    keep = np.unique(np.linspace(0, len(x) - 1, min(len(x), DOTS)).astype(int))
    return x[keep], y[keep]


def some(table: Table, worst: np.ndarray) -> np.ndarray:
    """Return the rows a panel draws of a large table: evenly chosen, and where `worst` is largest."""
    rows = np.linspace(0, len(table.value) - 1, min(len(table.value), DOTS)).astype(int)
    return np.unique(np.append(rows, np.argmax(worst)))


def label(sample: Sample, stratum: int) -> str:
    """Name a stratum in a legend; the only one has no name."""
    parameters = sample.grid.strata[stratum]
    return ", ".join(f"{k} {v:g}" if isinstance(v, (int, float)) else f"{k} {v}" for k, v in parameters.items())


def title(axes: Any, outcome: Outcome) -> None:
    """The verdict heads the figure, in words."""
    axes.set_title(outcome.shown.replace("(", " ("), fontweight="bold", color=INK)


def logarithmic(axes: Any, *which: str) -> None:
    """Log scales with sparse ticks in plain text (powers are Unicode, so no mathematics fonts are needed)."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for letter in which:
        (axes.set_xscale if letter == "x" else axes.set_yscale)("log")
        axis = axes.xaxis if letter == "x" else axes.yaxis
        low, high = sorted(getattr(axes, f"get_{letter}lim")())
        decades = np.log10(high / low) if low > 0 else 9.0
        subs = (1.0,) if decades > 2 else (1.0, 2.0, 5.0) if decades > 0.7 else tuple(np.arange(1.0, 10.0))
        axis.set_major_locator(LogLocator(subs=subs, numticks=8))
        axis.set_major_formatter(FuncFormatter(pretty))
        axis.set_minor_formatter(NullFormatter())


def mean_band(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over replicates (axis 0, NaN where missing) and the half-width of its 95% t interval."""
    from scipy.stats import t

    n = np.isfinite(rows).sum(axis=0)
    filled = np.where(np.isfinite(rows), rows, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = filled.sum(axis=0) / n
        variance = np.where(np.isfinite(rows), (rows - mean) ** 2, 0.0).sum(axis=0) / (n - 1)
        return mean, t.ppf(0.975, np.maximum(n - 1, 1)) * np.sqrt(variance / n)


def shade_floor(axes: Any, table: Table) -> None:
    """Shade what round-off hides, where the axis reaches down to it."""
    floor = np.nanmax(table.floor, initial=0.0)
    low, high = axes.get_ylim()
    if low < floor < high:
        axes.axhspan(low, floor, color=FLOOR, alpha=0.18, lw=0)
        axes.annotate("round-off floor", (0.01, floor), xycoords=axes.get_yaxis_transform(), va="top", color=MUTED,
                      xytext=(2, -3), textcoords="offset points")  # fmt: skip
        axes.set_ylim(low, high)
