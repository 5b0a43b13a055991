"""The steepest slope of psi_sigma next to a point where the lower Hessian vanishes."""

import numpy as np
from scipy.optimize import minimize_scalar

from sparsetheory import bilevel
from sparsetheory.bilevel.known_problems import rank_drop
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import Ratio

SIZES = (1e-5, 1e-4, 1e-3, 1e-2)
RANGE = (-12.0, 4.0)  # of log x, searched for the steepest slope; x = exp(-12) is far inside of its place


def generate(cell, rng):
    """Draw the curvatures and the minimiser of f."""
    named = dict(zip(("alpha", "beta", "c"), rng.uniform(0.5, 2.0, 3), strict=True))
    return named, rank_drop(**named), cell["sigma"]


def _slope(instance, x):
    _, known, sigma = instance
    found = bilevel.hypergradient(
        known.problem, np.array([x]), np.full(1, 0.1), method="penalty", sigma=sigma, tol=1e-13 / sigma
    )
    return abs(float(found.gradient[0]))


def run(instance, rng):
    """The largest slope over x > 0, which has one maximum there."""
    found = minimize_scalar(lambda t: -_slope(instance, np.exp(t)), bounds=RANGE, method="bounded",
                            options={"xatol": 1e-4})  # fmt: skip
    return -float(found.fun)


def measure(instance, slope):
    """The slope of psi is zero: this is the error."""
    named, _, sigma = instance
    return Measurement(value=slope, at={"s": sigma, **named}, floor=1e-12 / sigma)


def bounded(cell, rng):
    """A lower Hessian of 0.2 at least: an error bound holds."""
    named = dict(zip(("alpha", "beta", "c"), rng.uniform(0.5, 2.0, 3), strict=True))
    return named, rank_drop(**named, floor=0.2), cell["sigma"]


def at_one(instance, rng):
    """The slope at x = 1 alone."""
    return _slope(instance, 1.0)


SYMBOLS = dict(find("bilevel.failure_rank_drop").bound.symbols)

STUDY = Study(
    claim="bilevel.failure_rank_drop",
    generate=generate,
    run=run,
    measure=measure,
    rule=Ratio(margin=0.005, alternative="two-sided", quantity="steepest slope"),
    quick=Budget(grid=Grid(axis="sigma", sizes=SIZES[1:]), replicates=5),
    full=Budget(grid=Grid(axis="sigma", sizes=SIZES), replicates=40),
    controls=(
        WrongBound(
            bound=Bound("9/(kappa*sqrt(3))*c**2*sqrt(alpha*beta/s)", kappa="16", **SYMBOLS), neutral=16.0, kappa=20.0,
            scan=(16.01, 16.1, 16.2, 16.5, 17.0, 20.0),
        ),
        WrongBound(
            bound=Bound("9/(16*sqrt(3))*c**2*sqrt(alpha*beta/s)/s**kappa", kappa="power added", **SYMBOLS),
            neutral=0.0, kappa=0.1, scan=(0.0001, 0.001, 0.01, 0.1),
        ),
        Broken(name="an error bound holds", generate=bounded),
        Broken(name="the slope at x = 1", run=at_one),
        Positive(),
    ),
    notes=(
        r"Gradients of $\psi_\sigma$ by the library, maximised over $\log x$. At any fixed $x \neq 0$ they tend to "
        r"$\psi' = 0$, as the control at $x = 1$ shows; the supremum grows like $\sigma^{-1/2}$."
    ),
)  # fmt: skip
