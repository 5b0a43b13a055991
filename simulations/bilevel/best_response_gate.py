"""Two-layer linear networks trained by the library's lower solver, against sigmoid gates of singular values."""

from dataclasses import dataclass

import numpy as np

from sparsetheory import bilevel
from sparsetheory.bilevel.known_problems import Known, linear_network
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import EveryInstance

ACCURACY = 1e-10


@dataclass(frozen=True, eq=False)
class Instance:
    """Training data as a known problem, a log penalty and a random start of both layers."""

    V: np.ndarray
    t: np.ndarray
    known: Known
    lam: np.ndarray
    start: np.ndarray


def generate(cell, rng):
    """Draw data for training and validation, a penalty, and the layers."""
    n = int(cell["features"])
    V, t, other, target = (rng.standard_normal(shape) for shape in ((12, n), 12, (8, n), 8))
    lam = rng.uniform(-2.0, 4.0, 1)
    return Instance(V, t, linear_network(V, t, other, target), lam, rng.standard_normal(n * n + n))


def run(instance, rng):
    """Train both layers, and differentiate the validation loss by the penalty."""
    return _trained(instance, instance.lam, instance.start)


def _trained(instance, lam, start):
    found = bilevel.hypergradient(instance.known.problem, lam, start, method="implicit", tol=ACCURACY)
    return found.y, found.gradient


def measure(instance, outcome):
    """The product of the layers along the singular vectors; its derivative through the validation loss."""
    return _along(instance, outcome, lambda W: W)


def _along(instance, outcome, turn):
    y, gradient = outcome
    U, d, W = np.linalg.svd(instance.V, full_matrices=False)
    n = len(d)
    Q, s = y[: n * n].reshape(n, n), y[n * n :]
    exact = float(instance.known.gradient(instance.lam)[0])
    # the gradient in Q is s times the residual of the normal equations
    off = 4 * ACCURACY / (np.linalg.norm(s) * (d[-1] ** 2 + np.exp(instance.lam[0])))
    return Measurement(
        value=turn(W) @ (Q.T @ s),
        at={"s0": (U.T @ instance.t) / d, "lam": instance.lam[0], "d": d},
        floor=off + 1e-12,
        must_vanish={"derivative of the path": (abs(float(gradient[0]) - exact), 1e-6 * (1 + abs(exact)))},
    )


def transposed(instance, outcome):
    """Take rows of W for its columns."""
    return _along(instance, outcome, lambda W: W.T)


def lighter(instance, rng):
    """Half of the penalty."""
    return _trained(instance, instance.lam - np.log(2.0), instance.start)


SYMBOLS = dict(find("bilevel.best_response_gate").bound.symbols)

STUDY = Study(
    claim="bilevel.best_response_gate",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="two-sided", quantity="components of the response"),
    quick=Budget(grid=Grid(axis="features", sizes=(2, 3)), replicates=10),
    full=Budget(grid=Grid(axis="features", sizes=(2, 3, 4)), replicates=110),
    controls=(
        WrongBound(
            bound=Bound("s0/(1 + exp(kappa*lam)/d**2)", kappa="factor", **SYMBOLS), neutral=1.0, kappa=1.01,
            scan=(1 + 1e-8, 1 + 1e-6, 1.0001, 1.01),
        ),
        Broken(name="rows of W for its columns", measure=transposed),
        Broken(name="half of the penalty", run=lighter),
        Positive(),
    ),
    notes=(
        r"Twelve random rows; both layers start at random and are trained by Newton steps on their gradients, though "
        r"the lower level is not convex and its solutions form a manifold. The derivative of a validation loss by the "
        r"implicit formula, at whatever solution training found, has to be that of the gates."
    ),
)  # fmt: skip
