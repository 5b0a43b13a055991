"""The least error of penalised hypergradients over sigma, where lower slopes are known up to tau."""

from dataclasses import replace

import numpy as np
from scipy.optimize import minimize_scalar

from sparsetheory import bilevel
from sparsetheory.bilevel.known_problems import cubic
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import Ratio

ACCURACY = 1e-13
METHODS = {1: "penalty", 2: "central"}
X = np.zeros(1)


def generate(cell, rng):
    """Draw the coefficients."""
    return dict(zip(("a", "mu", "k"), rng.uniform(0.7, 1.5, 3), strict=True)), cell["p"], cell["tau"]


def blurred(problem, tau, middle):
    """Return the problem with tau |y - middle| added to g: residuals tau of opposite signs on its two sides."""

    def lower(x, y):
        return problem.g(x, y) + tau * abs(float(y[0]) - middle)

    def slopes(x, y):
        in_x, in_y = problem.grad_g(x, y)
        return in_x, in_y + tau * np.where(y > middle, 1.0, -1.0)

    return replace(problem, g=lower, grad_g=slopes)


def _error(instance, sigma, blur):
    """The error at x = 0; psi' there is -a/mu."""
    named, p, tau = instance
    start = named["a"] * sigma / named["mu"]
    problem = blur(cubic(**named).problem, tau, start)
    found = bilevel.hypergradient(problem, X, [start], method=METHODS[p], sigma=sigma, tol=ACCURACY / sigma)
    return abs(float(found.gradient[0]) + named["a"] / named["mu"])


def worst(p):
    """Return the blur of the worst signs: both lower points nearer to each other (forward) or farther apart."""
    return _nearer if p == 1 else _apart


def _nearer(problem, tau, start):
    return blurred(problem, tau, start / 2)


def _apart(problem, tau, start):
    return blurred(problem, -tau, 0.0)


def _aside(problem, tau, start):
    return blurred(problem, tau, -10 * start - 1.0)


def _least(instance, blur):
    """The least over sigma, which is of the order of tau^(1/(p+1))."""
    _, p, tau = instance
    centre = np.log(tau) / (p + 1)
    found = minimize_scalar(
        lambda t: np.log(_error(instance, np.exp(t), blur)), bounds=(centre - 2, centre + 2), method="bounded",
        options={"xatol": 1e-3},
    )  # fmt: skip
    return float(np.exp(found.fun))


def run(instance, rng):
    """The least error over sigma, for errors of the worst signs."""
    return _least(instance, worst(instance[1]))


def measure(instance, error):
    """Against the formula; the lower solves themselves add 1e-13 to tau."""
    named, p, tau = instance
    return Measurement(value=error, at={**named, "p": p, "tau": tau}, floor=error * ACCURACY / tau)


def common(instance, rng):
    """The same error in both lower points: it cancels."""
    return _least(instance, _aside)


def fixed(instance, rng):
    """A sigma of 0.01 for every tau."""
    return _error(instance, 0.01, worst(instance[1]))


SYMBOLS = dict(find("bilevel.numerical_floor").bound.symbols)
ORDERS = ({"p": 1}, {"p": 2})

STUDY = Study(
    claim="bilevel.numerical_floor",
    generate=generate,
    run=run,
    measure=measure,
    rule=Ratio(margin=0.02, alternative="two-sided", quantity="least error"),
    quick=Budget(grid=Grid(axis="tau", sizes=(1e-9, 1e-7), strata=ORDERS), replicates=4),
    full=Budget(grid=Grid(axis="tau", sizes=(1e-10, 1e-9, 1e-8, 1e-7), strata=ORDERS), replicates=25),
    controls=(
        WrongBound(
            bound=Bound("(1 + 1/p)*a/mu*(k*tau/mu**2)**(kappa*p/(p + 1))", kappa="factor in the exponent", **SYMBOLS),
            neutral=1.0, kappa=1.05, scan=(1.0005, 1.001, 1.005, 1.01, 1.05),
        ),
        WrongBound(
            bound=Bound("(kappa + 1/p)*a/mu*(k*tau/mu**2)**(p/(p + 1))", kappa="1", **SYMBOLS), neutral=1.0, kappa=1.5,
            scan=(1.01, 1.02, 1.05, 1.1, 1.5),
        ),
        Broken(name="one error for both lower points", run=common),
        Broken(name="sigma = 0.01", run=fixed),
        Positive(),
    ),
    notes=(
        r"$\tau |y - m|$ is added to $g$ with $m$ between the lower points (the middle of the two, or 0), of the sign "
        r"that adds to the bias: what is solved exactly is off by a residual $\tau$ for the true $g$. With the same "
        r"error in both points nothing is left of it: warm starts that keep errors common help."
    ),
)  # fmt: skip
