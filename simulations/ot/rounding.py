"""Rounding random and extremal matrices: the distance against the marginal error, and exact marginals."""

from fractions import Fraction

import numpy as np

from sparsetheory import ot
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound
from sparsetheory.verify.rules import EveryInstance

EPS = np.finfo(float).eps


def _targets(rng, n, m):
    """Two random histograms of mass 1, some of them with an empty place."""
    a, b = rng.dirichlet(np.ones(n)), rng.dirichlet(np.ones(m))
    if n > 2 and rng.random() < 0.2:
        a[0] = 0.0
    return a / a.sum(), b / b.sum()


def _random(rng, n, m, a, b):
    return rng.dirichlet(np.full(n * m, 0.3)).reshape(n, m)


def _sparse(rng, n, m, a, b):
    P = rng.random((n, m)) * (rng.random((n, m)) < 0.3)
    P[rng.integers(n), rng.integers(m)] += 0.5
    return P / P.sum()


def _mass(rng, n, m, a, b):
    return _random(rng, n, m, a, b) * 10.0 ** rng.uniform(-3, 3)


def _nearly_feasible(rng, n, m, a, b):
    return np.outer(a, b) * (1 + 10.0 ** rng.uniform(-8, -1) * rng.uniform(-1, 1, (n, m)))


def generate(cell, rng):
    """Draw a matrix with its targets; the extremal kind has rows in excess, columns in excess, and no overlap."""
    n = cell["n"]
    if cell["kind"] == "extremal":
        p = rng.dirichlet(np.ones(n)) + 0.01
        rows = np.arange(n) < rng.integers(1, n)
        shrink = p * rng.uniform(0.01, 0.99, n)
        shrink[~rows] *= shrink[rows].sum() / shrink[~rows].sum()
        if (shrink[~rows] >= p[~rows]).any():
            shrink *= 0.99 * (p[~rows] / shrink[~rows]).min()
        return np.diag(p), p - np.where(rows, shrink, 0), p - np.where(rows, 0, shrink)
    m = int(rng.integers(1, 2 * n + 1))
    a, b = _targets(rng, n, m)
    draw = {"random": _random, "sparse": _sparse, "mass": _mass, "nearly feasible": _nearly_feasible}[cell["kind"]]
    return draw(rng, n, m, a, b), a, b


def run(instance, rng):
    """Round with the library."""
    return ot.round_plan(*instance)


def _floors(instance):
    """Rounding errors: every entry and sum of the result carries a few units of n + m roundings of its own size."""
    P, a, _ = instance
    unit = 4 * EPS * sum(P.shape)
    return unit * (P.sum() + a.sum()), unit * a.sum()


def _marginal_error(P, a, b):
    return np.abs(P.sum(axis=1) - a).sum() + np.abs(P.sum(axis=0) - b).sum()


def measure(instance, R):
    """Distance moved against the marginal error of what came in; what remains of it must vanish."""
    P, a, b = instance
    floor, feasible = _floors(instance)
    return Measurement(
        value=np.abs(R - P).sum(), at={"err": _marginal_error(P, a, b)}, floor=floor,
        must_vanish={"marginal error of the result": (_marginal_error(R, a, b), feasible),
                     "negative mass of the result": (np.abs(np.minimum(R, 0)).sum(), 0.0)},
    )  # fmt: skip


def recheck(instance, R):
    """Measure the same result in rational arithmetic: no rounding of the measurement can make a violation."""
    P, a, b = (np.vectorize(Fraction, otypes=[object])(x) for x in instance)
    R = np.vectorize(Fraction, otypes=[object])(R)
    floor, feasible = _floors(instance)
    return Measurement(
        value=float(np.abs(R - P).sum()), at={"err": float(_marginal_error(P, a, b))}, floor=floor,
        must_vanish={"marginal error of the result": (float(_marginal_error(R, a, b)), feasible),
                     "negative mass of the result": (float(sum(abs(min(x, 0)) for x in R.flat)), 0.0)},
    )  # fmt: skip


def without_correction(instance, rng):
    """Scale rows and columns down, and forget the rank-one matrix."""
    P, a, b = instance
    r = P.sum(axis=1)
    P = P * np.minimum(1, np.divide(a, r, out=np.ones_like(r), where=r > 0))[:, None]
    c = P.sum(axis=0)
    return P * np.minimum(1, np.divide(b, c, out=np.ones_like(c), where=c > 0))


def scaled_both_ways(instance, rng):
    """Scale rows by a/r and columns by b/c, up as well as down: one Sinkhorn step, which leaves the rows wrong."""
    P, a, b = instance
    r = P.sum(axis=1)
    P = P * np.divide(a, r, out=np.ones_like(r), where=r > 0)[:, None]
    c = P.sum(axis=0)
    return P * np.divide(b, c, out=np.ones_like(c), where=c > 0)


def independent_coupling(instance, rng):
    """Return a feasible plan that has nothing to do with P."""
    return np.outer(instance[1], instance[2]) / instance[1].sum()


KINDS = tuple({"kind": kind} for kind in ("random", "sparse", "mass", "nearly feasible", "extremal"))

STUDY = Study(
    claim="ot.rounding",
    generate=generate,
    run=run,
    measure=measure,
    recheck=recheck,
    rule=EveryInstance(max_violation_rate=0.001, quantity="distance"),
    quick=Budget(grid=Grid(axis="n", sizes=(2, 5, 12), strata=KINDS), replicates=40),
    full=Budget(grid=Grid(axis="n", sizes=(2, 3, 5, 12, 30), strata=KINDS), replicates=800),
    controls=(
        WrongBound(
            bound=Bound(
                "(3/2 - kappa)*err", err="L1 marginal error of P, rows plus columns", kappa="what is taken off"
            ),
            neutral=0.0,
            kappa=0.01,
            scan=(1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.5),
        ),
        Broken(name="no rank-one correction", run=without_correction),
        Broken(name="scaling up as well as down", run=scaled_both_ways),
        Broken(name="independent coupling", run=independent_coupling),
        Positive(),
    ),
    cost_exponent=1.0,
    notes=(
        r"Random, sparse, unbalanced and nearly feasible matrices stay well below the bound, since what is added "
        r"partly replaces what was removed: without excess mass the constant is $1$, two thirds of the bound. The "
        r"extremal kind, diagonal matrices whose rows and columns are in excess "
        r"at different places, sits on it for every size. A result may miss its marginals by $4 (n + m)$ units of "
        r"rounding of the target mass."
    ),
)
