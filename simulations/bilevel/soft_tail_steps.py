"""Upper steps of F2BA on soft tails, with a constant upper step and with one in proportion to sigma."""

from dataclasses import replace

from sparsetheory.bilevel.complexity_study import Case, arrive
from sparsetheory.bilevel.slow_problems import ramp, soft_tail
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import Drift

STEPS = ({"step": "constant"}, {"step": "sigma"})


def generate(cell, rng):
    """Draw the tail and the start; sigma is the accuracy."""
    eps = 1 / cell["accuracy"]
    p, c = rng.uniform(0.1, 0.3), rng.uniform(0.8, 1.2)
    a = rng.uniform(0.4, 0.8) * (1.0 if cell["step"] == "constant" else eps)
    known, start = soft_tail(height=c / p, power=p), rng.uniform(0.8, 1.2)
    return Case(known=known, start=start, eps=eps, sigma=eps, upper_step=a), {"c": c, "p": p, "e": eps, "a": a}


def run(instance, rng):
    """Run until the true hypergradient is small."""
    return arrive(instance[0])


def measure(instance, arrival):
    """The number of upper steps."""
    return Measurement(value=arrival.steps, at=instance[1])


def swapped(instance, rng):
    """The upper step over a root of sigma: neither constant nor in proportion to it."""
    case = instance[0]
    return arrive(replace(case, upper_step=case.upper_step / case.eps**0.5))


def short_ramp(cell, rng):
    """A psi that flattens like an exponential: the number of steps is a logarithm over the step."""
    case, at = generate(cell, rng)
    return replace(case, known=ramp(slope=1.0, width=0.5), start=0.0), at


SYMBOLS = dict(find("bilevel.soft_tail_steps").bound.symbols)

STUDY = Study(
    claim="bilevel.soft_tail_steps",
    generate=generate,
    run=run,
    measure=measure,
    rule=Drift(alternative="two-sided", margin=0.05, correction=None, quantity="number of upper steps"),
    quick=Budget(grid=Grid(axis="accuracy", sizes=(4, 5.2, 6.8, 9), strata=STEPS), replicates=6),
    full=Budget(grid=Grid(axis="accuracy", sizes=(5, 7, 10, 14, 20), strata=STEPS), replicates=10),
    controls=(
        WrongBound(
            bound=Bound(
                "c**(1/(p + 1))*e**(kappa - (p + 2)/(p + 1))/((p + 2)*a)", kappa="exponent less", **SYMBOLS
            ),
            neutral=0.0, kappa=0.5, scan=(0.03, 0.05, 0.06, 0.07, 0.08, 0.1, 0.12, 0.15, 0.2, 0.3, 0.5, 1.0),
        ),
        Broken(name="an upper step with a root of sigma less", run=swapped),
        Broken(name="a psi that flattens like an exponential", generate=short_ramp),
        Positive(),
    ),
    common_random_numbers=True,  # a replicate is one instance at all accuracies
    notes=(
        r"One instance for all accuracies, one decade and less of them: stopped at the true hypergradient, which only "
        r"a study can see. On a strongly convex $\psi$ the number of steps is a logarithm, and no order shows."
    ),
)  # fmt: skip
