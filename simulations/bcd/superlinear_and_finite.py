"""Sparse problems with a planted solution: each step on the right support, against the error of a Newton step."""

from dataclasses import dataclass

import numpy as np

from sparsetheory import bcd
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

SAMPLES, VARIABLES = 120, 120
GAP = 10.0  # least distance of a zero variable from moving, where the gradients on the support are of order 1
NEAR = 0.99  # planted starts: this share of the radius in which the theorem holds
THIRD = 1 / (6 * np.sqrt(3))  # largest third derivative of log(1 + exp(t))


@dataclass(frozen=True)
class Instance:
    """A problem, its exact solution, the constants of the theorem, and the radius in which it speaks."""

    problem: object
    penalty: object
    x: np.ndarray
    mu: float
    M: float
    radius: float
    update: str
    start: np.ndarray

    @property
    def nonzeros(self):
        """Size of the support."""
        return int(np.count_nonzero(self.x))


def _squares(rng, X, nonzeros, nonnegative):
    """Least squares: the residual makes the gradient on the support minus the sign times a weight."""
    support = np.sort(rng.choice(VARIABLES, nonzeros, replace=False))
    x, columns = np.zeros(VARIABLES), X[:, support]
    sign = np.ones(nonzeros) if nonnegative else rng.choice((-1.0, 1.0), nonzeros)
    x[support] = sign * rng.uniform(1, 2, nonzeros)
    pull = columns @ np.linalg.solve(columns.T @ columns, sign * rng.uniform(0.5, 1.5, nonzeros))
    noise, basis = rng.normal(size=SAMPLES), np.linalg.qr(columns)[0]
    return bcd.LeastSquares(X, X @ x + pull + noise - basis @ (basis.T @ noise)), x, 0.0


def _logistic(rng, X, nonzeros, nonnegative):
    """Random labels, the steepest variables, values small enough to keep the signs of the gradient at zero."""
    y = rng.choice((-1.0, 1.0), SAMPLES)
    downhill = X.T @ y
    support = np.sort(np.argsort(-np.abs(downhill))[:nonzeros])
    if nonnegative:
        X[:, support] *= np.sign(downhill[support])
    problem, x, sign = bcd.Logistic(X, y), np.zeros(VARIABLES), np.sign(X.T @ y)[support]
    x[support] = sign * rng.uniform(0.5, 1, nonzeros)
    while (problem.gradient(x, problem.image(x))[support] * sign >= 0).any():
        x *= 0.7
    columns = X[:, support]
    return problem, x, THIRD * np.linalg.norm(columns, axis=1).max() * np.linalg.norm(columns, 2) ** 2


LOSSES = {"squares": _squares, "logistic": _logistic}


def _weights(rng, x, gradient, nonnegative):
    """Return weights under which x is optimal and the zeros are at least a gap from moving, one of them exactly."""
    zeros = np.flatnonzero(x == 0)
    weights = np.abs(gradient)
    if nonnegative:
        weights[zeros] = np.maximum(-gradient[zeros], 0.0)
    nearest = np.argmin(gradient[zeros])  # pulled upwards, where a bound at zero has its kink
    weights[zeros] += GAP * (1 + rng.exponential(size=len(zeros)) * (np.arange(len(zeros)) != nearest))
    return weights


def generate(cell, rng):
    """Draw a design, plant a solution, and start a run beside it."""
    X, nonnegative = rng.normal(size=(SAMPLES, VARIABLES)), cell["penalty"] == "nonnegative"
    X *= 10.0 ** rng.uniform(-0.3, 0.3, VARIABLES)
    problem, x, M = LOSSES[cell["loss"]](rng, X, cell["nonzeros"], nonnegative)
    support, z = np.flatnonzero(x), problem.image(x)
    weights = _weights(rng, x, problem.gradient(x, z), nonnegative)
    mu, steepness = float(np.linalg.eigvalsh(problem.hessian(x, z, support))[0]), problem.lipschitz[support]
    radius = min(
        np.abs(x[support]).min() / (2 + steepness.max() / steepness.min()), GAP / (3 * problem.total_lipschitz),
        mu / (3 * M) if M else np.inf,
    )  # fmt: skip
    aside, start = rng.normal(size=len(support)), x.copy()
    start[support] += NEAR * radius * aside / np.linalg.norm(aside)
    penalty = bcd.Box(alpha=weights) if nonnegative else bcd.L1(weights)
    return Instance(problem, penalty, x, mu, M, float(radius), cell["update"], start)


