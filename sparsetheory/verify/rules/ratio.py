"""Ratio: is value / bound equal to one? The rule for tight constants."""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from ..conditions import breaches, honour
from ..estimate import Critical, Estimate, mean_estimate, median_estimate, student, wilson
from ..panel import Panel, stratum_name
from ..sample import Observation, Sample
from ..sequence import normal_mixture
from ..verdict import (
    SENSITIVITY,
    Alternative,
    Band,
    Decision,
    Verdict,
    combine,
    decide,
    replicates_to_decide,
    severity,
    spell,
)  # fmt: skip
from ._checks import check_rule, claimed, left_out, outcome, spanning
from ._positive import on_the_bound

__all__ = ["Ratio"]


@dataclass(frozen=True, kw_only=True)
class Ratio:
    r"""Judge :math:`\text{value}/\text{bound}` against 1 in every cell; the worst cell decides.

    Two one-sided t tests on the mean over replicates of ``log(value/bound)``, whose band is ``+- margin``: for small
    margins a relative error. The log-median with a bootstrap standard error is the companion.

    Parameters
    ----------
    margin : float, default 0.02
        Allowed deviation of the typical ratio from 1, on the logarithmic scale.
    alternative : {"two-sided", "upper", "lower"}, default "two-sided"
        Which deviations count.
    alpha : float, default 0.05
        Level of each one-sided test; a refutation by one of many cells is held to ``alpha / cells``.
    quantity : str, default "value"
        What the values are, for the sentence.
    critical : callable (df, level) -> float
        Half-width of every deciding interval in standard errors: the t quantile, or what `sequential` puts there.

    Examples
    --------
    >>> from sparsetheory.verify import Ratio
    >>> Ratio(margin=0.01)
    Ratio(margin=0.01, alternative='two-sided', alpha=0.05, quantity='value')
    """

    margin: float = 0.02
    alternative: Alternative = "two-sided"
    alpha: float = 0.05
    quantity: str = "value"
    critical: Critical = field(default=student, repr=False)

    def __post_init__(self) -> None:
        check_rule(self.margin, self.alpha, self.alternative)

    def judge(self, sample: Sample) -> Verdict:
        """Return the verdict on a sample: the worst cell's of the worst stratum."""
        panels = {stratum_name(p): Panel.of(sample, i) for i, p in enumerate(sample.grid.strata)}
        family = max(1, sum(panel.ratio.shape[1] for panel in panels.values()))
        parts = {
            name: self._judge_panel(panel, name, sample.grid.axis, family)
            for name, panel in panels.items()
        }  # fmt: skip
        band = self._band(self.margin)
        return honour(combine(parts, len(sample.observations), lambda v: band.room(_logs(v.interval))), sample)

    def violations(self, sample: Sample) -> list[Observation]:
        """Return the records that break a side condition; the estimate itself is a property of all records."""
        return breaches(sample)

    def positive(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return values on the bound: residuals of ``log(value/bound)`` about their mean in each cell, resampled."""
        return on_the_bound(sample, rng)

    def smoke(self) -> "Ratio":
        """Return the rule of a quick run: margin 0.1 at least."""
        return replace(self, margin=max(self.margin, 0.1))

    def sequential(self) -> "Ratio":
        """Return the rule of a study that may stop at any look: intervals that hold at all of them."""
        return replace(self, critical=normal_mixture)

    def _judge_panel(self, panel: Panel, name: str, axis: str, family: int) -> Verdict:
        cells = [_Cell.of(panel, j, self.critical) for j in range(panel.ratio.shape[1])]
        if not cells:
            decision: Decision = ("inconclusive", "floor" if panel.n_floored else "failures")
            sensitivity = {f * self.margin: spell(*decision) for f in SENSITIVITY}
            return self._say(panel, _Cell.nothing(), decision, name, axis, sensitivity)

        def worst(margin: float) -> tuple[Decision, _Cell]:
            decided = [(self._decide(cell, margin, family), cell) for cell in cells]
            return max(decided, key=lambda pair: (severity(pair[0][0]), abs(pair[1].mean.value)))

        decision, cell = worst(self.margin)
        sensitivity = {f * self.margin: spell(*worst(f * self.margin)[0]) for f in SENSITIVITY}
        return self._say(panel, cell, decision, name, axis, sensitivity)

    def _band(self, margin: float) -> Band:
        return Band.around(0.0, margin, self.alternative)

    def _decide(self, cell: "_Cell", margin: float, family: int) -> Decision:
        band = self._band(margin)
        decision = decide(cell.mean, {"median": cell.median}, band, alpha=self.alpha, family=family)
        if cell.missing > 0.5:
            return "inconclusive", "failures"
        if decision[0] != "inconclusive" and any(
            decide(w, {}, band, alpha=self.alpha, family=family)[0] != decision[0] for w in cell.worst_case
        ):
            return "inconclusive", "failures"
        return decision

    def _say(
        self, panel: Panel, cell: "_Cell", decision: Decision, name: str, axis: str, sensitivity: dict[float, str]
    ) -> Verdict:  # fmt: skip
        level, needed = 1 - 2 * self.alpha, None
        if decision[1] == "underpowered":
            needed = replicates_to_decide(cell.mean, self._band(self.margin), self.alpha)
        low, high = (_exp(end) for end in cell.mean.interval(1 - self.alpha))
        ratio = math.exp(cell.mean.value)
        return Verdict(
            label=decision[0],
            reason=decision[1],
            sentence=(
                f"on {name}{spanning(axis, *panel.sizes)}, the typical {self.quantity} / bound "
                f"is {ratio:.4f} [{low:.4f}, {high:.4f}] in the worst of {panel.ratio.shape[1]} cells; "
                f"{claimed('1', self.margin, self.alternative)} {outcome(decision, self.alpha, needed)}, "
                f"{panel.n_replicates} replicates, {panel.n_failures} failures{left_out(panel.n_floored)}"
            ),
            estimand=f"typical {self.quantity} / bound",
            estimate=ratio,
            interval=(low, high),
            level=1 - self.alpha,
            target=1.0,
            margin=self.margin,
            n_replicates=panel.n_replicates,
            n_failures=panel.n_failures,
            failure_interval=wilson(panel.n_failures, panel.n_records),
            tightness=panel.tightness,
            companions={
                f"log-mean, {level:.0%}": (cell.mean.value, *cell.mean.interval(level)),
                f"log-median, {level:.0%}": (cell.median.value, *cell.median.interval(level)),
            },
            replicates_needed=needed,
            sensitivity=sensitivity,
        )


@dataclass(frozen=True)
class _Cell:
    """One cell's intervals for log(value / bound), as observed and with missing replicates at the cell's extremes."""

    mean: Estimate
    median: Estimate
    worst_case: tuple[Estimate, ...]
    missing: float

    @classmethod
    def nothing(cls) -> "_Cell":
        """Return a cell without a usable value."""
        nowhere = Estimate(math.nan, math.nan, 0)
        return cls(nowhere, nowhere, (), 1.0)

    @classmethod
    def of(cls, panel: Panel, j: int, critical: Critical) -> "_Cell":
        ratio = panel.ratio[:, j]
        lost = np.isnan(ratio)
        worst: tuple[Estimate, ...] = ()
        if lost.any() and not lost.all():
            worst = tuple(
                mean_estimate(np.where(lost, extreme, ratio)).read(critical)
                for extreme in (np.nanmax(ratio), np.nanmin(ratio))
            )
        mean, median = mean_estimate(ratio), median_estimate(ratio[:, None], np.ones(1))
        return cls(mean.read(critical), median.read(critical), worst, float(lost.mean()))


def _logs(interval: tuple[float, float]) -> tuple[float, float]:
    low, high = interval
    return math.log(low) if low > 0 else -math.inf, math.log(high)


def _exp(x: float) -> float:
    return math.exp(x) if x < 700 else math.inf
