"""What a problem file yields, what a peer file offers, and the registry of both: one file, one entry."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import numpy as np
from scipy import sparse

Design = np.ndarray | sparse.csc_matrix


@dataclass(frozen=True, kw_only=True, eq=False)
class Instance:
    """One problem: a loss of y and Xw, plus alpha times a norm of w, for each alpha of a tuple; no intercept.

    ``loss`` is "squares", |y - Xw|^2 / (2n), or "logistic", the mean of log(1 + exp(-y Xw)) with y of -1 and 1. The
    norm is |w|_1, over w >= 0 where `positive`, or the sum of |w_G| over consecutive groups of `group` columns. More
    than one alpha asks for the whole path.
    """

    name: str
    X: Design
    y: np.ndarray
    alphas: tuple[float, ...]
    loss: str = "squares"
    group: int = 1
    positive: bool = False

    @property
    def kind(self) -> str:
        """Which entry of a peer's table solves it."""
        if self.loss == "logistic":
            return "logistic"
        if self.group > 1:
            return "group"
        return "path" if len(self.alphas) > 1 else "lasso"

    @property
    def alpha(self) -> float:
        """The only alpha."""
        (alpha,) = self.alphas
        return alpha


#: ``solve(instance, tol)`` returns coefficients, one row an alpha (or a vector); `tol` is the rung of the ladder,
#: relative to the scale of the data, and means what the solver makes of it.
Solve = Callable[[Instance, float], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A package; `solve` holds one function for each kind of problem that it solves."""

    name: str
    version: str
    solve: Mapping[str, Solve]


def modules(package: str) -> dict[str, ModuleType]:
    """Files of ``benchmarks/bcd/<package>/`` by name; a peer that is not installed is left out."""
    folder, found = import_module(f"benchmarks.bcd.{package}"), {}
    for module in iter_modules(folder.__path__):
        try:
            found[module.name] = import_module(f"{folder.__name__}.{module.name}")
        except ModuleNotFoundError as error:
            if (error.name or "").startswith(("benchmarks", "sparsetheory")):
                raise
    return found


def instances(names: list[str] | None = None, *, small: bool = False) -> Iterator[Instance]:
    """Instances of the named files, built one by one: some fill hundreds of megabytes."""
    for name, module in modules("problems").items():
        if names is None or name in names:
            yield from module.instances(small)


def peers(names: list[str] | None = None) -> list[Peer]:
    found: dict[str, Any] = {name: module.PEER for name, module in modules("peers").items()}
    return [peer for name, peer in found.items() if names is None or name in names]
