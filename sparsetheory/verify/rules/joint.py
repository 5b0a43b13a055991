"""Joint: does log(value / bound) drift along any of several parameters? The rule for bounds in several parameters."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from ...errors import InvalidArgument
from ..bound import Bound
from ..conditions import breaches, honour
from ..estimate import (
    Critical,
    Estimate,
    Medians,
    mean_estimate,
    replicate_slopes,
    slope_weights,
    student,
)
from ..panel import Panel, abscissa_formula
from ..sample import Observation, Sample
from ..sequence import normal_mixture
from ..verdict import (
    SENSITIVITY,
    Alternative,
    Band,
    Decision,
    Verdict,
    decide,
    replicates_to_decide,
    severity,
    spell,
)  # fmt: skip
from ._checks import check_rule, claimed, left_out, outcome, silent
from ._positive import on_the_bound

__all__ = ["Joint"]

_MAIN, _MEDIAN, _CORRECTED = "mean of slopes", "log-median slope", "corrected slope"
#: Two decades, less rounding: the corrected coefficient then has about 4 times the standard error of the plain one.
_LEAST_SPAN = math.log(99.9)
Decisions = dict[str, Decision]


@dataclass(frozen=True, kw_only=True)
class Joint:
    r"""Judge the coefficients of one regression of :math:`\log(\text{value}/\text{bound})` on all log-factors.

    The strata and sizes of the grid are a design: :math:`\log(v/b) = c + \sum_f \beta_f \log f`, fitted in every
    replicate over all its cells, so that a wrong exponent of one parameter does not pass for one of another.

    1. Every :math:`\beta_f` has a mean over replicates with its interval, and the companions of `Drift`: the
       coefficient of the log-medians, and the mean beside a column ``f**correction``. The column takes part along
       factors that span two decades; on less it looks like the factor itself, and its coefficient is mere noise.
    2. Supported: every coefficient is, as in `Drift`; support that needs all of them takes no correction.
    3. Refuted: some coefficient is, each held to a level of `alpha` by Holm's steps over the coefficients.

    Parameters
    ----------
    factors : tuple of str
        Expressions in the grid's parameters and the symbols of the bound, oriented towards where the bound is claimed:
        ``("n", "d", "1/eps")``. Together they have to mention every parameter that varies over the grid.
    alternative : {"upper", "two-sided", "lower"}, default "upper"
        An upper claim is only wrong when the values grow against the bound as a factor grows.
    margin : float, default 0.1
        Drift that the claim is allowed along every factor.
    alpha : float, default 0.05
        Level of each one-sided test.
    correction : float or None, default -0.5
        Exponent c of the correction column ``(f**c - 1)/c``, None for no column.
    companions : bool, default True
        Whether the companions take part. A quick run asks the main intervals alone.
    quantity : str, default "error"
        What the values are, for the sentence.
    critical : callable (df, level) -> float
        Half-width of every deciding interval in standard errors: the t quantile, or what `sequential` puts there.

    Examples
    --------
    >>> from sparsetheory.verify import Joint
    >>> Joint(factors=("n", "1/eps")).margin
    0.1

    References
    ----------
    Holm (1979), the steps; Schuirmann (1987), two one-sided tests.
    """

    factors: tuple[str, ...]
    alternative: Alternative = "upper"
    margin: float = 0.1
    alpha: float = 0.05
    correction: float | None = -0.5
    companions: bool = True
    quantity: str = "error"
    critical: Critical = field(default=student, repr=False)
    figure: ClassVar[str] = "Drift"

    def __post_init__(self) -> None:
        check_rule(self.margin, self.alpha, self.alternative)
        if isinstance(self.factors, str) or len(set(self.factors)) < max(len(self.factors), 2):
            raise InvalidArgument("factors", "two or more different expressions (Drift judges one)", self.factors)
        if self.correction is not None and not (math.isfinite(self.correction) and self.correction):
            raise InvalidArgument("correction", "a finite exponent other than 0, or None", self.correction)
        for factor in self.factors:
            abscissa_formula(factor)

    @property
    def formulas(self) -> dict[str, Bound]:
        """The factors as formulas."""
        return {factor: abscissa_formula(factor) for factor in self.factors}

    def judge(self, sample: Sample) -> Verdict:
        """Return the verdict on a sample: that of its worst coefficient."""
        self._check_grid(sample)
        panels = {factor: Panel.of(sample, None, formula) for factor, formula in self.formulas.items()}
        return honour(self.judge_panels(panels), sample)

    def judge_panels(self, panels: Mapping[str, Panel]) -> Verdict:
        """Return the verdict on the whole grid as arrays, the same ones with every factor as their place."""
        panel = panels[self.factors[0]]
        if panel.crippled:
            return silent(self, panel, "failures", "a cell failed in more than half of the replicates")
        evidence = _Evidence(self, panel, {f: _logs(f, p) for f, p in panels.items()})
        if evidence.collinear:
            if not panel.n_floored:
                expected = "a design in which the logarithms of the factors vary independently of each other"
                raise InvalidArgument("grid", expected, f"collinear factors {', '.join(self.factors)}")
            why = f"the {panel.ratio.shape[1]} cells above the floor do not tell the factors apart"
            return silent(self, panel, "floor", why)
        return self._say(evidence)

    def violations(self, sample: Sample) -> list[Observation]:
        """Return the records that break a side condition; the estimate itself is a property of all records."""
        return breaches(sample)

    def positive(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return values on the bound: residuals of ``log(value/bound)`` about their mean in each cell, resampled."""
        return on_the_bound(sample, rng)

    def smoke(self) -> "Joint":
        """Return the rule of a quick run: the main intervals alone, margin 0.25 at least."""
        return replace(self, margin=max(self.margin, 0.25), companions=False)

    def sequential(self) -> "Joint":
        """Return the rule of a study that may stop at any look: intervals that hold at all of them."""
        return replace(self, critical=normal_mixture)

    def _check_grid(self, sample: Sample) -> None:
        cells = [sample.grid.cell(index) for index in range(len(sample.grid))]
        varying = {name for cell in cells for name in cell if len({c.get(name) for c in cells}) > 1}
        mentioned = {symbol for formula in self.formulas.values() for symbol in formula.symbols}
        if left := sorted(varying - mentioned):
            raise InvalidArgument("factors", f"every parameter that varies, also {', '.join(left)}", self.factors)

    def _say(self, evidence: "_Evidence") -> Verdict:
        decisions, band = evidence.decide(self.margin), Band.around(0.0, self.margin, self.alternative)
        level, deciding = 1 - self.alpha, 1 - 2 * self.alpha
        main = {factor: estimates[_MAIN] for factor, estimates in evidence.observed.items()}
        worst = max(decisions, key=lambda f: (severity(decisions[f][0]), -band.room(main[f].interval(level))))
        decision, needed = decisions[worst], None
        if decision[1] == "underpowered":
            needed = replicates_to_decide(main[worst], band, self.alpha)
        return replace(
            silent(self, evidence.panel, decision[1], self._sentence(evidence, decisions, worst, needed)),
            label=decision[0],
            estimand=f"drift of log({self.quantity}/bound) along {worst}",
            estimate=main[worst].value,
            interval=main[worst].interval(level),
            companions={
                f"{factor}: {name}, {deciding:.0%}": (e.value, *e.interval(deciding))
                for factor, estimates in evidence.observed.items()
                for name, e in estimates.items()
            },
            replicates_needed=needed,
            sensitivity={f * self.margin: spell(*_overall(evidence.decide(f * self.margin))) for f in SENSITIVITY},
        )

    def _sentence(self, evidence: "_Evidence", decisions: Decisions, worst: str, needed: int | None) -> str:
        panel, parts = evidence.panel, []
        for factor, estimates in evidence.observed.items():
            low, high = estimates[_MAIN].interval(1 - self.alpha)
            verdict = "" if decisions[factor][0] == decisions[worst][0] else f" ({spell(*decisions[factor])})"
            parts.append(f"{factor} {estimates[_MAIN].value:.3f} [{low:.3f}, {high:.3f}]{verdict}")
        return (
            f"over {panel.ratio.shape[1]} cells, the drift of the typical {self.quantity} against its bound is along "
            f"{', '.join(parts)}; {claimed('0', self.margin, self.alternative)} along each, "
            f"{outcome(decisions[worst], self.alpha, needed)}, Holm over {len(decisions)} factors, "
            f"{panel.n_replicates} replicates, {panel.n_failures} failures{left_out(panel.n_floored)}"
        )


