"""The interactive error with the published radius in users, dimension, sparsity and privacy at once."""

from dataclasses import replace

import numpy as np

from sparsetheory.ldp.duchi import DuchiBall
from sparsetheory.ldp.rate_study import Y_BOUND, joint_study
from sparsetheory.ldp.score_study import plain_scores, pose_scores, published_bound, too_few_kept
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, find

CLAIM = find("ldp.interactive_published")


def generate(cell, rng):
    """Draw a parameter; reports are those of Duchi, Jordan and Wainwright with a radius beyond every score."""
    return pose_scores(cell, rng, randomizer=DuchiBall, residual=np.inf, bound=published_bound(cell["k"]))


def without_noise(instance, rng):
    return plain_scores(replace(instance, deviation=0.0), rng)


def keeps_one(instance, rng):
    return plain_scores(too_few_kept(instance), rng)


def measure(instance, found):
    """The error after the last round."""
    return Measurement(
        value=float(np.linalg.norm(found - instance.theta)), at={**instance.symbols, "tau": Y_BOUND}
    )  # fmt: skip


STRATA = (
    {"d": 16, "k": 1, "eps": 1}, {"d": 16, "k": 2, "eps": 4}, {"d": 16, "k": 4, "eps": 4}, {"d": 32, "k": 2, "eps": 2},
    {"d": 32, "k": 1, "eps": 1}, {"d": 32, "k": 4, "eps": 8}, {"d": 48, "k": 1, "eps": 4}, {"d": 48, "k": 2, "eps": 8},
)  # fmt: skip

STUDY = joint_study(
    claim=CLAIM.id,
    generate=generate,
    run=plain_scores,
    measure=measure,
    quick=Budget(grid=Grid(axis="n", sizes=(2**20, 2**21), strata=STRATA[:6]), replicates=12),
    full=Budget(grid=Grid(axis="n", sizes=(2**20, 2**21, 2**22), strata=STRATA), replicates=24),
    wrong=Bound(f"({CLAIM.bound.formula})*d**(-kappa)", kappa="exponent added", **CLAIM.bound.symbols),
    broken=(
        Broken(name="no noise", run=without_noise),
        Broken(name="one coefficient kept", run=keeps_one),
    ),
    notes=(
        r"Sign covariates, responses $\langle x, \theta \rangle \pm 1/2$, $\|\theta\| = 0.8$. Nothing is clipped: the "
        r"sum of the scores of a round follows from exact moments; the noise of its reports is drawn together. $V$ "
        r"does not fall below about $\pi/2$ however large $\varepsilon$ is."
    ),
)  # fmt: skip
