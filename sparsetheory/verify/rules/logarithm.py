"""Logarithm: is it a power of log n, and not of n? The rule for rates slower than any polynomial."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar, cast

import numpy as np

from ...errors import InvalidArgument
from ..conditions import breaches, honour
from ..estimate import Critical, Estimate, mean_estimate, replicate_slopes, slope_weights, student
from ..panel import Panel, abscissa_formula, stratum_name
from ..sample import Observation, Sample
from ..sequence import normal_mixture
from ..verdict import Band, Decision, Verdict, combine, spell
from ._checks import check_rule
from ._positive import on_the_bound
from .drift import LEAST_SIZES, Drift

__all__ = ["Logarithm"]

_REJECTED = {True: "rejected", False: "not rejected"}
_LOG_LAW, _POWER_LAW = "log n beside log log n", "log log n beside log n, of the values"


@dataclass(frozen=True, kw_only=True)
class Logarithm:
    r"""Judge a bound in powers of :math:`\log n` against the power laws that look like it.

    Over any range :math:`1/\log n` is nearly some :math:`n^{-p}`, so the exponent alone shows nothing. Supported needs

    1. the drift of log(value/bound) along :math:`\log\log n` inside the margin, companion included (see `Drift`);
    2. the power law rejected: in a fit of log(value) on :math:`\log n` and :math:`\log\log n`, the coefficient of
       :math:`\log\log n` is off 0 to the side of the claim's own;
    3. the log law not rejected: in the same fit of log(value/bound), the coefficient of :math:`\log n` is not off 0.

    Refuted: the drift is outside the margin; or the log law is rejected while the power law describes the values, its
    coefficient of :math:`\log\log n` inside the margin. Otherwise inconclusive: pre-asymptotic where the log law is
    rejected, underpowered where the power law is not.

    The residual of one law on the other is small, and starting at small n shows more of it than ending at large n.

    Parameters
    ----------
    margin : float, default 0.2
        Deviation of the exponent of :math:`\log n`: 0.4 times the distance of :math:`1/\log n` to its square root.
    alpha : float, default 0.05
        Level of each one-sided test: of the exponent's two, and of the power law's; of the log law's two-sided one.
    companions : bool, default True
        Whether the log-median takes part. A quick run asks the means alone.
    quantity : str, default "error"
        What the values are, for the sentence.
    critical : callable (df, level) -> float
        Half-width of every deciding interval in standard errors: the t quantile, or what `sequential` puts there.

    Examples
    --------
    >>> from sparsetheory.verify import Logarithm
    >>> Logarithm().margin
    0.2
    """

    margin: float = 0.2
    alpha: float = 0.05
    companions: bool = True
    quantity: str = "error"
    critical: Critical = field(default=student, repr=False)
    figure: ClassVar[str] = "Drift"

    def __post_init__(self) -> None:
        check_rule(self.margin, self.alpha, "two-sided")

    def judge(self, sample: Sample) -> Verdict:
        """Return the verdict on a sample: the worst stratum's."""
        family = len(sample.grid.strata)
        parts = {
            (name := stratum_name(p)): self.judge_panel(
                Panel.of(sample, index), name=name, axis=sample.grid.axis, family=family
            )
            for index, p in enumerate(sample.grid.strata)
        }
        band = Band.around(0.0, self.margin, "two-sided")
        return honour(combine(parts, len(sample.observations), lambda v: band.room(v.interval)), sample)

    def panel(self, sample: Sample, stratum: int) -> Panel:
        """Return a stratum of a sample as arrays along log n."""
        return Panel.of(sample, stratum, abscissa_formula(f"log({sample.grid.axis})"))

    def judge_panel(self, panel: Panel, *, name: str = "all instances", axis: str = "n", family: int = 1) -> Verdict:
        """Return the verdict on one of `family` strata, given as arrays along n."""
        if not (panel.places > 1).all():
            raise InvalidArgument("axis", "places above 1, where log n is positive", np.min(panel.places))
        along = replace(panel, place=np.log(panel.place))
        verdict = self._drift().judge_panel(along, name=name, axis=axis, family=family)
        if math.isnan(verdict.estimate):  # too few sizes, or too many failures, for any fit
            return verdict
        laws = [_Laws.of(self, panel, ratio) for ratio in _worst_cases(panel)]

        def decide(margin: float, drift: Decision) -> Decision:
            decisions = [law.decide(self, margin, drift, family) for law in laws]
            return decisions[0] if len({d[0] for d in decisions}) == 1 else ("inconclusive", "failures")

        decision = decide(self.margin, (verdict.label, verdict.reason))
        deciding = 1 - 2 * self.alpha
        return replace(
            verdict,
            label=decision[0],
            reason=decision[1],
            sentence=self._sentence(verdict, laws[0], decision),
            companions={
                **verdict.companions,
                **{f"{law}, {deciding:.0%}": (e.value, *e.interval(deciding)) for law, e in laws[0].named},
            },
            sensitivity={
                margin: spell(*decide(margin, _as_decision(spelled))) for margin, spelled in verdict.sensitivity.items()
            },
        )

    def violations(self, sample: Sample) -> list[Observation]:
        """Return the records that break a side condition; the estimate itself is a property of all records."""
        return breaches(sample)

    def positive(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return values on the bound: residuals of ``log(value/bound)`` about their mean in each cell, resampled."""
        return on_the_bound(sample, rng)

    def smoke(self) -> "Logarithm":
        """Return the rule of a quick run: the means alone, margin 0.5 at least."""
        return replace(self, margin=max(self.margin, 0.5), companions=False)

    def sequential(self) -> "Logarithm":
        """Return the rule of a study that may stop at any look: intervals that hold at all of them."""
        return replace(self, critical=normal_mixture)

    def _drift(self) -> Drift:
        """Return the rule of the exponent; its correction column would be the power law that is tested on its own."""
        return Drift(
            alternative="two-sided", margin=self.margin, alpha=self.alpha, correction=None, companions=self.companions,
            quantity=self.quantity, critical=self.critical,
        )  # fmt: skip

    def _sentence(self, verdict: Verdict, laws: "_Laws", decision: Decision) -> str:
        level = 1 - self.alpha
        said = [
            f"{law} {e.value:.3f} [{e.interval(level)[0]:.3f}, {e.interval(level)[1]:.3f}]" for law, e in laws.named
        ]
        power, log = (_REJECTED[rejected] for rejected in (laws.power_rejected(self), laws.log_rejected(self)))
        told = f"the power law is {power}, the log law is {log} ({', '.join(said)})"
        if decision == (verdict.label, verdict.reason):
            return f"{verdict.sentence}; {told}"
        return f"claim {spell(*decision)}: {told}. The exponent alone: {verdict.sentence}"


def _worst_cases(panel: Panel) -> Iterator[np.ndarray]:
    """Yield the ratios as observed and, where some are missing, with those that bend either law most either way."""
    yield panel.ratio
    if np.isnan(panel.ratio).any():
        logs = np.log(panel.places)
        for pair in ((logs, np.log(logs)), (np.log(logs), logs)):
            for sign in (1, -1):
                yield panel.tilted(sign * slope_weights(*pair))


@dataclass(frozen=True)
class _Laws:
    """What each law leaves for the other to explain; zero if it is the right one."""

    log: Estimate
    power: Estimate
    claimed: float

    @classmethod
    def of(cls, rule: Logarithm, panel: Panel, ratio: np.ndarray) -> "_Laws":
        logs = np.log(np.where(np.isnan(panel.place), panel.places, panel.place))
        bound = np.where(np.isnan(panel.bound), np.nanmedian(panel.bound, axis=0), panel.bound)
        columns = [logs, np.log(logs)]
        log = replicate_slopes(ratio, columns, least=LEAST_SIZES)
        power = replicate_slopes(ratio + bound, columns[::-1], least=LEAST_SIZES)
        claimed = float(np.nanmean(replicate_slopes(bound, columns[::-1], least=LEAST_SIZES)))
        if not abs(claimed) > 1e-6:
            raise InvalidArgument("bound", "a bound with a power of log n", f"an exponent of {claimed:.2g}")
        return cls(mean_estimate(log).read(rule.critical), mean_estimate(power).read(rule.critical), claimed)

    @property
    def named(self) -> Iterator[tuple[str, Estimate]]:
        """The two coefficients with their names."""
        yield from ((_LOG_LAW, self.log), (_POWER_LAW, self.power))

    def log_rejected(self, rule: Logarithm, family: int = 1) -> bool:
        """Whether the values fall with a power of n beside their power of log n."""
        low, high = self.log.interval(1 - rule.alpha / family)
        return not low <= 0 <= high

    def power_rejected(self, rule: Logarithm) -> bool:
        """Whether a power of n leaves a power of log n, as the claim has it."""
        low, high = self.power.interval(1 - 2 * rule.alpha)
        return high < 0 if self.claimed < 0 else low > 0

    def decide(self, rule: Logarithm, margin: float, drift: Decision, family: int) -> Decision:
        """Decide at a margin, given what the drift along log log n says at it."""
        twin = Band.around(0.0, margin, "two-sided").contains(self.power.interval(1 - 2 * rule.alpha / family))
        if drift[0] == "refuted" or (twin and self.log_rejected(rule, family)):
            return "refuted", None
        if drift[0] != "supported":
            return drift
        if self.log_rejected(rule):
            return "inconclusive", "pre-asymptotic"
        return ("supported", None) if self.power_rejected(rule) else ("inconclusive", "underpowered")


def _as_decision(spelled: str) -> Decision:
    """Read back what `spell` wrote."""
    label, _, reason = spelled.removesuffix(")").partition("(")
    return cast(Decision, (label, reason or None))
