"""The figure of a ratio: measured over predicted in every cell, with the declared band."""

from collections.abc import Iterator

import numpy as np

from ..outcome import Outcome
from ..panel import Panel
from ..verdict import Band
from .common import GOLDEN, MAIN, SIDE, Table, label, legend, logarithmic, mean_band, positive, thinned, title
from .instances import instances
from .svg import MUTED, SERIES, THEORY, Drawing, canvas, cloud, finish

__all__ = ["ratio"]


def ratio(outcome: Outcome, table: Table, prefix: str) -> Iterator[Drawing]:
    """Draw the typical ratio of every cell with its interval, then the values against the predictions."""
    found = {s: Panel.of(outcome.sample, s) for s in range(len(outcome.sample.grid.strata))}
    found = {s: panel for s, panel in found.items() if np.isfinite(panel.ratio).any()}
    if not found:
        yield from instances(outcome, table, prefix)
        return
    yield _cells(outcome, found, prefix)
    yield _deviations(outcome, found, prefix)
    yield _against(table.where(positive(table.value, table.bound)), prefix)


def _cells(outcome: Outcome, found: dict[int, Panel], prefix: str) -> Drawing:
    """A column a cell: along the axis, strata side by side; means of the logarithm, as the rule takes them."""
    grid, n = outcome.sample.grid, len(found)
    longest = max(panel.ratio.shape[1] for panel in found.values())
    with canvas(*MAIN) as (fig, axes):
        for row, (stratum, panel) in enumerate(found.items()):
            colour = SERIES[stratum % len(SERIES)]
            place = np.arange(panel.ratio.shape[1]) + (0.7 * (row + 0.5) / n - 0.35 if longest > 1 else row)
            usable = np.isfinite(panel.ratio)
            where = np.broadcast_to(place, panel.ratio.shape)
            cloud(axes, *thinned(where[usable], np.exp(panel.ratio[usable])), colour=colour, size=5, alpha=0.2)
            mean, half = mean_band(panel.ratio)
            half = np.nan_to_num(half)  # one replicate has no interval
            reach = [np.exp(mean) - np.exp(mean - half), np.exp(mean + half) - np.exp(mean)]
            axes.errorbar(place, np.exp(mean), yerr=reach, fmt="o", color=colour, ms=5, capsize=4, lw=1.6, zorder=4,
                          label=label(outcome.sample, stratum) if n > 1 and longest > 1 else None)  # fmt: skip
        band = Band.around(0.0, outcome.raw.margin, getattr(outcome.rule, "alternative", "two-sided"))
        bottom, top = axes.get_ylim()
        edges = np.exp(np.clip([band.lower, band.upper], -30, 30))
        bottom, top = min(bottom, np.exp(-1.6 * outcome.raw.margin)), max(top, np.exp(1.6 * outcome.raw.margin))
        axes.axhspan(max(edges[0], bottom), min(edges[1], top), color=THEORY, alpha=0.12, lw=0, label="declared margin")
        axes.axhline(1, color=THEORY, lw=1.8)
        axes.set_ylim(bottom, top)
        if longest == 1:
            axes.set_xticks(range(n), [label(outcome.sample, s).replace(", ", "\n") or "all" for s in found])
            axes.set_xlim(-0.6, n - 0.4)
        elif longest == len(grid.sizes):
            axes.set_xticks(range(longest), [f"{size:g}" for size in grid.sizes])
            axes.set_xlabel(grid.axis)
        else:
            axes.set_xlabel("cell")
        axes.grid(False, axis="x")
        axes.set_ylabel("measured / predicted")
        legend(fig, axes)
        title(axes, outcome)
        alt = f"Typical measured over predicted with intervals; the band around 1 is the margin {outcome.raw.margin:g}."
        return finish(fig, f"{prefix}-cells", f"{alt} Verdict: {outcome.shown}.")


def _deviations(outcome: Outcome, found: dict[int, Panel], prefix: str) -> Drawing:
    """How far off the prediction every replicate is, on a scale that also shows very tight ones, against the margin."""
    with canvas(*SIDE, size=11, left=8, bottom=24) as (fig, axes):
        for row, (stratum, panel) in enumerate(found.items()):
            off = np.abs(panel.ratio[np.isfinite(panel.ratio)])
            off = off[off > 0]
            jitter = row + 0.5 * ((np.arange(len(off)) * GOLDEN) % 1.0 - 0.5)
            cloud(axes, *thinned(off, jitter), colour=SERIES[stratum % len(SERIES)], alpha=0.6)
            axes.annotate(label(outcome.sample, stratum) or "all", (0.0, row - 0.28), va="bottom", color=MUTED,
                          xycoords=axes.get_yaxis_transform())  # fmt: skip
        axes.axvline(outcome.raw.margin, color=THEORY, lw=1.6)
        axes.set_ylim(len(found) - 0.5, -0.75)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.grid(False, axis="y")
        logarithmic(axes, "x")
        axes.set_title("|log (measured / predicted)|, and the margin")
        return finish(fig, f"{prefix}-off", "How far every replicate is off the prediction; the line is the margin.")


def _against(table: Table, prefix: str) -> Drawing:
    with canvas(*SIDE, size=11, left=40, bottom=38) as (fig, axes):
        for stratum, part in table.strata():
            colour = SERIES[stratum % len(SERIES)]
            cloud(axes, *thinned(part.bound, part.value), colour=colour, size=4, alpha=0.6)
        low, high = min(table.value.min(), table.bound.min()), max(table.value.max(), table.bound.max())
        axes.plot([low, high], [low, high], color=THEORY, lw=1.5)
        if high / low > 5:
            logarithmic(axes, "x", "y")
        axes.set_xlabel("predicted")
        axes.set_title("Measured against predicted")
        return finish(fig, f"{prefix}-against", "Measured against predicted values, with the diagonal.")
