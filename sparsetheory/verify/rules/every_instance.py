"""EveryInstance: does the bound hold at every iterate of every instance? The rule for inequalities and identities."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ..._validation import check_positive
from ...errors import InvalidArgument
from ..estimate import violation_limit, wilson
from ..panel import stratum_name
from ..sample import Measurement, Observation, Sample
from ..verdict import SENSITIVITY, Alternative, Decision, Verdict, combine, spell
from ._checks import check_rule, outcome
from ._positive import on_the_bound, resample

__all__ = ["EveryInstance"]

#: Relative slack of a comparison, for the rounding of the bound itself.
SLACK = 1e-9

_Finding = Literal["holds", "violated", "failed"]


@dataclass(frozen=True, kw_only=True)
class EveryInstance:
    r"""Judge a bound that has to hold at every value of every replicate.

    A value is a violation when :math:`\text{value} > \text{bound} + 10^{-9}|\text{bound}| + \text{floor}` (mirrored for
    ``"lower"``, both for ``"two-sided"``), and so is a side condition of ``must_vanish`` above its floor.

    Nothing refutes short of a violation, and one refutes. No violation in N replicates leaves the probability of one,
    under the sampling law of the study, below :math:`1 - \alpha^{1/N}` with confidence :math:`1 - \alpha`. The trial is
    the replicate of a stratum with all its sizes, which may share a stream; every stratum has to bring its own limit
    below `max_violation_rate`, so that a thin stratum cannot hide behind a rich one.

    NaN, an infinite value on the good side and a missing measurement never pass: the limit is computed once more with
    every such replicate counted as a violation, and where that changes the verdict it is ``inconclusive(failures)``.

    Parameters
    ----------
    max_violation_rate : float, default 0.01
        What the limit has to come below; 0.01 takes 299 replicates.
    alternative : {"upper", "lower", "two-sided"}, default "upper"
        Whether the bound is above the values, below them, or equal to them (an identity).
    alpha : float, default 0.05
        One minus the confidence of the limit.
    quantity : str, default "value"
        What the values are, for the sentence.

    Examples
    --------
    >>> from sparsetheory.verify import EveryInstance
    >>> EveryInstance(max_violation_rate=0.02).margin
    0.02
    """

    max_violation_rate: float = 0.01
    alternative: Alternative = "upper"
    alpha: float = 0.05
    quantity: str = "value"

    def __post_init__(self) -> None:
        check_rule(self.max_violation_rate, self.alpha, self.alternative)
        if not check_positive(self.max_violation_rate, "max_violation_rate") < 1:
            raise InvalidArgument("max_violation_rate", "a probability in (0, 1)", self.max_violation_rate)

    @property
    def margin(self) -> float:
        """The declared violation rate."""
        return self.max_violation_rate

    def judge(self, sample: Sample) -> Verdict:
        """Return the verdict on a sample: the worst stratum's."""
        parts = {
            stratum_name(p): self._judge_stratum(sample, index, stratum_name(p))
            for index, p in enumerate(sample.grid.strata)
        }
        return combine(parts, len(sample.observations))

    def violations(self, sample: Sample) -> list[Observation]:
        """Return the records that violate the bound, which a study rechecks in extended precision."""
        return [o for o in sample.observations if self._finding(sample, o) == "violated"]

    def positive(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return values whose worst in every cell lies exactly on the bound, the others below as far as they were."""
        if self.alternative == "two-sided":
            return resample(sample, rng, lambda o: self._exact(sample, o))
        extreme = np.nanmax if self.alternative == "upper" else np.nanmin
        return on_the_bound(sample, rng, lambda logs: extreme(logs, axis=0))

    def smoke(self) -> "EveryInstance":
        """Return the rule of a quick run: a violation rate of 0.2, which 14 replicates can reach."""
        return replace(self, max_violation_rate=max(self.max_violation_rate, 0.2))

    def _exact(self, sample: Sample, o: Observation) -> Observation:
        """Put an equality's values on the bound, off it by no more than their floor."""
        assert o.measurement is not None
        m = o.measurement
        bound = np.asarray(sample.bound_at(m), float)
        off = np.nan_to_num(np.asarray(m.value, float) - bound, posinf=0.0, neginf=0.0)
        return replace(o, measurement=replace(m, value=bound + np.clip(off, -np.asarray(m.floor), np.asarray(m.floor))))

    def _excess(self, sample: Sample, m: Measurement) -> np.ndarray:
        """Return how far every value is beyond the bound and its tolerance; positive is a violation."""
        value = np.atleast_1d(np.asarray(m.value, float))
        bound = sample.bound_at(m)
        with np.errstate(invalid="ignore"):
            off = value - bound
            off = {"upper": off, "lower": -off, "two-sided": np.abs(off)}[self.alternative]
            return off - (SLACK * np.abs(bound) + np.asarray(m.floor, float))

    def _finding(self, sample: Sample, o: Observation) -> _Finding:
        if o.measurement is None:
            return "failed"
        m = o.measurement
        with np.errstate(all="ignore"):
            excess = self._excess(sample, m)
        residuals = [(abs(r), f) for r, f in m.must_vanish.values()]
        if (excess > 0).any() or any(r > f for r, f in residuals):
            return "violated"
        clean = np.isfinite(m.value).all() and not np.isnan(excess).any() and all(r <= f for r, f in residuals)
        return "holds" if clean else "failed"

    def _judge_stratum(self, sample: Sample, stratum: int, name: str) -> Verdict:
        records = [o for o in sample.observations if sample.stratum_of(o.cell) == stratum]
        findings = [self._finding(sample, o) for o in records]
        everyone = {o.replicate for o in records}
        bad = {o.replicate for o, f in zip(records, findings, strict=True) if f == "violated"}
        failed = {o.replicate for o, f in zip(records, findings, strict=True) if f == "failed"} - bad
        n = len(everyone) - len(failed)
        decision = self._decide(len(bad), n, len(failed), self.max_violation_rate)
        failures = findings.count("failed")
        tightness = self._tightness(sample, records)
        hit = [o for o, f in zip(records, findings, strict=True) if f == "violated"]
        return Verdict(
            label=decision[0],
            reason=decision[1],
            sentence=self._sentence(sample, name, decision, bad, n, failures, tightness, hit),
            estimand=f"probability that a replicate violates the bound on the {self.quantity}",
            estimate=len(bad) / n if n else math.nan,
            interval=(0.0, violation_limit(n, level=1 - self.alpha)) if not bad else wilson(len(bad), n),
            level=1 - self.alpha,
            margin=self.max_violation_rate,
            n_replicates=len(everyone),
            n_failures=failures,
            failure_interval=wilson(failures, len(records)),
            tightness=tightness,
            replicates_needed=self.replicates_needed() if decision[1] == "underpowered" else None,
            sensitivity={
                self.margin * f: spell(*self._decide(len(bad), n, len(failed), self.margin * f)) for f in SENSITIVITY
            },
        )

    def _decide(self, violations: int, n: int, failed: int, rate: float) -> Decision:
        if violations:
            return "refuted", None
        if not violation_limit(n, level=1 - self.alpha) < rate:
            return "inconclusive", "underpowered"
        if not violation_limit(n + failed, failed, level=1 - self.alpha) < rate:
            return "inconclusive", "failures"
        return "supported", None

    def replicates_needed(self) -> int:
        """Return the least N whose limit lies below the declared rate."""
        return math.floor(math.log(self.alpha) / math.log1p(-self.max_violation_rate)) + 1

    def _tightness(self, sample: Sample, records: Iterable[Observation]) -> float:
        """Return the largest value / bound above the floor (bound / value for a lower bound), NaN without any."""
        largest = math.nan
        for o in records:
            if o.measurement is None:
                continue
            value = np.atleast_1d(np.asarray(o.measurement.value, float))
            with np.errstate(all="ignore"):
                bound = sample.bound_at(o.measurement)
                quotient = bound / value if self.alternative == "lower" else value / bound
            fair = (value > np.asarray(o.measurement.floor, float)) & (bound > 0) & np.isfinite(quotient)
            if fair.any():
                largest = float(np.fmax(largest, quotient[fair].max()))
        return largest

    def _sentence(
        self, sample: Sample, name: str, decision: Decision, bad: set[int], n: int, failures: int, tightness: float,
        hit: list[Observation],
    ) -> str:  # fmt: skip
        sizes = [sample.size_of(o.cell) for o in sample.observations] or [math.nan]
        place = f"on {name}, {sample.grid.axis} in [{min(sizes):g}, {max(sizes):g}], "
        tail = f"{n} replicates, {failures} failures"
        if not math.isnan(tightness):
            tail += f", tightness {tightness:.4g}"
        if bad:
            first = hit[0]
            return (
                f"{place}{len(bad)} of {n} replicates violate the bound on the {self.quantity}, "
                f"the first in replicate {first.replicate} at {sample.grid.axis} = {sample.size_of(first.cell):g}; "
                f"claim refuted, {tail}"
            )
        limit = violation_limit(n, level=1 - self.alpha)
        said = outcome(decision, self.alpha, self.replicates_needed())
        return (
            f"{place}no replicate violates the bound on the {self.quantity}: under the sampling law at most "
            f"{limit:.2g} do at {1 - self.alpha:.0%} confidence; "
            f"claim of less than {self.max_violation_rate:g} {said}, {tail}"
        )
