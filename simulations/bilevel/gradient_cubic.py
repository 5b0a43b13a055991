"""The error of the penalised hypergradient as the curvature of a cubic lower level falls."""

import numpy as np

from sparsetheory import bilevel
from sparsetheory.bilevel.known_problems import cubic
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import Drift

SIGMA = 4e-5  # the leading term alone is left: sigma a k / mu^2 is at most 0.025
ACCURACY = 1e-13
X = np.zeros(1)


def generate(cell, rng):
    """Draw the slope of f and the third derivative of g."""
    a, k = rng.uniform(0.5, 1.5, 2)
    return {"a": a, "k": k}, cubic(mu=cell["mu"], k=k, a=a)


def run(instance, rng):
    """The error of the hypergradient at 0 by the penalty."""
    known, start = instance[1], np.full(1, 0.05)
    found = bilevel.hypergradient(known.problem, X, start, method="penalty", sigma=SIGMA, tol=ACCURACY / SIGMA)
    return float(np.abs(found.gradient - known.gradient(X))[0])


def measure(instance, error):
    """The error, above the accuracy of lower solves over sigma."""
    named, known = instance
    return Measurement(value=error, at={"s": SIGMA, "mu": known.mu, **named}, floor=ACCURACY / (SIGMA * known.mu))


def quadratic(cell, rng):
    """A quadratic lower level with a curved f: the control that cannot show the cube."""
    a, b = rng.uniform(0.5, 1.5, 2)
    return {"a": a, "k": b}, cubic(mu=cell["mu"], k=0.0, a=a, b=b)


SYMBOLS = dict(find("bilevel.gradient_cubic").bound.symbols)
OTHER_POWER = Bound("s*a**2*k/(2*mu**kappa)", kappa="power of the curvature", **SYMBOLS)
MUS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)

STUDY = Study(
    claim="bilevel.gradient_cubic",
    generate=generate,
    run=run,
    measure=measure,
    rule=Drift(alternative="two-sided", margin=0.05, correction=None, quantity="error of the hypergradient"),
    quick=Budget(grid=Grid(axis="mu", sizes=MUS), replicates=8),
    full=Budget(grid=Grid(axis="mu", sizes=MUS), replicates=100),
    controls=(
        WrongBound(bound=OTHER_POWER, neutral=3.0, kappa=3.5, scan=(3.01, 3.03, 3.05, 3.1, 3.2, 3.5, 4.0)),
        WrongBound(bound=OTHER_POWER, neutral=3.0, kappa=2.0),
        Broken(name="a quadratic lower level", generate=quadratic),
        Positive(),
    ),
    notes=(
        r"Five curvatures from 1 down to 1/16 at $\sigma = 4 \cdot 10^{-5}$. On the quadratic control, with a curved "
        r"$f$, the power is 2: benchmarks with quadratic lower levels cannot confirm the cube."
    ),
)  # fmt: skip
