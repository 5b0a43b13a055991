"""Controls: what a study must refute, and what it must support, for its verdict to mean anything."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from .outcome import ControlOutcome, Mode
from .sample import Sample
from .stopping import walk
from .streams import stream
from .study import Positive, Study, WrongBound
from .verdict import Rule

__all__ = ["against", "judge_controls", "smallest_refuted", "synthetic"]


def against(sample: Sample, wrong: WrongBound, kappa: float) -> Sample:
    """Return the same measurements, held against a wrong bound."""
    return replace(sample, bound=wrong.bound, constants={"kappa": kappa})


def synthetic(rule: Rule, sample: Sample, rng: np.random.Generator, replicates: int) -> Sample:
    """Return at least so many replicates of values on the bound, as many draws from the sample one after the other."""
    observations, start = list(rule.positive(sample, rng).observations), sample.n_replicates
    while 0 < start < replicates:
        more = rule.positive(sample, rng).observations
        observations += [replace(o, replicate=start + o.replicate) for o in more]
        start += sample.n_replicates
    return replace(sample, observations=sorted(observations, key=lambda o: (o.cell, o.replicate)))


def judge_controls(
    study: Study, mode: Mode, sample: Sample, seen: int, broken: Mapping[str, Sample]
) -> list[ControlOutcome]:
    """Judge every control as the study is judged, each up to its own stopping time.

    Wrong bounds need the records of the study and no run of their own; synthetic values have the noise of the `seen`
    replicates that led to the study's verdict, and as many replicates as the study could have taken.
    """
    rule, looks = study.judge(mode), study.looks(mode)
    outcomes = [
        ControlOutcome(
            kind="wrong bound", name=f"{wrong.bound.formula} with kappa = {wrong.kappa:g}", expected="refuted",
            verdict=walk(rule, looks, against(sample, wrong, wrong.kappa)).verdict,
        )
        for wrong in study.wrong_bounds
    ]  # fmt: skip
    outcomes += [
        ControlOutcome(
            kind="broken algorithm", name=control.name, expected="refuted",
            verdict=walk(rule, looks, broken[control.name]).verdict,
        )
        for control in study.broken
    ]  # fmt: skip
    positives = [control for control in study.controls if isinstance(control, Positive)]
    for index, control in enumerate(positives):
        rng = stream(study.root_seed, study.claim, 0, index, "control")
        drawn = synthetic(rule, sample.first(seen), rng, looks[-1] if len(looks) > 1 else 0)
        verdict = walk(rule, looks, drawn).verdict
        outcomes.append(ControlOutcome(kind="positive", name=control.name, expected="supported", verdict=verdict))
    return outcomes


def smallest_refuted(study: Study, mode: Mode, sample: Sample) -> float | None:
    """Return the least declared kappa from which on every wrong bound is refuted: what the study can see.

    The first wrong bound is scanned; None when not even the largest kappa is refuted.
    """
    wrong = study.wrong_bounds[0]
    smallest = None
    for kappa in sorted({*wrong.scan, wrong.kappa}, reverse=True):
        verdict = walk(study.judge(mode), study.looks(mode), against(sample, wrong, kappa)).verdict
        if verdict.label != "refuted":
            break
        smallest = kappa
    return smallest
