"""Verdicts: what is said of a sample, the band a claim declares, and how intervals against a band decide."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from .estimate import Estimate, wilson
from .sample import Observation, Sample

__all__ = ["Alternative", "Band", "Label", "Reason", "Rule", "Sequenced", "Verdict", "combine", "decide"]

Label = Literal["supported", "refuted", "inconclusive", "not-contradicted"]
Reason = Literal["underpowered", "pre-asymptotic", "failures", "floor", "control", "unfinished"]
Alternative = Literal["upper", "lower", "two-sided"]
Decision = tuple[Label, Reason | None]

#: Multiples of the declared margin at which every verdict is shown once more.
SENSITIVITY = (0.5, 2.0)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A three-valued answer with everything that led to it.

    Attributes
    ----------
    label : str
        ``supported``, ``refuted``, ``inconclusive`` or ``not-contradicted``.
    reason : str or None
        Why it is inconclusive.
    sentence : str
        What can honestly be said, generated from the numbers.
    estimand : str
        The quantity that was estimated, in words.
    estimate, interval, level : float, (float, float), float
        Point, interval and its confidence level, on the scale of `estimand`.
    target : float
        Where the claim puts the estimand (0 for a drift, 1 for a ratio).
    margin : float
        Declared before the run.
    n_replicates, n_failures : int
        Replicates, and records without a usable measurement.
    failure_interval : (float, float)
        Wilson interval of the failure rate.
    tightness : float
        Largest measured / bound.
    companions : mapping of str to (estimate, lower, upper)
        The safeguards of the rule at the level that decides (90% where alpha is 5%): the main estimate once more,
        log-median companion, corrected slope.
    local_slopes : sequence of (place, estimate, lower, upper)
        Slopes between neighbouring sizes, 95%; empty for rules without an axis.
    replicates_needed : int or None
        For an underpowered study: replicates that would decide it if the estimate stayed.
    sensitivity : mapping of float to str
        The verdict at half and at twice the margin.
    strata : mapping of str to Verdict
        Each stratum's own verdict where there are several; the fields above are those of the worst.
    """

    label: Label
    reason: Reason | None = None
    sentence: str
    estimand: str
    estimate: float
    interval: tuple[float, float]
    level: float = 0.95
    target: float = 0.0
    margin: float
    n_replicates: int
    n_failures: int = 0
    failure_interval: tuple[float, float] = (0.0, 1.0)
    tightness: float = math.nan
    companions: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    local_slopes: Sequence[tuple[float, float, float, float]] = ()
    replicates_needed: int | None = None
    sensitivity: Mapping[float, str] = field(default_factory=dict)
    strata: Mapping[str, "Verdict"] = field(default_factory=dict)

    def __str__(self) -> str:
        return spell(self.label, self.reason)


