"""Descent along nearest neighbours: what every step gains, against distances by definition in extended precision."""

from dataclasses import dataclass

import numpy as np

from sparsetheory import bcd
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound
from sparsetheory.verify.rules import EveryInstance

EPS = np.finfo(float).eps
ITERATIONS = 12
END = 1e-8  # residuals are followed down to this part of the first one


@dataclass(frozen=True)
class Instance:
    """Columns and a target."""

    A: np.ndarray
    y: np.ndarray


def _gaussian(rng, m, n):
    return rng.standard_normal((m, n))


def _scaled(rng, m, n):
    """Norms over four decades."""
    return _gaussian(rng, m, n) * 10.0 ** rng.uniform(-2, 2, n)


def _clustered(rng, m, n):
    """A few directions and their opposites with small deviations: neighbours are hard to tell apart."""
    centres = rng.standard_normal((m, 3))[:, rng.integers(3, size=n)]
    return rng.choice((-1.0, 1.0), n) * centres + 10.0 ** rng.uniform(-6, -1) * rng.standard_normal((m, n))


def _tied(rng, m, n):
    """Multiples of a few small whole columns, some of them zero: exact ties."""
    base = rng.integers(-2, 3, size=(m, max(n // 3, 1))).astype(float)
    base[:, 0] += not base[:, 0].any()
    return base[:, np.arange(n) % base.shape[1]] * 2.0 ** rng.integers(-3, 4, n)


DRAW = {"gaussian": _gaussian, "scaled": _scaled, "clustered": _clustered, "tied": _tied}


def generate(cell, rng):
    """Draw columns in two to eight dimensions and a target."""
    n, m = int(cell["columns"]), int(rng.integers(2, 9))
    return Instance(DRAW[cell["kind"]](rng, m, n), rng.standard_normal(m))


def _minimize(problem, select, size, iterations, points):
    """Run the library's solver with variable blocks, exactly minimised."""
    return bcd.minimize(
        problem, select=select, partition="variable", block_size=size, update="exact", tol=0.0, max_iter=iterations,
        check_every=1, on_failure="ignore", callback=lambda p: points.append(p.solution),
    )  # fmt: skip


def _descend(instance, select):
    """Return the iterates with single variables, and the first choice of three."""
    problem, points = bcd.LeastSquares(instance.A, instance.y), [np.zeros(instance.A.shape[1])]
    _minimize(problem, select, 1, ITERATIONS, points)
    return np.array(points), _minimize(problem, select, 3, 1, []).visited[0]


def run(instance, rng):
    """Minimise with the library: the column nearest to the residual, found by the index."""
    return _descend(instance, "nearest")


def largest_gradient(instance, rng):
    """Forget the norms: the largest |a_i . r|, which is no nearest neighbour."""
    return _descend(instance, "gs")


def _by_distance(instance, points, sides):
    """Minimise exactly along the point of the list that is nearest to the residual."""
    A, x, path = instance.A, np.zeros(instance.A.shape[1]), [np.zeros(instance.A.shape[1])]
    norms = np.linalg.norm(A, axis=0)
    for _ in range(ITERATIONS):
        r = A @ x - instance.y
        if not np.linalg.norm(r) > END:
            break
        r /= np.linalg.norm(r)
        distance = np.min([np.linalg.norm(r[:, None] - s * points, axis=0) for s in sides], axis=0)
        i = int(np.argmin(np.where(norms > 0, distance, np.inf)))
        x = x.copy()
        x[i] -= A[:, i] @ (A @ x - instance.y) / norms[i] ** 2
        path.append(x)
    return np.array(path), np.arange(0)


def unnormalised(instance, rng):
    """Look for the nearest column as it is."""
    return _by_distance(instance, instance.A, (1, -1))


def one_side(instance, rng):
    """Forget the negatives of the columns."""
    norms = np.linalg.norm(instance.A, axis=0)
    return _by_distance(instance, instance.A / np.where(norms > 0, norms, 1.0), (1,))


def _missed(instance, chosen):
    """Return by how much the scores of a choice fall short of as many largest ones, and what rounding makes of it."""
    norms = np.linalg.norm(instance.A, axis=0)
    scores = (instance.A.T @ instance.y / np.where(norms > 0, norms, 1.0)) ** 2
    best = np.sort(scores)[::-1][: len(chosen)]
    floor = 16 * EPS * len(instance.y) * float(instance.y @ instance.y)
    return float((best - np.sort(scores[chosen])[::-1]).sum()), floor


def measure(instance, outcome):
    """Gain of every step from the residuals before and after, against the distance to the nearest column."""
    A, y, points = (v.astype(np.longdouble) for v in (instance.A, instance.y, outcome[0]))
    norms = np.sqrt((A * A).sum(axis=0))
    residuals = points @ A.T - y
    sizes = np.sqrt((residuals**2).sum(axis=1))
    kept = int(np.argmin(np.r_[sizes > END * sizes[0], False]))
    before, after = residuals[:kept][: len(points) - 1], residuals[1 : kept + 1]
    r = sizes[: len(before)]
    units = np.concatenate([A, -A], axis=1)[:, np.tile(norms > 0, 2)] / np.tile(norms, 2)[np.tile(norms > 0, 2)]
    d = [np.sqrt(((unit[:, None] - units) ** 2).sum(axis=0)).min() for unit in before / r[:, None]]
    gain = 0.5 * ((before - after) * (before + after)).sum(axis=1)
    # the solver's residual, choice and step: sums of m products and of the terms of A x, in double precision
    size = (np.maximum.accumulate(np.abs(points)) @ np.abs(A).T + np.abs(y))[: len(before)]
    size = np.sqrt((size**2).sum(axis=1))
    floor = 16 * EPS * (len(y) + ITERATIONS) * r * size
    return Measurement(
        value=gain.astype(float), at={"r": r.astype(float), "d": np.array(d, dtype=float)}, floor=floor.astype(float),
        must_vanish={"score that the first three miss": _missed(instance, outcome[1])},
    )  # fmt: skip


STUDY = Study(
    claim="bcd.nearest_neighbour_rule",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="two-sided", quantity="gain of a step"),
    quick=Budget(grid=Grid(axis="columns", sizes=(5, 50), strata=tuple({"kind": k} for k in DRAW)), replicates=10),
    full=Budget(grid=Grid(axis="columns", sizes=(5, 50, 500), strata=tuple({"kind": k} for k in DRAW)), replicates=120),
    controls=(
        WrongBound(
            bound=Bound(
                "kappa*r**2*(1 - d**2/2)**2/2", r="norm of the residual", d="distance to the nearest column",
                kappa="factor",
            ),
            neutral=1.0,
            kappa=1.01,
            scan=(1 + 1e-12, 1 + 1e-10, 1 + 1e-8, 1 + 1e-6, 1.0001, 1.01),
        ),
        Broken(name="columns that are not normalised", run=unnormalised),
        Broken(name="negatives of the columns forgotten", run=one_side),
        Broken(name="largest gradient entry", run=largest_gradient),
        Positive(),
    ),
    cost_exponent=0.5,
    notes=(
        r"The library's selection by index on its own: gains are read off the residuals before and after a step, "
        r"distances are those of the definition, over all columns and both signs, in extended precision. Gaussian "
        r"columns, norms over four decades, a few directions with deviations down to $10^{-6}$, and multiples of small "
        r"whole columns with exact ties and zero columns."
    ),
)  # fmt: skip
