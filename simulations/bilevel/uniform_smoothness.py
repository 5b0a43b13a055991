"""Changes of penalised hypergradients between two points over their distance, for sigma down to 1e-6."""

from dataclasses import dataclass

import numpy as np

from sparsetheory import bilevel
from sparsetheory.bilevel.closeness_study import draw
from sparsetheory.bilevel.known_problems import cubic, rank_drop
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

ACCURACY = 1e-13
SIZES = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
LOWER = ({"lower": "quadratic"}, {"lower": "cubic"}, {"lower": "extremal"})
NONE = dict.fromkeys(("c_xx", "c_x", "c_y", "a_xx", "a_xy", "a_y"), 0.0)


@dataclass(frozen=True)
class Pair:
    """A problem, two points, a start of lower solves, sigma, and the constants between the points."""

    problem: bilevel.Problem
    x: np.ndarray
    other: np.ndarray
    start: np.ndarray
    sigma: float
    constants: dict


def generate(cell, rng):
    """Draw a problem of the kind and two points, near or far."""
    if cell["lower"] == "quadratic":
        return _quadratic(cell["sigma"], rng)
    named = {"mu": rng.uniform(0.5, 2.0), "b": rng.uniform(0.2, 2.0)}
    if cell["lower"] == "cubic":
        named |= dict(zip("keam", rng.uniform(0.2, 1.5, 4), strict=True))
    else:
        named |= {"k": 0.0, "a": 0.0}
    return _scalar(named, cell["sigma"], rng)


def _scalar(named, sigma, rng):
    """Take f = -a y + b y^2/2 + e x y over the cubic: lower points lie in [0, (x + sigma a)/mu]."""
    mu, k, a, b, e, m = (named.get(name, 0.0) for name in ("mu", "k", "a", "b", "e", "m"))
    x = rng.uniform(0.0, 0.5)
    other = x + rng.choice([1e-2, 0.3])
    most = (other + sigma * a) / mu
    constants = NONE | {
        "mu": mu, "s": sigma, "l": max(a, b * most + e * other), "b": max(1.0, m * most - 1), "a_xy": e, "a_y": b,
        "c_x": m, "c_y": k,
    }  # fmt: skip
    return Pair(cubic(**named).problem, np.array([x]), np.array([other]), np.array([x / mu]), sigma, constants)


def _quadratic(sigma, rng):
    case = draw("strongly convex", sigma, rng)
    p, q = len(case.x), len(case.start)
    upper, lower = (_hessian(gradient, p, q) for gradient in (case.known.problem.grad_f, case.known.problem.grad_g))
    norm = {name: float(np.linalg.norm(block, 2)) for name, block in _blocks(upper, p).items()}
    constants = NONE | norm | {
        "mu": case.known.mu, "s": sigma, "l": 0.0, "b": float(np.linalg.norm(lower[:p, p:], 2)),
    }  # fmt: skip
    other = case.x + rng.choice([1e-2, 1.0]) * rng.standard_normal(p)
    return Pair(case.known.problem, case.x, other, case.start, sigma, constants)


def _hessian(gradient, p, q):
    """Return the Hessian of a quadratic from differences of its gradient, which are exact."""
    at = [(e[:p], e[p:]) for e in np.eye(p + q)]
    base = np.concatenate(gradient(np.zeros(p), np.zeros(q)))
    return np.array([np.concatenate(gradient(*point)) - base for point in at])


def _blocks(hessian, p):
    return {"a_xx": hessian[:p, :p], "a_xy": hessian[:p, p:], "a_y": hessian[p:, p:]}


def run(pair, rng):
    """The change of the hypergradient by the penalty over the distance."""
    at = [
        bilevel.hypergradient(
            pair.problem, x, pair.start, method="penalty", sigma=pair.sigma, tol=ACCURACY / pair.sigma
        ).gradient
        for x in (pair.x, pair.other)
    ]
    return float(np.linalg.norm(at[1] - at[0])) / float(np.linalg.norm(pair.other - pair.x))


def measure(pair, change):
    """A residual of 1e-13 in either lower point costs b/(mu sigma) times as much."""
    named, distance = pair.constants, float(np.linalg.norm(pair.other - pair.x))
    return Measurement(
        value=change, at=named, floor=4 * ACCURACY * (1 + named["b"] / named["mu"]) / (pair.sigma * distance)
    )


def dropped(cell, rng):
    """A lower curvature x^2 that vanishes at 0, for which the one at x = 1 is claimed."""
    sigma = cell["sigma"]
    x = np.sqrt(sigma) * rng.uniform(0.1, 0.4)
    constants = NONE | {"mu": 1.0, "s": sigma, "l": 1.0, "b": 0.1, "a_y": 1.0, "c_x": 0.2, "c_y": 0.0, "c_xx": 2.0}
    problem = rank_drop(alpha=1.0, beta=1.0, c=1.0).problem
    return Pair(problem, np.array([x]), np.array([1.1 * x]), np.array([0.5]), sigma, constants)


SYMBOLS = dict(find("bilevel.uniform_smoothness").bound.symbols)
FORMULA = find("bilevel.uniform_smoothness").bound.formula

STUDY = Study(
    claim="bilevel.uniform_smoothness",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(quantity="change of the hypergradient over the distance"),
    quick=Budget(grid=Grid(axis="sigma", sizes=(1e-6, 1e-4, 1e-2), strata=LOWER), replicates=6),
    full=Budget(grid=Grid(axis="sigma", sizes=SIZES, strata=LOWER), replicates=60),
    controls=(
        WrongBound(
            bound=Bound(f"({FORMULA})*(1 - kappa)", kappa="share taken away", **SYMBOLS), neutral=0.0, kappa=0.05,
            scan=(1e-7, 1e-5, 1e-3, 0.01, 0.05),
        ),
        WrongBound(
            bound=Bound(f"({FORMULA})*s**kappa", kappa="power of sigma", **SYMBOLS), neutral=0.0, kappa=0.1,
            scan=(1e-6, 1e-4, 0.01, 0.1),
        ),
        Broken(name="a lower curvature that vanishes", generate=dropped),
        Positive(),
    ),
    notes=(
        r"Drawn strongly convex quadratics; cubics with every constant of $g$ at work; scalar quadratics on which the "
        r"bound is reached as $\sigma \to 0$. Where the lower curvature vanishes (the control) the constant grows."
    ),
)  # fmt: skip
