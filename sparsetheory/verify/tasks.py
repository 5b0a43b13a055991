"""Tasks: one replicate of one cell, executed in any process from a key that pickles."""

import hashlib
import json
import math
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InvalidArgument
from .loading import study_at
from .sample import Measurement, Observation
from .store import Record, canonical
from .streams import stream
from .study import Study

__all__ = ["MAIN", "RECHECK", "Task", "execute", "observation"]

#: Variants that are not the name of a `Broken` control.
MAIN, RECHECK = "study", "recheck"


@dataclass(frozen=True, kw_only=True)
class Task:
    """The key of a replicate: a file, not functions, so that any process can load it.

    Attributes
    ----------
    path : str
        The file that holds ``STUDY``.
    mode : {"quick", "full"}
        Which budget's grid the cell belongs to.
    variant : str
        ``study``, ``recheck``, or the name of a broken control.
    cell, replicate : int
        Where in the grid, and which repetition.
    timeout : float
        Seconds after which the replicate is given up.
    """

    path: str
    mode: str
    variant: str
    cell: int
    replicate: int
    timeout: float


class _TimedOut(BaseException):
    """Past ``except Exception`` in the code under test."""


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise `_TimedOut` after some seconds. Works in the main thread, where workers run their tasks."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def give_up(*_: Any) -> None:
        raise _TimedOut

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _measure(study: Study, task: Task) -> Measurement:
    """Generate, run, measure; a broken control replaces some of the three and sees the same streams."""
    generate, run, measure = study.generate, study.run, study.measure
    if task.variant == RECHECK:
        assert study.recheck is not None
        measure = study.recheck
    elif task.variant != MAIN:
        broken = next(control for control in study.broken if control.name == task.variant)
        generate, run, measure = broken.generate or generate, broken.run or run, broken.measure or measure
    grid = study.budget(task.mode).grid
    place = task.cell // len(grid.sizes) if study.common_random_numbers else task.cell
    instance = generate(grid.cell(task.cell), stream(study.root_seed, study.claim, place, task.replicate, "data"))
    outcome = run(instance, stream(study.root_seed, study.claim, task.cell, task.replicate, "algorithm"))
    return measure(instance, outcome)


def _checked(study: Study, measurement: Any) -> Measurement:
    """Refuse what no rule could read: found here it is one failed record, found later it is the end of a study."""
    if not isinstance(measurement, Measurement):
        raise TypeError(f"measure must return a Measurement, got {type(measurement).__name__}")
    symbols = set(study.wrong_bounds[0].bound.symbols) - {"kappa"}  # those of the claim's bound, as loading checked
    if set(measurement.at) != symbols:
        raise InvalidArgument("at", f"the symbols of the bound, {sorted(symbols)}", sorted(measurement.at))
    value = np.shape(measurement.value)
    if len(value) > 1 or value == (0,):
        raise InvalidArgument("value", "a number, or a vector with at least one entry", f"shape {value}")
    for name, entry in {"floor": measurement.floor, **measurement.at}.items():
        if np.shape(entry) not in {(), (1,), value}:
            raise InvalidArgument(name, f"a number, or a vector as long as the value of shape {value}", np.shape(entry))
    return measurement


def _finite(measurement: Measurement) -> bool:
    numbers = [measurement.value, measurement.floor, *measurement.at.values()]
    if not all(np.isfinite(np.asarray(number, float)).all() for number in numbers):
        return False
    return all(math.isfinite(r) and math.isfinite(f) for r, f in measurement.must_vanish.values())


def _attempt(study: Study, task: Task) -> tuple[str, Any]:
    """Return status and payload; whatever goes wrong in the code under test is a record, not a crash."""
    try:
        with _time_limit(task.timeout):
            measurement = _checked(study, _measure(study, task))
            if not _finite(measurement):
                return "non-finite", {"message": "the measurement holds a NaN or an infinity"}
            return "ok", measurement.to_json()
    except _TimedOut:
        return "timeout", {"message": f"gave up after {task.timeout:g} s"}
    except (Exception, SystemExit) as error:  # sys.exit(0) in the code under test must not end a run with a 0
        trace = traceback.format_exc()
        short = hashlib.sha256(trace.encode()).hexdigest()[:12]
        return "error", {"message": f"{type(error).__name__}: {error}", "traceback": trace[-2000:], "digest": short}


def execute(task: Task) -> Record:
    """Run one task. The study is loaded once a process."""
    study = study_at(Path(task.path))
    start = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        status, payload = _attempt(study, task)
    said = [f"{w.category.__name__}: {w.message}" for w in caught]
    return Record(
        variant=task.variant, cell=task.cell, replicate=task.replicate, status=status, payload=canonical(payload),
        seconds=time.perf_counter() - start, warnings=json.dumps(said[:5]),
    )  # fmt: skip


def observation(record: Record) -> Observation:
    """Read a record back as what a sample holds."""
    data = json.loads(record.payload)
    if record.ok:
        return Observation(cell=record.cell, replicate=record.replicate, measurement=Measurement.from_json(data))
    return Observation(cell=record.cell, replicate=record.replicate, failure=f"{record.status}: {data['message']}")
