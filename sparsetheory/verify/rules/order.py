"""Order: does the error shrink with the claimed order? The rule for superlinear convergence."""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from ..conditions import breaches, honour
from ..estimate import Critical, Estimate, mean_estimate, student, wilson
from ..panel import FLOOR_FACTOR, stratum_name
from ..sample import Measurement, Observation, Sample
from ..sequence import normal_mixture
from ..verdict import SENSITIVITY, Alternative, Band, Decision, Reason, Verdict, combine, replicates_to_decide, spell
from ._checks import check_rule, claimed, outcome
from ._positive import resample

__all__ = ["Order"]


@dataclass(frozen=True, kw_only=True)
class Order:
    r"""Judge the order of convergence of an error sequence :math:`e_0, e_1, \dots`; the bound is the claimed order.

    In every record the order is estimated once, on the last three iterates that are usable,

    .. math:: q = \frac{\log(e_{k+1}/e_k)}{\log(e_k/e_{k-1})},

    where an iterate is usable up to the first that is not 1000 times above its floor. A sequence that stops falling has
    order 0. Supported: the t interval of the mean over replicates inside the margin, and no majority of records below
    it. Refuted: the interval outside, and significantly more than half of the records outside (Wilson).

    Double precision leaves about three usable Newton iterates: compute the sequence in extended precision (floats down
    to 1e-300 hold eight).

    Parameters
    ----------
    margin : float, default 0.1
        How far below the claimed order the mean may lie.
    alternative : {"lower", "two-sided", "upper"}, default "lower"
        A method that converges faster than claimed does not contradict a claim.
    alpha : float, default 0.05
        Level of each one-sided test; a refutation by one of several strata is held to ``alpha / strata``.
    critical : callable (df, level) -> float
        Half-width of every deciding interval in standard errors: the t quantile, or what `sequential` puts there.

    Examples
    --------
    >>> from sparsetheory.verify import Order
    >>> Order(margin=0.2).alternative
    'lower'
    """

    margin: float = 0.1
    alternative: Alternative = "lower"
    alpha: float = 0.05
    critical: Critical = field(default=student, repr=False)

    def __post_init__(self) -> None:
        check_rule(self.margin, self.alpha, self.alternative)

    def judge(self, sample: Sample) -> Verdict:
        """Return the verdict on a sample: the worst stratum's."""
        parts = {
            stratum_name(p): self._judge_stratum(sample, i, stratum_name(p)) for i, p in enumerate(sample.grid.strata)
        }
        worst = combine(
            parts, len(sample.observations),
            lambda v: Band.around(v.target, self.margin, self.alternative).room(v.interval),
        )  # fmt: skip
        return honour(worst, sample)

    def violations(self, sample: Sample) -> list[Observation]:
        """Return the records that break a side condition; the estimate itself is a property of all records."""
        return breaches(sample)

    def positive(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return sequences of the claimed order, with the sample's own scatter and first steps."""
        orders = np.array([_order(o.measurement) for o in sample.observations if o.measurement is not None])
        centre = mean_estimate(orders).value

        def put(cell: int, m: Measurement) -> Measurement:
            scatter = float(np.nan_to_num(_order(m) - centre))
            return replace(m, value=_sequence(m, float(sample.bound_at(m)[-1]) + scatter))

        return resample(sample, rng, put)

    def smoke(self) -> "Order":
        """Return the rule of a quick run: margin 0.25 at least."""
        return replace(self, margin=max(self.margin, 0.25))

    def sequential(self) -> "Order":
        """Return the rule of a study that may stop at any look: intervals that hold at all of them."""
        return replace(self, critical=normal_mixture)

    def deviations(self, sample: Sample, stratum: int) -> tuple[np.ndarray, float]:
        """Return estimated less claimed orders, replicates by cells with NaN where there is none, and the claim."""
        records = [o for o in sample.observations if sample.stratum_of(o.cell) == stratum]
        rows = {r: i for i, r in enumerate(sorted({o.replicate for o in records}))}
        cells = {c: j for j, c in enumerate(sorted({o.cell for o in records}))}
        off, claim = np.full((len(rows), len(cells)), np.nan), math.nan
        for o in records:
            if o.measurement is not None:
                claim = float(sample.bound_at(o.measurement)[-1])
                off[rows[o.replicate], cells[o.cell]] = _order(o.measurement) - claim
        return off, claim

    def _judge_stratum(self, sample: Sample, stratum: int, name: str) -> Verdict:
        off, claim = self.deviations(sample, stratum)
        measured = sum(o.measurement is not None for o in sample.observations if sample.stratum_of(o.cell) == stratum)
        scarce: Reason = "floor" if 2 * measured > off.size else "failures"  # why orders are missing, where most are

        def decide_at(margin: float) -> Decision:
            return self._decide(off, margin, len(sample.grid.strata), scarce)

        decision, main, needed = decide_at(self.margin), mean_order(off).read(self.critical), None
        if decision[1] == "underpowered":
            needed = replicates_to_decide(main, self._band(self.margin), self.alpha)
        failures, (beyond, known) = int(np.isnan(off).sum()), self._outside(off, self.margin)
        low, high = (claim + end for end in main.interval(1 - self.alpha))
        deciding = 1 - 2 * self.alpha
        keep_low, keep_high = (claim + end for end in main.interval(deciding))
        return Verdict(
            label=decision[0],
            reason=decision[1],
            sentence=(
                f"on {name}, the order of convergence is {claim + main.value:.3f} [{low:.3f}, {high:.3f}], outside the "
                f"margin in {beyond} of {known} records; {claimed(f'{claim:g}', self.margin, self.alternative)} "
                f"{outcome(decision, self.alpha, needed)}, {len(off)} replicates, {failures} failures"
            ),
            estimand="order of convergence",
            estimate=claim + main.value,
            interval=(low, high),
            level=1 - self.alpha,
            target=claim,
            margin=self.margin,
            n_replicates=len(off),
            n_failures=failures,
            failure_interval=wilson(failures, off.size),
            tightness=_tightness(off, claim),
            companions={
                f"mean order, {deciding:.0%}": (claim + main.value, keep_low, keep_high),
                f"fraction outside, {deciding:.0%}": (beyond / max(known, 1), *wilson(beyond, known, deciding)),
            },
            replicates_needed=needed,
            sensitivity={f * self.margin: spell(*decide_at(f * self.margin)) for f in SENSITIVITY},
        )

    def _band(self, margin: float) -> Band:
        return Band.around(0.0, margin, self.alternative)

    def _outside(self, off: np.ndarray, margin: float) -> tuple[int, int]:
        """Count the records whose order lies outside the margin, and all that have one."""
        band, known = self._band(margin), off[~np.isnan(off)]
        return int(((known < band.lower) | (known > band.upper)).sum()), len(known)

    def _decide(self, off: np.ndarray, margin: float, family: int, scarce: Reason) -> Decision:
        lost = np.isnan(off)
        if lost.mean() > 0.5:
            return "inconclusive", scarce
        decision = self._decide_complete(off, margin, family)
        if lost.any() and decision[0] != "inconclusive":
            for extreme in (np.nanmax(off), np.nanmin(off)):
                if self._decide_complete(np.where(lost, extreme, off), margin, family)[0] != decision[0]:
                    return "inconclusive", "failures"
        return decision

    def _decide_complete(self, off: np.ndarray, margin: float, family: int) -> Decision:
        band, main, outside = self._band(margin), mean_order(off).read(self.critical), self._outside(off, margin)
        if band.contains(main.interval(1 - 2 * self.alpha)) and outside[0] <= outside[1] / 2:
            return "supported", None
        level = 1 - 2 * self.alpha / family
        if band.side(main.interval(level)) and wilson(*outside, level)[0] > 0.5:
            return "refuted", None
        return "inconclusive", "underpowered"


def mean_order(off: np.ndarray) -> Estimate:
    """Return the mean over replicates of each one's mean over cells, which may share a stream."""
    known = ~np.isnan(off)
    count = known.sum(axis=1)
    rows = np.where(known, off, 0.0).sum(axis=1)[count > 0] / count[count > 0]
    return mean_estimate(rows)


def _tightness(off: np.ndarray, claim: float) -> float:
    """Return claimed / least order: above 1 where some record is slower than claimed; NaN without a positive order."""
    known = off[~np.isnan(off)]
    return claim / (claim + float(known.min())) if len(known) and claim + known.min() > 0 else math.nan


def _usable(m: Measurement) -> np.ndarray:
    """Return the errors before the first that is not finite or not clear of its floor."""
    errors = np.atleast_1d(np.asarray(m.value, float))
    clear = np.isfinite(errors) & (errors > FLOOR_FACTOR * np.asarray(m.floor, float)) & (errors > 0)
    return errors[: len(errors) if clear.all() else int(np.argmin(clear))]


def _order(m: Measurement) -> float:
    """Estimate the order of one sequence; NaN with fewer than three usable errors."""
    errors = np.log(_usable(m))
    if len(errors) < 3:
        return math.nan
    before, last = errors[-2] - errors[-3], errors[-1] - errors[-2]
    return float(last / before) if before < 0 and last < 0 else 0.0


def _sequence(m: Measurement, order: float) -> np.ndarray:
    """Return a sequence of that order which starts with the first two usable errors, as long as the given one."""
    errors = np.atleast_1d(np.asarray(m.value, float)).copy()
    start = np.log(_usable(m)[:2])
    if len(start) < 2:
        return errors
    logs = [start[0], min(start[1], start[0] - 1e-3)]
    while len(logs) < len(errors):
        logs.append(logs[-1] + order * (logs[-1] - logs[-2]))
    with np.errstate(under="ignore"):
        return np.exp(logs)
