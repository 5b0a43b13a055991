"""Proof: named steps, each with its kind of evidence and an anti-test that has to fail."""

import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import InvalidArgument

__all__ = ["EVIDENCE", "Proof", "Step", "StepResult"]

#: Kinds of evidence, strongest first. The badge of a proof is the weakest among its steps.
EVIDENCE = ("identity", "exact certificate", "enclosure", "reduction", "cited", "numeric")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a proof.

    Attributes
    ----------
    name : str
        A few words.
    evidence : str
        One of `EVIDENCE`.
    statement : str
        What the step shows, mathematics between dollars.
    check : callable () -> bool or (bool, str), optional
        Decides the step; the string says what was computed. Not needed for ``reduction`` and ``cited``, whose
        `statement` carries the argument or the reference.
    anti_test : callable () -> bool or (bool, str), optional
        The same check on a perturbed statement; it has to come out False. Mandatory wherever `check` is given.
    """

    name: str
    evidence: str
    statement: str
    check: Callable[[], Any] | None = None
    anti_test: Callable[[], Any] | None = None

    def __post_init__(self) -> None:
        if self.evidence not in EVIDENCE:
            raise InvalidArgument(f"{self.name}: evidence", f"one of {EVIDENCE}", repr(self.evidence))
        if self.check is None and self.evidence not in ("reduction", "cited"):
            raise InvalidArgument(f"{self.name}: check", f"a callable for evidence {self.evidence!r}", None)
        if (self.check is None) != (self.anti_test is None):
            raise InvalidArgument(
                f"{self.name}: anti_test", "a callable exactly where there is a check", self.anti_test
            )


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """How a step came out."""

    name: str
    evidence: str
    statement: str
    ok: bool
    anti_test_failed: bool | None
    seconds: float
    detail: str = ""

    @property
    def said(self) -> str:
        """How the step stands, in a word; what is cited or argued does not count as checked."""
        if not self.ok:
            return "fails"
        return "holds" if self.anti_test_failed is not None else {"cited": "cited"}.get(self.evidence, "argued")


def _outcome(check: Callable[[], Any]) -> tuple[bool | None, str]:
    """Return the answer of a check with its detail; None for one that raised or has no truth, which settles nothing."""
    try:
        answer = check()
        ok, detail = answer if isinstance(answer, tuple) else (answer, "")
        return bool(ok), str(detail)
    except (Exception, SystemExit):  # code under test that wants to leave has not answered either
        return None, "raised " + traceback.format_exc(limit=-1).strip().splitlines()[-1]


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The executable proof of a claim; `run` it to learn whether it holds here.

    Attributes
    ----------
    claim : str
        Id of the claim.
    steps : sequence of Step
        In the order of the argument.
    hypotheses : sequence of str
        Named, each with where it is used.
    exports : mapping of str to object
        What others may use of it (expressions, certificates).
    """

    claim: str
    steps: Sequence[Step]
    hypotheses: Sequence[str] = ()
    exports: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.steps:
            raise InvalidArgument(f"{self.claim}: steps", "at least one step", "none")

    @property
    def badge(self) -> str:
        """The weakest evidence among the steps."""
        return EVIDENCE[max(EVIDENCE.index(step.evidence) for step in self.steps)]

    def run(self) -> tuple[StepResult, ...]:
        """Run every step and its anti-test."""
        results = []
        for step in self.steps:
            start = time.perf_counter()
            ok, detail = (True, "") if step.check is None else _outcome(step.check)
            # an anti-test that crashes has not failed in the way it must
            anti = None if step.anti_test is None else _outcome(step.anti_test)[0] is False
            results.append(
                StepResult(
                    name=step.name,
                    evidence=step.evidence,
                    statement=step.statement,
                    ok=ok is True,
                    anti_test_failed=anti,
                    seconds=time.perf_counter() - start,
                    detail=detail,
                )  # fmt: skip
            )
        return tuple(results)


def holds(results: Sequence[StepResult]) -> bool:
    """Whether every step came out and every anti-test failed, as it must."""
    return all(r.ok and r.anti_test_failed is not False for r in results)
