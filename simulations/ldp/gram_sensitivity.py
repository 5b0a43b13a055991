"""Packed Gram matrices of pairs of clipped records: random, nearly parallel, orthogonal, and climbed to."""

import numpy as np

from sparsetheory.ldp import svec
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound
from sparsetheory.verify.rules import EveryInstance

KINDS = tuple({"kind": kind} for kind in ("normal", "nearly parallel", "sparse", "orthogonal", "climbed"))


def _climb(rng, pair):
    """A few random steps uphill in the distance, on the sphere."""
    best = _square(pair)
    for _ in range(60):
        moved = pair + 0.3 * rng.standard_normal(pair.shape)
        moved /= np.linalg.norm(moved, axis=1, keepdims=True)
        if _square(moved) > best:
            pair, best = moved, _square(moved)
    return pair


def _square(pair):
    (p, t), (_, q) = pair @ pair.T
    return p**2 + q**2 - 2 * t**2


def generate(cell, rng):
    """Draw a pair of records as users hold them, up to four times the radius long, and the radius."""
    d, r = int(cell["d"]), float(10.0 ** rng.uniform(-1, 1))
    pair = rng.standard_normal((2, d))
    if cell["kind"] == "nearly parallel":
        pair[1] = pair[0] + 0.05 * pair[1]
    elif cell["kind"] == "sparse":
        pair = np.eye(d)[rng.integers(0, d, 2)] * rng.uniform(0.2, 3, (2, 1))
    elif cell["kind"] == "orthogonal":
        pair = np.linalg.qr(pair.T)[0].T
    elif cell["kind"] == "climbed":
        pair = _climb(rng, pair / np.linalg.norm(pair, axis=1, keepdims=True))
    length = rng.uniform(0.3, 4.0, (2, 1)) if cell["kind"] in ("normal", "sparse") else rng.uniform(1.0, 4.0)
    return r * length * pair / np.linalg.norm(pair, axis=1, keepdims=True), r


def _clipped(pair, r):
    return pair * np.minimum(1.0, r / np.linalg.norm(pair, axis=1, keepdims=True))


def run(instance, rng):
    """Clip to the radius, and pack with the library."""
    pair, r = instance
    return [svec(np.outer(x, x)) for x in _clipped(pair, r)]


def measure(instance, packed):
    """Distance of what the two users hold before noise is added."""
    return Measurement(value=float(np.linalg.norm(packed[0] - packed[1])), at={"r": instance[1]})


def unclipped(instance, rng):
    """Clip a copy, pack the original."""
    return [svec(np.outer(x, x)) for x in instance[0]]


def both_triangles_weighted(instance, rng):
    """Weigh off-diagonal entries by 2: they count twice and once more."""
    return [svec(np.outer(x, x) * (2 - np.eye(len(x)))) for x in _clipped(*instance)]


def clipped_by_coordinate(instance, rng):
    """Clip every coordinate to the radius of the ball."""
    return [svec(np.outer(x, x)) for x in np.clip(instance[0], -instance[1], instance[1])]


STUDY = Study(
    claim="ldp.gram_sensitivity",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(max_violation_rate=0.001, quantity="distance"),
    quick=Budget(grid=Grid(axis="d", sizes=(2, 8), strata=KINDS), replicates=25),
    full=Budget(grid=Grid(axis="d", sizes=(2, 3, 8, 32), strata=KINDS), replicates=800),
    controls=(
        WrongBound(
            bound=Bound("(sqrt(2) - kappa)*r**2", r="bound on the norm of the covariates", kappa="what is taken off"),
            neutral=0.0,
            kappa=0.02,
            scan=(1e-6, 1e-4, 1e-3, 0.01, 0.02, 0.1, 0.4),
        ),
        Broken(name="clip a copy", run=unclipped),
        Broken(name="off-diagonal entries count three times", run=both_triangles_weighted),
        Broken(name="clip by coordinate", run=clipped_by_coordinate),
        Positive(),
    ),
    cost_exponent=1.0,
    notes=(
        r"Records are up to four times longer than the radius and are clipped first. Orthogonal pairs sit on the bound "
        r"in every dimension; random ones come near it as $d$ grows, since they are then nearly orthogonal."
    ),
)
