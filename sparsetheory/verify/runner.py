"""Runner: from a claim to its outcome. Runs what the store does not hold yet, then judges what it holds."""

import functools
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import InvalidArgument
from .claim import Claim, Collection
from .controls import judge_controls, smallest_refuted
from .declaration import declaration, redeclared
from .executors import Executor, Serial
from .fingerprint import fingerprint
from .loading import load_proof, load_study
from .outcome import ControlOutcome, Crash, Mode, Outcome
from .proof import StepResult
from .provenance import environment
from .sample import Sample
from .store import Record, Store, as_number, digest, write_atomically
from .study import Budget, Study
from .tasks import MAIN, RECHECK, Task, execute, observation
from .verdict import Rule, Verdict

__all__ = ["TIMEOUT", "export", "rebuild", "run_claim"]

#: Seconds after which a replicate is given up, unless the caller says otherwise.
TIMEOUT = 300.0
_COMMIT_EVERY = 0.2  # seconds; at most this much finished work is lost to a kill

#: Called with (replicates done, replicates in all) after every commit.
Progress = Callable[[int, int], Any]


@dataclass(frozen=True, kw_only=True)
class _Job:
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
        """What the study spends, and every broken control too: it has to be seen by what judges the study."""
        return self.study.budget(self.mode)

    @property
    def rule(self) -> Rule:
        """The declared rule, in its coarser form for a quick run."""
        return self.study.rule if self.mode == "full" else self.study.rule.smoke()

    @property
    def variants(self) -> list[str]:
        return [MAIN, *(control.name for control in self.study.broken)]

    def records(self, variant: str) -> list[Record]:
        """The current records of a variant, up to the replicates that the budget asks for."""
        return [r for r in self.store.records(self.fingerprint, variant) if r.replicate < self.budget.replicates]

    def tasks(self, timeout: float) -> list[Task]:
        """What is asked for and not there (never run, or failed), replicate by replicate: a stop leaves whole ones."""
        wanted = []
        for variant in self.variants:
            done = {(r.cell, r.replicate) for r in self.records(variant) if r.ok}
            for replicate in range(self.budget.replicates):
                cells = [cell for cell in range(len(self.budget.grid)) if (cell, replicate) not in done]
                wanted += [self.task(variant, cell, replicate, timeout) for cell in cells]
        return sorted(wanted, key=lambda task: task.replicate)

    def task(self, variant: str, cell: int, replicate: int, timeout: float) -> Task:
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


def _commit(job: _Job, records: Iterable[Record], progress: Callable[[int], Any]) -> None:
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


def _unchecked(job: _Job) -> set[tuple[int, int]]:
    """Cell and replicate of every observation that counts as a violation and was not measured again."""
    if job.study.recheck is None:
        return set()
    hits = {(o.cell, o.replicate) for o in job.rule.violations(job.sample(MAIN))}
    return hits - {(r.cell, r.replicate) for r in job.records(RECHECK)}


def _recheck(job: _Job, place: Executor, timeout: float) -> None:
    """Measure again, in extended precision, every observation that the rule would count as a violation."""
    again = {(r.cell, r.replicate) for r in job.records(RECHECK) if not r.ok}
    tasks = [job.task(RECHECK, *key, timeout) for key in sorted(_unchecked(job) | again)]
    _commit(job, place.map(execute, tasks), lambda _: None)


def _counts(job: _Job, records: Sequence[Record]) -> dict[str, Any]:
    said = [message for record in records for message in json.loads(record.warnings)]
    return {
        "records": len(records),
        "by_status": dict(Counter(record.status for record in records)),
        "stale": job.store.stale(job.fingerprint),
        "warnings": dict(Counter(message.split(":")[0] for message in said)),
        "seconds": round(sum(record.seconds for record in records), 3),
    }


def _to_do(job: _Job) -> int:
    """Count what the declared study still asks for; failures are done, they were tried."""
    asked = len(job.variants) * len(job.budget.grid) * job.budget.replicates
    return asked - sum(len(job.records(variant)) for variant in job.variants) + len(_unchecked(job))


def _judge(job: _Job, sample: Sample, to_do: int) -> tuple[Verdict, list[ControlOutcome], float | None]:
    """Judge a study with its controls. Part of one concludes nothing, or it could be stopped where it looks best."""
    raw = job.rule.judge(sample)
    if to_do:
        sentence = f"{to_do} of the measurements that the study declares have not been made yet"
        left = replace(raw, label="inconclusive", reason="unfinished", sentence=sentence, replicates_needed=None,
                       sensitivity={}, strata={})  # fmt: skip
        return left, [], None
    broken = {control.name: job.sample(control.name) for control in job.study.broken}
    controls = judge_controls(job.study, job.rule, job.claim, sample, broken)
    return raw, controls, smallest_refuted(job.study, job.rule, sample)


def _conclude(job: _Job) -> Outcome:
    """Judge what the store holds; runs nothing."""
    runs = job.store.runs()
    facts = runs[-1] if runs else {}
    declared = declaration(job.claim, job.study, job.mode)
    sample = job.sample(MAIN)
    raw, controls, kappa = _judge(job, sample, _to_do(job))
    records = [record for variant in (*job.variants, RECHECK) for record in job.records(variant)]
    proof = facts.get("proof")
    first = job.study.wrong_bounds[0]
    return Outcome(
        claim=job.claim,
        mode=job.mode,
        raw=raw,
        controls=controls,
        sample=sample,
        rule=job.rule,
        wrong_rate=f"{first.bound.formula} with kappa = {first.kappa:g}",
        smallest_refuted_kappa=kappa,
        neutral_kappa=first.neutral,
        proof=None if proof is None else tuple(StepResult(**step) for step in proof),
        badge=facts.get("badge", ""),
        notes=job.study.notes,
        provenance=facts.get("provenance", {})
        | {
            "counts": _counts(job, records),
            "redeclared": redeclared(runs, declared, job.mode),
        },
        command=facts.get("command", ""),
        digest=digest(records),
    )


