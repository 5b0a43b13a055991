"""Gradients that F2BA asks for until the hypergradient is small, on ramps and soft tails with all constants known."""

import math
from dataclasses import replace

import numpy as np

from sparsetheory.bilevel.complexity_study import Case, arrive
from sparsetheory.bilevel.slow_problems import ramp, soft_tail
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

THETA = 0.1  # error of directions over accuracy, half of it sigma's
PSI = ({"psi": "ramp"}, {"psi": "soft tail"})


def generate(cell, rng):
    """Draw psi and one or two lower variables; sigma and lower steps follow from the constants of the claim."""
    eps = 1 / cell["accuracy"]
    h = np.array([1.0, rng.uniform(0.5, 0.8)])[: rng.integers(1, 3)]
    if cell["psi"] == "ramp":  # just steeper than the accuracy over its whole length
        steepest, L = rng.uniform(1.01, 1.1) * eps, rng.uniform(0.5, 2.0)
        known = ramp(slope=steepest, width=steepest / (4 * L), curvature=h)
        start = -rng.uniform(0.2, 0.4) / steepest
    else:
        L, p = rng.uniform(0.5, 2.0), rng.uniform(0.1, 0.4)
        known, start = soft_tail(height=L / p, power=p, curvature=h), rng.uniform(0.5, 2.0)
        turn = 1 / math.sqrt(p + 1)  # where the slope is steepest
        steepest = float(np.abs(known.gradient(np.array([turn])))[0])
    a = rng.uniform(0.2, 0.4) / L
    sigma, T = _choice(h, steepest, L, a, eps)
    case = Case(known=known, start=start, eps=eps, sigma=sigma, upper_step=a, inner_steps=T)
    return case, {"a": a, "L": L, "e": eps, "theta": THETA, "D": known.psi(np.array([start])), "T": T}


def _choice(h, steepest, L, a, eps):
    """Return sigma = theta e/(2 C) and T; the mean of lower variables is off x by sigma |f'| times a mean of 1/h."""
    m, condition = len(h), h.max() / h.min()
    C = L * steepest * float(np.sum(1 / h)) / m**2
    sigma = THETA * eps / (2 * C)
    if condition == 1:
        return sigma, 3  # one step is exact for z; for y every one contracts by sigma |f''|
    mixed, moves = float(np.linalg.norm(h)), math.sqrt(m) * a * (steepest + THETA * eps)
    drift = 1 + 2 * sigma * L / (m * h.min())  # of the solutions of sigma f + g against those of g
    r = sigma * THETA * eps / (4 * mixed * moves * drift)
    return sigma, math.ceil(condition * math.log(1 + 1 / r))


def run(instance, rng):
    """Run until the true hypergradient is small."""
    return arrive(instance[0])


def measure(instance, arrival):
    """The gradients asked for; that directions are as good as the claim wants is a side condition."""
    case, at = instance
    off = arrival.error / (THETA * case.eps)
    return Measurement(value=arrival.calls, at=at, must_vanish={"error of directions": (max(0.0, off - 1), 0.0)})


def large_sigma(instance, rng):
    """A weight of f that the accuracy does not allow: directions are off by more than the claim wants."""
    case = instance[0]
    return arrive(replace(case, sigma=20 * case.sigma))


def short_step(instance, rng):
    """Another upper step than the one that is declared, 0.4 times as long."""
    case = instance[0]
    return arrive(replace(case, upper_step=0.4 * case.upper_step))


SYMBOLS = dict(find("bilevel.two_time_scale_calls").bound.symbols)

STUDY = Study(
    claim="bilevel.two_time_scale_calls",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="upper", max_violation_rate=0.02, quantity="gradients"),
    quick=Budget(grid=Grid(axis="accuracy", sizes=(3, 5), strata=PSI), replicates=8),
    full=Budget(grid=Grid(axis="accuracy", sizes=(3, 6, 9), strata=PSI), replicates=50),
    controls=(
        WrongBound(
            bound=Bound(
                "3*(T + 2)*(1 + 2*D/(kappa*a*e**2*(1 - theta**2 + (1 - a*L)*(1 - theta)**2)))",
                kappa="factor", **SYMBOLS,
            ),
            neutral=1.0, kappa=2.0, scan=(1.05, 1.1, 1.2, 1.3, 1.5, 2.0, 3.0),
        ),
        WrongBound(
            bound=Bound(
                "3*(T + 2)*(1 + 2*D/(a*e**(2 - kappa)*(1 - theta**2 + (1 - a*L)*(1 - theta)**2)))",
                kappa="exponent less", **SYMBOLS,
            ),
            neutral=0.0, kappa=0.5, scan=(0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0),
        ),
        Broken(name="a sigma that the accuracy does not allow", run=large_sigma),
        Broken(name="a shorter upper step than declared", run=short_step),
        Positive(),
    ),
    notes=(
        r"Stopped at the true hypergradient, which only a study can see. A ramp is just steeper than $\epsilon$ over "
        r"its whole length, as slow as the constants allow; the soft tail is one instance for all accuracies. Sigma "
        r"and $T$ are those of the statement, from the constants, with $\theta = 0.1$."
    ),
)  # fmt: skip