class Rule(Protocol):
    """How measurements become a verdict; carries the declared margin and level."""

    @property
    def margin(self) -> float:
        """What was declared before the run."""
        ...

    def judge(self, sample: Sample) -> Verdict:
        """Return the verdict on a sample."""
        ...

    def positive(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return the positive control: values exactly on the bound with the sample's own noise."""
        ...

    def violations(self, sample: Sample) -> list[Observation]:
        """Return the records that alone refute the claim, which a study may recheck in extended precision."""
        ...

    def smoke(self) -> "Rule":
        """Return the coarser rule that a quick run judges with."""
        ...


@runtime_checkable
class Sequenced(Rule, Protocol):
    """A rule that can be asked again and again while records come in."""

    def sequential(self) -> Rule:
        """Return the rule with intervals and limits that hold at every look."""
        ...


def spell(label: Label, reason: Reason | None) -> str:
    """Write a decision as tables show it."""
    return label if reason is None else f"{label}({reason})"


@dataclass(frozen=True)
class Band:
    """Where the claim, give or take its margin, puts the estimand."""

    lower: float
    upper: float

    @classmethod
    def around(cls, target: float, margin: float, alternative: Alternative) -> "Band":
        """Return the band of a claim: an upper claim has no lower edge, a lower claim no upper one."""
        return cls(
            -math.inf if alternative == "upper" else target - margin,
            math.inf if alternative == "lower" else target + margin,
        )

    def contains(self, interval: tuple[float, float]) -> bool:
        """Whether the whole interval lies strictly inside; an unbounded end never does, even where there is no edge."""
        return math.isfinite(interval[0]) and self.lower < interval[0] and interval[1] < self.upper

    def room(self, interval: tuple[float, float]) -> float:
        """Return how far the interval stays from the nearest edge; negative beyond it."""
        return min(interval[0] - self.lower, self.upper - interval[1])

    def side(self, interval: tuple[float, float]) -> int:
        """Return +1 for an interval entirely above, -1 entirely below, 0 if it touches the band."""
        return int(interval[0] > self.upper) - int(interval[1] < self.lower)


def decide(
    main: Estimate,
    companions: Mapping[str, Estimate],
    band: Band,
    *,
    alpha: float,
    family: int = 1,
    corrected: str = "corrected",
) -> Decision:
    """Decide by equivalence: intervals against a band.

    Supported: the main interval lies inside and no companion's lies outside. Refuted: main and every companion lie
    outside, on one side. Each one-sided test has level `alpha`, so the intervals have level ``1 - 2*alpha``;
    a refutation that any of `family` parts could bring about has level ``alpha/family`` in each (Bonferroni), a
    support that needs all of them needs no correction (intersection-union).

    Otherwise inconclusive: pre-asymptotic where the main interval is inside and a companion's outside (the noise or the
    slope still changes along the axis), or where the main estimate is off and the corrected one is not; underpowered
    in all other cases, where more replicates would move an interval off an edge.
    """
    keep, reject = 1 - 2 * alpha, 1 - 2 * alpha / family
    strayed = any(band.side(c.interval(keep)) for c in companions.values())
    if band.contains(main.interval(keep)):
        return ("inconclusive", "pre-asymptotic") if strayed else ("supported", None)
    side = band.side(main.interval(reject))
    sides = {name: band.side(c.interval(reject)) for name, c in companions.items()}
    if side and all(s == side for s in sides.values()):
        return "refuted", None
    if corrected in companions:
        # the main slope is off, or on its way there, and the corrected one is not: a matter of size, not of replicates
        off = side or band.side((main.value, main.value))
        value = companions[corrected].value
        if off and (sides[corrected] != side if side else band.side((value, value)) == 0):
            return "inconclusive", "pre-asymptotic"
    return "inconclusive", "underpowered"


def replicates_to_decide(main: Estimate, band: Band, alpha: float) -> int | None:
    """Return how many replicates would put the interval on one side of the nearest edge if the estimate stayed."""
    if main.df < 1 or not math.isfinite(main.standard_error):
        return None
    edges = [abs(main.value - edge) for edge in (band.lower, band.upper) if math.isfinite(edge)]
    low, high = main.interval(1 - 2 * alpha)
    half = (high - low) / 2
    if min(edges) <= 1e-3 * half:  # on the edge: no number of replicates is a forecast
        return None
    return math.ceil((main.df + 1) * (half / min(edges)) ** 2)


_SEVERITY = {"refuted": 2, "inconclusive": 1}


def severity(spelled: str) -> int:
    """Order verdicts from good to bad."""
    return _SEVERITY.get(spelled.split("(")[0], 0)


def combine(parts: Mapping[str, Verdict], n_records: int, room: Callable[[Verdict], float]) -> Verdict:
    """Return the worst stratum's verdict, with the failures and the tightness of all of them.

    Among equal labels the worst is the one with the least `room` to the edge of its margin.
    """
    worst = max(parts.values(), key=lambda v: (severity(v.label), -room(v)))
    if len(parts) == 1:
        return worst
    failures = sum(v.n_failures for v in parts.values())
    return replace(
        worst,
        sentence=f"{worst.sentence} (the worst of {len(parts)} strata)",
        n_failures=failures,
        failure_interval=wilson(failures, n_records),
        tightness=float(np.fmax.reduce([v.tightness for v in parts.values()])),
        sensitivity={m: max((v.sensitivity[m] for v in parts.values()), key=severity) for m in worst.sensitivity},
        strata=dict(parts),
    )
