"""One pure report a user against three rounds of scores: the quotient of the errors in all sizes at once."""

import math
from dataclasses import dataclass, replace

import numpy as np

from sparsetheory.ldp.prediction import gram_noise, gram_share
from sparsetheory.ldp.privunitg import PrivUnitG
from sparsetheory.ldp.rate_study import (
    DRAWS,
    Y_BOUND,
    Instance,
    draw_sign_data,
    joint_study,
    plain_inverse,
    root_mean_square,
    shuffled_responses,
    thresholded,
)
from sparsetheory.ldp.score_study import THETA_NORM, ScoreInstance, clipped_scores, pose_scores
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, find

CLAIM = find("ldp.interaction_gain")
RUNS = 3


@dataclass(frozen=True)
class Pair:
    """The same sizes for both protocols, each with a parameter and users of its own."""

    reports: Instance
    rounds: ScoreInstance


def generate(cell, rng):
    """Draw both; parameters have the same norm, and the split of the reports is the best one for it."""
    d, k, eps = int(cell["d"]), int(cell["k"]), float(cell["eps"])
    data = draw_sign_data(int(cell["n"]), d, k, rng)
    theta = THETA_NORM * data.theta
    data = replace(data, theta=theta, cross=data.gram @ theta + data.noise)
    noise = gram_noise("privunitg", d, eps, x_radius=math.sqrt(d), y_bound=Y_BOUND, theta_norm=THETA_NORM)
    rounds = pose_scores(cell, rng, randomizer=PrivUnitG, residual=1.0, bound=1.0)
    return Pair(Instance(data, noise, k, eps), rounds)


def _scores(rounds, rng):
    return np.array([clipped_scores(rounds, rng) for _ in range(RUNS)])


def run(pair, rng):
    """Estimate with both."""
    return thresholded(pair.reports, rng), _scores(pair.rounds, rng)


def no_pairs(pair, rng):
    """Responses of the reports belong to other users."""
    return shuffled_responses(pair.reports, rng), _scores(pair.rounds, rng)


def no_threshold(pair, rng):
    """Reports whose solution is not thresholded."""
    return plain_inverse(pair.reports, rng), _scores(pair.rounds, rng)


def measure(pair, found):
    """Quotient of root mean square errors: over draws of the noise, and over runs of the rounds."""
    d, noise = len(pair.rounds.theta), pair.reports.noise
    share = gram_share(math.sqrt(d), Y_BOUND, THETA_NORM)
    report = noise.diagonal / d
    one, three = (root_mean_square(*each) for each in zip(found, (pair.reports.data.theta, pair.rounds.theta)))
    at = {
        "d": d, "k": pair.reports.sparsity, "tau": Y_BOUND, "t": THETA_NORM, "V": share * report**2,
        "v": pair.rounds.variance, "T": pair.rounds.symbols["T"],
    }  # fmt: skip
    return Measurement(value=one / three, at={name: float(size) for name, size in at.items()})


STRATA = (
    {"d": 4, "k": 1, "eps": 1}, {"d": 4, "k": 1, "eps": 4}, {"d": 8, "k": 2, "eps": 2}, {"d": 8, "k": 1, "eps": 4},
    {"d": 8, "k": 2, "eps": 8}, {"d": 16, "k": 1, "eps": 4}, {"d": 16, "k": 4, "eps": 4}, {"d": 16, "k": 2, "eps": 8},
)  # fmt: skip

STUDY = joint_study(
    claim=CLAIM.id,
    generate=generate,
    run=run,
    measure=measure,
    quick=Budget(grid=Grid(axis="n", sizes=(2**17, 2**19), strata=STRATA[1:]), replicates=6),
    full=Budget(grid=Grid(axis="n", sizes=(2**18, 2**20), strata=STRATA), replicates=20),
    wrong=Bound(f"({CLAIM.bound.formula})*d**(-kappa)", kappa="exponent added", **CLAIM.bound.symbols),
    broken=(
        Broken(name="responses of other users", run=no_pairs),
        Broken(name="no threshold", run=no_threshold),
    ),
    notes=(
        rf"Sign covariates, responses $\langle x, \theta \rangle \pm 1/2$, $\|\theta\| = {THETA_NORM}$, $\tau = 3$. "
        rf"The error of reports is the root mean square over {DRAWS} draws of the noise of all of them, that of rounds "
        rf"over {RUNS} runs in which every score is computed from its own row. Users who are used again in every round "
        r"would change a constant, which slopes do not see: the server refuses them."
    ),
)  # fmt: skip
