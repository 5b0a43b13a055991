"""Gradients of psi_sigma next to a kink of psi, by the library, against their closed form."""

from dataclasses import replace

import numpy as np

from sparsetheory import bilevel
from sparsetheory.bilevel.known_failures import clipped
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

ACCURACY = 1e-13
TOL = 1e-8  # of the run that looks for the minimiser
SHARES = np.array([1e-6, 0.1, 0.5, 0.9, 1.1, 3.0])  # of the interval on which the error is of order one


def generate(cell, rng):
    """Draw the problem, with the kink for a minimiser, and points below the kink."""
    mu, c, radius, pull = rng.uniform(0.5, 2.0, 4)
    known = clipped(mu=mu, c=c, radius=radius, pull=pull, a=rng.uniform(0.1, 0.9) * pull / radius)
    sigma = cell["sigma"]
    u = sigma * pull / mu * SHARES * rng.uniform(0.95, 1.05, len(SHARES))
    named = {"K": pull, "mu": mu, "c": c, "s": sigma, "u": u}
    return known, named, radius, radius * rng.uniform(-0.5, 0.5)


def _gradient(problem, x, start, sigma):
    found = bilevel.hypergradient(problem, [x], [start], method="penalty", sigma=sigma, tol=ACCURACY / sigma)
    return float(found.gradient[0])


def _gradients(problem, instance, sigma):
    _, named, radius, start = instance
    return np.array([_gradient(problem, radius - u, start, sigma) for u in named["u"]])


def run(instance, rng):
    """Penalised hypergradients below the kink and above it, and the minimiser of psi."""
    known, named, radius, start = instance
    above = _gradient(known.problem, radius + named["u"][0], start, named["s"])
    found = bilevel.minimize(known.problem, [start], [start], tol=TOL)
    return _gradients(known.problem, instance, named["s"]), above, float(found.x[0])


def measure(instance, outcome):
    """Errors below the kink; above it there is none, and the run has to end at the kink."""
    known, named, radius, _ = instance
    below, above, least = outcome
    exact = np.array([known.gradient(np.array([radius - u]))[0] for u in named["u"]])
    beyond = above - float(known.gradient(np.array([radius + named["u"][0]]))[0])
    return Measurement(
        value=np.abs(below - exact),
        at=named,
        floor=8 * ACCURACY / named["s"],
        # the certificate looks at gradients within 1e-6 of the point, relatively
        must_vanish={"error above": (beyond, 1e-12), "minimiser off the kink": (least - radius, 2e-6 * (1 + radius))},
    )


def doubled(instance, rng):
    """Twice the weight of f."""
    _, *rest = run(instance, rng)
    return _gradients(instance[0].problem, instance, 2 * instance[1]["s"]), *rest


def unbounded(instance, rng):
    """The bound on y forgotten."""
    _, *rest = run(instance, rng)
    return _gradients(replace(instance[0].problem, Y=None), instance, instance[1]["s"]), *rest


SYMBOLS = dict(find("bilevel.failure_kink").bound.symbols)

STUDY = Study(
    claim="bilevel.failure_kink",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="two-sided", quantity="error of the hypergradient"),
    quick=Budget(grid=Grid(axis="sigma", sizes=(1e-3, 1e-2)), replicates=8),
    full=Budget(grid=Grid(axis="sigma", sizes=(1e-4, 1e-3, 1e-2)), replicates=110),
    controls=(
        WrongBound(
            bound=Bound("Max(K - (kappa*mu/s - c)*u, s*c*(K + c*u)/(mu + s*c))", kappa="factor", **SYMBOLS),
            neutral=1.0, kappa=1.01, scan=(1 + 1e-8, 1 + 1e-6, 1.0001, 1.01),
        ),
        Broken(name="twice the weight of f", run=doubled),
        Broken(name="the bound forgotten", run=unbounded),
        Positive(),
    ),
    notes=(
        r"Six points below the kink, from a millionth to three times the length $\sigma K/\mu$ of the interval on "
        r"which the error is of order one. In the same draw `minimize` has to end at the kink, which is the minimiser."
    ),
)  # fmt: skip
