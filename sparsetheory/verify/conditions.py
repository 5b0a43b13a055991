"""Side conditions of a statement: residuals that have to vanish up to their floors, whatever else a rule looks at."""

from dataclasses import replace
from typing import Literal

from .sample import Measurement, Observation, Sample
from .verdict import Label, Reason, Verdict, spell

__all__ = ["breaches", "condition_of", "honour", "keep_conditions"]


def condition_of(m: Measurement) -> Literal["holds", "violated", "failed"]:
    """Say whether every residual is zero up to its floor; NaN alone neither holds nor refutes, it is a failed run."""
    pairs = [(abs(residual), floor) for residual, floor in m.must_vanish.values()]
    if any(residual > floor for residual, floor in pairs):
        return "violated"
    return "holds" if all(residual <= floor for residual, floor in pairs) else "failed"


def breaches(sample: Sample) -> list[Observation]:
    """Return the records whose side conditions do not hold; a study rechecks them in extended precision."""
    return [o for o in sample.observations if o.measurement is not None and condition_of(o.measurement) != "holds"]


def honour(verdict: Verdict, sample: Sample) -> Verdict:
    """Return the verdict, refuted if a single record breaks a side condition: a statement holds with all its parts.

    A residual that is not a number would refute if it stood for a large one: the verdict is ``inconclusive(failures)``.
    """
    hits = breaches(sample)
    if not hits:
        return verdict
    refuted = any(o.measurement is not None and condition_of(o.measurement) == "violated" for o in hits)
    if not refuted and verdict.label == "refuted":
        return verdict
    label: Label = "refuted" if refuted else "inconclusive"
    reason: Reason | None = None if refuted else "failures"
    sentence = (
        f"{len(hits)} of {len(sample.observations)} records break a side condition, the first in replicate "
        f"{hits[0].replicate} at {sample.grid.axis} = {sample.size_of(hits[0].cell):g} ({_breach(hits[0])}); "
        f"claim {spell(label, reason)}. Apart from that: {verdict.sentence}"
    )
    return replace(
        verdict, label=label, reason=reason, sentence=sentence, replicates_needed=None,
        sensitivity=dict.fromkeys(verdict.sensitivity, spell(label, reason)),
    )  # fmt: skip


def keep_conditions(m: Measurement) -> Measurement:
    """Return a measurement whose residuals are no larger than their floors, for values that are put on the bound."""
    return replace(m, must_vanish={name: (min(abs(r), floor), floor) for name, (r, floor) in m.must_vanish.items()})


def _breach(o: Observation) -> str:
    """Return the first side condition that a record breaks, with its numbers."""
    assert o.measurement is not None
    return next(
        f"{name}: {abs(residual):.2g} against a floor of {floor:.2g}"
        for name, (residual, floor) in o.measurement.must_vanish.items()
        if not abs(residual) <= floor
    )
