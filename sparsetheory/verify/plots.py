"""Figures of a claim: a few panels that a page can lay side by side, or stack on a phone."""

from collections.abc import Callable, Iterator

import numpy as np

from .figures.common import Table
from .figures.instances import instances
from .figures.order import order
from .figures.rate import drift, panels
from .figures.ratio import ratio
from .figures.svg import Drawing
from .outcome import Outcome

__all__ = ["figure"]

#: Name of a rule's class, or its attribute ``figure``, to the function that draws it.
_FIGURES: dict[str, Callable[[Outcome, Table, str], Iterator[Drawing]]] = {
    "Drift": drift,
    "EveryInstance": instances,
    "Order": order,
    "Ratio": ratio,
}

#: The largest number that an axis with its margins can hold.
_DRAWN = 1e300


def figure(outcome: Outcome, *, prefix: str = "fig") -> list[Drawing]:
    """Draw the figure of a claim, the panel that carries the verdict first.

    Parameters
    ----------
    outcome : Outcome
        Its rule chooses the figure: by the rule's attribute ``figure``, else by the name of its class. A rule without
        a figure of its own, or a sample that cannot carry it (one size, nothing above the floor), gets values against
        bounds.
    prefix : str, default="fig"
        Start of every id in the SVG; different for every figure of a page.

    Returns
    -------
    list of Drawing
        Empty when nothing finite was measured.
    """
    table = Table.of(outcome.sample)
    table = table.where(np.abs(table.value) < _DRAWN)  # neither NaN nor the iteration that a run has not reached
    if not len(table.value):
        return []
    name = getattr(outcome.rule, "figure", type(outcome.rule).__name__)
    draw = _FIGURES.get(name, instances)
    if draw is drift and not panels(outcome):
        draw = instances
    return list(draw(outcome, table, prefix))