def _job(collection: Collection, claim: Claim, mode: Mode, folder: Path) -> _Job:
    study = load_study(collection, claim)
    store = Store(folder / "records" / f"{claim.id}.sqlite")
    return _Job(claim=claim, study=study, path=collection.study_path(claim).resolve(), mode=mode, store=store)


def run_claim(
    collection: Collection,
    claim: Claim,
    *,
    mode: Mode,
    folder: Path,
    executor: Executor | None = None,
    timeout: float = TIMEOUT,
    command: str = "",
    progress: Progress = lambda done, total: None,
) -> Outcome:
    """Prove, run, judge one claim; what the folder already holds of it is not run again.

    Parameters
    ----------
    collection, claim : Collection, Claim
        What is verified, and where its files are.
    mode : {"quick", "full"}
        Which budget of the study is spent.
    folder : Path
        Where ``records/<id>.sqlite`` is or will be.
    executor : Executor, optional
        Where replicates run; in this process by default.
    timeout : float, default 300
        Seconds a replicate may take.
    command : str
        Reproduces the run; kept for the card.
    progress : callable (done, total)
        Called after every commit.

    Returns
    -------
    Outcome

    Raises
    ------
    InvalidArgument
        If the files of the claim are not what they have to be; the message says what was expected where.
    """
    proof = load_proof(collection, claim)
    job = _job(collection, claim, mode, folder)
    place = executor or Serial()
    with job.store:
        started = datetime.now(UTC).isoformat(timespec="seconds")
        steps = proof.run()
        tasks = job.tasks(timeout)
        total = len(job.variants) * len(job.budget.grid) * job.budget.replicates
        done = total - len(tasks)

        def advance(n: int) -> None:
            nonlocal done
            done += n
            progress(done, total)

        advance(0)
        threads = place.threads() if tasks else {}
        _commit(job, place.map(execute, tasks), advance)
        _recheck(job, place, timeout)
        provenance = environment() | {
            "executor": f"{place.name} x {place.jobs}", "threads": threads, "root_seed": job.study.root_seed,
            "bound": claim.bound.hash, "fingerprint": job.fingerprint, "started": started,
            "ended": datetime.now(UTC).isoformat(timespec="seconds"), "computed": len(tasks),
        }  # fmt: skip
        job.store.add_run(
            {"proof": [asdict(s) for s in steps], "badge": proof.badge, "provenance": provenance, "command": command,
             "mode": mode, "declared": declaration(claim, job.study, mode)}
        )  # fmt: skip
        return _conclude(job)


def rebuild(collection: Collection, claim: Claim, *, mode: Mode, folder: Path) -> Outcome:
    """Judge the stored records again, without running anything."""
    job = _job(collection, claim, mode, folder)
    with job.store:
        if not job.records(MAIN):
            expected = f"records of {claim.id} made by the present code; run `sparsetheory verify` with --resume first"
            raise InvalidArgument(str(folder), expected, f"none, and {job.store.stale(job.fingerprint)} of other code")
        return _conclude(job)


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def summary(outcome: Outcome) -> dict[str, Any]:
    """Return one claim's line of ``verdicts.json``."""
    raw = outcome.raw
    return {
        "claim": outcome.claim.id,
        "mode": outcome.mode,
        "conclusion": outcome.conclusion if outcome.mode == "full" else None,  # a quick run has none
        "shown": outcome.shown,
        "declared": outcome.claim.expected,
        "as_declared": outcome.as_declared,
        "proof": {"badge": outcome.badge, "declared": outcome.claim.badge, "ok": outcome.proof_ok},
        "estimand": raw.estimand,
        "estimate": _finite(raw.estimate),
        "interval": [_finite(end) for end in raw.interval],
        "level": raw.level,
        "target": _finite(raw.target),
        "margin": _finite(raw.margin),
        "controls": [
            {"kind": c.kind, "name": c.name, "expected": c.expected, "verdict": str(c.verdict), "ok": c.ok}
            for c in outcome.controls
        ],
        "smallest_refuted_kappa": outcome.smallest_refuted_kappa,
        "tightness": _finite(raw.tightness),
        "replicates": raw.n_replicates,
        "failures": raw.n_failures,
        "digest": outcome.digest,
        "command": outcome.command,
    }


def _crash_line(crash: Crash) -> dict[str, Any]:
    return {
        "claim": crash.claim.id, "mode": crash.mode, "conclusion": "error", "shown": "error",
        "declared": crash.claim.expected, "as_declared": False, "error": crash.message, "command": crash.command,
    }  # fmt: skip


def export(outcomes: Sequence[Outcome], folder: Path, crashes: Sequence[Crash] = ()) -> Path:
    """Write ``verdicts.json``, whole or not at all."""
    path = folder / "verdicts.json"
    lines = [summary(outcome) for outcome in outcomes] + [_crash_line(crash) for crash in crashes]
    write_atomically(path, json.dumps(lines, indent=2, allow_nan=False, default=as_number) + "\n")
    return path
