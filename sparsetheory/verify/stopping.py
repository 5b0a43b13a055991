"""Stopping: at how many replicates a study stops, a pure function of its records in the order of the replicates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ..errors import InvalidArgument
from .sample import Sample
from .sequence import BURN_IN
from .verdict import Rule, Verdict

__all__ = ["Sequential", "Walk", "asked", "decided", "walk"]

#: A sequence is asymptotic in the replicates; a study that may not take so many declares a fixed number.
_LEAST_MAX = 50


@dataclass(frozen=True, kw_only=True)
class Sequential:
    """Replicates until a verdict is reached: looked at after `min`, then every `batch`, at most `max`.

    Attributes
    ----------
    max : int
        Where an undecided study gives up; what the planner plans for.
    min, batch : int
        First look and distance of looks; intervals that hold at all times make looking often free of error.

    Examples
    --------
    >>> Sequential(max=90).looks
    (20, 40, 60, 80, 90)
    """

    max: int
    min: int = BURN_IN
    batch: int = 20

    def __post_init__(self) -> None:
        if not self.max >= _LEAST_MAX:
            expected = f"at least {_LEAST_MAX}; with fewer, declare a fixed number of replicates"
            raise InvalidArgument("stopping.max", expected, self.max)
        if not BURN_IN <= self.min <= self.max:
            raise InvalidArgument("stopping.min", f"a number from {BURN_IN} to max = {self.max}", self.min)
        if not self.batch >= 1:
            raise InvalidArgument("stopping.batch", "at least 1", self.batch)

    @property
    def looks(self) -> tuple[int, ...]:
        """Numbers of replicates at which the study is judged."""
        return (*range(self.min, self.max, self.batch), self.max)


@dataclass(frozen=True)
class Walk:
    """Where a study stands: the verdict of its last look, and how many replicates that has seen."""

    verdict: Verdict
    replicates: int


def decided(verdict: Verdict) -> bool:
    """Whether no further replicate is asked for."""
    return verdict.label in ("supported", "refuted")


def asked(rule: Rule, looks: Sequence[int], read: Callable[[], Sample]) -> int:
    """Number of replicates asked for so far: the stopping time, or the next look of a study that is not there yet.

    The sample is only read where there is more than one look.
    """
    if len(looks) == 1:
        return looks[0]
    sample = read()
    for look in looks:
        if look > sample.whole or decided(rule.judge(sample.first(look))):
            return look
    return looks[-1]


def walk(rule: Rule, looks: Sequence[int], sample: Sample) -> Walk:
    """Judge a sample look by look until it is decided; a fixed number of replicates is a walk of one look.

    Replicates beyond the stopping time are not looked at, whoever has computed them. Without the records of the next
    look the verdict is that of the last one, or, before the first, of what there is.
    """
    whole, last = sample.whole, None
    for look in looks:
        if look > whole:
            break
        last = Walk(rule.judge(sample.first(look)), look)
        if decided(last.verdict):
            break
    if last is None:
        return Walk(rule.judge(sample), max((o.replicate + 1 for o in sample.observations), default=0))
    if len(looks) > 1:
        said = f"{last.verdict.sentence}; intervals that hold at every look, {last.replicates} of at most {looks[-1]}"
        last = replace(last, verdict=replace(last.verdict, sentence=said))
    return last
