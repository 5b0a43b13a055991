"""Implicit hypergradients at degenerate lower levels against differences of psi in closed form."""

import warnings

import numpy as np

from sparsetheory import bilevel
from sparsetheory.bilevel.closeness_study import EPS, draw, oracles, strata
from sparsetheory.errors import ConvergenceWarning
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

LOWER = strata("several solutions", "nonconvex")
STEP = 1.0  # psi is quadratic in x: central differences are exact at any step
ACCURACY = 1e-12


def generate(cell, rng):
    """Draw a problem, and a direction to another member of S(x) where there is one."""
    case = draw(cell["lower"], 1.0, rng)
    z = case.known.solution(case.x)
    away = case.known.nearest(case.x, z + rng.standard_normal(len(z))) - z
    return case, away


def _at(instance, y):
    case, _ = instance
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the range test speaks up at a wrong member
        return bilevel.hypergradient(case.known.problem, case.x, y, method="implicit", tol=ACCURACY).gradient


def run(instance, rng):
    """The implicit hypergradient, from the best member of S(x)."""
    return _at(instance, instance[0].known.solution(instance[0].x))


def measure(instance, gradient):
    """Every partial derivative against its difference quotient."""
    case, _ = instance
    psi, eye = case.known.psi, STEP * np.eye(len(case.x))
    up, down = (np.array([psi(case.x + t * e) for e in eye]) for t in (1, -1))
    # rounding of psi, and of a system solved to 1e-12 over a curvature of 1/4 at least
    floor = 256 * EPS * (1 + np.abs(up) + np.abs(down)) + 100 * ACCURACY
    return Measurement(value=gradient, at={"up": up, "down": down, "h": STEP}, floor=floor)


def another(instance, rng):
    """Another member of S(x)."""
    case, away = instance
    return _at(instance, case.known.solution(case.x) + away)


def still(instance, rng):
    """The derivative of f by x alone."""
    case, _ = instance
    return oracles(case).grad_f(case.x, case.known.solution(case.x))[0]


def penalty(instance, rng):
    """A penalty of one hundredth in place of the formula."""
    case, _ = instance
    return bilevel.hypergradient(
        case.known.problem, case.x, case.start, method="penalty", sigma=0.01, tol=1e-9
    ).gradient


SYMBOLS = dict(find("bilevel.hypergradient_several").bound.symbols)

STUDY = Study(
    claim="bilevel.hypergradient_several",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="two-sided", quantity="partial derivatives of psi"),
    quick=Budget(grid=Grid(strata=LOWER), replicates=15),
    full=Budget(grid=Grid(strata=LOWER), replicates=400),
    controls=(
        WrongBound(
            bound=Bound("kappa*(up - down)/(2*h)", kappa="factor", **SYMBOLS), neutral=1.0, kappa=1.001,
            scan=(1 + 1e-10, 1 + 1e-8, 1 + 1e-6, 1.001),
        ),
        Broken(name="another lower solution", run=another),
        Broken(name="derivative of f alone", run=still),
        Broken(name="penalty of 0.01", run=penalty),
        Positive(),
    ),
    notes=(
        r"Drawn quadratics of which half of the lower curvatures are zero, and lower levels with a sine, which are not "
        r"convex. In both $\psi$ is quadratic, so that central differences of its closed form are exact. At another "
        r"member of $S(x)$ the library warns that the range condition fails; what it returns is refuted."
    ),
)  # fmt: skip
