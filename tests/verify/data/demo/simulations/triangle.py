"""Norms of sums of normal vectors and of parallel ones, against the sum of the norms."""

import numpy as np

from sparsetheory.verify import Bound, Broken, Budget, EveryInstance, Grid, Measurement, Positive, Study, WrongBound


def generate(cell, rng):
    x, y = rng.standard_normal((2, int(cell["d"])))
    return (x, 2 * x) if cell["kind"] == "parallel" else (x, y)


def run(instance, rng):
    x, y = instance
    return x + y


def subtract_too_little(instance, rng):
    x, y = instance
    return 1.5 * x + y


def measure(instance, total):
    x, y = instance
    at = {"a": np.linalg.norm(x), "b": np.linalg.norm(y)}
    return Measurement(value=np.linalg.norm(total), at=at, floor=1e-14 * sum(at.values()))


_GRID = Grid(axis="d", sizes=(2, 20), strata=({"kind": "normal"}, {"kind": "parallel"}))

STUDY = Study(
    claim="demo.triangle",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(),
    quick=Budget(grid=_GRID, replicates=20),
    full=Budget(grid=_GRID, replicates=300),
    controls=(
        WrongBound(
            bound=Bound("(a + b)/kappa", a="norm of x", b="norm of y", kappa="factor"),
            neutral=1,
            kappa=1.1,
            scan=(1.01, 1.05),
        ),
        Broken(name="adds half of x once more", run=subtract_too_little),
        Positive(),
    ),
)
