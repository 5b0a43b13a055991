"""What protocols of one round make of the hard family, against what none can beat."""

import math
from dataclasses import replace

import numpy as np

from sparsetheory.ldp.hard_family import draw_trial, information_limit, one_round
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import Ratio

CLAIM = find("ldp.lower_noninteractive")
BATCH = 4  # parameters a replicate, whose root mean square error is its value
OVERSPENT = 32  # times the level, in a control


def _size(cell):
    """The size of a coefficient in the proof."""
    d, k, limit = cell["d"], cell["k"], information_limit(cell["eps"])
    return math.sqrt(d * math.log(2 * d / k) / (4 * cell["n"] * limit))


def generate(cell, rng):
    """Draw parameters from the prior of the proof, and users for each."""
    n, d, k = int(cell["n"]), int(cell["d"]), int(cell["k"])
    prior = {"delta": _size(cell), "empty": 0.0, "signed": True}
    return cell, [draw_trial(n, d, k, cell["eps"], rng, **prior) for _ in range(BATCH)]


def run(instance, rng):
    """Run the protocol on every trial, with a true report of every user."""
    cell, trials = instance
    return [PROTOCOLS[cell["protocol"]](trial, rng) for trial in trials]


def zero(trial, rng):
    """Say nothing, which is private for free."""
    return np.zeros_like(trial.theta)


PROTOCOLS = {"zero vector": zero, "reports of x y": one_round}


def not_private(instance, rng):
    """Average x y itself."""
    cell, trials = instance
    level = math.sqrt(2 * math.log(cell["d"]) / cell["n"])
    means = [(t.X * t.y[:, None]).mean(axis=0) for t in trials]
    return [np.where(np.abs(mean) > level, mean, 0.0) for mean in means]


def overspend(cell, rng):
    """Report at a multiple of the level that is claimed."""
    cell, trials = generate(cell, rng)
    return cell, [replace(trial, epsilon=OVERSPENT * trial.epsilon) for trial in trials]


def measure(instance, estimates):
    """Root mean square error over the parameters drawn."""
    cell, trials = instance
    squares = [float(((found - trial.theta) ** 2).sum()) for found, trial in zip(estimates, trials, strict=True)]
    return Measurement(value=math.sqrt(np.mean(squares)), at={name: cell[name] for name in ("n", "d", "k", "eps")})


STRATA = tuple(
    {"protocol": protocol, "d": d, "k": k, "eps": eps}
    for protocol in PROTOCOLS
    for d, k, eps in ((16, 1, 0.5), (32, 2, 0.25))
)

STUDY = Study(
    claim=CLAIM.id,
    generate=generate,
    run=run,
    measure=measure,
    rule=Ratio(alternative="lower", margin=0.1, quantity="l2 error"),
    quick=Budget(grid=Grid(axis="n", sizes=(8192,), strata=STRATA), replicates=6),
    full=Budget(grid=Grid(axis="n", sizes=(8192, 16384), strata=STRATA), replicates=30),
    controls=(
        WrongBound(
            bound=Bound(f"kappa*{CLAIM.bound.formula}", kappa="factor", **CLAIM.bound.symbols),
            neutral=1.0,
            kappa=3.0,
            scan=(1.5, 2.0, 2.2, 2.5, 3.0, 4.0, 6.0, 10.0),
        ),
        Broken(name="the mean of x y itself, without privacy", run=not_private),
        Broken(name=f"{OVERSPENT} times the level", generate=overspend),
        Positive(),
    ),
    notes=(
        r"Parameters are drawn from the prior of the proof, whose average error the bound is about, and every user "
        r"sends a true report. The least quotient over protocols is that of the zero vector, $\sqrt{k} \delta$ over "
        r"the bound: 2 exactly. A study of some protocols says nothing of all; the proof does."
    ),
)  # fmt: skip
