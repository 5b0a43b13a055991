"""Studies of a privacy guarantee: audits of random pairs of inputs, whose lower bounds may not exceed the claim."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound
from ..verify.rules import EveryInstance
from .auditing import AuditReport, Mechanism, audit

__all__ = ["Audited", "as_it_is", "audit_study", "audited", "noise_added", "pair_of_inputs", "same_seed"]

#: Probability that any of the audits of a full study and its controls errs, and how many there are at most.
_LEVEL, _AUDITS = 0.01, 1000
_KINDS = ("antipodes", "ball", "outside")


class Audited(NamedTuple):
    """A randomiser with two inputs and the length of an audit."""

    randomizer: Any
    inputs: tuple[np.ndarray, np.ndarray]
    n: int = 4000


def pair_of_inputs(dim: int, radius: float, kind: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw two inputs: opposite points of the sphere, random points of the ball, or opposite points outside it."""
    first, second = rng.standard_normal((2, dim))
    first, second = radius * first / np.linalg.norm(first), radius * second / np.linalg.norm(second)
    if kind == "antipodes":
        return first, -first
    if kind == "outside":
        return first * rng.uniform(1, 5), -first * rng.uniform(1, 5)
    return first * rng.uniform(), second * rng.uniform()


def audited(case: Audited, mechanism: Mechanism, rng: np.random.Generator) -> AuditReport:
    """Audit a mechanism under the claim of a randomiser; it shares the level with all audits of the study."""
    claim = case.randomizer.guarantee
    options: dict[str, Any] = {"epsilon": claim.epsilon, "delta": claim.delta, "mu": claim.mu}
    return audit(mechanism, *case.inputs, **options, n=case.n, level=_LEVEL, audits=_AUDITS, rng=rng)


def _reports(randomizer: Any, v: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    return np.asarray(randomizer.report(np.tile(v, (n, 1)), rng))


def _added(randomizer: Any, v: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    return _reports(randomizer, 0 * v, n, rng) + np.round(v / randomizer.step)


def _repeated(randomizer: Any, v: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    return np.repeat(_reports(randomizer, v, 1, rng), n, axis=0)


def as_it_is(case: Audited, rng: np.random.Generator, *, drawn_by: Any = None) -> AuditReport:
    """Audit the randomiser, or another one in its place."""
    return audited(case, partial(_reports, drawn_by or case.randomizer), rng)


def noise_added(case: Audited, rng: np.random.Generator) -> AuditReport:
    """Add the report of zero to an input that nobody clips, three times as long."""
    longer = case._replace(inputs=(3 * case.inputs[0], 3 * case.inputs[1]))
    return audited(longer, partial(_added, case.randomizer), rng)


def same_seed(case: Audited, rng: np.random.Generator) -> AuditReport:
    """Start all clients from one seed."""
    return audited(case, partial(_repeated, case.randomizer), rng)


def _measure(case: Audited, found: AuditReport) -> Measurement:
    if found.mu is not None:
        return Measurement(value=found.mu_lower, at={"mu": found.mu})
    return Measurement(value=found.epsilon_lower, at={"epsilon": found.epsilon})


def audit_study(
    *, claim: str, generate: Any, weaker: Broken, symbol: str, notes: str, epsilons: tuple[float, ...], quick: float
) -> Study:
    """Return the study of a claim whose bound is the stated level, ``"epsilon"`` or ``"mu"``.

    `generate` makes an `Audited` of a cell with ``epsilon`` and ``kind``; `weaker` runs with too little noise. Levels
    are those of the full study and the one of the quick study.
    """
    wrong = Bound(f"(1 - kappa)*{symbol}", **{symbol: "stated level", "kappa": "part that is taken off"})
    strata = tuple({"kind": kind} for kind in _KINDS)
    return Study(
        claim=claim,
        generate=generate,
        run=as_it_is,
        measure=_measure,
        rule=EveryInstance(max_violation_rate=0.05, quantity=f"lower confidence bound of {symbol}"),
        quick=Budget(grid=Grid(axis="epsilon", sizes=(quick,), strata=strata[:1]), replicates=14),
        full=Budget(grid=Grid(axis="epsilon", sizes=epsilons, strata=strata), replicates=18),
        controls=(
            WrongBound(bound=wrong, neutral=0.0, kappa=0.4, scan=(0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8)),
            weaker,
            Broken(name="noise added to what nobody clipped", run=noise_added),
            Broken(name="all clients share a seed", run=same_seed),
            Positive(),
        ),
        notes=(
            rf"{notes} An audit has 4000 reports of each input: opposite points of the sphere, points of the ball, or "
            r"points outside it. Its bounds hold with probability $0.99$ for all audits of the study and its controls "
            r"together; how far they stay below the level is what an audit cannot see, and is measured by $\kappa$."
        ),
    )
