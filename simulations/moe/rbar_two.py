"""Solutions of orders 1 to 3 for two atoms, by Newton's method in 50 digits on the library's system, and order 4."""

from dataclasses import dataclass, replace
from functools import cache

import mpmath as mp
import numpy as np

from sparsetheory import moe
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

DIGITS = 50
SOLVED = 1e-35  # orders 1 to 3 in units of their scale, at which the iteration ends
STEPS = 40


@dataclass(frozen=True)
class Instance:
    """Roots of the weights, what is given of the atoms, and a start for what is not."""

    features: int
    roots: tuple  # p5 of both atoms
    second: float  # location x2
    start: tuple  # x1, c1, c2


@cache
def system(features):
    """The equations up to order 4; the first four are those with l1 = 0."""
    return moe.polynomial_system(2, 4, d=features)


@cache
def derivative(features, order, place):
    """The derivative of one of the first equations by one variable."""
    return {
        (*e[:place], e[place] - 1, *e[place + 1 :]): coefficient * e[place]
        for e, coefficient in system(features)[order].items()
        if e[place]
    }


def generate(cell, rng):
    """Draw weights, alike or up to eight decades apart, the location of one atom and a start far from anything."""
    spread = {"alike": 0.3, "far apart": 2.0}[cell["weights"]]
    roots = tuple(rng.choice((-1.0, 1.0), 2) * 10.0 ** rng.uniform(-spread, spread, 2))
    second = float(rng.choice((-1.0, 1.0)) * 10.0 ** rng.uniform(-1, 1))
    return Instance(int(cell["features"]), roots, second, tuple(rng.normal(size=3) * 3))


def generate_signed(cell, rng):
    """One weight negative, as if the equations had p5 where they have its square: its root is imaginary."""
    instance = generate(cell, rng)
    first = abs(instance.roots[0])
    return replace(instance, roots=(first, 1j * first * rng.uniform(0.3, 0.9)))


def point_of(instance, unknowns):
    """All variables, slopes zero: p1, p2, p3 (location), p4 (half the variance), p5, atom by atom."""
    x1, c1, c2 = unknowns
    slopes = [mp.mpf(0)] * (2 * instance.features)
    first, second = (mp.mpmathify(complex(r)) if isinstance(r, complex) else mp.mpf(r) for r in instance.roots)
    return [*slopes, x1, c1, first, *slopes, mp.mpf(instance.second), c2, second]


def solve(instance, orders, unknown):
    """Newton's method on some orders in some of the unknowns (x1, c1, c2), the others as in the start."""
    values = [mp.mpf(v) for v in instance.start]
    width = 2 * instance.features
    places = [(width, width + 1, 2 * width + 4)[u] for u in unknown]
    scale = (1 + abs(mp.mpf(instance.second))) ** 3 * sum(abs(r) ** 2 for r in instance.roots)
    for _ in range(STEPS):
        point = point_of(instance, values)
        left = mp.matrix([moe.polynomial_value(system(instance.features)[k], point) for k in orders])
        if max(abs(v) for v in left) <= SOLVED * scale:
            return values
        slopes = mp.matrix(len(orders), len(orders))
        for i, k in enumerate(orders):
            for j, place in enumerate(places):
                slopes[i, j] = moe.polynomial_value(derivative(instance.features, k, place), point)
        step = mp.lu_solve(slopes, left)
        for j, u in enumerate(unknown):
            values[u] -= mp.re(step[j])
    raise ArithmeticError("Newton's method did not converge")


def run(instance, rng):
    """Solve orders 1 to 3."""
    with mp.workdps(DIGITS):
        return solve(instance, (0, 1, 2), (0, 1, 2))


def uncentred(instance, rng):
    """Leave order 1 out: the other location stays where the start has it."""
    with mp.workdps(DIGITS):
        return solve(instance, (1, 2), (1, 2))


def whole_variance(instance, rng):
    """Take p4 for the variance, not for half of it."""
    x1, c1, c2 = run(instance, rng)
    return [x1, 2 * c1, 2 * c2]


def measure(instance, unknowns):
    """Order 4 at the solution, with what the statement says beside it."""
    with mp.workdps(DIGITS):
        point = point_of(instance, unknowns)
        values = [mp.re(moe.polynomial_value(equation, point)) for equation in system(instance.features)]
        weights = [mp.re(r**2) for r in (point[2 * instance.features + 2], point[-1])]
        D = mp.mpf(instance.second) - unknowns[0]
        size = sum(abs(w) for w in weights) * (1 + abs(mp.mpf(instance.second)) + abs(D)) ** 4
        conditions = {
            "orders 1 to 3": (float(max(abs(v) for v in values[:3]) / size), 1e-30),
            "order 4, where it is not negative": (float(max(values[3] / sum(weights), 0) / size), 0.0),
            "equations with slopes": (float(max((abs(v) for v in values[4:]), default=0)), 0.0),
        }
        at = {"w1": float(weights[0]), "w2": float(weights[1]), "D": float(D)}
        # weights, distance and value are rounded to double precision on the way out
        return Measurement(
            value=float(values[3]), at=at, floor=32 * np.finfo(float).eps * float(abs(values[3])),
            must_vanish=conditions,
        )  # fmt: skip


STRATA = ({"weights": "alike"}, {"weights": "far apart"})

STUDY = Study(
    claim="moe.rbar_two",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="two-sided", quantity="fourth order"),
    quick=Budget(grid=Grid(axis="features", sizes=(0, 1, 2), strata=STRATA), replicates=8),
    full=Budget(grid=Grid(axis="features", sizes=(0, 1, 2), strata=STRATA), replicates=120),
    controls=(
        WrongBound(
            bound=Bound(
                "-w1*w2*(w1**2 + w1*w2 + w2**2)*D**4/(36*(w1 + w2)**3)*kappa", kappa="factor",
                **find("moe.rbar_two").bound.symbols,
            ),
            neutral=1.0,
            kappa=1.01,
            scan=(1 + 1e-12, 1 + 1e-10, 1 + 1e-8, 1 + 1e-6, 1.0001, 1.01),
        ),
        Broken(name="a negative weight", generate=generate_signed),
        Broken(name="order 1 left out", run=uncentred),
        Broken(name="half the variance taken for the variance", run=whole_variance),
        Positive(),
    ),
    notes=(
        r"Weights are squares of random $p_{5j}$, alike or up to eight decades apart; $x_2$ is drawn, and $x_1, c_1, "
        r"c_2$ are found by Newton's method from a random start, on the library's equations, in 50 digits. The axis is "
        r"the number of covariates: with slopes zero all equations of the large system have to vanish. That the fourth "
        r"order is negative is a condition of its own, which a negative weight violates although the formula holds for "
        r"it: it is positivity that leaves order 4 without a solution."
    ),
)  # fmt: skip
