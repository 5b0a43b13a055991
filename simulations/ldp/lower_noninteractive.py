"""What protocols of one round make of the hard family, against what none can beat."""

import math
from dataclasses import replace

from sparsetheory.ldp.hard_family import information_limit, one_round
from sparsetheory.ldp.lower_bound_study import lower_bound_study, strata, trials, zero
from sparsetheory.verify import Broken, Budget, Grid, find

BATCH = 4  # parameters a replicate, whose root mean square error is its value
OVERSPENT = 32  # times the level, in a control
PROTOCOLS = {"zero vector": zero, "reports of x y": one_round}


def generate(cell, rng):
    """Draw parameters of the proof's size, with random signs, and users for each."""
    d, k, limit = cell["d"], cell["k"], information_limit(cell["eps"])
    delta = math.sqrt(d * math.log(2 * d / k) / (4 * cell["n"] * limit))
    return trials(cell, rng, batch=BATCH, delta=delta, empty=0.0, signed=True)


def overspend(cell, rng):
    """Report at a multiple of the level that is claimed."""
    cell, drawn = generate(cell, rng)
    return cell, [replace(trial, epsilon=OVERSPENT * trial.epsilon) for trial in drawn]


STRATA = strata(PROTOCOLS, ((16, 1, 0.5), (32, 2, 0.25)))

STUDY = lower_bound_study(
    find("ldp.lower_noninteractive"),
    generate=generate,
    protocols=PROTOCOLS,
    quick=Budget(grid=Grid(axis="n", sizes=(8192,), strata=STRATA), replicates=6),
    full=Budget(grid=Grid(axis="n", sizes=(8192, 16384), strata=STRATA), replicates=30),
    kappa=3.0,
    overspent=Broken(name=f"{OVERSPENT} times the level", generate=overspend),
    best=r"The least quotient over protocols is that of the zero vector, $\sqrt{k} \delta$ over the bound: 2 exactly.",
)