def _logs(factor: str, panel: Panel) -> np.ndarray:
    """Return the logarithm of a factor in every entry, (R, K)."""
    place = np.where(np.isnan(panel.place), panel.places, panel.place)
    if (place <= 0).any():
        raise InvalidArgument("factors", f"positive values of {factor}", np.nanmin(place))
    return np.log(place)


def _overall(decisions: Decisions) -> Decision:
    return max(decisions.values(), key=lambda decision: severity(decision[0]))


@dataclass(frozen=True)
class _Evidence:
    """The intervals of every coefficient, as observed and with missing entries at their worst."""

    rule: Joint
    panel: Panel
    logs: Mapping[str, np.ndarray]

    def decide(self, margin: float) -> Decisions:
        """Decide every coefficient; a refutation is held to alpha over the number of those not refuted before it."""
        refuted: Decisions = {}
        while True:
            waiting = [factor for factor in self.logs if factor not in refuted]
            decisions = {factor: self._decide(factor, margin, len(waiting)) for factor in waiting}
            found = {factor: decision for factor, decision in decisions.items() if decision[0] == "refuted"}
            if not found:
                return {factor: refuted.get(factor) or decisions[factor] for factor in self.logs}
            refuted |= found
            if len(refuted) == len(self.logs):
                return refuted

    @cached_property
    def collinear(self) -> bool:
        """Whether some coefficient is not determined by the cells that are left."""
        return any(np.isnan(self._weights(factor)).any() for factor in self.logs)

    @cached_property
    def observed(self) -> dict[str, dict[str, Estimate]]:
        """The main estimate and the companions of every coefficient."""
        medians = Medians.of(self.panel.ratio) if self.rule.companions else None
        return {factor: self._estimates(factor, self.panel.ratio, medians) for factor in self.logs}

    @cached_property
    def tilted(self) -> dict[str, list[dict[str, Estimate]]]:
        """The same with missing entries where they raise, and where they lower, the coefficient most."""
        if not np.isnan(self.panel.ratio).any():
            return {factor: [] for factor in self.logs}
        return {
            factor: [self._estimates(factor, self.panel.tilted(sign * self._weights(factor))) for sign in (1, -1)]
            for factor in self.logs
        }

    def _decide(self, factor: str, margin: float, family: int) -> Decision:
        band = Band.around(0.0, margin, self.rule.alternative)

        def decision_of(estimates: dict[str, Estimate]) -> Decision:
            companions = {name: estimate for name, estimate in estimates.items() if name != _MAIN}
            return decide(
                estimates[_MAIN], companions, band, alpha=self.rule.alpha, family=family, corrected=_CORRECTED
            )  # fmt: skip

        decision = decision_of(self.observed[factor])
        if decision[0] == "inconclusive" or all(decision_of(t)[0] == decision[0] for t in self.tilted[factor]):
            return decision
        return "inconclusive", "failures"

    def _columns(self, factor: str) -> list[np.ndarray]:
        """Return the factor's own column, then those of the others."""
        return [self.logs[factor], *(column for name, column in self.logs.items() if name != factor)]

    def _weights(self, factor: str) -> np.ndarray:
        """Return w with ``w @ y`` = the coefficient, at the median places of the factors."""
        return slope_weights(*(np.median(column, axis=0) for column in self._columns(factor)))

    def _estimates(self, factor: str, ratio: np.ndarray, medians: Medians | None = None) -> dict[str, Estimate]:
        rule, columns, least = self.rule, self._columns(factor), len(self.logs) + 2
        estimates = {_MAIN: mean_estimate(replicate_slopes(ratio, columns, least=least))}
        if rule.companions:
            estimates[_MEDIAN] = (medians or Medians.of(ratio)).estimate(self._weights(factor))
            if rule.correction is not None and np.ptp(columns[0]) > _LEAST_SPAN:
                columns.append(np.expm1(rule.correction * columns[0]) / rule.correction)
                estimates[_CORRECTED] = mean_estimate(replicate_slopes(ratio, columns, least=least + 1))
        return {name: estimate.read(rule.critical) for name, estimate in estimates.items()}
