"""The error of the pure protocol in users, dimension, sparsity and privacy at once."""

import math

from sparsetheory.ldp.prediction import gram_share
from sparsetheory.ldp.rate_study import (
    DRAWS,
    Y_BOUND,
    joint_study,
    plain_inverse,
    pose,
    root_mean_square,
    shuffled_responses,
    thresholded,
)
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, find

CLAIM = find("ldp.gram_pure")


def generate(cell, rng):
    """Draw moments of n users with sign covariates, and take the noise of the split protocol."""
    return pose(cell, rng, mechanism="privunitg")


def measure(instance, estimates):
    """Root mean square error over draws of the noise."""
    d, noise = len(instance.data.theta), instance.noise
    share = gram_share(math.sqrt(d), Y_BOUND)
    at = {"V": share * (noise.diagonal / d) ** 2, "v": (1 - share) * (noise.cross / Y_BOUND) ** 2 / d}
    return Measurement(value=root_mean_square(estimates, instance.data.theta), at={**instance.symbols, **at})


STRATA = (
    {"d": 4, "k": 1, "eps": 1}, {"d": 8, "k": 2, "eps": 1}, {"d": 8, "k": 1, "eps": 2}, {"d": 8, "k": 4, "eps": 4},
    {"d": 16, "k": 1, "eps": 4}, {"d": 16, "k": 4, "eps": 4}, {"d": 16, "k": 2, "eps": 8}, {"d": 32, "k": 4, "eps": 8},
)  # fmt: skip

STUDY = joint_study(
    claim=CLAIM.id,
    generate=generate,
    run=thresholded,
    measure=measure,
    quick=Budget(grid=Grid(axis="n", sizes=(2**19, 2**21), strata=STRATA[:7]), replicates=6),
    full=Budget(grid=Grid(axis="n", sizes=(2**19, 2**21, 2**23), strata=STRATA), replicates=20),
    wrong=Bound(f"({CLAIM.bound.formula})*k**(-kappa)", kappa="exponent added", **CLAIM.bound.symbols),
    broken=(
        Broken(name="no threshold", run=plain_inverse),
        Broken(name="responses of other users", run=shuffled_responses),
    ),
    notes=(
        r"Moments of sign covariates are exact integers (bits that differ). A value is the root mean square error over "
        rf"{DRAWS} draws of the noise of all reports together. $\tau = 3$, responses $\langle x, \theta \rangle \pm "
        r"1/2$. $\sqrt V$ falls like $1/\varepsilon$ up to $\varepsilon$ of about 2 and like $\varepsilon^{-1/2}$ "
        r"later: that is why the bound has it and not a power."
    ),
)  # fmt: skip
