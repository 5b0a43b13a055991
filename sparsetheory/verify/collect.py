"""Collect: run what a study still asks for, look by look, and read it back from the store."""

import functools
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from .claim import Claim
from .controls import against
from .executors import Executor
from .fingerprint import fingerprint
from .outcome import Mode
from .sample import Sample
from .stopping import asked, decided
from .store import Record, Store
from .study import Budget, Study, WrongBound
from .tasks import MAIN, RECHECK, Task, execute, observation
from .verdict import Rule, Verdict

__all__ = ["Job", "Progress", "collect"]

_COMMIT_EVERY = 0.2  # seconds; at most this much finished work is lost to a kill

#: Called with (replicates done, replicates in all, what is known so far) after every commit.
Progress = Callable[[int, int, str], Any]


class Question(NamedTuple):
    """What a run has to answer: the study itself, one of its wrong bounds, or one of its broken algorithms."""

    variant: str
    wrong: WrongBound | None = None


@dataclass(frozen=True, kw_only=True)
class Job:
    """A claim with everything that running and judging share."""

    claim: Claim
    study: Study
    path: Path
    mode: Mode
    store: Store

    @functools.cached_property
    def fingerprint(self) -> str:
        """What a record has to carry to be current."""
        return fingerprint(self.path, self.claim.bound, self.budget.grid, self.study.root_seed)

    @property
    def budget(self) -> Budget:
        """What the study spends at most, and every broken control too: it has to be seen by what judges the study."""
        return self.study.budget(self.mode)

    @property
    def rule(self) -> Rule:
        """The rule of this mode."""
        return self.study.judge(self.mode)

    @property
    def looks(self) -> tuple[int, ...]:
        """Numbers of replicates at which the study is judged."""
        return self.study.looks(self.mode)

    @property
    def variants(self) -> list[str]:
        """The study and its broken controls: what needs runs of its own."""
        return [MAIN, *(control.name for control in self.study.broken)]

    @property
    def questions(self) -> list[Question]:
        """Everything that has a stopping time of its own."""
        wrongs = [Question(MAIN, wrong) for wrong in self.study.wrong_bounds]
        return [*map(Question, self.variants), *wrongs]

    def records(self, variant: str) -> list[Record]:
        """The current records of a variant, up to the replicates that the budget asks for."""
        return [r for r in self.store.records(self.fingerprint, variant) if r.replicate < self.budget.replicates]

    def tasks(self, variants: Iterable[str], replicates: range, timeout: float) -> list[Task]:
        """What is asked for and not there (never run, or failed), replicate by replicate: a stop leaves whole ones."""
        wanted = []
        for variant in variants:
            done = {(r.cell, r.replicate) for r in self.records(variant) if r.ok}
            for replicate in replicates:
                cells = [cell for cell in range(len(self.budget.grid)) if (cell, replicate) not in done]
                wanted += [self.task(variant, cell, replicate, timeout) for cell in cells]
        return sorted(wanted, key=lambda task: task.replicate)

    def task(self, variant: str, cell: int, replicate: int, timeout: float) -> Task:
        """Return the key of one measurement."""
        return Task(
            path=str(self.path), mode=self.mode, variant=variant, cell=cell, replicate=replicate, timeout=timeout
        )

    def sample(self, variant: str) -> Sample:
        """The measurements of a variant; those of the study as rechecked in extended precision, where they were.

        A violation whose recheck failed is neither confirmed nor cleared: it counts as a failure.
        """
        records = {(r.cell, r.replicate): r for r in self.records(variant)}
        if variant == MAIN:
            records |= {(r.cell, r.replicate): r for r in self.records(RECHECK)}
        observations = [observation(records[key]) for key in sorted(records)]
        return Sample(grid=self.budget.grid, observations=observations, bound=self.claim.bound)

    def sample_for(self, question: Question) -> Sample:
        """The measurements that answer a question."""
        sample = self.sample(question.variant)
        return sample if question.wrong is None else against(sample, question.wrong, question.wrong.kappa)

    def replicates(self, variant: str) -> int:
        """Number of replicates asked for: up to the last stopping time, or next look, of the variant's questions."""
        asking = [q for q in self.questions if q.variant == variant]
        return max(asked(self.rule, self.looks, functools.partial(self.sample_for, question)) for question in asking)

    def unchecked(self, replicates: int) -> set[tuple[int, int]]:
        """Cell and replicate of every observation that counts as a violation and was not measured again."""
        if self.study.recheck is None:
            return set()
        hits = {(o.cell, o.replicate) for o in self.rule.violations(self.sample(MAIN).first(replicates))}
        return hits - {(r.cell, r.replicate) for r in self.records(RECHECK)}

    def to_do(self, count: Mapping[str, int]) -> int:
        """Count what is asked for and was never tried; failures are done, they were tried."""
        cells = len(self.budget.grid)
        tried = {v: sum(r.replicate < n for r in self.records(v)) for v, n in count.items()}
        return sum(cells * n - tried[v] for v, n in count.items()) + len(self.unchecked(count[MAIN]))


