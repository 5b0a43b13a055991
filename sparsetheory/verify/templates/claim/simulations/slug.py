"""Study of family.slug: draw a problem, run the algorithm, measure the quantity of the claim.

Run it with ``sparsetheory verify FOLDER --quick`` while you write, and with ``--full`` for a verdict; before that,
``sparsetheory plan FOLDER`` tells what the full run will be able to see, and its cost. Everything below is declared
before a run: who changes a margin or a control after having seen a verdict chooses the verdict.
"""

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

CLAIM = find("family.slug", folder=Path(__file__).parent.parent)
DIMENSION = 8


def generate(cell, rng):
    """Draw an instance for a cell of the grid, ``{"start": ..., "condition": ...}``; all randomness is from `rng`."""
    mu, L = 1.0, float(cell["condition"])
    eigenvalues = np.concatenate([[mu, L], rng.uniform(mu, L, DIMENSION - 2)])
    V, _ = np.linalg.qr(rng.standard_normal((DIMENSION, DIMENSION)))
    x_star = rng.standard_normal(DIMENSION)
    # random starts alone hardly ever come near the worst case: take the extremal one as well
    e_0 = rng.standard_normal(DIMENSION) if cell["start"] == "random" else V[:, 1]
    return {"A": V * eigenvalues @ V.T, "x_star": x_star, "x_0": x_star + e_0, "mu": mu, "L": L}


def descend(instance, step):
    """Return the iterates of gradient descent, from the first one on."""
    A, b, x = instance["A"], instance["A"] @ instance["x_star"], instance["x_0"]
    iterates = [x]
    for _ in range(int(3 * instance["L"] / instance["mu"])):
        x = x - step * (A @ x - b)
        iterates.append(x)
    return np.array(iterates)


def run(instance, rng):
    """Run the algorithm under test; put yours here, or a call of it."""
    return descend(instance, 2 / (instance["mu"] + instance["L"]))


def too_long(instance, rng):
    """Run a broken version: a step 10 % too long. The study has to see the difference."""
    return descend(instance, 2.2 / (instance["mu"] + instance["L"]))


def measure(instance, iterates):
    """Read the quantity of the claim off the outcome, and where the bound is to be evaluated: one entry an iterate.

    `floor` is how much rounding may contribute. A step rounds a product with A (DIMENSION + 1 terms, each at most
    2 |x|) and two sums; the rounding of all steps adds up to at most 1/(1 - rate) = (c + 1)/2 of that.
    """
    c = instance["L"] / instance["mu"]
    errors = np.linalg.norm(iterates - instance["x_star"], axis=1)
    one_step = 2 * (DIMENSION + 3) * np.finfo(float).eps * np.linalg.norm(iterates, axis=1).max()
    return Measurement(
        value=errors / errors[0],
        at={"c": c, "k": np.arange(len(errors))},  # the symbols of the bound; the engine evaluates it
        floor=one_step * (c + 1) / 2 / errors[0],
    )


#: Sizes along an axis times strata, kinds of problem of which each is judged on its own.
GRID = Grid(axis="condition", sizes=(3, 10, 30), strata=({"start": "random"}, {"start": "extremal"}))

STUDY = Study(
    claim=CLAIM.id,
    generate=generate,
    run=run,
    measure=measure,
    # How measurements become a verdict:
    #   EveryInstance  an inequality or an identity that holds for every instance: one violation refutes
    #   Drift          a rate: the slope of log(value/bound) along the axis against 0, within a margin
    #   Ratio          a tight constant: value/bound against 1, within a margin
    #   Order          an order of convergence (quadratic, ...), from successive errors
    # sparsetheory.verify.rules has them all.
    rule=EveryInstance(max_violation_rate=0.01, quantity="relative error"),
    quick=Budget(grid=GRID, replicates=10),
    # 299 trials without a violation show a rate below 0.01 at 95 % confidence: 100 replicates of 3 sizes in a stratum
    full=Budget(grid=GRID, replicates=100),
    controls=(
        # A bound that is too good has to be refuted; kappa makes it better, and at `neutral` it is the claim's own.
        # `scan` is searched for the smallest kappa that the study can tell from the claim.
        WrongBound(
            bound=Bound("((c - 1)/(c + 1))**(kappa*k)", **CLAIM.bound.symbols, kappa="factor in the rate"),
            neutral=1.0,
            kappa=1.1,
            scan=(1.0001, 1.001, 1.01, 1.1),
        ),
        # A broken algorithm has to be refuted as well, on the same data ...
        Broken(name="step too long", run=too_long),
        # ... and synthetic values that lie exactly on the bound have to be supported.
        Positive(),
    ),
    cost_exponent=1.0,  # the time of a replicate grows like condition**1: for the forecast of `plan`
    # what a reader of the card should know, mathematics between dollars
    notes=r"Eight eigenvalues, the extreme ones among them; the extremal start is along the eigenvector of $L$.",
)
