"""Identification: is the support found, exactly and for good, by the iteration that a bound names?"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from ...errors import InvalidArgument
from ..panel import stratum_name
from ..sample import Measurement, Observation, Sample
from ..verdict import Verdict, combine
from .every_instance import EveryInstance, _Reading

__all__ = ["Identification", "identified_at"]

#: Stands for an iteration that a run has not seen; a measurement holds finite numbers only.
_UNSEEN = float(np.finfo(float).max)


def identified_at(supports: Any, target: Any) -> np.ndarray:
    """Return the first iteration from which on every support is the target, as (earliest, latest).

    Supports are compared exactly, index by index: no threshold decides what counts as zero.

    Parameters
    ----------
    supports : array_like of bool, shape (K, p)
        Row k is the support of iterate k, from the starting point on and without a gap.
    target : array_like of bool, shape (p,)
        The support that has to be found.

    Returns
    -------
    ndarray, shape (2,)
        The iteration twice. Of a run that ends off the target the number of its rows, before which it was not found,
        and the largest double: a bound below the first is violated, and a larger one neither holds nor is violated.

    Raises
    ------
    InvalidArgument
        If an entry is not a truth value or the shapes differ.

    Examples
    --------
    >>> identified_at([[1, 1], [1, 0], [1, 1], [1, 0], [1, 0]], [1, 0])
    array([3., 3.])
    >>> identified_at([[1, 1], [1, 1]], [1, 0])[0]
    np.float64(2.0)
    """
    rows, wanted = np.asarray(supports), np.asarray(target)
    for name, array in (("supports", rows), ("target", wanted)):
        if array.dtype != bool and not np.isin(array, (0, 1)).all():
            raise InvalidArgument(name, "truth values, True in the support", array.dtype)
    if rows.ndim != 2 or not len(rows) or rows.shape[1:] != wanted.shape:
        raise InvalidArgument("supports", f"shape (K, {wanted.size}) with a row an iterate", rows.shape)
    off = np.flatnonzero((rows != wanted).any(axis=1))
    first = float(off[-1] + 1) if len(off) else 0.0
    return np.array([first, first if first < len(rows) else _UNSEEN])


@dataclass(frozen=True, kw_only=True)
class Identification(EveryInstance):
    r"""Judge a bound on the iteration at which the support is identified, on instances that are nondegenerate.

    A value is what `identified_at` returns; a trial is violated when its earliest iteration exceeds the bound, holds
    when its latest does not, and is failed between the two: the run was too short to tell. For the rest see
    `EveryInstance`.

    A theorem of identification divides by the gap by which the zero coordinates satisfy their optimality condition
    strictly. Every record states its own, as a symbol of the bound: one at or below `least_gap` is no trial of the
    theorem and counts as failed. Degenerate instances belong to strata of their own, marked by a parameter: they are
    measured, counted and shown with their own failures, and have no part in the verdict.

    Parameters
    ----------
    gap : str, default "gap"
        Symbol of the bound that is the instance's gap.
    least_gap : float, default 0
        Gap that an instance has to exceed: the accuracy to which gaps are known.
    degenerate : str, default "degenerate"
        Parameter of the strata that is true where the theorem does not apply.
    max_violation_rate, alternative, trial, alpha, quantity, proportion
        As in `EveryInstance`; the alternative is ``"upper"``.

    Examples
    --------
    >>> from sparsetheory.verify import Identification
    >>> Identification(least_gap=1e-8).quantity
    'identification iteration'
    """

    quantity: str = "identification iteration"
    gap: str = "gap"
    least_gap: float = 0.0
    degenerate: str = "degenerate"
    figure: ClassVar[str] = "EveryInstance"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.alternative != "upper":
            raise InvalidArgument("alternative", "'upper': a bound on an iteration is one from above", self.alternative)
        if not self.least_gap >= 0:
            raise InvalidArgument("least_gap", "a number >= 0", self.least_gap)

    def judge(self, sample: Sample) -> Verdict:
        """Return the verdict on a sample: the worst of its nondegenerate strata, beside what the others showed."""
        names = [stratum_name(parameters) for parameters in sample.grid.strata]
        parts = {name: self._judge_stratum(sample, index, name) for index, name in enumerate(names)}
        outside = {name for index, name in enumerate(names) if self._is_degenerate(sample, index)}
        inside = {name: verdict for name, verdict in parts.items() if name not in outside}
        if not inside:
            raise InvalidArgument("grid.strata", f"a stratum in which {self.degenerate!r} is not true", names)
        counted = sum(not self._is_degenerate(sample, sample.stratum_of(o.cell)) for o in sample.observations)
        verdict = combine(inside, counted, lambda v: -v.interval[1])
        if not outside:
            return verdict
        beside = {
            name: replace(parts[name], sentence=f"outside the statement: {parts[name].sentence}") for name in outside
        }
        said = f"{verdict.sentence}; beside, with no part in the verdict: {', '.join(beside)}"
        return replace(
            verdict, sentence=said, strata=inside | {name: beside[name] for name in names if name in outside}
        )

    def violations(self, sample: Sample) -> list[Observation]:
        """Return the records that violate the bound where it is claimed."""
        return [o for o in super().violations(sample) if not self._is_degenerate(sample, sample.stratum_of(o.cell))]

    def positive(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """Return runs that identify no later than the bound says, the latest of each cell exactly there.

        Degenerate strata stay as they are.
        """
        inside, outside = [], []
        for o in sample.observations:
            if self._is_degenerate(sample, sample.stratum_of(o.cell)):
                outside.append(o)
            elif o.measurement is None:
                inside.append(o)
            else:
                inside.append(replace(o, measurement=replace(o.measurement, value=_earliest(o.measurement))))
        drawn = super().positive(replace(sample, observations=inside), rng)
        return replace(sample, observations=[*drawn.observations, *outside])

    def _is_degenerate(self, sample: Sample, stratum: int) -> bool:
        return bool(sample.grid.strata[stratum].get(self.degenerate, False))

    def _read(self, sample: Sample, o: Observation) -> _Reading:
        if o.measurement is None:
            return super()._read(sample, o)
        m = o.measurement
        if self.gap not in m.at:
            raise InvalidArgument("Measurement.at", f"the gap of the instance as {self.gap!r}", sorted(m.at))
        earliest = super()._read(sample, replace(o, measurement=replace(m, value=_earliest(m))))._replace(record=o)
        if not float(np.min(m.at[self.gap])) > self.least_gap and not self._is_degenerate(
            sample, sample.stratum_of(o.cell)
        ):
            return earliest._replace(finding="failed")
        if earliest.finding == "holds":  # and does it at the latest, too?
            latest = super()._read(sample, replace(o, measurement=replace(m, value=np.atleast_1d(m.value)[-1:])))
            return earliest if latest.finding == "holds" else earliest._replace(finding="failed")
        return earliest


def _earliest(m: Measurement) -> np.ndarray:
    return np.atleast_1d(np.asarray(m.value, float))[:1]
