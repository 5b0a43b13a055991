"""Runner: from a claim to its outcome. Runs what the store does not hold yet, then judges what it holds."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import InvalidArgument
from .claim import Claim, Collection
from .collect import Job, Progress, collect
from .controls import judge_controls, smallest_refuted
from .declaration import declaration, redeclared
from .executors import Executor, Serial
from .loading import load_proof, load_study
from .outcome import Crash, Mode, Outcome
from .proof import StepResult
from .provenance import environment
from .stopping import walk
from .store import Record, Store, as_number, digest, write_atomically
from .tasks import MAIN, RECHECK
from .verdict import Verdict

__all__ = ["TIMEOUT", "export", "rebuild", "run_claim"]

#: Seconds after which a replicate is given up, unless the caller says otherwise.
TIMEOUT = 300.0


def _counts(job: Job, records: Sequence[Record]) -> dict[str, Any]:
    said = [message for record in records for message in json.loads(record.warnings)]
    return {
        "records": len(records),
        "by_status": dict(Counter(record.status for record in records)),
        "stale": job.store.stale(job.fingerprint),
        "warnings": dict(Counter(message.split(":")[0] for message in said)),
        "seconds": round(sum(record.seconds for record in records), 3),
    }


def _unfinished(verdict: Verdict, to_do: int) -> Verdict:
    """Part of a study concludes nothing, or it could be stopped where it looks best."""
    sentence = f"{to_do} of the measurements that the study declares have not been made yet"
    return replace(
        verdict, label="inconclusive", reason="unfinished", sentence=sentence, replicates_needed=None,
        sensitivity={}, strata={},
    )  # fmt: skip


def _conclude(job: Job) -> Outcome:
    """Judge what the store holds, up to where each question stops; runs nothing."""
    runs = job.store.runs()
    facts = runs[-1] if runs else {}
    declared = declaration(job.claim, job.study, job.mode)
    count = {variant: job.replicates(variant) for variant in job.variants}
    sample = job.sample(MAIN).first(count[MAIN])
    end = walk(job.rule, job.looks, sample)
    raw, controls, kappa = end.verdict, [], None
    if to_do := job.to_do(count):
        raw = _unfinished(raw, to_do)
    else:
        broken = {control.name: job.sample(control.name) for control in job.study.broken}
        controls = judge_controls(job.study, job.mode, sample, end.replicates, broken)
        kappa = smallest_refuted(job.study, job.mode, sample)
    count[RECHECK] = count[MAIN]
    records = [r for variant, n in count.items() for r in job.records(variant) if r.replicate < n]
    proof = facts.get("proof")
    first = job.study.wrong_bounds[0]
    return Outcome(
        claim=job.claim,
        mode=job.mode,
        raw=raw,
        controls=controls,
        sample=sample.first(end.replicates),
        rule=job.rule,
        wrong_rate=f"{first.bound.formula} with kappa = {first.kappa:g}",
        smallest_refuted_kappa=kappa,
        neutral_kappa=first.neutral,
        proof=None if proof is None else tuple(StepResult(**step) for step in proof),
        badge=facts.get("badge", ""),
        notes=job.study.notes,
        provenance=facts.get("provenance", {})
        | {"counts": _counts(job, records), "redeclared": redeclared(runs, declared, job.mode)},
        command=facts.get("command", ""),
        digest=digest(records),
    )


def _job(collection: Collection, claim: Claim, mode: Mode, folder: Path) -> Job:
    study = load_study(collection, claim)
    store = Store(folder / "records" / f"{claim.id}.sqlite")
    return Job(claim=claim, study=study, path=collection.study_path(claim).resolve(), mode=mode, store=store)


def run_claim(
    collection: Collection,
    claim: Claim,
    *,
    mode: Mode,
    folder: Path,
    executor: Executor | None = None,
    timeout: float = TIMEOUT,
    command: str = "",
    progress: Progress = lambda done, total, note: None,
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
    progress : callable (done, total, note)
        Called after every commit; of a study that may stop early the note says where it stands.

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
        computed = collect(job, place, timeout, progress)
        threads = place.threads() if computed else {}
        provenance = environment() | {
            "executor": f"{place.name} x {place.jobs}", "threads": threads, "root_seed": job.study.root_seed,
            "bound": claim.bound.hash, "fingerprint": job.fingerprint, "started": started,
            "ended": datetime.now(UTC).isoformat(timespec="seconds"), "computed": computed,
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
    """Return the line of a claim that could not be judged: the keys of `summary`, and what went wrong."""
    return {
        "claim": crash.claim.id,
        "mode": crash.mode,
        "conclusion": "error",
        "shown": "error",
        "declared": crash.claim.expected,
        "as_declared": False,
        "proof": {"badge": "", "declared": crash.claim.badge, "ok": False},
        "estimand": "",
        "estimate": None,
        "interval": [None, None],
        "level": None,
        "target": None,
        "margin": None,
        "controls": [],
        "smallest_refuted_kappa": None,
        "tightness": None,
        "replicates": 0,
        "failures": 0,
        "digest": "",
        "command": crash.command,
        "error": crash.message,
    }


def export(outcomes: Sequence[Outcome], folder: Path, crashes: Sequence[Crash] = ()) -> Path:
    """Write ``verdicts.json``, whole or not at all."""
    path = folder / "verdicts.json"
    lines = [summary(outcome) for outcome in outcomes] + [_crash_line(crash) for crash in crashes]
    write_atomically(path, json.dumps(lines, indent=2, allow_nan=False, default=as_number) + "\n")
    return path
