"""The figure of an order of convergence: every error against the one before it."""

from collections.abc import Iterator

import numpy as np

from ..outcome import Outcome
from .common import MAIN, SIDE, Table, label, legend, logarithmic, positive, shade_floor, title
from .instances import instances
from .svg import SERIES, THEORY, Drawing, canvas, cloud, finish

__all__ = ["order"]

_RUNS = 60  # runs drawn as lines


def order(outcome: Outcome, table: Table, prefix: str) -> Iterator[Drawing]:
    """Draw e_(k+1) against e_k with a line of the claimed order, then the estimate of the order at every step."""
    table = table.where(positive(table.value))
    runs = [run for run in _runs(table) if len(run.value) > 1]
    if not runs:
        yield from instances(outcome, table, prefix)
        return
    yield _pairs(outcome, table, runs, prefix)
    if any(len(run.value) > 2 for run in runs):
        yield _orders(outcome, runs, prefix)


def _runs(table: Table) -> Iterator[Table]:
    keys = np.column_stack([table.stratum, table.size, table.replicate])
    for key in np.unique(keys, axis=0):
        yield table.where((keys == key).all(axis=1))


def _pairs(outcome: Outcome, table: Table, runs: list[Table], prefix: str) -> Drawing:
    with canvas(*MAIN) as (fig, axes):
        seen: set[int] = set()
        for run in runs[:_RUNS]:
            stratum = int(run.stratum[0])
            colour = SERIES[stratum % len(SERIES)]
            name = None if stratum in seen else label(outcome.sample, stratum) or "runs"
            seen.add(stratum)
            axes.plot(run.value[:-1], run.value[1:], "o-", color=colour, ms=4, lw=0.8, alpha=0.6, label=name)
        x = np.concatenate([run.value[:-1] for run in runs])
        y = np.concatenate([run.value[1:] for run in runs])
        target = outcome.raw.target or 1.0
        ends = np.array([x.min(), x.max()])
        centre = np.exp(np.mean(np.log(y) - target * np.log(x)))
        low, high = y.min() / 3, y.max() * 3
        axes.plot(ends, centre * ends**target, "--", color=THEORY, lw=2, label=f"order {target:g}")
        axes.set_ylim(low, high)
        logarithmic(axes, "x", "y")
        shade_floor(axes, table)
        axes.invert_xaxis()  # read it as the iteration goes: errors fall to the right
        axes.set_xlabel("error")
        axes.set_ylabel("error one step later")
        legend(fig, axes)
        title(axes, outcome)
        alt = f"Each error against the one before it on logarithmic axes, with a line of order {target:g}."
        return finish(fig, f"{prefix}-pairs", f"{alt} Verdict: {outcome.shown}.")


def _orders(outcome: Outcome, runs: list[Table], prefix: str) -> Drawing:
    from matplotlib.ticker import MaxNLocator

    with canvas(*SIDE, size=11, left=40, bottom=38) as (fig, axes):
        for run in runs:
            steps = np.diff(np.log(run.value))
            with np.errstate(divide="ignore", invalid="ignore"):
                estimate = steps[1:] / steps[:-1]
            good = np.isfinite(estimate) & (np.abs(estimate) < 20)
            colour = SERIES[int(run.stratum[0]) % len(SERIES)]
            cloud(axes, run.k[2:][good], estimate[good], colour=colour, size=4, alpha=0.4)
        axes.axhline(outcome.raw.target or 1.0, color=THEORY, ls="--")
        axes.set_xlabel("iterate")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_title("Order read off three successive errors")
        return finish(fig, f"{prefix}-orders", "Order of convergence read off three successive errors, by iterate.")