@dataclass
class _Count:
    """How much is done of what is asked for so far; the rest of a sequential study is a forecast."""

    progress: Progress
    done: int = 0
    total: int = 0
    computed: int = 0
    note: str = ""

    def ask(self, wanted: int, tasks: int) -> None:
        self.total += wanted
        self.done += wanted - tasks
        self.computed += tasks
        self.advance(0)

    def advance(self, n: int) -> None:
        self.done += n
        self.progress(self.done, self.total, self.note)


def collect(job: Job, place: Executor, timeout: float, progress: Progress) -> int:
    """Run replicates until every question is answered or the budget is spent; return how many measurements that took.

    Where the records of a look are there already nothing runs, so that a study which was stopped goes on as if it had
    not been, and the workers' share of a look changes nothing.
    """
    count, before, waiting = _Count(progress), 0, job.questions
    for look in job.looks:
        variants = list(dict.fromkeys(question.variant for question in waiting))
        tasks = job.tasks(variants, range(before, look), timeout)
        count.ask(len(variants) * len(job.budget.grid) * (look - before), len(tasks))
        _commit(job, place.map(execute, tasks), count.advance)
        _recheck(job, place, timeout, look)
        if look < job.looks[-1]:
            answers = [(q, job.rule.judge(job.sample_for(q).first(look))) for q in waiting]
            count.note = next((_forecast(v, look) for q, v in answers if q == Question(MAIN)), count.note)
            count.advance(0)
            waiting = [q for q, verdict in answers if not decided(verdict)]
        if not waiting:
            break
        before = look
    return count.computed


def _forecast(verdict: Verdict, look: int) -> str:
    """Say where a study stands: its interval, and how many replicates would decide it if the estimate stayed."""
    low, high = verdict.interval
    told = f"{verdict.estimate:.3g} [{low:.3g}, {high:.3g}] after {look} replicates"
    if decided(verdict):
        return f"{told}, {verdict}"
    needed = verdict.replicates_needed
    return told if needed is None else f"{told}, about {max(needed - look, 1)} more"


def _commit(job: Job, records: Iterable[Record], progress: Callable[[int], Any]) -> None:
    """Write records as they come, in small batches; on the way out, by whatever door, what has come is written."""
    batch: list[Record] = []
    last = time.monotonic()

    def flush() -> None:
        job.store.append(job.fingerprint, batch)
        acknowledged = len(batch)
        batch.clear()
        progress(acknowledged)

    try:
        for record in records:
            batch.append(record)
            if time.monotonic() - last > _COMMIT_EVERY:
                flush()
                last = time.monotonic()
    finally:
        flush()


def _recheck(job: Job, place: Executor, timeout: float, look: int) -> None:
    """Measure again, in extended precision, every observation that the rule would count as a violation."""
    again = {(r.cell, r.replicate) for r in job.records(RECHECK) if not r.ok}
    tasks = [job.task(RECHECK, *key, timeout) for key in sorted(job.unchecked(look) | again)]
    _commit(job, place.map(execute, tasks), lambda _: None)
