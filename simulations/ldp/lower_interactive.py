"""What interactive protocols make of the hard family, against what none can beat."""

import math
from dataclasses import replace

from sparsetheory.ldp.hard_family import information_limit, one_round, two_rounds
from sparsetheory.ldp.lower_bound_study import lower_bound_study, strata, trials, zero
from sparsetheory.verify import Broken, Budget, Grid, find

BATCH = 12  # parameters a replicate, whose root mean square error is its value
OVERSPENT = 128  # times the level, in a control
PROTOCOLS = {"zero vector": zero, "two rounds": two_rounds}


def generate(cell, rng):
    """Draw parameters of the proof's size, or none in half of the blocks, and users for each."""
    delta = math.sqrt(cell["d"] / (8 * cell["n"] * information_limit(cell["eps"])))
    return trials(cell, rng, batch=BATCH, delta=delta, empty=0.5, signed=False)


def overspend(instance, rng):
    """Report x y at a multiple of the level that is claimed."""
    _, drawn = instance
    return [one_round(replace(trial, epsilon=OVERSPENT * trial.epsilon), rng) for trial in drawn]


STRATA = strata(PROTOCOLS, ((16, 2, 0.25), (32, 2, 0.25)))

STUDY = lower_bound_study(
    find("ldp.lower_interactive"),
    generate=generate,
    protocols=PROTOCOLS,
    quick=Budget(grid=Grid(axis="n", sizes=(4096,), strata=STRATA), replicates=14),
    full=Budget(grid=Grid(axis="n", sizes=(4096, 8192), strata=STRATA), replicates=40),
    kappa=4.0,
    overspent=Broken(name=f"{OVERSPENT} times the level", run=overspend),
    best=r"The zero vector, which is private for free, is within a factor of $\sqrt{8}$ of the bound.",
)
