"""How far the lower solver of the library follows a well that is no longer the deepest."""

import warnings

import numpy as np

from sparsetheory import bilevel
from sparsetheory.bilevel.known_failures import double_well
from sparsetheory.errors import ConvergenceWarning
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

ACCURACY = 1e-13
STEP = 0.05  # of x, from one solve to the next
RESOLUTION = 1e-10  # to which the place of the fall is bisected


def generate(cell, rng):
    """Draw the wells and the point that f likes, and a place between the jump of psi and the end of the well."""
    k, m = rng.uniform(0.5, 2.0, 2)
    c = rng.choice([-1.0, 1.0]) * rng.uniform(0.2, 2.0)
    return double_well(k=k, m=m, c=c), {"k": k, "m": m}, c, rng.uniform(0.1, 0.3) * k * m**3


def _solve(instance, x, y):
    """Return the lower point and the hypergradient from a start."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # at the end of a well there is no curvature
        found = bilevel.hypergradient(instance[0].problem, [x], [y], method="implicit", tol=ACCURACY)
    return float(found.y[0]), float(found.gradient[0])


def _fall(instance, solve, side):
    """Follow the well on one side, each solve from the last point, and bisect for the x at which it is left."""
    x, y = 0.0, solve(instance, 0.0, side * instance[1]["m"])[0]
    step = STEP * side
    while abs(step) > RESOLUTION:
        new = solve(instance, x + step, y)[0]
        slope = instance[0].problem.grad_g(np.array([x + step]), np.array([new]))[1]
        if new * side > 0 and abs(slope[0]) <= 100 * ACCURACY:  # else it stands on a slope too slight for its values
            x, y = x + step, new
        else:
            step /= 2
    return abs(x)


def run(instance, rng):
    """Where both wells are left, and the hypergradient on the way."""
    return _followed(instance, _solve)


def _followed(instance, solve):
    falls = [_fall(instance, solve, side) for side in (1.0, -1.0)]
    return falls, solve(instance, instance[3], instance[1]["m"])


def measure(instance, outcome):
    """Both ends; between them the hypergradient is that of the branch."""
    _, named, c, x = instance
    falls, (y, gradient) = outcome
    k, m = named["k"], named["m"]
    root = np.roots([k, 0.0, -k * m**2, x]).real.max()
    bend = k * (3 * root**2 - m**2)
    return Measurement(
        value=falls,
        at=named,
        floor=3 * RESOLUTION,  # the last step refused was at most twice as long
        must_vanish={
            "distance from the branch": (y - root, 1e-11 / min(1.0, bend)),
            "hypergradient off the branch": (gradient + (root - c) / bend, 1e-9 * (1 + 1 / bend**3)),
        },
    )


def global_solve(instance, rng):
    """The lower level solved from both wells, the better point taken."""
    return _followed(instance, _better)


def _better(instance, x, y):
    found = [_solve(instance, x, side * instance[1]["m"]) for side in (1.0, -1.0)]
    return min(found, key=lambda pair: instance[0].problem.g(np.array([x]), np.array([pair[0]])))


def one_sided(instance, rng):
    """Every solve from the well at -m."""
    return _followed(instance, lambda instance, x, y: _solve(instance, x, -instance[1]["m"]))


SYMBOLS = dict(find("bilevel.failure_jump").bound.symbols)

STUDY = Study(
    claim="bilevel.failure_jump",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="two-sided", quantity="place where the well is left"),
    quick=Budget(grid=Grid(axis="wells"), replicates=15),
    full=Budget(grid=Grid(axis="wells"), replicates=320),
    controls=(
        WrongBound(
            bound=Bound("kappa*k*m**3/(3*sqrt(3))", kappa="2", **SYMBOLS), neutral=2.0, kappa=2.01,
            scan=(2 + 1e-8, 2 + 1e-6, 2.0001, 2.01),
        ),
        Broken(name="lower level solved from both wells", run=global_solve),
        Broken(name="every solve from the well at -m", run=one_sided),
        Positive(),
    ),
    notes=(
        r"Implicit hypergradients as $x$ moves in steps, each lower solve from the last point, up from one well and "
        r"down from the other. With both wells tried at every $x$ the point changes sides at $x = 0$, where $\psi$ "
        r"jumps."
    ),
)  # fmt: skip
