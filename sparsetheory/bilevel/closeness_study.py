"""What the studies of closeness share: problems of each kind at a point, and the lower solves of the library."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..testing import BilevelInstance
from .given_sets import as_set
from .known_problems import Known, drawn, sine, tilted
from .oracles import Oracles
from .penalty import Penalised, penalised

__all__ = ["EPS", "KINDS", "Case", "draw", "oracles", "penalise", "slope", "strata"]

EPS = float(np.finfo(float).eps)
#: Kinds of lower level -> decorations of `BilevelInstance`.
KINDS: Mapping[str, Mapping[str, Any]] = {
    "strongly convex": {"cond": 10.0},
    "several solutions": {"multi_solution": True, "cond": 4.0},
    "box": {"constrained": True, "cond": 10.0},
}
#: What lower solves are accurate to; residuals of 1e-13 are reached at all problems of the studies.
ACCURACY = 1e-13


@dataclass(frozen=True, eq=False)
class Case:
    """A known problem, the point x, the start of lower solves, and the weight of f."""

    known: Known
    x: np.ndarray
    start: np.ndarray
    sigma: float


def strata(*kinds: str) -> tuple[dict[str, str], ...]:
    """Return strata of a grid, one a kind of lower level."""
    return tuple({"lower": kind} for kind in kinds)


def draw(kind: str, sigma: float, rng: np.random.Generator) -> Case:
    """Draw a problem of a kind with two or three variables above and three to six below, and a point.

    Beside `KINDS`, ``"nonconvex"`` has a sine in the lower level, and ``"extremal"`` tilts a quadratic along its
    flattest direction.
    """
    n, m = int(rng.integers(2, 4)), int(rng.integers(3, 7))
    if kind == "nonconvex":
        known = sine(rng.uniform(0.5, 2.0, m), rng.standard_normal((m, n)), rng.standard_normal(m))
    elif kind == "extremal":
        basis = np.linalg.qr(rng.standard_normal((m, m)))[0]
        curvature = np.sort(rng.uniform(0.1, 2.0, m))
        H = (basis * curvature) @ basis.T
        known = tilted((H + H.T) / 2, rng.standard_normal((m, n)), rng.uniform(0.5, 2.0) * basis[:, 0])
    else:
        known = drawn(BilevelInstance.build(seed=int(rng.integers(2**31)), n=n, m=m, **KINDS[kind]))
    x = rng.standard_normal(n)
    return Case(known, x, known.solution(x) + 0.05 * rng.standard_normal(m), sigma)


def oracles(case: Case) -> Oracles:
    """Return the counted callables of a case."""
    return Oracles(case.known.problem, len(case.x), len(case.start))


def penalise(case: Case, *, factor: float = 1.0) -> Penalised:
    """Return psi_sigma with its gradient by the library's lower solves, for `factor` times the weight of the case."""
    case = replace(case, sigma=factor * case.sigma)
    Y = as_set(case.known.problem.Y, len(case.start), "Y")
    tol = ACCURACY / case.sigma
    return penalised(oracles(case), case.x, Y, case.sigma, y=case.start, z=case.start, tol=tol)


def slope(case: Case, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the largest length of grad_y f between y and the lower solution p next to it, and p.

    f is convex and quadratic in y in all problems of the studies: the length is convex along a segment.
    """
    calls, p = oracles(case), case.known.nearest(case.x, y)
    return max(float(np.linalg.norm(calls.grad_f_y(case.x, at))) for at in (p, y)), p
