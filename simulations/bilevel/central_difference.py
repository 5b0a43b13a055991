"""The central penalty of the library on drawn quadratics, against the gradient of psi in closed form."""

import warnings
from dataclasses import replace

import numpy as np

from sparsetheory import bilevel
from sparsetheory.bilevel.closeness_study import EPS, Case, draw, oracles
from sparsetheory.bilevel.known_problems import cubic
from sparsetheory.errors import ConvergenceWarning
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

ACCURACY = 1e-13  # of lower solves
LOWER = ({"lower": "drawn"}, {"lower": "scalar"})


def _with_constants(case):
    """Return the norms of second derivatives, which are constant, beside the case, and sigma in units of mu / a_y."""
    calls, m = oracles(case), len(case.start)
    origin, zero = np.zeros(len(case.x)), np.zeros(m)
    names = {}
    for name, part, ask in (("a_x", 0, calls.grad_f), ("a_y", 1, calls.grad_f), ("b", 0, calls.grad_g)):
        base = ask(origin, zero)[part]
        names[name] = float(np.linalg.norm(np.array([ask(origin, e)[part] - base for e in np.eye(m)]), 2))
    return replace(case, sigma=case.sigma * case.known.mu / names["a_y"]), names


def generate(cell, rng):
    """Draw quadratics, or the scalar problem that attains the bound to leading order."""
    if cell["lower"] == "drawn":
        return _with_constants(draw("strongly convex", cell["sigma"], rng))
    a, b, e, mu = rng.uniform(0.3, 1.5, 4)
    return _with_constants(Case(cubic(mu=mu, k=0.0, a=a, b=b, e=e), np.zeros(1), np.full(1, 0.05), cell["sigma"]))


def _gradient(case, method):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the degenerate control is told that it is one
        return bilevel.hypergradient(
            case.known.problem, case.x, case.start, method=method, sigma=case.sigma, tol=ACCURACY / case.sigma
        ).gradient


def run(instance, rng):
    """The hypergradient by the central penalty."""
    return _gradient(instance[0], "central")


def measure(instance, gradient):
    """The distance to the gradient of psi."""
    case, names = instance
    z, exact, mu = case.known.solution(case.x), case.known.gradient(case.x), case.known.mu
    calls = oracles(case)
    l, parts = float(np.linalg.norm(calls.grad_f_y(case.x, z))), calls.grad_g(case.x, z)[0]
    size = 1 + float(np.abs(parts).max() + np.abs(exact).max())
    return Measurement(
        value=float(np.linalg.norm(gradient - exact)),
        at={"s": case.sigma, "mu": mu, "l": l, **names},
        # residuals of 1e-13, and differences of gradients of g, over sigma
        floor=4 * ACCURACY / case.sigma * (1 + names["b"] / mu) + 32 * EPS * size / case.sigma,
    )


def forward(instance, rng):
    """The forward penalty at the same sigma."""
    return _gradient(instance[0], "penalty")


def degenerate(cell, rng):
    """Several lower solutions: g - sigma f falls without bound."""
    return _with_constants(draw("several solutions", cell["sigma"], rng))


SYMBOLS = dict(find("bilevel.central_difference").bound.symbols)
_REST = "l*a_y/mu**2*(a_x + b*a_y/mu)/(1 - (s*a_y/mu)**2)"

STUDY = Study(
    claim="bilevel.central_difference",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="upper", quantity="error of the hypergradient"),
    quick=Budget(grid=Grid(axis="sigma", sizes=(1e-2, 1e-1), strata=LOWER), replicates=12),
    full=Budget(grid=Grid(axis="sigma", sizes=(1e-3, 1e-2, 1e-1, 0.5), strata=LOWER), replicates=120),
    controls=(
        WrongBound(
            bound=Bound(f"s**2/kappa*{_REST}", kappa="factor", **SYMBOLS), neutral=1.0, kappa=1.05,
            scan=(1 + 1e-6, 1.0001, 1.001, 1.01, 1.05, 1.5),
        ),
        WrongBound(
            bound=Bound(f"s**kappa*{_REST}", kappa="power of sigma", **SYMBOLS), neutral=2.0, kappa=2.2,
            scan=(2.0001, 2.01, 2.1, 2.2, 3.0),
        ),
        Broken(name="forward penalty", run=forward),
        Broken(name="several lower solutions", generate=degenerate),
        Positive(),
    ),
    notes=(
        r"Drawn quadratics with condition numbers to 10, and scalar problems $f = -a y + \frac12 b y^2 + e x y$, "
        r"$g = \frac12 \mu y^2 - x y$, which attain the bound: there both parts of the error have one sign. The weight "
        r"is the given number times $\mu/a_y$. With several solutions the lower problem of $-\sigma$ has no minimum; "
        r"the library says so, and its answer is refuted."
    ),
)  # fmt: skip
