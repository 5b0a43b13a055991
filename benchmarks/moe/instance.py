"""What a problem file yields, what a peer file offers, and the registry of both: one file, one entry."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np


class Theta(NamedTuple):
    """Parameters: gate rows and expert rows (k, d + 1), slopes first, intercept last; variances (k,)."""

    gate: np.ndarray
    expert: np.ndarray
    variance: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Instance:
    """Data, and the start that every solver gets."""

    name: str
    X: np.ndarray
    y: np.ndarray
    start: Theta

    @property
    def k(self) -> int:
        return len(self.start.variance)


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A solver; ``solve(instance, tol)`` returns parameters. `tol` means what the solver makes of it."""

    name: str
    version: str
    solve: Callable[[Instance, float], Theta]


def modules(package: str) -> dict[str, ModuleType]:
    """Files of ``benchmarks/moe/<package>/`` by name; a peer that is not installed is left out."""
    folder, found = import_module(f"benchmarks.moe.{package}"), {}
    for module in iter_modules(folder.__path__):
        try:
            found[module.name] = import_module(f"{folder.__name__}.{module.name}")
        except ModuleNotFoundError as error:
            if (error.name or "").startswith(("benchmarks", "sparsetheory")):
                raise
    return found


def instances(names: list[str] | None, sizes: list[int]) -> Iterator[Instance]:
    """Instances of the named files, built one by one."""
    for name, module in modules("problems").items():
        if names is None or name in names:
            for n in sizes:
                yield from module.instances(n)


def peers(names: list[str] | None = None) -> list[Peer]:
    found: dict[str, Any] = {name: module.PEER for name, module in modules("peers").items()}
    return [peer for name, peer in found.items() if names is None or name in names]
