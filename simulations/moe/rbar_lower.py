"""The library's Gauss-Hermite solution put into the library's system, order by order, in 60 digits."""

from dataclasses import dataclass
from functools import cache
from math import prod

import mpmath as mp
import numpy as np

from sparsetheory import moe
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

DIGITS = 60
ULPS = 16  # rounding of the library's nodes and weights, relative, in units of eps
MOVED = 1e-6  # relative perturbation of the nodes in a broken rule


@dataclass(frozen=True)
class Instance:
    """Number of atoms, with the scales that the system allows."""

    m: int
    total: float  # sum of the weights
    s: float  # scale of the locations


@cache
def system(m):
    """The equations of one atom up to order 2m; those of m atoms are their sums."""
    return moe.polynomial_system(1, 2 * m)


def generate(cell, rng):
    """Draw the sum of the weights and the scale of the locations, of either sign."""
    s = rng.choice((-1.0, 1.0)) * 10.0 ** rng.uniform(-0.5, 0.5)
    return Instance(int(cell["m"]), float(10.0 ** rng.uniform(-2, 2)), float(s))


def run(instance, rng):
    """Return the library's solution."""
    return moe.hermite_solution(instance.m)


def moved_nodes(instance, rng):
    """Move every node by a millionth of itself or so."""
    x, c, w = moe.hermite_solution(instance.m)
    return x * (1 + MOVED * rng.standard_normal(len(x))), c, w


def in_one_place(instance, rng):
    """The last atom on top of the first: m - 1 different ones are left."""
    x, c, w = moe.hermite_solution(instance.m)
    return np.append(x[:-1], x[0]), c, w


def equal_weights(instance, rng):
    """The nodes with equal weights."""
    x, c, w = moe.hermite_solution(instance.m)
    return x, c, np.full(len(w), 1.0 / len(w))


def _orders(instance, solution):
    """All orders of the scaled solution, each with what rounding of nodes and weights makes of it."""
    s, total = mp.mpf(instance.s), mp.mpf(instance.total)
    atoms = [[mp.mpf(float(v)) for v in atom] for atom in zip(*solution, strict=True)]
    values, floors, single = [], [], {0: [mp.mpf(1)] * len(atoms)}
    for order, equation in enumerate(system(instance.m), start=1):
        points = [(s * x, s * s * c, 1) for x, c, _ in atoms]
        single[order] = [moe.polynomial_value(equation, p) for p in points]
        values.append(total * mp.fsum(w * e for (_, _, w), e in zip(atoms, single[order], strict=True)))
        # by a location, the expression of one order is that of the order before
        moves = [
            w * (abs(e) + abs(p[0] * before))
            for (_, _, w), e, p, before in zip(atoms, single[order], points, single[order - 1], strict=True)
        ]
        floors.append(ULPS * np.finfo(float).eps * total * mp.fsum(moves))
    return values, floors


def _measurement(instance, solution, vanishing):
    with mp.workdps(DIGITS):
        values, floors = _orders(instance, solution)
        m = instance.m
        at = {"W": instance.total, "s": instance.s, "m": m, "odd": prod(range(1, 2 * m, 2))}
        worst = max(float(abs(v) / f) for v, f in zip(values[:vanishing], floors, strict=False) if f)
        return Measurement(
            value=float(values[-1]), at=at, floor=float(floors[-1]),
            must_vanish={"orders below, in units of their rounding": (worst, 1.0)},
        )  # fmt: skip


def measure(instance, solution):
    """Order 2m, and all orders below it, which have to vanish."""
    return _measurement(instance, solution, 2 * instance.m - 1)


def measure_one_more(instance, solution):
    """Ask order 2m to vanish as well."""
    return _measurement(instance, solution, 2 * instance.m)


STUDY = Study(
    claim="moe.rbar_lower",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="two-sided", quantity="last order"),
    quick=Budget(grid=Grid(axis="m", sizes=(2, 3, 5, 8)), replicates=5),
    full=Budget(grid=Grid(axis="m", sizes=tuple(range(2, 13))), replicates=30),
    controls=(
        WrongBound(
            bound=Bound("-kappa*W*s**(2*m)/(2**m*odd)", kappa="factor", **find("moe.rbar_lower").bound.symbols),
            neutral=1.0,
            kappa=1.01,
            scan=(1 + 1e-10, 1 + 1e-8, 1 + 1e-6, 1.0001, 1.01),
        ),
        Broken(name="order 2m asked to vanish", measure=measure_one_more),
        Broken(name="nodes moved by a millionth", run=moved_nodes),
        Broken(name="two atoms in one place", run=in_one_place),
        Broken(name="equal weights", run=equal_weights),
        Positive(),
    ),
    cost_exponent=3.0,
    notes=(
        r"Nodes and weights are the library's, in double precision; the equations are exact and evaluated in 60 "
        r"digits, so that all that is left of the lower orders is the rounding of the nodes. Their floors are the "
        r"derivatives by nodes and weights times 16 units of rounding. The sum of the weights spans four decades, the "
        r"scale of the locations one, with either sign."
    ),
)  # fmt: skip
