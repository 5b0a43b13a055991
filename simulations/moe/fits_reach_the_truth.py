"""Searches with the true number of experts: none may stop early, or end less likely than the truth."""

from dataclasses import replace

import numpy as np

from sparsetheory.moe import maximize_likelihood
from sparsetheory.moe.known_mixtures import CENTRED, PAPER
from sparsetheory.moe.rate_study import ROUNDING, log_likelihood
from sparsetheory.verify import Bound, Broken, Budget, EveryInstance, Grid, Measurement, Positive, Study, WrongBound

SETTINGS = {"switch": PAPER, "overlap": CENTRED}
STRATA = tuple({"gate": gate} for gate in SETTINGS)


def generate(cell, rng):
    """Draw a sample."""
    return SETTINGS[cell["gate"]].draw(cell["n"], rng)


def _fit(instance, rng, **options):
    return maximize_likelihood(instance.X, instance.y, 2, rng=rng, on_failure="ignore", **options)


def run(instance, rng):
    """Search from nothing, with the library's defaults."""
    return _fit(instance, rng)


def measure(instance, fit):
    """The geometric mean of the densities, computed apart from the fit; the gradient beside it."""
    n = len(instance.y)
    value = np.exp(log_likelihood(fit.measure, instance))
    return Measurement(
        value=value, at={"L": n * log_likelihood(instance.setting.truth, instance), "n": n}, floor=ROUNDING * value,
        must_vanish={"gradient": (fit.error, fit.tol)},
    )  # fmt: skip


def symmetric(instance, rng):
    """Start once, with two copies of one expert: there the gradient is symmetric, and no step parts them."""
    return _fit(instance, rng, init=instance.start.merged(0, 1).split(0))


def single(instance, rng):
    """Fit one expert to two."""
    start = instance.start.merged(0, 1)
    return maximize_likelihood(instance.X, instance.y, 1, init=start, on_failure="ignore")


def early(instance, rng):
    """Start next to the truth and stop EM after two steps."""
    return _fit(instance, rng, init=instance.start, solver="em", max_iter=2)


def perturbed(instance, rng):
    """Return the start itself as if it were the end, with the certificate of the fit."""
    fit = _fit(instance, rng, init=instance.start)
    start = instance.start
    gate, expert = np.column_stack([start.beta1, start.beta0]), np.column_stack([start.a, start.b])
    return replace(fit, parameters=replace(fit.parameters, gate=gate, expert=expert, variance=np.array(start.v)))


STUDY = Study(
    claim="moe.fits_reach_the_truth",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="lower", quantity="geometric mean of the fitted densities"),
    quick=Budget(grid=Grid(axis="n", sizes=(100, 300), strata=STRATA), replicates=7),
    full=Budget(grid=Grid(axis="n", sizes=(100, 300, 1000), strata=STRATA), replicates=100),
    controls=(
        WrongBound(
            bound=Bound("exp((L + kappa)/n)", L="log-likelihood of the truth", n="sample size", kappa="nats in all"),
            neutral=0.0,
            kappa=10.0,
            scan=(0.01, 0.1, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0),
        ),
        Broken(name="one start, at two copies of an expert", run=symmetric),
        Broken(name="EM stopped after two steps", run=early),
        Broken(name="one expert for two", run=single),
        Broken(name="the start for the end", run=perturbed),
        Positive(),
    ),
    notes=(
        r"The studies of rates start next to the truth and count ends below it as failures; here the search starts "
        r"from nothing, with the defaults of the library, and such an end is the event that the claim is about. A "
        r"gradient above the tolerance of $10^{-9}$ a sample counts as well. By Wilks's theorem the maximum is "
        r"$\chi^2_8/2$ above the truth, four nats on average; the smallest refuted $\kappa$ is the least of these "
        r"gains that was seen, in nats. Two copies of an expert are a saddle: a search that starts there once meets "
        r"every tolerance, and only the likelihood of the truth tells."
    ),
)
