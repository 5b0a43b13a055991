"""Residual, movement and distance from the solutions at the saddle of a linear network, by the library."""

from dataclasses import dataclass, replace

import numpy as np

from sparsetheory import bilevel
from sparsetheory.bilevel.known_problems import linear_network
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

SIGMA = 2e-3
ACCURACY = 1e-11
MOST = 1e-5  # where the extrapolations differ by more, the limit is not in sight and the record may not pass


@dataclass(frozen=True)
class Network:
    """A network, the log penalty, the ridge solution, and a start of lower solves off the saddle."""

    problem: bilevel.Problem
    x: np.ndarray
    ridge: np.ndarray
    start: np.ndarray
    saddle: np.ndarray


def generate(cell, rng):
    """Draw the data, with two to three inputs and a ridge solution of length 1/2 to 2."""
    n = int(rng.integers(2, 4))
    V, t, x = rng.standard_normal((4 * n, n)), rng.standard_normal(4 * n), rng.uniform(-1, 1, 1)
    ridge = np.linalg.solve(V.T @ V + np.exp(x) * np.eye(n), V.T @ t)
    scale = rng.uniform(0.5, 2.0) / np.linalg.norm(ridge)
    t, ridge = scale * t, scale * ridge
    known = linear_network(V, t, rng.standard_normal((2 * n, n)), rng.standard_normal(2 * n))
    return Network(known.problem, x, ridge, rng.standard_normal(n * n + n), np.zeros(n * n + n))


def _moved(instance, saddle):
    """How far the solver gets from the saddle, and the hypergradient that it returns there."""
    found = bilevel.hypergradient(instance.problem, instance.x, saddle, method="penalty")
    return float(np.abs(found.y).max()), float(np.abs(found.gradient).max())


def _nearest(instance):
    """Return the solution of least length: the one that f = |y|^2/2 likes best, from penalties at three sigma."""
    shortest = replace(
        instance.problem, f=lambda x, y: 0.5 * float(y @ y), grad_f=lambda x, y: (0 * x, y),
    )  # fmt: skip
    y, path = instance.start, []
    for sigma in (SIGMA, SIGMA / 2, SIGMA / 4):
        y = bilevel.hypergradient(shortest, instance.x, y, method="penalty", sigma=sigma, tol=ACCURACY / sigma).y
        path.append(y)
    whole, half, quarter = path
    best = (8 * quarter - 6 * half + whole) / 3
    return float(np.linalg.norm(best)), float(np.linalg.norm(best - (2 * quarter - half)))


def run(instance, rng):
    """Distance and its accuracy; movement, hypergradient and residual at the saddle."""
    return *_nearest(instance), *_moved(instance, instance.saddle), _residual(instance)


def _residual(instance):
    return float(np.linalg.norm(instance.problem.grad_g(instance.x, instance.saddle)[1]))


def measure(instance, outcome):
    """The distance against the length of the ridge solution."""
    distance, accuracy, moved, slope, residual = outcome
    return Measurement(
        value=distance,
        at={"u": float(np.linalg.norm(instance.ridge))},
        floor=min(accuracy, MOST) + 1e-8,
        must_vanish={"residual": (residual, 0.0), "movement": (moved, 0.0), "hypergradient": (slope, 0.0)},
    )


def beside(instance, rng):
    """A start one millionth off the saddle: the solver leaves."""
    return *_nearest(instance), *_moved(instance, instance.saddle + 1e-6), _residual(instance)


def any_solution(instance, rng):
    """The distance of the solution that a lower solve happens to find."""
    y = bilevel.hypergradient(instance.problem, instance.x, instance.start, method="penalty").y
    return float(np.linalg.norm(y)), 0.0, 0.0, 0.0, 0.0


SYMBOLS = dict(find("bilevel.failure_saddle").bound.symbols)

STUDY = Study(
    claim="bilevel.failure_saddle",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="two-sided", quantity="distance from the saddle to the solutions"),
    quick=Budget(grid=Grid(axis="networks"), replicates=15),
    full=Budget(grid=Grid(axis="networks"), replicates=320),
    controls=(
        WrongBound(
            bound=Bound("sqrt(kappa*u)", kappa="2", **SYMBOLS), neutral=2.0, kappa=2.1,
            scan=(2 + 1e-5, 2 + 1e-4, 2.001, 2.01, 2.1),
        ),
        Broken(name="a start beside the saddle", run=beside),
        Broken(name="any solution for the nearest", run=any_solution),
        Positive(),
    ),
    notes=(
        r"The nearest solution is found with $f = \frac12 |y|^2$ and three small $\sigma$, whose lower points are "
        r"extrapolated; the difference of the last two extrapolations is the floor. From $y = 0$ the solver must not "
        r"move."
    ),
)  # fmt: skip
