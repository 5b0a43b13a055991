"""The figure of a bound for every instance: values against bounds, how near they come, and where."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..outcome import Outcome
from .common import GOLDEN, MAIN, SIDE, Table, label, legend, logarithmic, positive, shade_floor, some, title
from .svg import DANGER, INK, MUTED, SERIES, THEORY, Drawing, canvas, cloud, finish, pretty

__all__ = ["instances"]


def instances(outcome: Outcome, table: Table, prefix: str) -> Iterator[Drawing]:
    """Draw the values against the bound, then their nearness by stratum, then along the iterates or the sizes.

    Nearness is above 1 exactly where the claim is violated: measured/bound, its inverse for a lower bound.
    """
    good = table.where(positive(table.value, table.bound))
    if not len(good.value):
        yield _residuals(outcome, table, prefix)
        return
    side = _alternative(outcome)
    yield _scatter(outcome, good, side, len(table.value) - len(good.value), prefix)
    clear = good.where(good.value > good.floor)
    if side == "two-sided" or not len(clear.value):
        yield _residuals(outcome, table, prefix + "-off", size=SIDE)
        return
    near = 1 / clear.ratio if side == "lower" else clear.ratio
    name = "Bound / measured" if side == "lower" else "Measured / bound"
    yield _strips(outcome, clear, near, name, prefix)
    along, where = ("iterate", clear.k + 1) if clear.k.max() > 0 else (outcome.sample.grid.axis, clear.size)
    if len(np.unique(where)) > 1:
        yield _along(clear, near, where, f"{name} by {along}", prefix)


def _alternative(outcome: Outcome) -> str:
    kind = {"lower": "lower", "identity": "two-sided"}.get(outcome.claim.kind, "upper")
    return getattr(outcome.rule, "alternative", kind)


def _scatter(outcome: Outcome, table: Table, side: str, hidden: int, prefix: str) -> Drawing:
    near = 1 / table.ratio if side == "lower" else table.ratio
    with canvas(*MAIN) as (fig, axes):
        named = len(outcome.sample.grid.strata) > 1
        strata = np.unique(table.stratum).astype(int)
        for stratum in strata:
            mine, colour = table.stratum == stratum, SERIES[stratum % len(SERIES)]
            part = table.where(mine)
            rows = some(near[mine], len(strata))
            cloud(axes, part.bound[rows], part.value[rows], colour=colour, size=4.2, alpha=0.45)
            if named:
                axes.plot([], [], "o", color=colour, ms=5, label=label(outcome.sample, stratum))
        low, high = min(table.value.min(), table.bound.min()) / 2, max(table.value.max(), table.bound.max()) * 2
        axes.set_xlim(table.bound.min() / 2, table.bound.max() * 2)
        top = table.value.max()
        axes.set_ylim(table.value.min() / 2, max(top, min(table.bound.max(), top * 1e3)) * 2)
        logarithmic(axes, "x", "y")
        line, ends = np.array([low, high]), axes.get_ylim()
        axes.plot(line, line, color=THEORY, lw=1.8, label="measured = bound", scalex=False, scaley=False)
        if side != "two-sided":
            edge = max(ends[1], high) if side == "upper" else min(ends[0], low)
            axes.fill_between(line, line, edge, color=DANGER, alpha=0.09, lw=0, label="would refute the claim")
        axes.set_ylim(*ends)
        shade_floor(axes, table)
        worst = int(np.argmax(near))
        axes.plot(table.bound[worst], table.value[worst], "o", mfc="none", mec=INK, ms=10, mew=1.4)
        axes.set_xlabel("bound")
        axes.set_ylabel("measured" + (f" ({hidden} at zero not drawn)" if hidden else ""))
        legend(fig, axes)
        title(axes, outcome)
        alt = "Measured values against their bounds on logarithmic axes."
        alt += {"upper": " Above", "lower": " Below"}.get(side, " Off") + " the diagonal the claim would be refuted."
        return finish(fig, f"{prefix}-values", f"{alt} Verdict: {outcome.shown}.")


def _near_axis(axes: Any, near: np.ndarray) -> None:
    low, high = min(near.min(), 1.0), max(near.max(), 1.0)
    if high / low > 30:
        axes.set_xlim(low / 1.7, high * 1.7)
        logarithmic(axes, "x")
    else:
        room = 0.06 * high
        axes.set_xlim(max(low - room, 0.0), high + room)
    axes.axvline(1, color=THEORY, lw=1.6)
    axes.axvspan(1, axes.get_xlim()[1], color=DANGER, alpha=0.09, lw=0)


def _strips(outcome: Outcome, table: Table, near: np.ndarray, name: str, prefix: str) -> Drawing:
    """One row a stratum, its largest marked: how near the bound each kind of problem comes."""
    strata = np.unique(table.stratum).astype(int)
    with canvas(SIDE[0], max(SIDE[1], 60 + 42 * len(strata)), size=11, left=8, bottom=24) as (fig, axes):
        for row, stratum in enumerate(strata):
            mine = table.stratum == stratum
            drawn = near[mine][some(near[mine], len(strata))]
            jitter = (np.arange(len(drawn)) * GOLDEN) % 1.0 - 0.5
            cloud(axes, drawn, 0.45 * jitter + row + 0.12, colour=SERIES[stratum % len(SERIES)], alpha=0.6)
            largest = float(near[mine].max())
            axes.plot([largest] * 2, [row - 0.14, row + 0.38], color=INK, lw=1.6)
            words = ": ".join(filter(None, [label(outcome.sample, stratum), f"largest {largest:.3g}"]))
            axes.annotate(words, (0.0, row - 0.2), xycoords=axes.get_yaxis_transform(), va="bottom", color=MUTED)
        axes.set_ylim(len(strata) - 0.5, -0.65)
        axes.set_yticks([])
        axes.grid(False, axis="y")
        axes.spines["left"].set_visible(False)
        _near_axis(axes, near)
        axes.set_title(name)
        return finish(fig, f"{prefix}-ratios", f"{name} by kind of problem; the largest is {near.max():.3g}.")


def _along(table: Table, near: np.ndarray, where: np.ndarray, name: str, prefix: str) -> Drawing:
    """The median and the largest along the iterates or the sizes."""
    with canvas(*SIDE, size=11, left=40, bottom=38) as (fig, axes):
        for stratum in np.unique(table.stratum).astype(int):
            mine, colour = table.stratum == stratum, SERIES[stratum % len(SERIES)]
            places = np.unique(where[mine])
            groups = [near[mine & (where == place)] for place in places]
            axes.plot(places, [g.max() for g in groups], "o-", color=colour, ms=3.5)
            axes.plot(places, [np.median(g) for g in groups], ":", color=colour)
        axes.axhline(1, color=THEORY, lw=1.4)
        wide = where.min() > 0 and where.max() / where.min() > 10
        logarithmic(axes, *(["x"] if wide else []), *(["y"] if near.max() / near.min() > 30 else []))
        axes.set_title(f"{name}: largest, median dotted")
        return finish(fig, f"{prefix}-along", f"{name}: median and largest.")


def _residuals(outcome: Outcome, table: Table, prefix: str, *, size: tuple[int, int] = MAIN) -> Drawing:
    """An identity, or nothing positive to compare: distances from the bound, record by record, over their floor."""
    with canvas(*size, size=11.5 if size is MAIN else 11, left=62 if size is MAIN else 46) as (fig, axes):
        off = np.abs(table.value - table.bound)
        place, zeros = np.arange(1, len(off) + 1), int((off == 0).sum())
        shown = np.isfinite(off) & (off > 0)
        if shown.any():
            cloud(axes, place[shown], off[shown], colour=SERIES[0], size=4.2, alpha=0.45)
            axes.set_ylim(off[shown].min() / 3, max(off[shown].max(), np.max(table.floor, initial=0.0)) * 3)
            logarithmic(axes, "y")
            shade_floor(axes, table)
        else:
            axes.plot(place, off, "o", color=SERIES[0], ms=3)
        axes.set_xlabel("record")
        words = f"|measured − bound|, {zeros} of {len(off)} exactly zero"
        if size is MAIN:
            axes.set_ylabel(words)
            title(axes, outcome)
        else:
            axes.set_title("|measured − bound|")
        largest = pretty(float(np.nanmax(off)))
        return finish(fig, f"{prefix}-residuals", f"Distances from the bound by record, {largest} at most. {words}.")
