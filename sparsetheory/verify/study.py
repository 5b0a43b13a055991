"""Study: what is generated, run, measured and concluded, declared as data before anything runs."""

import math
import numbers
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from ..errors import InvalidArgument
from .bound import Bound
from .panel import stratum_name
from .sample import Cell, Grid, Measurement
from .stopping import Sequential
from .verdict import Rule, Sequenced

__all__ = ["Broken", "Budget", "Positive", "Study", "WrongBound"]


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much a mode spends: a grid and a number of replicates.

    The number is left out of the full budget of a study with a `Sequential` stopping, whose ``max`` takes its place.
    """

    grid: Grid
    replicates: int = 0


@dataclass(frozen=True, kw_only=True)
class WrongBound:
    """Negative control: a bound that is too good, which must come out refuted.

    Attributes
    ----------
    bound : Bound
        The claim's formula with one more symbol, ``kappa``, that makes it stricter as it grows.
    neutral : float
        The value of ``kappa`` at which the formula is the claim's own (checked before the run).
    kappa : float
        The declared wrong value.
    scan : sequence of float
        Increasing values searched for the smallest refuted kappa, the figure of what the study can see.
    """

    bound: Bound
    neutral: float
    kappa: float
    scan: Sequence[float] = ()


@dataclass(frozen=True, kw_only=True)
class Broken:
    """Negative control: a planted defect in the algorithm (or in the instance), which must come out refuted.

    `run` and `generate` replace the study's own where given.
    """

    name: str
    run: Callable[[Any, np.random.Generator], Any] | None = None
    generate: Callable[[Cell, np.random.Generator], Any] | None = None
    measure: Callable[[Any, Any], Measurement] | None = None

    def __post_init__(self) -> None:
        if self.run is None and self.generate is None and self.measure is None:
            raise InvalidArgument(f"Broken({self.name!r})", "run, generate or measure with a planted defect", "none")


@dataclass(frozen=True, kw_only=True)
class Positive:
    """Positive control: values drawn exactly on the bound with the study's own noise; must come out supported."""

    name: str = "synthetic values on the bound"


@dataclass(frozen=True, kw_only=True)
class Study:
    """A study of one claim, declared before it runs. The functions are module-level, never closures.

    Attributes
    ----------
    claim : str
        Id of the claim.
    generate : callable (cell, rng) -> instance
        Draws a problem. With `common_random_numbers`, the cells of a stratum share the stream of a replicate.
    run : callable (instance, rng) -> outcome
        The algorithm under test; its stream is its own.
    measure : callable (instance, outcome) -> Measurement
        Reads the quantity of the claim off the outcome.
    rule : Rule
        How measurements become a verdict; carries the declared margin and level.
    quick, full : Budget
        What ``--quick`` and ``--full`` spend.
    controls : sequence of WrongBound, Broken and Positive
        At least one of each kind.
    stopping : Sequential, optional
        For full runs, instead of a fixed number of replicates: go on until the study, each of its wrong bounds and each
        of its broken algorithms have reached a verdict, by intervals that hold at every look.
    recheck : callable (instance, outcome) -> Measurement, optional
        The same measurement in extended precision, called on violations before they count.
    cost_exponent : float
        Predicted growth of the time of a replicate along the axis, for the planner.
    root_seed : int
        Root of every stream.
    notes : str
        What a reader of the card should know (regime, choice of instances), mathematics between dollars.
    """

    claim: str
    generate: Callable[[Cell, np.random.Generator], Any]
    run: Callable[[Any, np.random.Generator], Any]
    measure: Callable[[Any, Any], Measurement]
    rule: Rule
    quick: Budget
    full: Budget
    controls: Sequence[WrongBound | Broken | Positive]
    stopping: Sequential | None = None
    recheck: Callable[[Any, Any], Measurement] | None = None
    common_random_numbers: bool = False
    cost_exponent: float = 0.0
    root_seed: int = 20240507
    notes: str = ""

    def __post_init__(self) -> None:
        for kind in (WrongBound, Broken, Positive):
            if not any(isinstance(control, kind) for control in self.controls):
                raise InvalidArgument(f"{self.claim}: controls", f"at least one {kind.__name__}", "none")
        if self.common_random_numbers and getattr(self.rule, "trial", "replicate") == "record":
            raise InvalidArgument(f"{self.claim}: rule.trial", "'replicate' where the sizes share a stream", "'record'")
        if self.stopping is not None:
            if self.full.replicates:
                got = f"{self.full.replicates} beside {self.stopping}"
                raise InvalidArgument(f"{self.claim}: full.replicates", "either a fixed number or a stopping", got)
            if not isinstance(self.rule, Sequenced):
                got = type(self.rule).__name__
                raise InvalidArgument(f"{self.claim}: rule", "a rule with sequential(), to be stopped by", got)
        for name in ("quick", "full"):
            budget = self.budget(name)
            if not isinstance(budget.replicates, numbers.Integral) or budget.replicates < 2:
                raise InvalidArgument(f"{self.claim}: {name}.replicates", "an integer of 2 or more", budget.replicates)
            strata = [stratum_name(parameters) for parameters in budget.grid.strata]
            if not strata or len({*strata}) < len(strata):  # of two that share a name only one would be judged
                raise InvalidArgument(f"{self.claim}: {name}.grid.strata", "parameters that tell strata apart", strata)
            sizes = [float(s) for s in budget.grid.sizes]
            if not sizes or any(b <= a for a, b in pairwise(sizes)) or not all(math.isfinite(s) for s in sizes):
                raise InvalidArgument(f"{self.claim}: {name}.grid.sizes", "increasing finite numbers", sizes)

    def budget(self, mode: str) -> Budget:
        """Return what a mode, ``"quick"`` or ``"full"``, spends (at most, where a stopping is declared)."""
        budget = {"quick": self.quick, "full": self.full}[mode]
        return replace(budget, replicates=self.looks(mode)[-1])

    def looks(self, mode: str) -> tuple[int, ...]:
        """Return the numbers of replicates at which a mode is judged; a fixed number is a single look."""
        if mode == "full" and self.stopping is not None:
            return self.stopping.looks
        return ({"quick": self.quick, "full": self.full}[mode].replicates,)

    def judge(self, mode: str) -> Rule:
        """Return the rule of a mode: coarser for a quick run, with intervals for every look where it may stop early."""
        if mode == "quick":
            return self.rule.smoke()
        return self.rule.sequential() if self.stopping is not None and isinstance(self.rule, Sequenced) else self.rule

    @property
    def wrong_bounds(self) -> list[WrongBound]:
        """The wrong-rate controls."""
        return [c for c in self.controls if isinstance(c, WrongBound)]

    @property
    def broken(self) -> list[Broken]:
        """The broken-algorithm controls."""
        return [c for c in self.controls if isinstance(c, Broken)]
