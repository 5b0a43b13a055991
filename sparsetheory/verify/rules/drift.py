"""Drift: does log(value / bound) drift along an axis? The rule for rates and exponents."""

import math
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ...errors import InvalidArgument
from ..bound import Bound
from ..conditions import breaches, honour
from ..estimate import (
    Critical,
    Estimate,
    mean_estimate,
    median_estimate,
    replicate_slopes,
    slope_weights,
    student,
)  # fmt: skip
from ..panel import Panel, abscissa_formula, stratum_name
from ..sample import Observation, Sample
from ..sequence import normal_mixture
from ..verdict import (
    SENSITIVITY,
    Alternative,
    Band,
    Decision,
    Reason,
    Verdict,
    combine,
    decide,
    replicates_to_decide,
    spell,
)  # fmt: skip
from ._checks import check_rule, claimed, left_out, outcome, silent
from ._positive import on_the_bound

__all__ = ["Drift"]

#: Fewer usable sizes say nothing of a rate.
LEAST_SIZES = 4
_MAIN, _CORRECTED = "mean of slopes", "corrected slope"


@dataclass(frozen=True, kw_only=True)
class Drift:
    r"""Judge the slope of :math:`\log(\text{value}/\text{bound})` along an axis against 0.

    A claimed rate is right when the quotient does not drift, whatever logarithms and further parameters the bound has.

    1. In every replicate, the least-squares slope of ``log(value/bound)`` on ``log(axis)``.
    2. The mean over replicates with its t interval: replicates are independent, sizes need not be.
    3. Companions: the slope of the log-median (bootstrap over replicates), which failed fits hardly move, and the mean
       slope beside a column ``axis**correction``, which takes up a bound that is only asymptotic.
    4. Supported: the main interval inside the margin and no companion outside. Refuted: all three outside, on one side.
       Otherwise inconclusive, with the reason.

    Parameters
    ----------
    axis : str, optional
        Abscissa: an expression in the grid's axis, the stratum's parameters and the symbols of the bound
        (``"eta*gap"``); the grid's axis by default.
    log_axis : bool, default True
        Whether the slope is against the logarithm of the abscissa (a power) or the abscissa itself (an exponential).
    alternative : {"upper", "two-sided", "lower"}, default "upper"
        An upper claim is only wrong when the values grow against the bound, an exact one in both directions.
    margin : float, default 0.1
        Drift that the claim is allowed; ``min(0.1, 0.4 * distance to the nearest competing exponent)``.
    alpha : float, default 0.05
        Level of each one-sided test; the deciding intervals have level ``1 - 2*alpha``.
    correction : float or None, default -0.5
        Exponent c of the correction column ``(axis**c - 1)/c``; 0 stands for ``log(axis)``, None for no column.
    companions : bool, default True
        Whether the companions take part. A quick run asks the main interval alone.
    quantity : str, default "error"
        What the values are, for the sentence.
    critical : callable (df, level) -> float
        Half-width of every deciding interval in standard errors: the t quantile, or what `sequential` puts there.

    Notes
    -----
    Closeness of order :math:`O(\sigma)` is the same question on another axis: ``Drift(axis="1/sigma")`` with the bound
    ``sigma`` asks that the gap over sigma does not grow as sigma falls. The floor of the measurements has to be that of
    the cancellation in the gap; sigmas near it are left out.

    Examples
    --------
    >>> from sparsetheory.verify import Drift
    >>> Drift(margin=0.05, alternative="two-sided").margin
    0.05

    References
    ----------
    Schuirmann (1987), two one-sided tests; Wilson (1927), the interval of a failure rate.
    """

    axis: str | None = None
    log_axis: bool = True
    alternative: Alternative = "upper"
    margin: float = 0.1
    alpha: float = 0.05
    correction: float | None = -0.5
    companions: bool = True
    quantity: str = "error"
    critical: Critical = field(default=student, repr=False)
    _formula: Bound | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        check_rule(self.margin, self.alpha, self.alternative)
        if self.correction is not None and not math.isfinite(self.correction):
            raise InvalidArgument("correction", "a finite exponent or None", self.correction)
        if self.correction == (0 if self.log_axis else 1):
            raise InvalidArgument("correction", "an exponent whose column is not the abscissa itself", self.correction)
        if self.axis is not None:
            object.__setattr__(self, "_formula", abscissa_formula(self.axis))

    def judge(self, sample: Sample) -> Verdict:
        """Return the verdict on a sample: the worst stratum's."""
        family = len(sample.grid.strata)
        parts = {
            stratum_name(parameters): self.judge_panel(
                self.panel(sample, index), name=stratum_name(parameters), axis=sample.grid.axis, family=family
            )
            for index, parameters in enumerate(sample.grid.strata)
        }
        band = Band.around(0.0, self.margin, self.alternative)
        return honour(combine(parts, len(sample.observations), lambda v: band.room(v.interval)), sample)

    def panel(self, sample: Sample, stratum: int) -> Panel:
        """Return a stratum of a sample as arrays along this rule's axis."""
        return Panel.of(sample, stratum, self._formula)

    def judge_panel(self, panel: Panel, *, name: str = "all instances", axis: str = "n", family: int = 1) -> Verdict:
        """Return the verdict on one of `family` strata."""
        usable = panel.ratio.shape[1]
        if usable < LEAST_SIZES:
            reason: Reason = "floor" if panel.n_floored else "underpowered"
            why = f"{usable} usable sizes and {panel.n_floored} near the floor, a drift needs {LEAST_SIZES}"
            return silent(self, panel, reason, f"on {name}: {why}")
        if panel.crippled:
            why = f"a size failed in more than half of the {panel.n_replicates} replicates"
            return silent(self, panel, "failures", f"on {name}: {why}")
        evidence = Evidence(self, panel)
        decision = evidence.decide(self.margin, family)
        deciding = 1 - 2 * self.alpha
        needed = None
        if decision[1] == "underpowered":
            band = Band.around(0.0, self.margin, self.alternative)
            needed = replicates_to_decide(evidence.main, band, self.alpha)
        return replace(
            silent(self, panel, decision[1], self._sentence(evidence, decision, needed, name, axis)),
            label=decision[0],
            estimate=evidence.main.value,
            interval=evidence.main.interval(1 - self.alpha),
            companions={
                f"{name}, {deciding:.0%}": (e.value, *e.interval(deciding)) for name, e in evidence.observed.items()
            },
            local_slopes=evidence.local,
            replicates_needed=needed,
            sensitivity={f * self.margin: spell(*evidence.decide(f * self.margin, family)) for f in SENSITIVITY},
        )

    def violations(self, sample: Sample) -> list[Observation]:
        """Return the records that break a side condition; the estimate itself is a property of all records."""
        return breaches(sample)

    def positive(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return values on the bound: residuals of ``log(value/bound)`` about their mean in each cell, resampled."""
        return on_the_bound(sample, rng)

    def smoke(self) -> "Drift":
        """Return the rule of a quick run: the main interval alone, margin 0.25 at least."""
        return replace(self, margin=max(self.margin, 0.25), companions=False)

    def sequential(self) -> "Drift":
        """Return the rule of a study that may stop at any look: intervals that hold at all of them."""
        return replace(self, critical=normal_mixture)

    def abscissa(self, place: np.ndarray) -> np.ndarray:
        """Return what the slope is taken against."""
        return np.log(self._positive(place)) if self.log_axis else place

    def correction_column(self, place: np.ndarray) -> np.ndarray:
        """Return ``(place**c - 1)/c``, whose limit at c = 0 is ``log(place)``."""
        c, logs = self.correction, np.log(self._positive(place))
        return np.expm1(c * logs) / c if c else logs

    def _positive(self, place: np.ndarray) -> np.ndarray:
        if (place <= 0).any():
            raise InvalidArgument("axis", "positive places for a logarithm or a correction column", np.nanmin(place))
        return place

    def _sentence(self, evidence: "Evidence", decision: Decision, needed: int | None, name: str, axis: str) -> str:
        panel, power = evidence.panel, evidence.power_of_bound
        low, high = evidence.main.interval(1 - self.alpha)
        shift = power or 0.0  # where the bound is a pure power, an exponent reads better than a drift
        what = (
            {True: "exponent of", False: "rate of"}[self.log_axis]
            if power is not None
            else "drift against its bound of"
        )
        return (
            f"on {name}, {axis} in [{panel.sizes[0]:g}, {panel.sizes[1]:g}], the {what} the typical {self.quantity} is "
            f"{evidence.main.value + shift:.3f} [{low + shift:.3f}, {high + shift:.3f}]; "
            f"{claimed(f'{shift:g}', self.margin, self.alternative)} {outcome(decision, self.alpha, needed)}, "
            f"{panel.n_replicates} replicates, {panel.n_failures} failures{left_out(panel.n_floored)}"
        )


@dataclass(frozen=True)
class Evidence:
    """The intervals of one stratum, as observed and with missing entries at their worst."""

    rule: Drift
    panel: Panel

    def decide(self, margin: float, family: int) -> Decision:
        """Decide at a margin; the verdict has to survive the worst that missing entries could have been."""
        decision = self._decide(self.observed, margin, family)
        if decision[0] == "inconclusive":
            return decision
        survives = all(self._decide(t, margin, family)[0] == decision[0] for t in self.tilted)
        return decision if survives else ("inconclusive", "failures")

    @property
    def main(self) -> Estimate:
        """The estimate that carries the verdict."""
        return self.observed[_MAIN]

    @cached_property
    def observed(self) -> dict[str, Estimate]:
        """The main estimate and the companions by name."""
        return self._estimates(self.panel.ratio)

    @cached_property
    def tilted(self) -> list[dict[str, Estimate]]:
        """The same for both worst cases, where anything is missing."""
        if not np.isnan(self.panel.ratio).any():
            return []
        return [self._estimates(self.panel.worst_case(direction)) for direction in (1, -1)]

    def _decide(self, estimates: dict[str, Estimate], margin: float, family: int) -> Decision:
        companions = {name: estimate for name, estimate in estimates.items() if name != _MAIN}
        band = Band.around(0.0, margin, self.rule.alternative)
        return decide(
            estimates[_MAIN], companions, band, alpha=self.rule.alpha, family=family, corrected=_CORRECTED
        )  # fmt: skip

    def _estimates(self, ratio: np.ndarray) -> dict[str, Estimate]:
        rule, panel = self.rule, self.panel
        place = np.where(np.isnan(panel.place), panel.places, panel.place)
        abscissa = rule.abscissa(place)
        estimates = {_MAIN: mean_estimate(replicate_slopes(ratio, [abscissa], least=LEAST_SIZES))}
        if rule.companions:
            estimates["log-median slope"] = median_estimate(ratio, slope_weights(rule.abscissa(panel.places)))
            if rule.correction is not None:
                columns = [abscissa, rule.correction_column(place)]
                estimates[_CORRECTED] = mean_estimate(replicate_slopes(ratio, columns, least=LEAST_SIZES))
        return {name: estimate.read(rule.critical) for name, estimate in estimates.items()}

    @cached_property
    def local(self) -> tuple[tuple[float, float, float, float], ...]:
        """Slopes between neighbouring places with 95% intervals, placed midway on the axis's own scale."""
        order = np.argsort(self.panel.places)
        t, ratio = self.rule.abscissa(self.panel.places[order]), self.panel.ratio[:, order]
        rows = []
        for j in np.flatnonzero(np.diff(t) > 0):
            estimate = mean_estimate((ratio[:, j + 1] - ratio[:, j]) / (t[j + 1] - t[j]))
            middle = 0.5 * (t[j] + t[j + 1])
            place = math.exp(middle) if self.rule.log_axis else float(middle)
            rows.append((place, estimate.value, *estimate.interval(0.95)))
        return tuple(rows)

    @cached_property
    def power_of_bound(self) -> float | None:
        """The slope of log(bound) where the bound is a pure power (or exponential) of the axis, None otherwise."""
        known = ~np.isnan(self.panel.bound)
        t, bound = self.rule.abscissa(self.panel.place[known]), self.panel.bound[known]
        slope = float(slope_weights(t) @ bound)
        off = bound - bound.mean() - slope * (t - t.mean())
        return slope if np.abs(off).max() <= 1e-9 * max(1.0, float(np.abs(bound).max())) else None
