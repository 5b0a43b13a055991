"""Verdicts: rules that turn measurements into supported, refuted, inconclusive(reason) or not-contradicted."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from .sample import Sample

__all__ = ["Label", "Reason", "Rule", "Verdict"]

Label = Literal["supported", "refuted", "inconclusive", "not-contradicted"]
Reason = Literal["underpowered", "pre-asymptotic", "failures", "floor", "control"]


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
        Replicates, and records without a measurement.
    failure_interval : (float, float)
        Wilson interval of the failure rate.
    tightness : float
        Largest measured / bound.
    companions : mapping of str to (estimate, lower, upper)
        The safeguards of the rule: log-median companion, corrected slope, strata.
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

    def __str__(self) -> str:
        return self.label if self.reason is None else f"{self.label}({self.reason})"


class Rule(Protocol):
    """How measurements become a verdict; carries the declared margin and level."""

    @property
    def margin(self) -> float:
        """What was declared before the run."""
        ...

    def judge(self, sample: Sample) -> Verdict:
        """Return the verdict on a sample."""
        ...
