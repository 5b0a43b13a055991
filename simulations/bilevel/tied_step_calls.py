"""Gradients until the hypergradient is small where the upper step is in proportion to sigma: F2BA so tied, and F2SA."""

from dataclasses import replace

from sparsetheory.bilevel.complexity_study import Case, arrive, arrive_falling
from sparsetheory.bilevel.slow_problems import soft_tail
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import Drift

SCHEDULES = ({"schedule": "fixed"}, {"schedule": "falling"})


def generate(cell, rng):
    """Draw a soft tail; F2BA gets the accuracy as sigma and as upper step, F2SA falls from sigma = 0.5."""
    eps = 1 / cell["accuracy"]
    p, c, start = rng.uniform(0.1, 0.2), rng.uniform(0.8, 1.2), rng.uniform(0.8, 1.0)
    fixed = cell["schedule"] == "fixed"
    known = soft_tail(height=c / p, power=p)
    case = Case(known=known, start=start, eps=eps, sigma=eps if fixed else 0.5, upper_step=eps)
    return case, fixed


def run(instance, rng):
    """Run until the true hypergradient is small."""
    case, fixed = instance
    return arrive(case) if fixed else arrive_falling(case, {"upper_ratio": 4.0})


def measure(instance, arrival):
    """The gradients asked for."""
    return Measurement(value=arrival.calls, at={"e": instance[0].eps})


def shorter(instance, rng):
    """A smaller power for the upper step: eps^1.6, and k^-0.45 where it falls."""
    case, fixed = instance
    if fixed:
        return arrive(replace(case, upper_step=case.eps**1.6))
    return arrive_falling(case, {"upper_ratio": 4.0, "exponents": (0.45, 0.0)})


SYMBOLS = dict(find("bilevel.tied_step_calls").bound.symbols)

STUDY = Study(
    claim="bilevel.tied_step_calls",
    generate=generate,
    run=run,
    measure=measure,
    rule=Drift(alternative="upper", margin=0.1, correction=None, quantity="number of gradients"),
    quick=Budget(grid=Grid(axis="accuracy", sizes=(5, 5.8, 6.8, 8), strata=SCHEDULES), replicates=3),
    full=Budget(grid=Grid(axis="accuracy", sizes=(6, 8, 10.5, 14), strata=SCHEDULES), replicates=8),
    controls=(
        WrongBound(
            bound=Bound("e**(kappa - 3)", kappa="exponent less", **SYMBOLS), neutral=0.0, kappa=1.0,
            scan=(0.1, 0.2, 0.22, 0.24, 0.26, 0.28, 0.3, 0.35, 0.4, 0.5, 1.0),
        ),
        Broken(name="an upper step shorter than sigma", run=shorter),
        Positive(),
    ),
    common_random_numbers=True,  # a replicate is one instance at all accuracies
    notes=(
        r"Soft tails with $p$ from 0.1 to 0.2, whose own exponents are $1 + (p+2)/(p+1)$, 2.83 to 2.91, for the fixed "
        r"schedule and $\frac32 (p+2)/(p+1)$, 2.75 to 2.86, for the falling one: a one-sided study, since 3 is a "
        r"bound. The wrong bound with $\kappa = 1$ claims $\epsilon^{-2}$, the order of an upper step that is not tied."
    ),
)  # fmt: skip
