"""Study of momentum.heavy_ball: every iterate of the heavy ball against its bound, from random and extremal starts."""

from pathlib import Path

import numpy as np

from sparsetheory.verify import (
    Bound,
    Broken,
    Budget,
    EveryInstance,
    Grid,
    Measurement,
    Positive,
    Study,
    WrongBound,
    find,
)

CLAIM = find("momentum.heavy_ball", folder=Path(__file__).parent.parent)
DIMENSION = 10


def generate(cell, rng):
    """Draw a quadratic with random eigenvectors; its eigenvalues are mu, L and others in between."""
    mu, L = 1.0, float(cell["condition"])
    eigenvalues = np.concatenate([[mu, L], np.exp(rng.uniform(0, np.log(L), DIMENSION - 2))])
    V, _ = np.linalg.qr(rng.standard_normal((DIMENSION, DIMENSION)))
    x_star = rng.standard_normal(DIMENSION)
    e_0 = rng.standard_normal(DIMENSION) if cell["start"] == "random" else V[:, 1]
    return {"A": V * eigenvalues @ V.T, "x_star": x_star, "x_0": x_star + e_0, "mu": mu, "L": L}


def iterate(instance, alpha, beta):
    """Return the iterates of the heavy ball, x_0 first, until the bound is about 1e-3."""
    A, b = instance["A"], instance["A"] @ instance["x_star"]
    x = before = instance["x_0"]
    iterates = [x]
    for _ in range(int(6 * np.sqrt(instance["L"] / instance["mu"]))):
        x, before = x - alpha * (A @ x - b) + beta * (x - before), x
        iterates.append(x)
    return np.array(iterates)


def polyak(instance):
    """Return Polyak's step and momentum."""
    l, m = np.sqrt(instance["L"]), np.sqrt(instance["mu"])
    return 4 / (l + m) ** 2, ((l - m) / (l + m)) ** 2


def run(instance, rng):
    """Run the heavy ball with Polyak's parameters."""
    return iterate(instance, *polyak(instance))


def wrong_sign(instance, rng):
    """Push back instead of forward."""
    alpha, beta = polyak(instance)
    return iterate(instance, alpha, -beta)


def gradient_descent(instance, rng):
    """Leave the momentum out, with the best step for that."""
    return iterate(instance, 2 / (instance["L"] + instance["mu"]), 0.0)


def measure(instance, iterates):
    """Relative error of every iterate but the first, with a floor for rounding.

    A step rounds alpha*(A x - b), A off by rounding itself, and two sums: at most 8 (DIMENSION + 4) units of |x| as
    alpha*L <= 4. An error of one step enters all later ones with at most (j + 1) q^j, which adds up to 1/(1 - q)^2.
    """
    c = instance["L"] / instance["mu"]
    errors = np.linalg.norm(iterates - instance["x_star"], axis=1)
    one_step = 8 * (DIMENSION + 4) * np.finfo(float).eps * np.linalg.norm(iterates, axis=1).max()
    return Measurement(
        value=errors[1:] / errors[0],
        at={"c": c, "k": np.arange(1, len(errors))},
        floor=one_step * (np.sqrt(c) + 1) ** 2 / 4 / errors[0],
    )


GRID = Grid(axis="condition", sizes=(10, 100, 1000), strata=({"start": "random"}, {"start": "eigenvector of L"}))
FACTOR, RATE = "(1 + 2*sqrt(c)/(sqrt(c) + 1)*k)", "((sqrt(c) - 1)/(sqrt(c) + 1))"
SYMBOLS = CLAIM.bound.symbols

STUDY = Study(
    claim=CLAIM.id,
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(max_violation_rate=0.01, quantity="relative error"),
    quick=Budget(grid=GRID, replicates=10),
    full=Budget(grid=GRID, replicates=100),
    controls=(
        # kappa = 1 leaves the factor of k out: the rate as it is often quoted
        WrongBound(
            bound=Bound(f"{FACTOR}**(1 - kappa)*{RATE}**k", **SYMBOLS, kappa="share of the factor left out"),
            neutral=0.0,
            kappa=1.0,
            scan=(1e-6, 1e-4, 0.01, 0.1, 1.0),
        ),
        WrongBound(
            bound=Bound(f"{FACTOR}*{RATE}**(kappa*k)", **SYMBOLS, kappa="factor in the rate"), neutral=1.0, kappa=1.01
        ),
        Broken(name="momentum of the wrong sign", run=wrong_sign),
        Broken(name="gradient descent", run=gradient_descent),
        Positive(),
    ),
    cost_exponent=0.5,
    notes=(
        r"Ten eigenvalues, $\mu$ and $L$ among them, the others log-uniform in between; all iterates up to $k = 6 "
        r"\sqrt{c}$. Random starts stay below the bound, since $\mu$ and $L$ carry only a part of the error; starts "
        r"along the eigenvector of $L$ sit on it."
    ),
)
