"""Penalty functions by the library's lower solves against closed forms of psi, for four kinds of lower level."""

from dataclasses import dataclass

import numpy as np

from sparsetheory.bilevel.closeness_study import EPS, Case, draw, oracles, penalise, slope, strata
from sparsetheory.bilevel.known_problems import flat
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

SYMBOLS = dict(find("bilevel.value_closeness").bound.symbols)
LOWER = strata("strongly convex", "several solutions", "box", "nonconvex", "extremal")


@dataclass(frozen=True)
class Outcome:
    """psi_sigma as computed, and where."""

    value: float
    y: np.ndarray


def generate(cell, rng):
    """Draw a problem of the stratum's kind."""
    return draw(cell["lower"], cell["sigma"], rng)


def run(case, rng):
    """Two lower solves."""
    found = penalise(case)
    return Outcome(found.value, found.y.y)


def measure(case, outcome):
    """How far psi_sigma lies below psi; above it must not lie."""
    calls = oracles(case)
    l, _ = slope(case, outcome.y)
    f, g = calls.f(case.x, outcome.y), calls.g(case.x, outcome.y)
    gap = case.known.psi(case.x) - outcome.value
    # sums of at most six products of numbers that cancel, and a quotient by sigma
    floor = 64 * EPS * (1 + abs(f) + abs(case.known.psi(case.x)) + (1 + abs(g)) / case.sigma)
    return Measurement(
        value=gap,
        at={"l": l, "s": case.sigma, "mu": case.known.mu or 1.0},
        floor=floor,
        must_vanish={"psi_sigma at most psi": (max(0.0, -gap), floor)},
    )


def rough(case, rng):
    """Take for the lower solution what one short gradient step makes of the start."""
    found, calls = penalise(case), oracles(case)
    rough = case.start - 0.01 * calls.grad_g_y(case.x, case.start)
    beyond = (calls.g(case.x, rough) - found.below) / case.sigma
    return Outcome(found.value - beyond, found.y.y)


def doubled(case, rng):
    """Twice the weight of f."""
    found = penalise(case, factor=2.0)
    return Outcome(found.value, found.y.y)


def no_growth(cell, rng):
    """A lower level with a flat minimum, taken for one of curvature 1."""
    x = rng.uniform(0.5, 2.0, 1)
    return Case(flat(power=4, c=1.0), x, x + 0.05, cell["sigma"])


STUDY = Study(
    claim="bilevel.value_closeness",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="upper", quantity="psi - psi_sigma"),
    quick=Budget(grid=Grid(axis="sigma", sizes=(1e-3, 1e-1), strata=LOWER), replicates=10),
    full=Budget(grid=Grid(axis="sigma", sizes=(1e-4, 1e-3, 1e-2, 1e-1), strata=LOWER), replicates=90),
    controls=(
        WrongBound(
            bound=Bound("l**2*s/(kappa*mu)", kappa="2", **SYMBOLS),
            neutral=2.0,
            kappa=2.02,
            scan=(2 + 1e-10, 2 + 1e-8, 2 + 1e-6, 2.0001, 2.02, 2.2, 3.0, 4.0),
        ),
        WrongBound(
            bound=Bound("l**2*s**kappa/(2*mu)", kappa="power of sigma", **SYMBOLS),
            neutral=1.0,
            kappa=1.1,
            scan=(1.0001, 1.01, 1.1, 1.5),
        ),
        Broken(name="a lower solution after one gradient step", run=rough),
        Broken(name="twice the weight of f", run=doubled),
        Broken(name="no quadratic growth", generate=no_growth),
        Positive(),
    ),
    notes=(
        r"The first three kinds are drawn quadratics with closed forms; with several solutions half of the lower "
        r"curvatures are zero and $\mu$ is the least of the others; in a box some bounds are active. The nonconvex "
        r"kind has $g = \sum_i w_i (u_i^2 + 3 \sin^2 u_i)$. The extremal kind attains the bound: $f$ is linear along "
        r"the flattest direction of $g$. Lower solves start beside the solution."
    ),
)  # fmt: skip
