"""What the studies of schedules share: runs of a method, the mean slope over them, and a one-sided rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..verify.bound import Bound
from ..verify.rules import Drift
from ..verify.sample import Cell, Grid, Measurement
from ..verify.study import Broken, Budget, Positive, Study, WrongBound
from .double_loop import DoubleLoop, Pace
from .first_order import FirstOrder
from .known_problems import Known
from .methods import Setting
from .oracles import Oracles
from .sampled_problems import Noise, tails_and_bowls
from .sets import Free

__all__ = [
    "DIVERGED", "LONG", "MARGIN", "SHORT", "Case", "Draw", "Hasty", "Mean", "Outcome", "Run", "schedule_study",
]  # fmt: skip

#: Coordinates of the problem; the mean over them stands for that over as many runs.
COORDINATES = 16
#: What a run that diverges counts as, a coordinate: slopes near a start are no larger than 5.
DIVERGED = 1e6
#: The slope is read at steps this far apart, as a ratio; the upper point hardly moves between them.
_APART = 1.05
#: Runs of more gradients than these are compiled.
_LONG = 50_000
#: 0.4 of the distance between 2/7 and 2/5, the exponents that are next to each other.
MARGIN = 0.045
SHORT = Budget(grid=Grid(axis="steps", sizes=(50, 120, 300, 700)), replicates=4)
LONG = Budget(grid=Grid(axis="steps", sizes=(300, 1000, 3000, 10_000, 30_000, 100_000)), replicates=12)


@dataclass(frozen=True, eq=False)
class Case:
    """A known problem with samples, a start, and the number of upper steps."""

    known: Known
    start: np.ndarray
    steps: int


@dataclass(frozen=True)
class Draw:
    """Draws the start of a run on `tails_and_bowls`.

    Parameters
    ----------
    noise : Noise
    growth : float
        A run of K steps takes about ``10 * K**growth`` gradients.
    """

    noise: Noise
    growth: float = 1.0

    def __call__(self, cell: Cell, rng: np.random.Generator) -> Case:
        """Return the case of a cell, whose `steps` say how long it is run."""
        half, steps = COORDINATES // 2, int(cell["steps"])
        start = np.concatenate([rng.uniform(1, 2, half), rng.uniform(-1, 1, half)])
        known = tails_and_bowls(self.noise, compiled=10 * steps**self.growth > _LONG)
        return Case(known, start, steps)


@dataclass(frozen=True)
class Outcome:
    """The mean over a run of the squared length of the gradient of psi, and the gradients that it took."""

    mean: float
    calls: int


@dataclass(frozen=True)
class Run:
    r"""Runs a method of the library; the mean over its upper points has the weights of their steps, :math:`k^{-a}`.

    Parameters
    ----------
    kind : subclass of FirstOrder
    power : float
        Exponent a of the upper steps.
    options : mapping
        Of the method.
    sigma : float, default 1
        First weight of f.
    """

    kind: type[FirstOrder]
    power: float
    options: Mapping[str, Any] = field(default_factory=dict)
    sigma: float = 1.0

    def __call__(self, case: Case, rng: np.random.Generator) -> Outcome:
        """Run for the steps of the case, or until it runs away."""
        n, free = len(case.start), Free()
        oracles = Oracles(case.known.problem, n, n)
        setting = Setting(
            oracles=oracles, X=free, Y=free, tol=1e-12, sigma=self.sigma, rng=rng, options=self.options
        )  # fmt: skip
        method = self.kind(setting, case.start, case.start)
        marks, slopes, before = _marks(case.steps), [], oracles.counts.gradients
        for first, last in zip([0, *marks], marks, strict=False):
            with np.errstate(over="ignore", invalid="ignore"):
                done = method.walk(int(first) + 1, int(last - first))[0]
            if done < last - first or not np.isfinite(method.upper).all():
                return Outcome(DIVERGED, oracles.counts.gradients - before)
            slopes.append(float(np.mean(case.known.gradient(method.upper) ** 2)))
        ends = np.concatenate([[0.5], marks + 0.5]) ** (1 - self.power)
        mean = float(np.average(slopes, weights=np.abs(np.diff(ends))))
        return Outcome(min(mean, DIVERGED), oracles.counts.gradients - before)


class Hasty(DoubleLoop):
    """A planted defect: the numbers of lower steps and of samples stay those of the first step."""

    def _pace(self) -> Pace:
        return super()._pace()._replace(falling=False)


def _marks(steps: int) -> np.ndarray:
    """Return 1, 2, ... and from some point on ratios, up to the number of steps."""
    last = np.log(steps) / np.log(_APART)
    return np.unique(np.append(np.ceil(_APART ** np.arange(last)), steps)).astype(int)


@dataclass(frozen=True)
class Mean:
    """Reads the mean off an outcome, at its number of upper steps ``"K"`` or of gradients ``"N"``."""

    symbol: str

    def __call__(self, case: Case, outcome: Outcome) -> Measurement:
        """Return the measurement."""
        return Measurement(value=outcome.mean, at={self.symbol: case.steps if self.symbol == "K" else outcome.calls})


def schedule_study(
    *, claim: str, noise: Noise, run: Run, symbol: str, wrong: Bound, kappa: float, margin: float,
    broken: Sequence[Broken], quick: Budget, full: Budget, notes: str, growth: float = 1.0,
) -> Study:  # fmt: skip
    """Return the study of a schedule: the mean squared slope may not fall more slowly than the bound.

    One-sided: over the decades that a run can have, a logarithm is not told from a small power.
    """
    return Study(
        claim=claim,
        generate=Draw(noise, growth),
        run=run,
        measure=Mean(symbol),
        rule=Drift(axis=symbol, alternative="upper", margin=margin, quantity="mean squared slope of psi"),
        quick=quick,
        full=full,
        controls=(
            WrongBound(bound=wrong, neutral=0.0, kappa=kappa, scan=tuple(0.02 * np.arange(1, 50))),
            *broken,
            Positive(),
        ),
        common_random_numbers=True,
        cost_exponent=growth,
        root_seed=20241124,  # fresh: controls were chosen anew after a first run
        notes=notes,
    )
