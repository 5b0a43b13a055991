"""Brackets of psi by the library at two sigma, on lower levels of every kind."""

import numpy as np

from sparsetheory import bilevel
from sparsetheory.bilevel.closeness_study import EPS, draw, strata
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

LOWER = strata("strongly convex", "several solutions", "box", "nonconvex")
ACCURACY = 1e-13


def generate(cell, rng):
    """Draw a problem and a point; sines start next to the minimum that counts."""
    return draw(cell["lower"], cell["sigma"], rng)


def _penalty(case, sigma):
    return bilevel.hypergradient(
        case.known.problem, case.x, case.start, method="penalty", sigma=sigma, tol=ACCURACY / sigma
    )


def run(case, rng):
    """Upper objective at y_sigma, psi_sigma, psi_tau with tau = sigma/2, f at the lower solution."""
    whole, half = _penalty(case, case.sigma), _penalty(case, case.sigma / 2)
    return case.known.problem.f(case.x, whole.y), whole.bracket[0], half.bracket[0], half.bracket[1]


def measure(case, outcome):
    """Every member of the chain against the next; psi in closed form."""
    at_y, whole, half, upper = outcome
    chain = np.array([at_y, whole, half, case.known.psi(case.x), upper])
    size = 1 + abs(chain).max() + abs(case.known.problem.g(case.x, case.start))
    return Measurement(value=chain[:-1], at={"following": chain[1:]}, floor=64 * EPS * size / case.sigma)


def other_side(case, rng):
    """The lower point of g - sigma f in place of y_sigma."""
    _, *rest = run(case, rng)
    z = _penalty(case, case.sigma / 1e3).y
    return case.known.problem.f(case.x, 2 * z - _penalty(case, case.sigma).y), *rest


def unsolved(case, rng):
    """The lower minimum taken at the start of the solve: psi_sigma is off by its excess over sigma."""
    problem = case.known.problem
    excess = problem.g(case.x, case.start) - problem.g(case.x, case.known.nearest(case.x, case.start))
    at_y, whole, half, upper = run(case, rng)
    return at_y, whole - excess / case.sigma, half - 2 * excess / case.sigma, upper


SYMBOLS = dict(find("bilevel.bracket").bound.symbols)

STUDY = Study(
    claim="bilevel.bracket",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(quantity="members of the chain"),
    quick=Budget(grid=Grid(axis="sigma", sizes=(1e-3, 1e-1), strata=LOWER), replicates=8),
    full=Budget(grid=Grid(axis="sigma", sizes=(1e-4, 1e-3, 1e-2, 1e-1), strata=LOWER), replicates=80),
    controls=(
        WrongBound(
            bound=Bound("following - kappa", kappa="gap", **SYMBOLS), neutral=0.0, kappa=0.1,
            scan=(1e-9, 1e-7, 1e-5, 1e-3, 0.1),
        ),
        Broken(name="the lower point of the other side", run=other_side),
        Broken(name="lower minimum not solved for", run=unsolved),
        Positive(),
    ),
    notes=(
        r"Drawn quadratics with one and with many solutions, over boxes, and lower levels with a sine, which are not "
        r"convex and are solved from a start near the solution. $\tau = \sigma/2$."
    ),
)  # fmt: skip
