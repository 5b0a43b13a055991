"""Mean squares of reports across their inputs, and means of reports, for random vectors of the ball."""

import math
from typing import NamedTuple

import numpy as np

from sparsetheory.ldp import PrivUnitG
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound
from sparsetheory.verify.rules import Ratio

DIM, REPORTS = 6, 8000
#: A mean of that many reports may be off by so many standard errors: 6 of DIM coordinates of some thousands of records.
ERRORS = 7.0


class Instance(NamedTuple):
    """A randomiser and a vector whose first coordinate is zero."""

    ball: PrivUnitG
    v: np.ndarray


def generate(cell, rng):
    """Draw a vector of the ball."""
    v = np.append(0.0, rng.standard_normal(DIM - 1))
    return Instance(PrivUnitG(DIM, cell["epsilon"]), v * rng.uniform() / np.linalg.norm(v))


def run(instance, rng):
    """Let many users report the vector."""
    return instance.ball.privatize(np.tile(instance.v, (REPORTS, 1)), rng)


def measure(instance, reports):
    """Mean square of the first coordinate; what the means of all coordinates miss, in standard errors."""
    tilt = instance.ball.tilt
    errors = reports.std(axis=0, ddof=1) / math.sqrt(len(reports))
    off = float((np.abs(reports.mean(axis=0) - instance.v) / errors).max())
    return Measurement(
        value=float((reports[:, 0] ** 2).mean()),
        at={"level": tilt.level, "above": tilt.above, "below": tilt.below},
        must_vanish={"standard errors that a mean is off": (off, ERRORS)},
    )


def one_tenth_less(instance, rng):
    """Scale reports down, as if the mean did not matter."""
    return 0.9 * run(instance, rng)


def another_level(instance, rng):
    """Draw with the tilt of a tenth more epsilon."""
    return run(instance._replace(ball=PrivUnitG(DIM, 1.1 * instance.ball.epsilon)), rng)


STUDY = Study(
    claim="ldp.privunitg_variance",
    generate=generate,
    run=run,
    measure=measure,
    rule=Ratio(margin=0.01, quantity="mean square"),
    quick=Budget(grid=Grid(axis="epsilon", sizes=(1.0, 4.0)), replicates=12),
    full=Budget(grid=Grid(axis="epsilon", sizes=(0.25, 0.5, 1.0, 2.0, 4.0, 8.0)), replicates=60),
    controls=(
        WrongBound(
            bound=Bound(
                "(1 - kappa)*2*pi*exp(level**2)/(above - below)**2", level="level", above="density beyond the level",
                below="density short of the level", kappa="part that is taken off",
            ),
            neutral=0.0,
            kappa=0.2,
            scan=(0.01, 0.02, 0.05, 0.1, 0.2, 0.4),
        ),
        Broken(name="scaled down by a tenth", run=one_tenth_less),
        Broken(name="a tenth more epsilon", run=another_level),
        Positive(),
    ),
    notes=(
        r"A record is 8000 reports of one vector of the unit ball in dimension 6 whose first coordinate is zero: the "
        r"mean square of that coordinate, and a side condition, that no mean is off by more than 7 standard errors. "
        r"Rounding to the grid adds less than $5 \cdot 10^{-5}$ of the variance, within the margin."
    ),
)  # fmt: skip
