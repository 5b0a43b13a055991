"""EveryInstance: does the bound hold at every iterate of every instance? The rule for inequalities and identities."""

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np

from ..._validation import check_choice, check_positive
from ...errors import InvalidArgument
from ..conditions import condition_of
from ..estimate import violation_limit, wilson
from ..panel import stratum_name
from ..sample import Grid, Measurement, Observation, Sample
from ..sequence import bernoulli_interval, bernoulli_limit
from ..verdict import SENSITIVITY, Alternative, Decision, Verdict, combine, spell
from ._checks import check_rule, outcome, spanning
from ._positive import on_the_bound, resample

__all__ = ["EveryInstance"]

#: Relative slack of a comparison, for the rounding of the bound itself.
SLACK = 1e-9


class Proportion(NamedTuple):
    """How a probability is limited: ``limit(n, count, level)`` from above, ``interval(count, n, level)`` both ways."""

    limit: Callable[..., float]
    interval: Callable[..., tuple[float, float]]


#: For a number of trials declared before the run, and for a study that may stop at any look.
FIXED, ANYTIME = Proportion(violation_limit, wilson), Proportion(bernoulli_limit, bernoulli_interval)

_Finding = Literal["holds", "violated", "failed"]


@dataclass(frozen=True, kw_only=True)
class EveryInstance:
    r"""Judge a bound that has to hold at every value of every replicate.

    A value is a violation when :math:`\text{value} > \text{bound} + 10^{-9}|\text{bound}| + \text{floor}` (mirrored for
    ``"lower"``, both for ``"two-sided"``), and so is a side condition of ``must_vanish`` above its floor.

    Nothing refutes short of a violation, and one refutes. No violation in N trials leaves the probability of one, under
    the sampling law of the study, below :math:`1 - \alpha^{1/N}` with confidence :math:`1 - \alpha`. Every stratum has
    to bring its own limit below `max_violation_rate`: a thin stratum cannot hide behind a rich one. Within a stratum a
    trial is a record, and the limit holds for the average over its sizes (by the inequality of the means), if the
    records are independent; where the sizes share a stream, a trial is a replicate with all its sizes.

    NaN, an infinite value on the good side and a missing measurement never pass: the limit is computed once more with
    every such trial counted as a violation, and where that changes the verdict it is ``inconclusive(failures)``.

    Parameters
    ----------
    max_violation_rate : float, default 0.01
        What the limit has to come below; 0.01 takes 299 trials.
    alternative : {"upper", "lower", "two-sided"}, default "upper"
        Whether the bound is above the values, below them, or equal to them (an identity).
    trial : {"record", "replicate"}, default "record"
        What counts as one trial; ``"replicate"`` in a study with common random numbers.
    alpha : float, default 0.05
        One minus the confidence of the limit.
    quantity : str, default "value"
        What the values are, for the sentence.
    proportion : Proportion
        How the probability is limited: at a number of trials declared before, or as `sequential` puts it.

    Examples
    --------
    >>> from sparsetheory.verify import EveryInstance
    >>> EveryInstance(max_violation_rate=0.02).margin
    0.02
    """

    max_violation_rate: float = 0.01
    alternative: Alternative = "upper"
    trial: Literal["record", "replicate"] = "record"
    alpha: float = 0.05
    quantity: str = "value"
    proportion: Proportion = field(default=FIXED, repr=False)

    def __post_init__(self) -> None:
        check_rule(self.max_violation_rate, self.alpha, self.alternative)
        check_choice(self.trial, "trial", ("record", "replicate"))
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
        return combine(parts, len(sample.observations), lambda v: -v.interval[1])

    def violations(self, sample: Sample) -> list[Observation]:
        """Return the records that violate the bound, which a study rechecks in extended precision."""
        return [o for o in sample.observations if self._read(sample, o).finding == "violated"]

    def positive(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return values whose worst in every cell lies exactly on the bound, the others below as far as they were."""
        if self.alternative == "two-sided":
            return resample(sample, rng, lambda cell, m: self._exact(sample, m))
        extreme = np.nanmax if self.alternative == "upper" else np.nanmin
        return on_the_bound(sample, rng, lambda logs: extreme(logs, axis=0))

    def smoke(self) -> "EveryInstance":
        """Return the rule of a quick run: a violation rate of 0.2, which 14 trials can reach."""
        return replace(self, max_violation_rate=max(self.max_violation_rate, 0.2))

    def sequential(self) -> "EveryInstance":
        """Return the rule of a study that may stop at any look: limits that hold at all of them."""
        return replace(self, proportion=ANYTIME)

    def _exact(self, sample: Sample, m: Measurement) -> Measurement:
        """Put an equality's values on the bound, off it by no more than their floor."""
        bound, floor = np.asarray(sample.bound_at(m), float), np.asarray(m.floor, float)
        off = np.nan_to_num(np.asarray(m.value, float) - bound, posinf=0.0, neginf=0.0)
        return replace(m, value=bound + np.clip(off, -floor, floor))

    def _read(self, sample: Sample, o: Observation) -> "_Reading":
        """Hold a record against the bound."""
        if o.measurement is None:
            return _Reading(o, "failed", math.nan)
        m = o.measurement
        value, floor = np.atleast_1d(np.asarray(m.value, float)), np.asarray(m.floor, float)
        with np.errstate(all="ignore"):  # inf - inf is NaN, which never passes
            bound = sample.bound_at(m)
            off = value - bound
            off = {"upper": off, "lower": -off, "two-sided": np.abs(off)}[self.alternative]
            excess = off - (SLACK * np.abs(bound) + floor)
            quotient = bound / value if self.alternative == "lower" else value / bound
        fair = quotient[(value > floor) & (bound > 0) & np.isfinite(quotient)]
        tightness = float(fair.max()) if len(fair) else math.nan
        condition = condition_of(m)
        if (excess > 0).any() or condition == "violated":
            return _Reading(o, "violated", tightness)
        clean = value.size > 0 and np.isfinite(value).all() and not np.isnan(excess).any()
        return _Reading(o, condition if clean else "failed", tightness)

    def _judge_stratum(self, sample: Sample, stratum: int, name: str) -> Verdict:
        readings = [self._read(sample, o) for o in sample.observations if sample.stratum_of(o.cell) == stratum]
        counts = self._count(readings)
        decision = self._decide(counts, self.max_violation_rate)
        failures = sum(r.finding == "failed" for r in readings)
        tightness = float(np.fmax.reduce([r.tightness for r in readings])) if readings else math.nan
        hit = next((r.record for r in readings if r.finding == "violated"), None)
        n = counts.trials
        return Verdict(
            label=decision[0],
            reason=decision[1],
            sentence=self._sentence(sample, name, decision, counts, failures, tightness, hit),
            estimand=f"probability that a {self.trial} violates the bound on the {self.quantity}",
            estimate=counts.violations / n if n else math.nan,
            interval=self.proportion.interval(counts.violations, n) if hit else (0.0, self._limit(n)),
            level=1 - self.alpha,
            margin=self.max_violation_rate,
            n_replicates=len({r.record.replicate for r in readings}),
            n_failures=failures,
            failure_interval=wilson(failures, len(readings)),
            tightness=tightness,
            replicates_needed=self._replicates_needed(sample) if decision[1] == "underpowered" else None,
            sensitivity={f * self.margin: spell(*self._decide(counts, f * self.margin)) for f in SENSITIVITY},
        )

    def _count(self, readings: list["_Reading"]) -> "_Counts":
        """Count trials; a trial with a violation is violated, one with a failure and none is failed."""
        found: dict[tuple[int, int], set[_Finding]] = {}
        for r in readings:
            cell = r.record.cell if self.trial == "record" else 0
            found.setdefault((r.record.replicate, cell), set()).add(r.finding)
        violations = sum("violated" in f for f in found.values())
        failed = sum("failed" in f and "violated" not in f for f in found.values())
        return _Counts(len(found) - failed, violations, failed)

    def _decide(self, counts: "_Counts", rate: float) -> Decision:
        n, failed = counts.trials, counts.failed
        if counts.violations:
            return "refuted", None
        if not self._limit(n) < rate:
            return "inconclusive", "underpowered"
        if not self._limit(n + failed, failed) < rate:
            return "inconclusive", "failures"
        return "supported", None

    def _limit(self, n: int, violations: int = 0) -> float:
        return self.proportion.limit(n, violations, 1 - self.alpha)

    def trials_needed(self) -> int:
        """Return the least number of trials whose limit lies below the declared rate."""
        return 1 + bisect_left(range(1, 1 << 40), True, key=lambda n: self._limit(n) < self.max_violation_rate)

    def trials_of(self, grid: Grid) -> int:
        """Return how many trials a replicate of a stratum brings."""
        return len(grid.sizes) if self.trial == "record" else 1

    def _replicates_needed(self, sample: Sample) -> int:
        return math.ceil(self.trials_needed() / self.trials_of(sample.grid))

    def _sentence(
        self, sample: Sample, name: str, decision: Decision, counts: "_Counts", failures: int, tightness: float,
        hit: Observation | None,
    ) -> str:  # fmt: skip
        sizes, axis = sample.grid.sizes, sample.grid.axis
        place = f"on {name}{spanning(axis, min(sizes), max(sizes))}, "
        tail = f"{counts.trials} {self.trial}s, {failures} failures"
        if not math.isnan(tightness):
            tail += f", tightness {tightness:.4g}"
        if hit is not None:
            return (
                f"{place}{counts.violations} of {counts.trials} {self.trial}s violate the bound on the "
                f"{self.quantity}, the first in replicate {hit.replicate} at {axis} = {sample.size_of(hit.cell):g}; "
                f"claim refuted, {tail}"
            )
        return (
            f"{place}no {self.trial} violates the bound on the {self.quantity}: under the sampling law at most "
            f"{self._limit(counts.trials):.2g} do at {1 - self.alpha:.0%} confidence; claim "
            f"of less than {self.max_violation_rate:g} "
            f"{outcome(decision, self.alpha, self._replicates_needed(sample))}, {tail}"
        )


class _Reading(NamedTuple):
    """What one record says; `tightness` is its largest value / bound above the floor (inverted for a lower bound)."""

    record: Observation
    finding: _Finding
    tightness: float


class _Counts(NamedTuple):
    """Usable trials, violated ones among them, and failed trials beside them."""

    trials: int
    violations: int
    failed: int
