"""What the studies of both lower bounds share: protocols against the prior of a proof, and one that is not private."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..verify.bound import Bound
from ..verify.claim import Claim
from ..verify.rules import Ratio
from ..verify.sample import Cell, Measurement
from ..verify.study import Broken, Budget, Positive, Study, WrongBound
from .hard_family import Trial, draw_trial

__all__ = ["lower_bound_study", "strata", "trials", "zero"]

#: What is measured: the sizes of a cell, and the parameters with their users.
Instance = tuple[Cell, list[Trial]]
Protocol = Callable[[Trial, np.random.Generator], np.ndarray]


def trials(
    cell: Cell, rng: np.random.Generator, *, batch: int, delta: float, empty: float, signed: bool
) -> Instance:  # fmt: skip
    """Draw `batch` parameters from the prior of the proof, and users for each (see `draw_trial`)."""
    n, d, k = int(cell["n"]), int(cell["d"]), int(cell["k"])
    prior: dict[str, Any] = {"delta": delta, "empty": empty, "signed": signed}
    return cell, [draw_trial(n, d, k, cell["eps"], rng, **prior) for _ in range(batch)]


def zero(trial: Trial, rng: np.random.Generator) -> np.ndarray:
    """Say nothing, which is private for free."""
    return np.zeros_like(trial.theta)


def strata(protocols: Mapping[str, Protocol], sizes: tuple[tuple[int, int, float], ...]) -> tuple[dict[str, Any], ...]:
    """Return every protocol at every d, k and epsilon."""
    return tuple({"protocol": name, "d": d, "k": k, "eps": eps} for name in protocols for d, k, eps in sizes)


def _not_private(instance: Instance, rng: np.random.Generator) -> list[np.ndarray]:
    """Average x y itself: a planted defect."""
    cell, drawn = instance
    level = math.sqrt(2 * math.log(cell["d"]) / cell["n"])
    means = [(t.X * t.y[:, None]).mean(axis=0) for t in drawn]
    return [np.where(np.abs(mean) > level, mean, 0.0) for mean in means]


def _measure(instance: Instance, estimates: list[np.ndarray]) -> Measurement:
    """Root mean square error over the parameters drawn."""
    cell, drawn = instance
    squares = [float(((found - trial.theta) ** 2).sum()) for found, trial in zip(estimates, drawn, strict=True)]
    return Measurement(value=math.sqrt(np.mean(squares)), at={name: cell[name] for name in ("n", "d", "k", "eps")})


def lower_bound_study(
    claim: Claim, *, generate: Any, protocols: Mapping[str, Protocol], quick: Budget, full: Budget, kappa: float,
    overspent: Broken, best: str,
) -> Study:  # fmt: skip
    """Return the study that no protocol of ours is better than the bound, on parameters from the prior of its proof.

    Parameters
    ----------
    claim : Claim
    generate : callable
        Of a cell with n, d, k, eps and the name of a protocol; see `trials`.
    protocols : mapping of names to protocols
    quick, full : Budget
    kappa : float
        Factor of the bound that is certainly too much.
    overspent : Broken
        A protocol at a multiple of the level that is claimed.
    best : str
        What the notes say of the least quotient.
    """

    def run(instance: Instance, rng: np.random.Generator) -> list[np.ndarray]:
        cell, drawn = instance
        return [protocols[cell["protocol"]](trial, rng) for trial in drawn]

    return Study(
        claim=claim.id,
        generate=generate,
        run=run,
        measure=_measure,
        rule=Ratio(alternative="lower", margin=0.1, quantity="l2 error"),
        quick=quick,
        full=full,
        controls=(
            WrongBound(
                bound=Bound(f"kappa*{claim.bound.formula}", kappa="factor", **claim.bound.symbols),
                neutral=1.0,
                kappa=kappa,
                scan=(1.5, 2.0, 2.2, 2.5, 3.0, 4.0, 6.0, 10.0),
            ),
            Broken(name="the mean of x y itself, without privacy", run=_not_private),
            overspent,
            Positive(),
        ),
        notes=(
            r"Parameters are drawn from the prior of the proof, whose average error the bound is about, and every user "
            rf"sends a true report. {best} A study of some protocols says nothing of all; the proof does."
        ),
    )
