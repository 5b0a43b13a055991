"""Fits of a gate with a temperature: quotients and experts at rate root n, the temperature where it started."""

from dataclasses import dataclass, replace

import numpy as np

from sparsetheory.moe import MixingMeasure
from sparsetheory.moe.known_mixtures import TEMPERED, Instance
from sparsetheory.moe.rate_study import ROUNDING, log_likelihood, maximum, measured, root_n_study
from sparsetheory.verify import Broken, Budget, Grid

#: Factors of the true temperature that fits start from, and of gate and temperature along the flat direction.
STARTS, RAY = (0.5, 1.5, 3.0), (0.2, 5.0)
STRATA = ({"error of": "quotients"}, {"error of": "experts"})


@dataclass(frozen=True)
class Case:
    """A sample with a start, and which error is looked at."""

    instance: Instance
    part: str


def along(G, c):
    """Multiply gate and temperature by c."""
    return MixingMeasure(c * G.beta0, c * G.beta1, a=G.a, b=G.b, v=G.v, tau=c * G.tau)


def generate(cell, rng):
    """Draw a sample; a start has another temperature, with quotients near the truth."""
    instance = TEMPERED.draw(cell["n"], rng)
    start = along(instance.start, rng.choice(STARTS))
    return Case(replace(instance, start=start), cell["error of"])


def run(case, rng):
    """Fit with the library."""
    return maximum(case.instance, temperature=case.instance.start.tau)


def gate_of(G, tau):
    return np.concatenate([G.beta1[:, 0], G.beta0]) / tau


def experts_of(G):
    return np.concatenate([G.a[:, 0], G.b, G.v])


def _error(case, G, tau, true_tau):
    truth = case.instance.setting.truth
    if case.part == "experts":
        return np.linalg.norm(experts_of(G) - experts_of(truth))
    return np.linalg.norm(gate_of(G, tau) - gate_of(truth, true_tau))


def measure(case, G):
    """The error; the temperature has to be that of the start, the likelihood constant along the ray."""
    instance = case.instance
    change = max(abs(log_likelihood(along(G, c), instance) - log_likelihood(G, instance)) for c in RAY)
    return measured(
        _error(case, G, G.tau, instance.setting.truth.tau), instance,
        change_of_the_temperature=(G.tau - instance.start.tau, 0.0),
        change_of_the_likelihood_along_the_ray=(change, ROUNDING),
    )  # fmt: skip


def slopes(case, G):
    """The error in the gate's rows themselves, which depends on where the temperature started."""
    return measured(_error(replace(case, part="quotients"), G, 1.0, 1.0), case.instance)


def temperature(case, G):
    """The error in the temperature."""
    return measured(abs(G.tau - case.instance.setting.truth.tau), case.instance)


def intercepts(case, rng):
    """Fit, then multiply the temperature and the slopes alone: a ray on which the density is not constant."""
    G = run(case, rng)
    return MixingMeasure(G.beta0, 2 * G.beta1, a=G.a, b=G.b, v=G.v, tau=2 * G.tau)


STUDY = root_n_study(
    claim="moe.temperature_identifiable",
    generate=generate,
    run=run,
    measure=measure,
    quick=Budget(grid=Grid(axis="n", sizes=(300, 800, 2000, 5000), strata=STRATA), replicates=10),
    full=Budget(grid=Grid(axis="n", sizes=(300, 1000, 3000, 10_000, 30_000), strata=STRATA), replicates=60),
    quantity="error",
    broken=(
        Broken(name="slopes not over the temperature", measure=slopes),
        Broken(name="error of the temperature", measure=temperature),
        Broken(name="temperature and slopes doubled", run=intercepts),
    ),
    notes=(
        r"Truth with $\tau = 1/2$; fits start from $\tau$ half, one and a half or three times as large, with quotients "
        r"$0.6$ off and experts $0.2$. Every fit keeps its temperature to the last bit, and its likelihood does not "
        r"change when gate and temperature are multiplied by $1/5$ or $5$. The likelihood is that of the data without "
        r"penalties; a fit that does not converge, or is less likely than the truth, counts as a failure."
    ),
)
