"""Squared errors of true reports of both kinds, one over the other."""

import numpy as np

from sparsetheory.ldp.duchi import DuchiBall
from sparsetheory.ldp.privunitg import PrivUnitG
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

CLAIM = find("ldp.duchi_saturates")
REPORTS = 500


def generate(cell, rng):
    """Draw a unit vector."""
    v = rng.standard_normal(int(cell["d"]))
    return cell, v / np.linalg.norm(v)


def _square(randomizer, v, rng):
    """The mean squared error of reports of v."""
    reports = randomizer.privatize(np.tile(v, (REPORTS, 1)), rng)
    return float(((reports - v) ** 2).sum(axis=1).mean())


def _quotient(instance, rng, second, share=1.0):
    cell, v = instance
    d, eps = int(cell["d"]), float(cell["eps"])
    return _square(DuchiBall(dim=d, epsilon=eps), v, rng) / _square(second(dim=d, epsilon=share * eps), v, rng)


def run(instance, rng):
    """Report the vector in both ways."""
    return _quotient(instance, rng, PrivUnitG)


def both_the_same(instance, rng):
    """Report it by the first twice."""
    return _quotient(instance, rng, DuchiBall)


def quarter_of_the_level(instance, rng):
    """Run the second at a quarter of its level."""
    return _quotient(instance, rng, PrivUnitG, share=0.25)


def measure(instance, quotient):
    """The quotient of the errors."""
    cell, _ = instance
    return Measurement(value=quotient, at={"d": cell["d"], "eps": cell["eps"]})


STUDY = Study(
    claim=CLAIM.id,
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="lower", quantity="quotient of squared errors"),
    quick=Budget(grid=Grid(axis="eps", sizes=(4, 16), strata=({"d": 16}, {"d": 64})), replicates=10),
    full=Budget(grid=Grid(axis="eps", sizes=(4, 8, 16, 32), strata=({"d": 16}, {"d": 64}, {"d": 256})), replicates=100),
    controls=(
        WrongBound(
            bound=Bound(f"kappa*{CLAIM.bound.formula}", kappa="factor", **CLAIM.bound.symbols),
            neutral=1.0,
            kappa=8.0,
            scan=(1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 8.0),
        ),
        Broken(name="the same report twice", run=both_the_same),
        Broken(name="a quarter of the level", run=quarter_of_the_level),
        Positive(),
    ),
    notes=(
        rf"A value is the quotient of two mean squared errors over {REPORTS} true reports of a random unit vector. The "
        r"bound gives a factor away: the level $\sqrt\varepsilon$ is not the best one."
    ),
)
