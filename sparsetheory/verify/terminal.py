"""Terminal: what the command prints. A bar a claim on a terminal, plain lines anywhere else, a table at the end."""

import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from .claim import Claim, Collection
from .collect import Progress as Report
from .outcome import Crash, Outcome
from .proof import StepResult

if TYPE_CHECKING:
    from .planning import Forecast

__all__ = [
    "console", "errors", "number", "progress_of",
    "show_claim", "show_forecast", "show_proof", "show_rows", "show_table",
]  # fmt: skip

console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def progress_of(claim: Claim) -> Iterator[Report]:
    """Yield what the runner calls after every commit of a claim's replicates."""
    if console.is_terminal:
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        with Progress(*columns, console=console) as bar:
            row = bar.add_task(claim.id, total=None)
            yield lambda done, total, note: bar.update(
                row, completed=done, total=total, description=f"{claim.id} {note}".rstrip()
            )
        return
    last, told = -math.inf, (-1, "")

    def line(done: int, total: int, note: str) -> None:
        nonlocal last, told
        news = (done, note) != told and (done == total or note != told[1])
        if news or (done != told[0] and time.monotonic() - last > 10):  # few enough lines for a log
            last, told = time.monotonic(), (done, note)
            console.print(f"{claim.id}: {done}/{total} measurements" + (f", {note}" if note else ""), markup=False)

    yield line


def number(value: float) -> str:
    """Write a number as tables show it."""
    return f"{value:.4g}" if math.isfinite(value) else "-"


def _kappa(outcome: Outcome) -> str:
    """Write the smallest refuted kappa with the digits that tell it from the claim's own."""
    own = "-" if outcome.neutral_kappa is None else f"{outcome.neutral_kappa:g}"
    kappa = outcome.smallest_refuted_kappa
    if kappa is None:
        return f"- ({own})"
    shown = next((text for digits in (6, 9, 12) if (text := f"{kappa:.{digits}g}") != own), f"{kappa!r}")
    return f"{shown} ({own})"


def _row(outcome: Outcome) -> list[str]:
    raw = outcome.raw
    lower, upper = raw.interval
    estimate = f"{number(raw.estimate)} [{number(lower)}, {number(upper)}]"
    fine = sum(control.ok for control in outcome.controls)
    proof = outcome.badge if outcome.proof_ok else f"FAILED ({outcome.badge or 'did not run'})"
    return [
        outcome.claim.id, "-" if outcome.proof is None else proof, outcome.shown, estimate, number(raw.margin),
        f"{fine}/{len(outcome.controls)}", _kappa(outcome), number(raw.tightness), str(raw.n_replicates),
        str(raw.n_failures),
    ]  # fmt: skip


def _remarks(outcome: Outcome) -> Iterator[str]:
    """What a reader has to know beside the table. A quick run supports nothing, so it quotes no such sentence."""
    if outcome.mode == "full" or outcome.raw.label != "supported":
        yield outcome.raw.sentence
    if stale := outcome.provenance.get("counts", {}).get("stale"):
        yield f"{stale} records of other code, grids or versions are kept, but not used"
    if changes := outcome.provenance.get("redeclared"):
        yield f"an earlier run in this folder declared otherwise: {'; '.join(changes)}"
    if failures := outcome.sample.failures:
        reason, times = Counter(o.failure for o in failures).most_common(1)[0]
        yield f"{len(failures)} of {len(outcome.sample.observations)} measurements failed; {times} x {reason}"
    for control in outcome.controls:
        if not control.ok:
            yield f"control '{control.name}' has to be {control.expected} and came out {control.verdict}"
    for step in outcome.proof or ():
        if not step.ok or step.anti_test_failed is False:
            yield f"proof step '{step.name}': " + ("its anti-test did not fail" if step.ok else f"fails. {step.detail}")


_HEAD = (
    "claim", "proof", "verdict", "estimate [interval]", "margin", "controls", "smallest refuted kappa (claim's own)",
    "tightness", "replicates", "failures",
)  # fmt: skip


def show_rows(head: Sequence[str], rows: Sequence[Sequence[str]], alarming: Sequence[bool]) -> None:
    """Print a table: drawn on a terminal, with the alarming rows in red; one aligned line a row anywhere else."""
    if console.is_terminal:
        table = Table(*map(escape, head))
        for row, alarm in zip(rows, alarming, strict=True):
            table.add_row(*map(escape, row), style="bold red" if alarm else None)
        console.print(table)
        return
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in [head, *rows]:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        console.print(line.rstrip(), markup=False)


def show_table(outcomes: Sequence[Outcome], crashes: Sequence[Crash] = ()) -> None:
    """Print the verdict table, and below it what has to be known beside it."""
    rows = [_row(outcome) for outcome in outcomes]
    rows += [[crash.claim.id, "-", "error", *"-" * (len(_HEAD) - 3)] for crash in crashes]
    alarming = [not (outcome.as_declared and outcome.proof_ok) for outcome in outcomes]
    show_rows(_HEAD, rows, alarming + [True] * len(crashes))
    for outcome in outcomes:
        for line in _remarks(outcome):
            console.print(f"{outcome.claim.id}: {line}", markup=False)
    for crash in crashes:
        console.print(f"{crash.claim.id}: not judged. {crash.message}", markup=False)


def show_proof(claim: Claim, badge: str, results: Sequence[StepResult]) -> None:
    """Print the steps of a proof: evidence, whether it holds, whether its anti-test failed as it must."""
    console.print(f"{claim.id}: {badge} (declared {claim.badge})", markup=False)
    for step in results:
        anti = {True: "anti-test fails, as it must", False: "ANTI-TEST DID NOT FAIL", None: "no anti-test"}
        told = f"{step.evidence}; {anti[step.anti_test_failed]}; {step.seconds:.2f} s"
        word = step.said if step.ok else "FAILS"
        console.print(f"  {word:6}  {step.name}  ({told}) {step.detail}".rstrip(), markup=False)


def show_forecast(claim: Claim, foretold: "Forecast") -> None:
    """Print what a study will see and cost."""
    plan = foretold.plan
    spent = f"{foretold.replicates} replicates x {foretold.cells} cells x {foretold.variants} variants"
    error = "" if math.isnan(plan.standard_error) else f"standard error {plan.standard_error:.3g}, "
    verdict = "enough" if plan.powered else f"UNDERPOWERED; about {plan.replicates_needed} replicates would do"
    lines = [
        f"{claim.id}: {spent}, about {foretold.seconds:.3g} s on one core",
        f"  {error}smallest margin it can hold {plan.detectable_margin:.3g}, declared {plan.margin:.3g}: {verdict}",
    ]
    console.print("\n".join(lines), markup=False)


def show_claim(collection: Collection, claim: Claim) -> None:
    """Print a claim's card."""
    lines = [
        f"{claim.id}: {claim.title}", "", claim.statement, "",
        f"bound      {claim.bound.formula}",
        *(f"           {name}: {meaning}" for name, meaning in claim.bound.symbols.items()),
        f"kind       {claim.kind}, {claim.status}; declared verdict: {claim.expected}; declared proof: {claim.badge}",
        f"source     {claim.source}",
        *(f"assumes    {assumption}" for assumption in claim.assumptions),
        f"proof      {collection.proof_path(claim)}",
        f"study      {collection.study_path(claim)}",
    ]  # fmt: skip
    console.print("\n".join(lines), markup=False)
