"""Controls: what a study must refute, and what it must support, for its verdict to mean anything."""

from collections.abc import Mapping
from dataclasses import replace

from .claim import Claim
from .outcome import ControlOutcome
from .sample import Sample
from .streams import stream
from .study import Positive, Study, WrongBound
from .verdict import Rule, Verdict

__all__ = ["judge_controls", "smallest_refuted"]


def _judge_wrong(rule: Rule, sample: Sample, wrong: WrongBound, kappa: float) -> Verdict:
    return rule.judge(replace(sample, bound=wrong.bound, constants={"kappa": kappa}))


def judge_controls(
    study: Study, rule: Rule, claim: Claim, sample: Sample, broken: Mapping[str, Sample]
) -> list[ControlOutcome]:
    """Judge every control; wrong bounds and synthetic values need the stored sample and no run of their own."""
    outcomes = [
        ControlOutcome(
            kind="wrong bound", name=f"{wrong.bound.formula} with kappa = {wrong.kappa:g}", expected="refuted",
            verdict=_judge_wrong(rule, sample, wrong, wrong.kappa),
        )
        for wrong in study.wrong_bounds
    ]  # fmt: skip
    outcomes += [
        ControlOutcome(
            kind="broken algorithm", name=control.name, expected="refuted",
            verdict=rule.judge(broken[control.name]),
        )
        for control in study.broken
    ]  # fmt: skip
    positives = [control for control in study.controls if isinstance(control, Positive)]
    for index, control in enumerate(positives):
        synthetic = rule.positive(sample, stream(study.root_seed, claim.id, 0, index, "control"))
        outcomes.append(
            ControlOutcome(kind="positive", name=control.name, expected="supported", verdict=rule.judge(synthetic))
        )
    return outcomes


def smallest_refuted(study: Study, rule: Rule, sample: Sample) -> float | None:
    """Return the least declared kappa from which on every wrong bound is refuted: what the study can see.

    The first wrong bound is scanned; None when not even the largest kappa is refuted.
    """
    wrong = study.wrong_bounds[0]
    smallest = None
    for kappa in sorted({*wrong.scan, wrong.kappa}, reverse=True):
        if _judge_wrong(rule, sample, wrong, kappa).label != "refuted":
            break
        smallest = kappa
    return smallest
