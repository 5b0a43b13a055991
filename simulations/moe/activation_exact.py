"""Fits of a gate with tanh inside and a free temperature: the error in the metric of the information."""

import math
from dataclasses import replace
from functools import cache

import numpy as np

from sparsetheory.moe import information
from sparsetheory.moe.known_mixtures import TANH
from sparsetheory.moe.rate_study import fit, maximum, measured, root_n_study
from sparsetheory.verify import Broken, Budget, Grid

#: How far off the temperature starts, in its logarithm; nodes of a quadrature in x.
OFFSET, NODES = 0.2, 100


@cache
def metric():
    """Return the information of an observation: gate row, expert rows, log v, log tau."""
    X = np.linspace(TANH.low, TANH.high, 2 * NODES + 1)[1::2, None]
    return information(TANH.truth, X, fit_temperature=True, **TANH.gate)


def coordinates(G):
    rows = np.column_stack([G.a[:, 0], G.b]).ravel()
    return np.concatenate([[G.beta1[0, 0], G.beta0[0]], rows, np.log(G.v), [math.log(G.tau)]])


def generate(cell, rng):
    """Draw a sample and a start whose distance from the truth does not depend on n."""
    instance = TANH.draw(cell["n"], rng)
    tau = instance.start.tau * math.exp(OFFSET * rng.choice((-1, 1)))
    return replace(instance, start=replace(instance.start, tau=tau))


def run(instance, rng):
    """Fit with the library."""
    return maximum(instance, temperature=instance.start.tau, fit_temperature=True)


def _error(G):
    difference = coordinates(G) - coordinates(TANH.truth)
    return math.sqrt(difference @ metric() @ difference)


def measure(instance, G):
    """The error in the metric of the information."""
    return measured(_error(G), instance)


def fixed(instance, rng):
    """Leave the temperature where it starts."""
    return fit(instance, temperature=instance.start.tau).measure


def linear(instance, rng):
    """Leave the activation out: scores are linear in x."""
    return fit(instance, activation="identity", temperature=instance.start.tau).measure


STUDY = root_n_study(
    claim="moe.activation_exact",
    generate=generate,
    run=run,
    measure=measure,
    quick=Budget(grid=Grid(axis="n", sizes=(1000, 2500, 6000, 15_000)), replicates=8),
    full=Budget(grid=Grid(axis="n", sizes=(10_000, 20_000, 40_000, 100_000)), replicates=75),
    quantity="error",
    broken=(
        Broken(name="temperature held fixed", run=fixed),
        Broken(name="no activation", run=linear),
    ),
    notes=(
        r"The error is $((\hat \theta - \theta^*)^T I (\hat \theta - \theta^*))^{1/2}$, $I$ the information at the "
        r"truth in $(\beta_1, \beta_0, a, b, \log v, \log \tau)$: $n^{1/2}$ times it tends to a $\chi_9$, whose "
        r"logarithm has a standard deviation of $0.24$, where that of a single parameter has $1.1$. Its smallest "
        r"eigenvalue is positive, so no parameter has a slower rate. Asymptotic standard deviations over $n^{1/2}$ are "
        r"$9.0$ for $\beta_1$ and $0.65$ for $\tau$: samples start at $n = 10^4$, where $\beta_1$ is known to six per "
        r"cent. A fit that does not converge, or is less likely than the truth, counts as a failure."
    ),
)
