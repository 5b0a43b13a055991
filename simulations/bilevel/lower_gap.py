"""Where the library's penalised lower solves end, against the lower solution in closed form."""

import numpy as np

from sparsetheory.bilevel.closeness_study import EPS, Case, draw, oracles, penalise, strata
from sparsetheory.bilevel.known_problems import rippled
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

LOWER = strata("strongly convex", "box", "extremal")


def generate(cell, rng):
    """Draw a problem of the stratum's kind."""
    return draw(cell["lower"], cell["sigma"], rng)


def run(case, rng):
    """The minimiser of sigma f + g."""
    return penalise(case).y.y


def measure(case, y):
    """The gap of the lower level, and the square of the way by its curvature."""
    calls, z, mu = oracles(case), case.known.solution(case.x), case.known.mu
    gap = calls.g(case.x, y) - calls.g(case.x, z)
    way = float(np.linalg.norm(y - z))
    l = float(np.linalg.norm(calls.grad_f_y(case.x, y)))
    size = 1 + float(np.linalg.norm(z)) / mu  # of products that cancel, and of what a residual means for y
    # y is off by 1e-13/mu, the accuracy of the solves
    floors = [64 * EPS * (1 + abs(calls.g(case.x, z))) * size**2, 4e-13 / mu * (way * mu + 4e-13) + EPS * size]
    return Measurement(value=[gap, mu / 2 * way**2], at={"l": l, "s": case.sigma, "mu": mu}, floor=floors)


def doubled(case, rng):
    """Twice the weight of f."""
    return penalise(case, factor=2.0).y.y


def started(case, rng):
    """No solve: the start, which is near the solution."""
    return case.start


def ripples(cell, rng):
    """Growth of mu without convexity, and a second well just short of 2 sigma/mu."""
    mu, x = float(rng.uniform(0.5, 2.0)), rng.standard_normal(1)
    period = 1.9 * cell["sigma"] / mu
    return Case(rippled(mu=mu, height=20 * mu * period**2, period=period), x, x + period, cell["sigma"])


SYMBOLS = dict(find("bilevel.lower_gap").bound.symbols)

STUDY = Study(
    claim="bilevel.lower_gap",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="upper", quantity="gap and squared way"),
    quick=Budget(grid=Grid(axis="sigma", sizes=(1e-2, 1e-1), strata=LOWER), replicates=10),
    full=Budget(grid=Grid(axis="sigma", sizes=(1e-3, 1e-2, 1e-1), strata=LOWER), replicates=120),
    controls=(
        WrongBound(
            bound=Bound("l**2*s**2/(kappa*mu)", kappa="2", **SYMBOLS), neutral=2.0, kappa=2.02,
            scan=(2 + 1e-8, 2 + 1e-6, 2.0001, 2.02, 2.2, 3.0, 4.0),
        ),
        WrongBound(
            bound=Bound("l**2*s**kappa/(2*mu)", kappa="power of sigma", **SYMBOLS), neutral=2.0, kappa=2.2,
            scan=(2.0001, 2.01, 2.2),
        ),
        Broken(name="twice the weight of f", run=doubled),
        Broken(name="no lower solve", run=started),
        Broken(name="growth without convexity", generate=ripples),
        Positive(),
    ),
    notes=(
        r"The extremal kind, linear $f$ along the flattest direction of $g$, attains both bounds. In the last broken "
        r"instance $g = \frac12 \mu u^2 + h \sin^2(\pi u/T)$ has the growth but no convexity; with $T = 1.9 "
        r"\sigma/\mu$ the best point of $\sigma f + g$ is the second well, at nearly twice the way that the claim "
        r"allows."
    ),
)  # fmt: skip
