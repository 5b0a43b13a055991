"""Means of normal numbers, against n^(-1/2)."""

import os
import time

from sparsetheory.verify import Bound, Broken, Budget, Drift, Grid, Measurement, Positive, Study, WrongBound


def generate(cell, rng):
    return rng.standard_normal(int(cell["n"]))


def run(sample, rng):
    time.sleep(float(os.environ.get("DEMO_SLEEP", 0)))  # the tests that kill a run need one that lasts
    return sample.mean()


def forget(sample, rng):
    return sample[:10].mean()


def measure(sample, mean):
    return Measurement(value=abs(mean), at={"n": len(sample)})


STUDY = Study(
    claim="demo.mean",
    generate=generate,
    run=run,
    measure=measure,
    rule=Drift(margin=0.25),
    quick=Budget(grid=Grid(axis="n", sizes=(10, 30, 100, 300, 1000)), replicates=60),
    full=Budget(grid=Grid(axis="n", sizes=(10, 30, 100, 300, 1000, 3000, 10000)), replicates=100),
    controls=(
        WrongBound(
            bound=Bound("n**(-1/2 - kappa)", n="numbers averaged", kappa="excess"),
            neutral=0,
            kappa=1.0,
            scan=(0.25, 0.5, 0.75, 1.0),
        ),
        Broken(name="averages the first ten", run=forget),
        Positive(),
    ),
    cost_exponent=0.1,
)
