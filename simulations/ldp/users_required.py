"""Run every protocol with the users that are foretold, and see whether the error is the one they were asked for."""

import math
from dataclasses import replace

from sparsetheory.ldp.prediction import GramNoise, gram_noise, n_required
from sparsetheory.ldp.rate_study import (
    DRAWS,
    Y_BOUND,
    plain_inverse,
    pose,
    root_mean_square,
    shuffled_responses,
    thresholded,
)
from sparsetheory.ldp.thresholded_normal import soft_moments
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import Ratio

CLAIM = find("ldp.users_required")
DELTA = 1e-5
TARGET = 0.15
AGREEMENT = 0.01  # n_required knows how far above the threshold coefficients are, the formula takes them to be far


def _protocol(cell):
    public = cell["protocol"] == "public covariates"
    mechanism = "privunitg" if public else cell["protocol"]
    return {"mechanism": mechanism, "delta": 0.0 if mechanism == "privunitg" else DELTA, "public_covariates": public}


def _users(cell):
    d = int(cell["d"])
    noise = gram_noise(
        _protocol(cell)["mechanism"], d, cell["eps"], _protocol(cell)["delta"], x_radius=math.sqrt(d), y_bound=Y_BOUND,
        public_covariates=_protocol(cell)["public_covariates"],
    )  # fmt: skip
    return n_required(TARGET, d, cell["k"], noise=noise)


def generate(cell, rng):
    """Draw as many users as are foretold."""
    return pose({**cell, "n": _users(cell)}, rng, **_protocol(cell))


def larger_sensitivity(instance, rng):
    """Noise for a sensitivity of 2 R^2 where sqrt2 R^2 is the exact one; the users stay."""
    return thresholded(replace(instance, noise=GramNoise(*(math.sqrt(2) * s for s in instance.noise))), rng)


def _inverse(noise, d):
    """Mean and mean square of the inverse: of 1/(1 + x) over the semicircle law of the variance of the noise."""
    variance = (d - 1) * noise.off_diagonal**2 + noise.diagonal**2
    root = math.sqrt(1 - 4 * variance)
    return 2 / (1 + root), 2 / (root * (1 + root)), variance


def measure(instance, estimates):
    """Root mean square error over draws of the noise."""
    d, k, means = len(instance.data.theta), instance.sparsity, instance.noise.over(instance.data.n)
    m, square, variance = _inverse(means, d)
    spread = (square - m**2) / variance if variance else 0.0
    level = math.sqrt(2 * math.log(d))
    off = spread * means.off_diagonal**2 + square * means.cross**2
    on = off + spread * (means.diagonal**2 - means.off_diagonal**2) / k
    at = {
        "d": d, "k": k, "cut": level * means.coordinate(1.0), "m": m, "s": math.sqrt(off), "w": math.sqrt(on),
        "T": soft_moments(0.0, level)[1],
    }  # fmt: skip
    return Measurement(value=root_mean_square(estimates, instance.data.theta), at=at)


def measure_with_target(instance, estimates):
    """Beside it, how far the formula is from the error that the users were foretold for."""
    found = measure(instance, estimates)
    off = abs(float(CLAIM.bound(**found.at)) / TARGET - 1)
    return replace(found, must_vanish={"the formula with n_required users against the target": (off, AGREEMENT)})


STRATA = (
    {"protocol": "privunitg", "k": 2, "eps": 1}, {"protocol": "privunitg", "k": 4, "eps": 4},
    {"protocol": "gaussian", "k": 2, "eps": 4}, {"protocol": "gaussian", "k": 4, "eps": 8},
    {"protocol": "public covariates", "k": 1, "eps": 0.5}, {"protocol": "public covariates", "k": 4, "eps": 2},
    {"protocol": "published", "k": 4, "eps": 2},
)  # fmt: skip

STUDY = Study(
    claim=CLAIM.id,
    generate=generate,
    run=thresholded,
    measure=measure_with_target,
    rule=Ratio(margin=0.1, quantity="l2 error"),
    quick=Budget(grid=Grid(axis="d", sizes=(8,), strata=STRATA), replicates=16),
    full=Budget(grid=Grid(axis="d", sizes=(8, 16), strata=STRATA), replicates=40),
    controls=(
        WrongBound(
            bound=Bound(f"({CLAIM.bound.formula})/kappa", kappa="factor", **CLAIM.bound.symbols),
            neutral=1.0,
            kappa=1.35,
            scan=(1.05, 1.08, 1.1, 1.12, 1.15, 1.2, 1.25, 1.3, 1.35),
        ),
        Broken(name="sensitivity too large by a root of two", run=larger_sensitivity),
        Broken(name="no threshold", run=plain_inverse),
        Broken(name="responses of other users", run=shuffled_responses),
        Positive(),
    ),
    notes=(
        rf"The number of users is computed first, by `n_required` for an error of {TARGET:g}; then that many are drawn "
        rf"(sign covariates, exact moments), {DRAWS} draws of the noise a replicate. An error right to 10 percent is a "
        r"number of users right to 20. $\delta = 10^{-5}$ where it is used."
    ),
)  # fmt: skip
