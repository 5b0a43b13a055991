"""The error with public covariates in users, dimension, sparsity and privacy at once."""

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

CLAIM = find("ldp.public_covariates")


def generate(cell, rng):
    """Draw moments of n users with sign covariates, whose second moment everybody knows."""
    return pose(cell, rng, mechanism="privunitg", public_covariates=True)


def private_matrix(cell, rng):
    """The same users without public covariates: they share the work, and the server solves."""
    return pose(cell, rng, mechanism="privunitg")


def _measured(instance, estimates, variance):
    at = {**instance.symbols, "v": variance / (len(instance.data.theta) * Y_BOUND**2)}
    return Measurement(value=root_mean_square(estimates, instance.data.theta), at=at)


def measure(instance, estimates):
    """Root mean square error over draws of the noise."""
    return _measured(instance, estimates, instance.noise.cross**2)


STRATA = (
    {"d": 8, "k": 1, "eps": 0.5}, {"d": 8, "k": 4, "eps": 2}, {"d": 16, "k": 1, "eps": 4}, {"d": 16, "k": 2, "eps": 1},
    {"d": 32, "k": 4, "eps": 1}, {"d": 32, "k": 1, "eps": 2}, {"d": 64, "k": 2, "eps": 1}, {"d": 64, "k": 4, "eps": 4},
)  # fmt: skip

STUDY = joint_study(
    claim=CLAIM.id,
    generate=generate,
    run=thresholded,
    measure=measure,
    quick=Budget(grid=Grid(axis="n", sizes=(2**18, 2**19), strata=STRATA), replicates=5),
    full=Budget(grid=Grid(axis="n", sizes=(2**18, 2**20, 2**22), strata=STRATA), replicates=20),
    wrong=Bound(f"({CLAIM.bound.formula})*d**(-kappa)", kappa="exponent added", **CLAIM.bound.symbols),
    broken=(
        Broken(name="a private matrix instead", generate=private_matrix),
        Broken(name="no threshold", run=plain_inverse),
        Broken(name="responses of other users", run=shuffled_responses),
    ),
    notes=(
        r"Moments of sign covariates are exact integers (bits that differ); the public second moment is the true one. "
        r"A "
        rf"value is the root mean square error over {DRAWS} draws of the noise of all reports together. $\tau = 3$."
    ),
)  # fmt: skip
