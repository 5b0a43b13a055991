"""Gradients of psi_sigma from the library against gradients of psi in closed form, with all constants known."""

import numpy as np

from sparsetheory import bilevel
from sparsetheory.bilevel.closeness_study import Case, draw, oracles
from sparsetheory.bilevel.known_problems import cubic
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

ACCURACY = 1e-13  # of lower solves
LOWER = ({"lower": "quadratic"}, {"lower": "cubic"})
CONSTANTS = ("a_x", "a_y", "b", "c_x", "c_y")


def _cubic(sigma, rng):
    """Draw coefficients, which are the constants; x = 0, so that the lower solution is 0."""
    mu = 10.0 ** rng.uniform(-0.7, 0.3)
    named = dict(zip("akbem", rng.uniform(0.2, 1.5, 5), strict=True))
    constants = {"a_x": named["e"], "a_y": named["b"], "b": 1.0, "c_x": named["m"], "c_y": named["k"]}
    # a weight that is small against the curvature the path starts with
    case = Case(cubic(mu=mu, **named), np.zeros(1), np.full(1, 0.05), sigma * mu**2)
    return case, constants


def generate(cell, rng):
    """Draw a problem with its constants."""
    if cell["lower"] == "cubic":
        return _cubic(cell["sigma"], rng)
    case = draw("strongly convex", cell["sigma"], rng)
    calls, m = oracles(case), len(case.start)
    origin, zero = np.zeros(len(case.x)), np.zeros(m)
    # both levels are quadratic: columns of their second derivatives are differences of gradients
    by_f, by_g = ([calls_at(origin, e) for e in np.eye(m)] for calls_at in (calls.grad_f, calls.grad_g))
    at_f, at_g = calls.grad_f(origin, zero), calls.grad_g(origin, zero)
    norms = {
        "a_x": _norm([u[0] - at_f[0] for u in by_f]), "a_y": _norm([u[1] - at_f[1] for u in by_f]),
        "b": _norm([u[0] - at_g[0] for u in by_g]), "c_x": 0.0, "c_y": 0.0,
    }  # fmt: skip
    return case, norms


def _norm(columns):
    return float(np.linalg.norm(np.array(columns), 2))


def run(instance, rng):
    """The hypergradient by the penalty."""
    case, _ = instance
    return _gradient(case, "penalty", case.sigma)


def _gradient(case, method, sigma):
    tol = ACCURACY / sigma
    found = bilevel.hypergradient(case.known.problem, case.x, case.start, method=method, sigma=sigma, tol=tol)
    return found.gradient, found.y


def measure(instance, outcome):
    """The distance to the gradient of psi; the slope of f is that at y_sigma or larger."""
    case, constants = instance
    gradient, y = outcome
    mu, calls = case.known.mu, oracles(case)
    exact = case.known.gradient(case.x)
    return Measurement(
        value=float(np.linalg.norm(gradient - exact)),
        at={"s": case.sigma, "mu": mu, "l": float(np.linalg.norm(calls.grad_f_y(case.x, y))), **constants},
        floor=4 * ACCURACY / case.sigma * (1 + constants["b"] / mu) + 1e-13 * (1 + float(np.abs(exact).max())),
    )


def doubled(instance, rng):
    """Twice the weight of f."""
    case, _ = instance
    return _gradient(case, "penalty", 2 * case.sigma)


def envelope(instance, rng):
    """The derivative of f(x, y_sigma) by x alone, as if y did not move."""
    case, _ = instance
    _, y = _gradient(case, "penalty", case.sigma)
    return oracles(case).grad_f(case.x, y)[0], y


def quadratic_constants(instance, outcome):
    """The same bound with the third derivatives of g forgotten."""
    case, constants = instance
    return measure((case, {**constants, "c_x": 0.0, "c_y": 0.0}), outcome)


SYMBOLS = dict(find("bilevel.gradient_closeness").bound.symbols)
_REST = "*(a_x + l*c_x/(2*mu) + b/mu*(a_y + l*c_y/(2*mu)))"

STUDY = Study(
    claim="bilevel.gradient_closeness",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="upper", quantity="error of the hypergradient"),
    quick=Budget(grid=Grid(axis="sigma", sizes=(1e-3, 1e-1), strata=LOWER), replicates=12),
    full=Budget(grid=Grid(axis="sigma", sizes=(1e-4, 1e-3, 1e-2, 1e-1), strata=LOWER), replicates=150),
    controls=(
        WrongBound(
            bound=Bound(f"s*l/(kappa*mu){_REST}", kappa="factor", **SYMBOLS), neutral=1.0, kappa=1.1,
            scan=(1 + 1e-6, 1.0001, 1.001, 1.01, 1.1, 2.0),
        ),
        WrongBound(
            bound=Bound("s*l/mu*(a_x + l*c_x/(2*mu) + b/mu*(a_y + l*c_y/(kappa*mu)))", kappa="2", **SYMBOLS),
            neutral=2.0, kappa=3.0, scan=(2.01, 2.1, 2.5, 3.0),
        ),
        WrongBound(
            bound=Bound(f"s**kappa*l/mu{_REST}", kappa="power of sigma", **SYMBOLS), neutral=1.0, kappa=1.1,
            scan=(1.0001, 1.01, 1.1, 1.5),
        ),
        Broken(name="twice the weight of f", run=doubled),
        Broken(name="a lower point that does not move", run=envelope),
        Broken(name="third derivatives forgotten", measure=quadratic_constants),
        Positive(),
    ),
    notes=(
        r"Drawn quadratics, whose constants are norms of their second derivatives, and scalar problems "
        r"$f = -a y + \frac12 b y^2 + e x y$, $g = \frac12 (\mu + m x) y^2 + \frac16 k y^3 - x y$ at $x = 0$, where "
        r"every constant of the bound is a coefficient and all errors have the same sign: there the bound is attained "
        r"as $\sigma \to 0$. In the second kind $\sigma$ is the given number times $\mu^2$."
    ),
)  # fmt: skip
