"""What a problem file yields, what a peer file offers, and the registry of both: one file, one entry."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import numpy as np


@dataclass(frozen=True, kw_only=True, eq=False)
class Instance:
    """One problem; `paper` is the published setting of Sinkhorn-Newton-Sparse: (N1, N2, entries kept per row)."""

    name: str
    M: np.ndarray
    a: np.ndarray
    b: np.ndarray
    reg: float
    paper: tuple[int, int, int] | None = None


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A solver; ``solve(instance, tol, seconds)`` returns (plan, iterations), near the time limit at the latest."""

    name: str
    version: str
    solve: Callable[[Instance, float, float], tuple[np.ndarray, int]]
    exact: bool = False  # solves the unregularised problem: a different answer, listed because users may want it


def modules(package: str) -> dict[str, ModuleType]:
    """Files of ``benchmarks/ot/<package>/`` by name."""
    folder = import_module(f"benchmarks.ot.{package}")
    return {m.name: import_module(f"{folder.__name__}.{m.name}") for m in iter_modules(folder.__path__)}


def instances(names: list[str] | None = None) -> Iterator[Instance]:
    for name, module in modules("problems").items():
        if names is None or name in names:
            yield from module.instances()


def peers(names: list[str] | None = None) -> dict[str, Peer]:
    found: dict[str, Any] = {name: module.PEER for name, module in modules("peers").items()}
    return {name: peer for name, peer in found.items() if names is None or name in names}
