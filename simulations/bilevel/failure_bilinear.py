"""Gradients of psi_sigma across a jump of the lower solution, by the library, against their closed form."""

import numpy as np

from sparsetheory import bilevel
from sparsetheory.bilevel.closeness_study import Case, oracles, penalise
from sparsetheory.bilevel.known_problems import bilinear
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

ACCURACY = 1e-13


def generate(cell, rng):
    """Draw curvatures, a radius, and x on both sides of the end of the interval where the error is positive."""
    a, c, radius = rng.uniform(0.5, 2.0, 3)
    x = rng.choice([-1.0, 1.0]) * rng.uniform(0.01, 1.3) * c * radius * cell["sigma"]
    known = bilinear(a=a, c=c, radius=radius)
    return {"c": c, "R": radius}, Case(known, np.array([x]), radius * rng.uniform(-1, 1, 1), cell["sigma"])


def run(instance, rng):
    """The hypergradient by the penalty."""
    return _gradient(instance, 1.0)


def _gradient(instance, factor):
    case, sigma = instance[1], factor * instance[1].sigma
    return bilevel.hypergradient(
        case.known.problem, case.x, case.start, method="penalty", sigma=sigma, tol=ACCURACY / sigma
    ).gradient


def measure(instance, gradient):
    """The error of the gradient; a residual of the solve counts for itself over sigma^2 c."""
    named, case = instance
    error = float(np.abs(gradient - case.known.gradient(case.x))[0])
    floor = 8 * ACCURACY / (case.sigma**2 * named["c"])
    return Measurement(value=error, at={"x": case.x[0], "s": case.sigma, **named}, floor=floor)


def doubled(instance, rng):
    """Twice the weight of f."""
    return _gradient(instance, 2.0)


def unsolved(instance, rng):
    """The start for a solution of the lower level."""
    case = instance[1]
    found, calls = penalise(case), oracles(case)
    return found.gradient + (calls.grad_g(case.x, found.z.y)[0] - calls.grad_g(case.x, case.start)[0]) / case.sigma


SYMBOLS = dict(find("bilevel.failure_bilinear").bound.symbols)

STUDY = Study(
    claim="bilevel.failure_bilinear",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="two-sided", quantity="error of the hypergradient"),
    quick=Budget(grid=Grid(axis="sigma", sizes=(1e-2, 1e-1)), replicates=12),
    full=Budget(grid=Grid(axis="sigma", sizes=(1e-3, 1e-2, 1e-1)), replicates=150),
    controls=(
        WrongBound(
            bound=Bound("Max(0, kappa*R/s - Abs(x)/(c*s**2))", kappa="factor", **SYMBOLS), neutral=1.0, kappa=1.01,
            scan=(1 + 1e-8, 1 + 1e-6, 1.0001, 1.01),
        ),
        Broken(name="twice the weight of f", run=doubled),
        Broken(name="lower level not solved", run=unsolved),
        Positive(),
    ),
    notes=(
        r"$x$ is drawn up to $1.3 \, c R \sigma$ on either side of 0: on a quarter of the draws the error is zero, on "
        r"the others it is of order $1/\sigma$."
    ),
)  # fmt: skip
