"""Planning: pilot a study at its two smallest sizes, and tell what the whole would see and cost."""

import math
import statistics
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import InvalidArgument
from .claim import Claim, Collection
from .executors import Serial
from .loading import load_study
from .outcome import Mode
from .power import Plan, plan
from .sample import Sample
from .store import Record
from .study import Study
from .tasks import MAIN, Task, execute, observation

__all__ = ["Forecast", "forecast"]

#: Replicates of a pilot.
PILOT = 20


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What a study will see and cost, as foretold by a pilot.

    Attributes
    ----------
    plan : Plan
        Standard error, smallest margin it can hold, replicates needed.
    replicates, cells, variants : int
        What the budget asks for: replicates of every cell, by the study and each of its broken controls.
    seconds : float
        Predicted time on one core, from the pilot's times and the declared cost exponent.
    """

    plan: Plan
    replicates: int
    cells: int
    variants: int
    seconds: float


def forecast(collection: Collection, claim: Claim, mode: Mode, *, timeout: float) -> Forecast:
    """Run the pilot of a claim's study and predict the rest.

    Raises
    ------
    InvalidArgument
        If the files of the claim are not what they have to be, or no replicate of the pilot succeeds.
    """
    study = load_study(collection, claim)
    budget = study.budget(mode)
    records = _pilot(study, collection.study_path(claim), mode, timeout)
    if not any(record.ok for record in records):
        raise InvalidArgument(f"{claim.id}: pilot", "a replicate that succeeds", observation(records[0]).failure)
    sizes = len(budget.grid.sizes)
    few = min(2, sizes)
    small = replace(budget.grid, sizes=tuple(budget.grid.sizes)[:few])
    observations = [observation(replace(r, cell=r.cell // sizes * few + r.cell % sizes)) for r in records]
    pilot = Sample(grid=small, observations=observations, bound=claim.bound)
    variants = 1 + len(study.broken)
    return Forecast(
        plan=plan(study.judge(mode), pilot, budget),
        replicates=budget.replicates, cells=len(budget.grid), variants=variants,
        seconds=variants * budget.replicates * _seconds_a_replicate(study, mode, records),
    )  # fmt: skip


def _pilot(study: Study, path: Path, mode: Mode, timeout: float) -> list[Record]:
    """Run the first replicates of the two smallest sizes of every stratum; the streams are those of the study."""
    grid = study.budget(mode).grid
    cells = [cell for cell in range(len(grid)) if cell % len(grid.sizes) < 2]
    tasks = [
        Task(path=str(path.resolve()), mode=mode, variant=MAIN, cell=cell, replicate=replicate, timeout=timeout)
        for cell in cells
        for replicate in range(PILOT)
    ]
    return list(Serial().map(execute, tasks))


def _seconds_a_replicate(study: Study, mode: Mode, records: list[Record]) -> float:
    """Predict the time of all cells of a replicate: times grow from the larger piloted size by the cost exponent."""
    grid = study.budget(mode).grid
    total = 0.0
    for stratum in range(len(grid.strata)):
        largest = max(r.cell for r in records if r.cell // len(grid.sizes) == stratum)
        typical = statistics.median(r.seconds for r in records if r.cell == largest)  # the first one may compile
        base = float(grid.sizes[largest % len(grid.sizes)])
        total += typical * math.fsum((float(size) / base) ** study.cost_exponent for size in grid.sizes)
    return total
