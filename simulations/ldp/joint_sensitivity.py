"""Pairs of records under Gram matrix and cross moment together, for weights on both sides of the case."""

import math
from typing import NamedTuple

import numpy as np

from sparsetheory.ldp import svec
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound
from sparsetheory.verify.rules import EveryInstance

KINDS = tuple({"kind": kind} for kind in ("normal", "opposite responses", "extremal"))
SYMBOLS = {"a": "weight of the Gram matrix", "b": "weight of the cross moment",
           "r": "bound on the norm of the covariates", "tau": "bound on the response"}  # fmt: skip


class Instance(NamedTuple):
    """Two records as users hold them, with the public numbers."""

    X: np.ndarray
    y: np.ndarray
    a: float
    b: float
    r: float
    tau: float


def generate(cell, rng):
    """Draw two records, partly outside the bounds; the extremal kind has the inner product of the equality case."""
    d = int(cell["d"])
    a, b, r, tau = 10.0 ** rng.uniform(-0.5, 0.5, 4)
    pair = rng.standard_normal((2, d))
    pair /= np.linalg.norm(pair, axis=1, keepdims=True)
    lengths, y = rng.uniform(0.3, 3.0, (2, 1)), tau * rng.uniform(-3, 3, 2)
    if cell["kind"] != "normal":
        lengths, y = rng.uniform(1.0, 3.0), tau * rng.uniform(1, 3) * np.array([1.0, -1.0])
    if cell["kind"] == "extremal":
        share = min(1.0, (b * tau / (a * r)) ** 2 / 2)
        first, second = np.linalg.qr(pair.T)[0].T
        pair = np.array([first, share * first + math.sqrt(1 - share**2) * second])
    return Instance(r * lengths * pair, y, a, b, r, tau)


def _clipped(instance):
    X = instance.X * np.minimum(1.0, instance.r / np.linalg.norm(instance.X, axis=1, keepdims=True))
    return X, np.clip(instance.y, -instance.tau, instance.tau)


def run(instance, rng):
    """Clip, and put the packed Gram matrix beside the cross moment."""
    return [np.append(instance.a * svec(np.outer(x, x)), instance.b * x * y) for x, y in zip(*_clipped(instance))]


def measure(instance, answers):
    """Distance of the two answers."""
    at = {name: getattr(instance, name) for name in SYMBOLS}
    return Measurement(value=float(np.linalg.norm(answers[0] - answers[1])), at=at)


def response_not_clipped(instance, rng):
    """Clip the covariates alone."""
    X = _clipped(instance)[0]
    return [np.append(instance.a * svec(np.outer(x, x)), instance.b * x * y) for x, y in zip(X, instance.y)]


def centred_by_a_user(instance, rng):
    """Centre both responses at that of the first user: the bound moves with the centre."""
    X, y = _clipped(instance)
    return [np.append(instance.a * svec(np.outer(x, x)), instance.b * x * (v - y[0])) for x, v in zip(2 * X, y)]


STUDY = Study(
    claim="ldp.joint_sensitivity",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(max_violation_rate=0.001, quantity="distance"),
    quick=Budget(grid=Grid(axis="d", sizes=(2, 8), strata=KINDS), replicates=25),
    full=Budget(grid=Grid(axis="d", sizes=(2, 3, 8, 32), strata=KINDS), replicates=800),
    controls=(
        WrongBound(
            bound=Bound(
                "(1 - kappa)*sqrt(2*a**2*r**4*(1 - Min(1, b**2*tau**2/(2*a**2*r**2))**2)"
                " + 2*b**2*r**2*tau**2*(1 + Min(1, b**2*tau**2/(2*a**2*r**2))))",
                **SYMBOLS, kappa="part that is taken off",
            ),
            neutral=0.0,
            kappa=0.02,
            scan=(1e-6, 1e-4, 1e-3, 0.01, 0.02, 0.1, 0.4),
        ),
        Broken(name="response not clipped", run=response_not_clipped),
        Broken(name="centred by a user, and twice as long", run=centred_by_a_user),
        Positive(),
    ),
    cost_exponent=1.0,
    notes=(
        r"Weights and bounds are drawn from $[10^{-1/2}, 10^{1/2}]$, so that the largest distance is attained inside "
        r"($s < 1$) and at the end ($s = 1$) alike; the extremal kind takes the inner product $s r^2$ and opposite "
        r"responses, and sits on the bound."
    ),
)  # fmt: skip
