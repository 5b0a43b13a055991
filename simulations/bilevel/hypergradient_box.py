"""Implicit hypergradients under bounds, off kinks, against differences of psi in closed form."""

import numpy as np

from sparsetheory import bilevel
from sparsetheory.bilevel.closeness_study import EPS, KINDS, Case, oracles
from sparsetheory.bilevel.implicit import adjoint_gradient
from sparsetheory.bilevel.known_problems import drawn
from sparsetheory.bilevel.sets import Free
from sparsetheory.testing import BilevelInstance
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

ACCURACY = 1e-12
MARGIN = 0.02  # least distance of the free lower solution from a bound: x is off the kinks by as much


def generate(cell, rng):
    """Draw until some bound is active and x lies off the kinks; the step of differences stays on the piece."""
    while True:
        problem = BilevelInstance.build(seed=int(rng.integers(2**31)), n=2, m=int(cell["m"]), **KINDS["box"])
        x, exact = rng.standard_normal(2), problem.exact
        z = exact.solution(x)
        active = (z <= problem.low + 1e-9) | (z >= problem.high - 1e-9)
        if exact.kink(x) >= MARGIN and active.any() and not active.all():
            step = 0.5 * exact.kink(x) / float(np.abs(problem.T.T @ problem.A).max())
            return Case(drawn(problem), x, z, 1.0), step


def run(instance, rng):
    """The implicit hypergradient."""
    case, _ = instance
    return bilevel.hypergradient(case.known.problem, case.x, case.start, method="implicit", tol=ACCURACY).gradient


def measure(instance, gradient):
    """Every partial derivative against its difference quotient."""
    case, step = instance
    psi, eye = case.known.psi, step * np.eye(len(case.x))
    up, down = (np.array([psi(case.x + t * e) for e in eye]) for t in (1, -1))
    floor = 64 * EPS * (1 + np.abs(up) + np.abs(down)) / step + 1000 * ACCURACY  # curvatures are 1/20 at least
    return Measurement(value=gradient, at={"up": up, "down": down, "h": step}, floor=floor)


def unconstrained(instance, rng):
    """The formula of the whole space at the solution in the box."""
    case, _ = instance
    return adjoint_gradient(oracles(case), case.x, case.start, Free(), tol=ACCURACY).gradient


def still(instance, rng):
    """All coordinates held: the derivative of f by x alone."""
    case, _ = instance
    return oracles(case).grad_f(case.x, case.start)[0]


SYMBOLS = dict(find("bilevel.hypergradient_box").bound.symbols)

STUDY = Study(
    claim="bilevel.hypergradient_box",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="two-sided", quantity="partial derivatives of psi"),
    quick=Budget(grid=Grid(axis="m", sizes=(3, 6)), replicates=15),
    full=Budget(grid=Grid(axis="m", sizes=(3, 6, 9)), replicates=200),
    controls=(
        WrongBound(
            bound=Bound("kappa*(up - down)/(2*h)", kappa="factor", **SYMBOLS), neutral=1.0, kappa=1.001,
            scan=(1 + 1e-10, 1 + 1e-8, 1 + 1e-6, 1.001),
        ),
        Broken(name="active bounds forgotten", run=unconstrained),
        Broken(name="all coordinates held", run=still),
        Positive(),
    ),
    notes=(
        r"Drawn quadratics over boxes with some, not all bounds active and the free solution at least 0.02 off every "
        r"bound. Between kinks $\psi$ is quadratic, and the step of the differences stays on one piece: they are exact."
    ),
)  # fmt: skip
