"""Gradients that F2BA asks for on quadratics with ever worse conditioned lower levels, until the gradient is small."""

import math
from dataclasses import dataclass, replace

import numpy as np

from sparsetheory.bilevel.complexity_study import Case, arrive, arrive_alone
from sparsetheory.bilevel.known_problems import coupled
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import Drift

EPS = 0.1
THETA = 0.5  # error of directions over accuracy, half of it sigma's
#: Where F2BA starts its search for steps of its own: lengths are halved and numbers doubled until they fit, which is
#: averaged over thirds of a doubling.
OWN = (
    {"inner_steps": 3, "upper_step": 1.0},
    {"inner_steps": 4, "upper_step": 1.26},
    {"inner_steps": 5, "upper_step": 1.59},
)
STEPS = ({"steps": "declared"}, {"steps": "its own"})


@dataclass(frozen=True, eq=False)
class Worst:
    """An instance, what the bound needs to know of it, and whether F2BA chooses its steps itself."""

    case: Case
    at: dict
    own: bool


def generate(cell, rng):
    """Draw a steep direction that forces the upper step down to 1/L, and a flat one that is slow with it.

    Along the first psi is l (1 + k)^2 x^2/2: all second derivatives of f are at work. Along the second it is
    q x^2/2, the worst q for steps of 1/L and the height of the start, up to a random factor.
    """
    k, l = float(cell["kappa"]), rng.uniform(0.5, 1.0)
    q, L = rng.uniform(0.6, 0.9) * l, l * (1 + k) ** 2
    start = np.array([rng.uniform(0.8, 1.0) * EPS / (1 + k), math.exp(rng.uniform(0.4, 0.6)) * EPS / q])
    U, V = np.diag([math.sqrt(l), 0.0]), np.diag([math.sqrt(l), math.sqrt(q), 0.0])[:2]
    H, A = np.diag([1 / k, 1 / k, 1.0]), np.array([[k, 0.0], [0.0, 1.0], [0.0, 0.0]])
    known = coupled(U, V, np.zeros(2), H, A)
    drop = known.psi(start)
    sigma, r = _choice(k, l, L, drop)
    case = Case(
        known=known, start=start, eps=EPS, sigma=sigma, upper_step=1 / L,
        inner_steps=math.ceil(k * math.log(1 + 1 / r)),
    )  # fmt: skip
    return Worst(case, {"k": k, "r": r, "D": drop, "l": l, "e": EPS, "theta": THETA}, cell["steps"] == "its own")


def _choice(k, l, L, drop):
    """Return sigma = theta e/(2 C) and r = sigma theta e/(4 h R) with h = 1, the norm of the lower Hessian."""
    C = l * (1 + k) * k * math.sqrt(2 * l * drop)  # |grad_y f|^2 <= 2 l psi, since f is nonnegative
    sigma = THETA * EPS / (2 * C)
    moves = k * (1 + sigma * l) * (math.sqrt(2 * L * drop) + THETA * EPS) / L
    return sigma, sigma * THETA * EPS / (4 * moves)


def run(worst, rng):
    """Run to the true hypergradient with the declared steps, or to F2BA's own tolerance with its own."""
    return [_alone(worst, options) for options in OWN] if worst.own else [arrive(worst.case)]


def _alone(worst, options):
    """Half of theta e is left to sigma."""
    return arrive_alone(worst.case, (1 - THETA / 2) * EPS, options)


def measure(worst, arrivals):
    """The gradients asked for; a small gradient at the end, and directions as good as declared, are conditions."""
    end = max(float(np.linalg.norm(worst.case.known.gradient(arrival.x))) / EPS for arrival in arrivals)
    off = 0.0 if worst.own else arrivals[0].error / (THETA * EPS)
    conditions = {"gradient at the end": (max(0.0, end - 1), 0.0), "directions": (max(0.0, off - 1), 0.0)}
    calls = float(np.mean([arrival.calls for arrival in arrivals]))
    return Measurement(value=calls, at=worst.at, must_vanish=conditions)


def short_steps(worst, rng):
    """Upper steps over a root of k, as if L were k^2.5."""
    short = worst.case.upper_step / math.sqrt(worst.at["k"])
    return [_alone(worst, {"upper_step": short}) if worst.own else arrive(replace(worst.case, upper_step=short))]


SYMBOLS = dict(find("bilevel.condition_number_calls").bound.symbols)
FORMULA = find("bilevel.condition_number_calls").bound.formula

STUDY = Study(
    claim="bilevel.condition_number_calls",
    generate=generate,
    run=run,
    measure=measure,
    rule=Drift(alternative="upper", margin=0.1, correction=None, quantity="number of gradients"),
    quick=Budget(grid=Grid(axis="kappa", sizes=(2.5, 3.1, 3.9, 4.8), strata=STEPS), replicates=3),
    full=Budget(grid=Grid(axis="kappa", sizes=(3, 4.2, 6, 8, 11), strata=STEPS), replicates=10),
    controls=(
        WrongBound(
            bound=Bound(f"({FORMULA})*k**(-kappa)", kappa="exponent less", **SYMBOLS), neutral=0.0, kappa=1.0,
            scan=(0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.5, 1.0),
        ),
        Broken(name="an upper step over a root of the condition number", run=short_steps),
        Positive(),
    ),
    common_random_numbers=True,  # a replicate is one instance at all condition numbers
    notes=(
        r"$f = \frac12 l (x_1 + y_1)^2 + \frac12 q y_2^2$ over $z = (\kappa x_1, x_2)$, the lower Hessian with "
        r"eigenvalues $1/\kappa$, $1/\kappa$ and 1: the first direction makes $\nabla \psi$ as steep as the constants "
        r"allow, the second is slow with steps that short. Declared steps are those of the statement, stopped at the "
        r"true hypergradient, and the scan of the exponent shows that 3 is theirs. With its own steps F2BA starts from "
        r"defaults, knows no constant but $\sigma$ and ends at its own tolerance; no proof covers those, and the study "
        r"is one-sided there. Half a decade of $\kappa$ and a little more: what costs $\kappa^3$ shows no more."
    ),
)  # fmt: skip
