"""The interactive error with clipped norms in users, dimension, sparsity and privacy at once."""

import numpy as np

from sparsetheory.ldp.privunitg import PrivUnitG
from sparsetheory.ldp.rate_study import joint_study
from sparsetheory.ldp.score_study import clipped_scores, dense, pose_scores, too_few_kept, too_small_radius
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, find

CLAIM = find("ldp.interactive_norm")


def generate(cell, rng):
    """Draw a parameter; reports are those of PrivUnitG with radius sqrt d."""
    return pose_scores(cell, rng, randomizer=PrivUnitG, residual=1.0, bound=1.0)


def keeps_all(instance, rng):
    return clipped_scores(dense(instance), rng)


def keeps_one(instance, rng):
    return clipped_scores(too_few_kept(instance), rng)


def clips_nearly_all(instance, rng):
    return clipped_scores(too_small_radius(instance), rng)


def measure(instance, found):
    """The error after the last round."""
    return Measurement(value=float(np.linalg.norm(found - instance.theta)), at=instance.symbols)


STRATA = (
    {"d": 16, "k": 1, "eps": 1}, {"d": 16, "k": 2, "eps": 2}, {"d": 16, "k": 4, "eps": 4}, {"d": 32, "k": 2, "eps": 2},
    {"d": 32, "k": 4, "eps": 4}, {"d": 32, "k": 1, "eps": 8}, {"d": 64, "k": 4, "eps": 8}, {"d": 64, "k": 1, "eps": 4},
)  # fmt: skip

STUDY = joint_study(
    claim=CLAIM.id,
    generate=generate,
    run=clipped_scores,
    measure=measure,
    quick=Budget(grid=Grid(axis="n", sizes=(2**15, 2**17), strata=STRATA), replicates=6),
    full=Budget(grid=Grid(axis="n", sizes=(2**15, 2**17, 2**19), strata=STRATA), replicates=20),
    wrong=Bound(f"({CLAIM.bound.formula})*n**(-kappa)", kappa="exponent added", **CLAIM.bound.symbols),
    broken=(
        Broken(name="no threshold", run=keeps_all),
        Broken(name="one coefficient kept", run=keeps_one),
        Broken(name="a hundredth of the radius", run=clips_nearly_all),
    ),
    notes=(
        r"Sign covariates, responses $\langle x, \theta \rangle \pm 1/2$, $\|\theta\| = 0.8$. Every score is computed "
        r"and clipped from its own row; the noise of all reports of a round is drawn together."
    ),
)  # fmt: skip
