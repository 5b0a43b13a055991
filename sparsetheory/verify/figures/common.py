"""What the figures share: the sample as columns, means with bands, axes, floors."""

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..outcome import Outcome
from ..panel import stratum_name
from ..sample import Sample
from .svg import FLOOR, INK, MUTED, pretty

__all__ = [
    "GOLDEN", "MAIN", "SIDE", "Table", "label", "legend", "logarithmic", "mean_band", "positive", "shade_floor", "some",
    "thinned", "title",
]  # fmt: skip

MAIN, SIDE = (500, 393), (380, 222)  # points
#: Decades an axis spans at least -> the multiples of powers of ten that carry a tick.
_TICKS = ((3.0, (1,)), (1.4, (1, 3)), (0.7, (1, 2, 5)), (-1.0, (1, 2, 3, 4, 5, 6, 7, 8, 9)))
GOLDEN = 0.6180339887498949  # steps of this length spread points evenly: a jitter without chance
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


def some(worst: np.ndarray, share: int) -> np.ndarray:
    """Return the rows that a panel of `share` clouds draws of one: evenly chosen, and where `worst` is largest."""
    rows = np.linspace(0, len(worst) - 1, min(len(worst), DOTS // share)).astype(int)
    return np.unique(np.append(rows, np.argmax(worst)))


def label(sample: Sample, stratum: int) -> str:
    """Name a stratum in a legend; the only one has no name."""
    parameters = sample.grid.strata[stratum]
    return stratum_name(parameters) if parameters else ""


def title(axes: Any, outcome: Outcome) -> None:
    """The verdict heads the figure, in words."""
    axes.set_title(outcome.shown.replace("(", " ("), fontweight="bold", color=INK)


def legend(fig: Any, axes: Any) -> None:
    """Name what is drawn: inside where there is little to name, else below, on a figure made that much higher."""
    handles, names = axes.get_legend_handles_labels()
    if len(names) <= 7:
        axes.legend(loc="best")
        return
    columns = 2 if max(map(len, names)) <= 32 else 1
    extra = 9 + 17 * math.ceil(len(names) / columns)
    width, height = 72 * fig.get_size_inches()
    box, total = axes.get_position(), height + extra
    fig.set_size_inches(width / 72, total / 72)
    axes.set_position((box.x0, (box.y0 * height + extra) / total, box.width, box.height * height / total))
    fig.legend(handles, names, loc="lower left", ncols=columns, bbox_to_anchor=(0.0, 0.0))


def logarithmic(axes: Any, *which: str) -> None:
    """Log scales with sparse ticks in plain text (powers are Unicode, so no mathematics fonts are needed)."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    for letter in which:
        (axes.set_xscale if letter == "x" else axes.set_yscale)("log")
        axis = axes.xaxis if letter == "x" else axes.yaxis
        low, high = sorted(getattr(axes, f"get_{letter}lim")())
        decades = np.log10(high / low) if low > 0 else 9.0
        subs = next(subs for least, subs in _TICKS if decades > least)
        axis.set_major_locator(LogLocator(subs=subs, numticks=8))
        axis.set_major_formatter(FuncFormatter(functools.partial(pretty, powers=decades > 5)))
        axis.set_minor_locator(NullLocator())


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
        # above its edge, where no rounding lies
        axes.annotate("round-off floor", (0.01, floor), xycoords=axes.get_yaxis_transform(), va="bottom", color=MUTED,
                      xytext=(2, 2), textcoords="offset points")  # fmt: skip
        axes.set_ylim(low, high)