def _descend(instance, update, size):
    """Return the iterates from zero and from the planted start."""
    paths = []
    for start in (np.zeros(VARIABLES), instance.start):
        path = [start]
        bcd.minimize(
            instance.problem, penalty=instance.penalty, partition="variable", select="gsl-q-support", update=update,
            block_size=size, init=start, tol=0.0, max_iter=20, callback=lambda p, path=path: path.append(p.solution),
            on_failure="ignore",
        )  # fmt: skip
        paths.append(path)
    return paths


def run(instance, rng):
    """Newton steps on blocks that hold the support and one variable more."""
    return _descend(instance, instance.update, instance.nonzeros + 1)


def half_blocks(instance, rng):
    """Newton steps on blocks that hold half of the support."""
    return _descend(instance, instance.update, instance.nonzeros // 2)


def gradient_steps(instance, rng):
    """The same blocks, without curvature."""
    return _descend(instance, "prox-gradient", instance.nonzeros + 1)


def measure(instance, paths):
    """Errors after the steps that begin inside the radius on the right support, above the floor.

    The floor: what rounding leaves in the gradient, by the least curvature, and in the iterate itself; the model of a
    prox-Newton step is minimised to 1e-12 of itself.
    """
    x, pattern = instance.x, np.sign(instance.x)
    rounding = np.sqrt(instance.nonzeros) * instance.problem.rounding(x) / instance.mu
    floor = 8 * (rounding + np.finfo(float).eps * np.linalg.norm(x))
    before, after = [], []
    for path in paths:
        errors = [float(np.linalg.norm(p - x)) for p in path]
        for p, e, e_next in zip(path, errors, errors[1:], strict=False):
            if floor < e <= instance.radius and np.array_equal(np.sign(p), pattern):
                before.append(e)
                after.append(e_next)
    inexact = 1e-11 * np.array(before) if instance.update == "prox-newton" else 0.0
    return Measurement(value=after, at={"e": before, "mu": instance.mu, "M": instance.M}, floor=floor + inexact)


STRATA = (
    {"loss": "squares", "penalty": "nonnegative", "update": "two-metric"},
    {"loss": "squares", "penalty": "L1", "update": "prox-newton"},
    {"loss": "logistic", "penalty": "L1", "update": "two-metric"},
    {"loss": "logistic", "penalty": "nonnegative", "update": "prox-newton"},
)
SYMBOLS = dict(find("bcd.superlinear_and_finite").bound.symbols)

STUDY = Study(
    claim="bcd.superlinear_and_finite",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(max_violation_rate=0.02, quantity="error after a step"),
    quick=Budget(grid=Grid(axis="nonzeros", sizes=(5, 20), strata=STRATA), replicates=7),
    full=Budget(grid=Grid(axis="nonzeros", sizes=(5, 20, 50), strata=STRATA), replicates=60),
    controls=(
        WrongBound(
            bound=Bound("M*e**(2 + kappa)/(2*(mu - M*e))", kappa="what is added to the order", **SYMBOLS),
            neutral=0.0, kappa=1.0, scan=(0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5),
        ),
        Broken(name="blocks of half the support", run=half_blocks),
        Broken(name="prox-gradient steps", run=gradient_steps),
        Positive(),
    ),
    cost_exponent=1.0,
    notes=(
        r"Weights are chosen such that a planted point is the solution exactly, with a gap of $10$ at the zeros. One "
        r"run starts at zero, one at a point on the support at $0.99$ of the radius; every step that begins inside the "
        r"radius with the right support counts. Blocks have one variable more than the solution. For least squares "
        r"$M = 0$: the step ends at the solution, up to $8$ units of the rounding of gradient over curvature."
    ),
)  # fmt: skip
