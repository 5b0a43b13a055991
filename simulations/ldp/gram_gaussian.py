"""The error of Gaussian reports in users, dimension, sparsity and privacy at once."""

import math

from sparsetheory.ldp.prediction import gaussian_weight
from sparsetheory.ldp.rate_study import (
    DRAWS,
    Y_BOUND,
    joint_study,
    plain_inverse,
    pose,
    root_mean_square,
    thresholded,
    without_noise,
)
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, find

CLAIM = find("ldp.gram_gaussian")
DELTA = 1e-5
FEWER = 16384  # in the control with too few users


def generate(cell, rng):
    """Draw moments of n users with sign covariates, and take the noise of the report that is deployed."""
    return pose(cell, rng, mechanism="gaussian", delta=DELTA)


def too_few_users(cell, rng):
    """The same far below the users whose noise can be solved with."""
    return generate({**cell, "n": cell["n"] // FEWER}, rng)


def measure(instance, estimates):
    """Root mean square error over draws of the noise."""
    d = len(instance.data.theta)
    c = gaussian_weight(math.sqrt(d), Y_BOUND)
    a = instance.noise.diagonal / (math.sqrt(2) * (d + (c * Y_BOUND) ** 2))
    error = root_mean_square(estimates, instance.data.theta)
    return Measurement(value=error, at={**instance.symbols, "a": a, "c": c})


STRATA = (
    {"d": 4, "k": 1, "eps": 1}, {"d": 4, "k": 2, "eps": 4}, {"d": 8, "k": 1, "eps": 2}, {"d": 8, "k": 4, "eps": 2},
    {"d": 8, "k": 2, "eps": 8}, {"d": 16, "k": 1, "eps": 4}, {"d": 16, "k": 4, "eps": 8}, {"d": 32, "k": 2, "eps": 16},
)  # fmt: skip

STUDY = joint_study(
    claim=CLAIM.id,
    generate=generate,
    run=thresholded,
    measure=measure,
    quick=Budget(grid=Grid(axis="n", sizes=(2**20, 2**22), strata=STRATA[:7]), replicates=12),
    full=Budget(grid=Grid(axis="n", sizes=(2**20, 2**22, 2**24), strata=STRATA), replicates=20),
    wrong=Bound(f"({CLAIM.bound.formula})*n**(-kappa)", kappa="exponent added", **CLAIM.bound.symbols),
    broken=(
        Broken(name="no threshold", run=plain_inverse),
        Broken(name="no noise and no threshold", run=without_noise),
        Broken(name=f"{FEWER} times fewer users, below those that the inverse needs", generate=too_few_users),
    ),
    notes=(
        r"Moments of sign covariates are exact integers (bits that differ). The noise is that of the deployed lattice "
        rf"mechanism, $\delta = 10^{{-5}}$; a value is the root mean square error over {DRAWS} draws of it. $\tau = "
        rf"3$, "
        r"responses $\langle x, \theta \rangle \pm 1/2$. Privacy enters through $a(\varepsilon, \delta)$, which is "
        r"close to $\varepsilon^{-0.9}$ here: at fixed $\delta$ it is no power."
    ),
)  # fmt: skip
