"""Declaration: what a study says before its measurements are seen, and what of it was changed afterwards."""

from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from typing import Any

from .claim import Claim
from .outcome import Mode
from .study import Study

__all__ = ["declaration", "redeclared"]


def declaration(claim: Claim, study: Study, mode: Mode) -> dict[str, str]:
    """Return what decides a verdict and is no part of a record: rule, replicates, controls, expected verdict."""
    wrong = [f"{control.bound.formula} at {control.kappa:g}" for control in study.wrong_bounds]
    return {
        "rule": repr(study.rule) if is_dataclass(study.rule) else type(study.rule).__name__,
        "replicates": str(study.budget(mode).replicates),
        "wrong bound": ", ".join(wrong),
        "expected": claim.expected,
    }


def redeclared(runs: Iterable[Mapping[str, Any]], now: Mapping[str, str], mode: Mode) -> list[str]:
    """Return what earlier runs in the same folder declared otherwise, in words; nothing where all is well.

    Records stay valid when a margin or a number of replicates changes, so that more can be asked for. The price is that
    a margin can be chosen after a look: it is told wherever the verdict is.
    """
    earlier: dict[str, dict[str, None]] = {key: {} for key in now}  # in the order of the runs, each value once
    for run in runs:
        if run.get("mode") == mode:
            for key in now.keys() & run.get("declared", {}).keys():
                earlier[key][run["declared"][key]] = None
    return [
        f"{key} was {' and '.join(others)}" for key, values in earlier.items()
        if (others := [value for value in values if value != now[key]])
    ]  # fmt: skip
