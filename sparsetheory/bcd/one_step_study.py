"""What the studies of one-step rates share: the rule that judges them, what they spend, and defects to plant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..verify.bound import Bound
from ..verify.rules import EveryInstance
from ..verify.sample import Grid, Measurement
from ..verify.study import Broken, Budget, Positive, Study, WrongBound
from .known_quadratics import Instance, Majorised
from .norm_constants import shortfall
from .one_step import Removed, descend
from .quadratic import Quadratic

__all__ = [
    "BLOCK_SIZES",
    "Descent",
    "FUNCTIONS",
    "ITERATIONS",
    "STARTS",
    "Smallest",
    "Weighted",
    "measured",
    "misjudged",
    "rate_study",
]

#: Variables -> variables a block: blocks of two to four, the last one of eight variables shorter.
BLOCK_SIZES = {4: 2, 8: 3, 12: 4}
STARTS = ({"start": "extremal"}, {"start": "random"})
FUNCTIONS = (*({"f": "quadratic"} | start for start in STARTS), {"f": "log cosh", "start": "random"})
ITERATIONS = 40


@dataclass(frozen=True)
class Descent:
    """An algorithm of a study: `ITERATIONS` steps of the library from the instance's start.

    Parameters
    ----------
    select, update : str
        Keys of `SELECTIONS` and `UPDATES`.
    pick : Smallest or Weighted, optional
        What takes a block by the scores of the selection instead of the largest one.
    """

    select: str
    update: str
    pick: Any = None

    def __call__(self, instance: Any, rng: np.random.Generator) -> np.ndarray:
        """Return the points of the run."""
        return descend(
            instance, select=self.select, update=self.update, iterations=ITERATIONS, rng=rng, pick=self.pick
        )  # fmt: skip


@dataclass(frozen=True)
class Smallest:
    """A planted defect: the block with the smallest score."""

    def pick(self, scores: np.ndarray, rng: np.random.Generator) -> int:
        """Return the number of a block."""
        return int(np.argmin(scores))


@dataclass(frozen=True)
class Weighted:
    """A planted defect: scores times factors of its own.

    Parameters
    ----------
    factors : ndarray of shape (m,)
    """

    factors: np.ndarray

    def pick(self, scores: np.ndarray, rng: np.random.Generator) -> int:
        """Return the number of a block."""
        return int(np.argmax(scores * self.factors))


def misjudged(instance: Instance, bound: np.ndarray) -> Instance:
    """Return the instance with another bound in place of H, which the rules believe."""
    problem = instance.problem
    if isinstance(problem, Quadratic):
        return replace(instance, problem=Majorised(problem.A, problem.c, bound=bound))
    return replace(instance, problem=replace(problem, bound=bound))


def measured(removed: Removed, at: Mapping[str, float], *ascending: tuple[float, float], **more: Any) -> Measurement:
    """Return the measurement of a run: the share of every iteration, and constants that must ascend.

    Parameters
    ----------
    removed : Removed
    at : mapping
        Symbols of the claim's bound.
    *ascending : pairs (lower, upper)
        What is known of constants that the theory puts in this order.
    **more : (residual, floor)
        Further side conditions.
    """
    conditions = {"order of the constants": (shortfall(*ascending), 1e-8), **more}
    return Measurement(value=removed.share, at=at, floor=removed.floor, must_vanish=conditions)


def rate_study(
    *, claim: str, generate: Any, run: Any, measure: Any, wrong: Bound, kappa: float, broken: Sequence[Broken],
    notes: str, strata: Sequence[Mapping[str, Any]] = STARTS,
) -> Study:  # fmt: skip
    """Return the study of a rate: no iteration may remove less of the error than the bound says."""
    return Study(
        claim=claim,
        generate=generate,
        run=run,
        measure=measure,
        rule=EveryInstance(alternative="lower", quantity="share of the error removed by an iteration"),
        quick=Budget(grid=Grid(axis="n", sizes=(4, 8), strata=strata), replicates=7),
        full=Budget(grid=Grid(axis="n", sizes=(4, 8, 12), strata=strata), replicates=110),
        controls=(
            WrongBound(
                bound=wrong, neutral=1.0, kappa=kappa, scan=(1 + 1e-6, 1.0001, 1.01, 1.05, 1.2, 1.5, 1.75, 2.0, 3.0)
            ),
            *broken,
            Positive(),
        ),
        cost_exponent=1.0,
        notes=notes,
    )
