"""Outcome: everything one run says about one claim; what the tables, the report and the exit code read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .claim import Claim
from .proof import StepResult, holds
from .sample import Sample
from .verdict import Rule, Verdict

__all__ = ["ControlOutcome", "Crash", "Outcome"]

Mode = Literal["quick", "full"]


@dataclass(frozen=True, kw_only=True)
class ControlOutcome:
    """How a control came out: a negative control has to be refuted, a positive one supported."""

    kind: Literal["wrong bound", "broken algorithm", "positive"]
    name: str
    expected: Literal["refuted", "supported"]
    verdict: Verdict

    @property
    def ok(self) -> bool:
        """Whether the control came out as it must."""
        return self.verdict.label == self.expected


@dataclass(frozen=True, kw_only=True)
class Crash:
    """A claim that could not be judged at all: a file that does not load, records that cannot be read."""

    claim: Claim
    mode: Mode
    message: str
    command: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One claim, one run.

    Attributes
    ----------
    raw : Verdict
        What the rule says of the study itself, before controls and mode are considered.
    smallest_refuted_kappa : float or None
        The least wrong value on the declared scan that the study refutes (None: none on the scan).
    rule : Rule or None
        The study's rule, from which the report chooses its figure.
    proof : sequence of StepResult or None
        Steps of the proof, None when it was not run.
    provenance : mapping
        Versions, machine, seeds, hashes, counts, times.
    command : str
        Reproduces this card.
    digest : str
        SHA-256 over the records; equal for any number of workers.
    """

    claim: Claim
    mode: Mode
    raw: Verdict
    controls: Sequence[ControlOutcome]
    sample: Sample
    rule: Rule | None = None
    wrong_rate: str = ""
    smallest_refuted_kappa: float | None = None
    neutral_kappa: float | None = None
    proof: Sequence[StepResult] | None = None
    badge: str = ""
    notes: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    command: str = ""
    digest: str = ""

    @property
    def controls_ok(self) -> bool:
        """Whether every control came out as it must."""
        return all(control.ok for control in self.controls)

    @property
    def conclusion(self) -> str:
        """The verdict as a full run may state it: a study whose controls fail says nothing."""
        if not self.controls_ok:
            return "inconclusive(control)"
        # no simulation speaks for an unproved statement, nor for all algorithms at once (a minimax lower bound says so
        # by declaring it)
        modest = self.claim.status == "conjecture" or self.claim.expected == "not-contradicted"
        if modest and self.raw.label == "supported":
            return "not-contradicted"
        return str(self.raw)

    @property
    def shown(self) -> str:
        """What tables print: a quick run only ever smokes."""
        if self.mode == "full":
            return self.conclusion
        if self.as_declared:
            return "smoke: as declared"
        return "smoke: passes" if self.conclusion == "supported" else f"smoke: {self.conclusion}"

    @property
    def as_declared(self) -> bool:
        """Whether the conclusion is what the claim declared before the run."""
        return self.conclusion == self.claim.expected

    @property
    def proof_ok(self) -> bool:
        """Whether the proof, if it was run, holds and reaches its declared badge."""
        return self.proof is None or (holds(self.proof) and self.badge == self.claim.badge)
