"""The figure of a rate: values along the axis, local drifts, and what is left after dividing by the bound."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..outcome import Outcome
from ..panel import Panel, stratum_name
from ..verdict import Band
from .common import MAIN, SIDE, Table, label, legend, logarithmic, mean_band, shade_floor, thinned, title
from .svg import SERIES, THEORY, Drawing, canvas, cloud, finish

__all__ = ["drift", "panels"]

Panels = dict[int, Panel]


def panels(outcome: Outcome) -> Panels:
    """Return the strata that have two places or more, as the rule sees them, ordered along the axis."""
    found = {}
    for stratum in range(len(outcome.sample.grid.strata)):
        read = getattr(outcome.rule, "panel", Panel.of)
        panel = read(outcome.sample, stratum)
        if panel.ratio.shape[1] > 1 and np.isfinite(panel.ratio).any() and len(np.unique(panel.places)) > 1:
            found[stratum] = panel
    return found


def drift(outcome: Outcome, table: Table, prefix: str) -> Iterator[Drawing]:
    """Draw the rate itself, the drift between neighbouring places, and log(measured/bound)."""
    found = panels(outcome)
    yield _rate(outcome, found, table, prefix)
    if any(_local(outcome, stratum) for stratum in found):
        yield _slopes(outcome, found, prefix)
    yield _offset(outcome, found, prefix)


def _axis(axes: Any, outcome: Outcome, *, y: bool = False) -> None:
    logarithmic(axes, *(["x"] if getattr(outcome.rule, "log_axis", True) else []), *(["y"] if y else []))
    axes.set_xlabel((getattr(outcome.rule, "axis", None) or outcome.sample.grid.axis).replace("*", " "))


def _abscissa(outcome: Outcome, places: np.ndarray) -> np.ndarray:
    return np.log(places) if getattr(outcome.rule, "log_axis", True) else places


def _band(outcome: Outcome) -> Band:
    return Band.around(0.0, outcome.raw.margin, getattr(outcome.rule, "alternative", "two-sided"))


def _rate(outcome: Outcome, found: Panels, table: Table, prefix: str) -> Drawing:
    with canvas(*MAIN) as (fig, axes):
        for row, (stratum, panel) in enumerate(found.items()):
            colour, order = SERIES[stratum % len(SERIES)], np.argsort(panel.places)
            x, logs = panel.places[order], (panel.ratio + panel.bound)[:, order]
            bound = np.nanmean(panel.bound, axis=0)[order]
            mean, half = mean_band(logs)
            usable = np.isfinite(panel.ratio)
            dots = thinned(panel.place[usable], np.exp((panel.ratio + panel.bound)[usable]))
            cloud(axes, *dots, colour=colour, alpha=0.22)
            axes.fill_between(x, np.exp(mean - half), np.exp(mean + half), color=colour, alpha=0.3, lw=0)
            name = label(outcome.sample, stratum) or "geometric mean, 95% band"
            axes.plot(x, np.exp(mean), "o", color=colour, ms=5.5, label=name, zorder=4)
            first = row == 0
            axes.plot(x, np.exp(np.nanmedian(logs, axis=0)), "D", mfc="none", mec=colour, ms=8, mew=1, zorder=4,
                      label="median" if first else None)  # fmt: skip
            _fitted_line(axes, outcome, panel, order, colour)
            # a rate has no constant of its own: its line is put where the data end
            shift = mean[-1] - bound[-1] if outcome.claim.kind == "rate" else 0.0
            _theory(axes, outcome, x, bound + shift, named=first, alpha=0.14 / len(found) ** 0.5)
        _axis(axes, outcome, y=True)
        shade_floor(axes, table)
        axes.set_ylabel("measured")
        legend(fig, axes)
        title(axes, outcome)
        alt = f"Measured values along {axes.get_xlabel()}, with the claimed rate and its margin."
        return finish(fig, f"{prefix}-rate", f"{alt} Verdict: {outcome.shown}.")


def _fitted_line(axes: Any, outcome: Outcome, panel: Panel, order: np.ndarray, colour: str) -> None:
    """Mean of the replicates' own lines through log(measured/bound), with the t band of that mean at every place."""
    ratio, x = panel.ratio[:, order], panel.places[order]
    complete = ratio[np.isfinite(ratio).all(axis=1)]
    t = _abscissa(outcome, x)
    if len(complete) < 2:
        return
    slopes = (complete @ (t - t.mean())) / ((t - t.mean()) ** 2).sum()
    centre, half = mean_band(complete.mean(axis=1, keepdims=True) + slopes[:, None] * (t - t.mean()))
    bound = np.nanmean(panel.bound, axis=0)[order]
    axes.plot(x, np.exp(bound + centre), color=colour, lw=1.6)
    axes.fill_between(x, np.exp(bound + centre - half), np.exp(bound + centre + half), color=colour, alpha=0.15, lw=0)


