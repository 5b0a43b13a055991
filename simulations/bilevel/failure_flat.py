"""Errors of penalised hypergradients over flat lower levels, against roots of sigma."""

import numpy as np
from scipy.optimize import brentq

from sparsetheory import bilevel
from sparsetheory.bilevel.known_problems import flat
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

ACCURACY = 1e-13
POWERS = ({"power": 4}, {"power": 6})


def generate(cell, rng):
    """Draw the curvature of f and x."""
    c, x = rng.uniform(0.5, 2.0, 2)
    return flat(power=cell["power"], c=c), cell["power"], c, x, cell["sigma"]


def run(instance, rng):
    """The hypergradient by the penalty, from a start off the solution."""
    return _gradient(instance, 1.0)


def _gradient(instance, factor):
    known, _, _, x, sigma = instance
    sigma *= factor
    found = bilevel.hypergradient(
        known.problem, np.array([x]), np.array([0.5 * x]), method="penalty", sigma=sigma, tol=ACCURACY / sigma
    )
    return float(found.gradient[0])


def measure(instance, gradient):
    """The error; y_sigma is the root of (x - y)^(p-1) = sigma c y, found by bisection."""
    _, power, c, x, sigma = instance
    y = brentq(lambda y: (x - y) ** (power - 1) - sigma * c * y, 0.0, x, xtol=1e-15, rtol=1e-14)
    return Measurement(
        value=abs(gradient - c * x),
        at={"c": c, "s": sigma, "slope": c * y, "p": power},
        floor=8 * ACCURACY / sigma + 1e-12,
    )


def quadratic(cell, rng):
    """An error bound: the power 2, taken for the other."""
    _, power, c, x, sigma = generate(cell, rng)
    return flat(power=2, c=c), power, c, x, sigma


def doubled(instance, rng):
    """Twice the weight of f."""
    return _gradient(instance, 2.0)


SYMBOLS = dict(find("bilevel.failure_flat").bound.symbols)

STUDY = Study(
    claim="bilevel.failure_flat",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="two-sided", quantity="error of the hypergradient"),
    quick=Budget(grid=Grid(axis="sigma", sizes=(1e-4, 1e-2), strata=POWERS), replicates=10),
    full=Budget(grid=Grid(axis="sigma", sizes=(1e-5, 1e-4, 1e-3, 1e-2), strata=POWERS), replicates=90),
    controls=(
        WrongBound(
            bound=Bound("c*(s*slope)**(kappa/(p - 1))", kappa="factor in the exponent", **SYMBOLS), neutral=1.0,
            kappa=1.01, scan=(1 + 1e-6, 1.0001, 1.01, 1.5, 3.0),
        ),
        Broken(name="a quadratic lower level", generate=quadratic),
        Broken(name="twice the weight of f", run=doubled),
        Positive(),
    ),
    notes=(
        r"Powers 4 and 6. The lower solution is known only to the root of its residual, which costs nothing: the "
        r"derivative of $g$ there is the residual."
    ),
)  # fmt: skip
