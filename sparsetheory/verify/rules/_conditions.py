"""Side conditions of a statement: residuals that have to vanish up to their floors, whatever else a rule looks at."""

from dataclasses import replace

from ..sample import Observation, Sample
from ..verdict import Verdict

__all__ = ["breaches", "honour"]


def _breach(o: Observation) -> str | None:
    """Return the first side condition that a record breaks, with its numbers; a NaN residual does not vanish."""
    conditions = {} if o.measurement is None else o.measurement.must_vanish
    for name, (residual, floor) in conditions.items():
        if not abs(residual) <= floor:
            return f"{name}: {abs(residual):.2g} above its floor {floor:.2g}"
    return None


def breaches(sample: Sample) -> list[Observation]:
    """Return the records that break a side condition; a study rechecks them in extended precision."""
    return [o for o in sample.observations if _breach(o) is not None]


def honour(verdict: Verdict, sample: Sample) -> Verdict:
    """Return the verdict, refuted if a single record breaks a side condition: a statement holds with all its parts."""
    hits = breaches(sample)
    if not hits:
        return verdict
    sentence = (
        f"{len(hits)} of {len(sample.observations)} records break a side condition, the first in replicate "
        f"{hits[0].replicate} at {sample.grid.axis} = {sample.size_of(hits[0].cell):g} ({_breach(hits[0])}); "
        f"claim refuted. Apart from that: {verdict.sentence}"
    )
    return replace(
        verdict, label="refuted", reason=None, sentence=sentence, replicates_needed=None,
        sensitivity=dict.fromkeys(verdict.sensitivity, "refuted"),
    )  # fmt: skip