def _theory(
    axes: Any, outcome: Outcome, x: np.ndarray, bound: np.ndarray, *, named: bool, alpha: float
) -> None:  # fmt: skip
    """The bound, and the wedge of drifts that its margin allows on the side where it ends, seen from the last place."""
    t, band = _abscissa(outcome, x), _band(outcome)
    low, high = (edge if np.isfinite(edge) else 0.0 for edge in (band.lower, band.upper))
    edges = np.exp(bound + (t - t[-1]) * np.array([[low], [high]]))
    if np.isfinite(edges).all():
        axes.fill_between(x, edges[0], edges[1], color=THEORY, alpha=alpha, lw=0)
    word = "claimed rate and margin" if outcome.claim.kind == "rate" else "bound and margin"
    axes.plot(x, np.exp(bound), "--", color=THEORY, lw=2, label=word if named else None)


def _offset(outcome: Outcome, found: Panels, prefix: str) -> Drawing:
    with canvas(*SIDE, size=11, left=40, bottom=38) as (fig, axes):
        for stratum, panel in found.items():
            colour, order = SERIES[stratum % len(SERIES)], np.argsort(panel.places)
            mean, half = mean_band(panel.ratio[:, order])
            x = panel.places[order]
            axes.fill_between(x, mean - half, mean + half, color=colour, alpha=0.25, lw=0)
            axes.plot(x, mean, "o-", color=colour, ms=4.5)
        axes.axhline(0, color=THEORY, ls="--", lw=1.4)
        _axis(axes, outcome)
        axes.set_title("log (measured / bound)")
        alt = "Logarithm of measured over bound along the axis; level when the rate is right."
        return finish(fig, f"{prefix}-offset", alt)


def _local(outcome: Outcome, stratum: int) -> Any:
    name = stratum_name(outcome.sample.grid.strata[stratum])
    return outcome.raw.strata.get(name, outcome.raw).local_slopes


def _slopes(outcome: Outcome, found: Panels, prefix: str) -> Drawing:
    with canvas(*SIDE, size=11, left=40, bottom=38) as (fig, axes):
        for stratum in found:
            rows = np.array(_local(outcome, stratum), float).reshape(-1, 4)
            place, mean, low, high = rows[np.isfinite(rows).all(axis=1)].T
            colour = SERIES[stratum % len(SERIES)]
            axes.errorbar(place, mean, yerr=[mean - low, high - mean], fmt="o", color=colour, capsize=3, ms=4.5, lw=1.4)
        axes.axhline(0, color=THEORY, ls="--", lw=1.4)
        _axis(axes, outcome)
        band, (low_edge, high_edge) = _band(outcome), axes.get_ylim()
        high_edge = max(high_edge, 1.3 * outcome.raw.margin)
        low_edge = min(low_edge, -1.3 * outcome.raw.margin)
        axes.axhspan(max(band.lower, low_edge), min(band.upper, high_edge), color=THEORY, alpha=0.12, lw=0)
        axes.set_ylim(low_edge, high_edge)
        axes.set_title("Local drift, 95% bands, and the margin")
        alt = "Drift between neighbouring places with 95% bands; the margin is shaded."
        return finish(fig, f"{prefix}-slopes", alt)
