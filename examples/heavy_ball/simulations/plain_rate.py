"""Study of momentum.plain_rate: does the error drift away from its alleged rate as the iterations go on?"""

from pathlib import Path

import numpy as np

from sparsetheory.verify import Bound, Broken, Budget, Drift, Grid, Measurement, Positive, Study, WrongBound, find

CLAIM = find("momentum.plain_rate", folder=Path(__file__).parent.parent)
CONDITION, DIMENSION = 1e4, 10


def generate(cell, rng):
    """Draw eigenvalues, the extreme ones among them, and a random start; a diagonal matrix is as good as any."""
    inner = np.exp(rng.uniform(0, np.log(CONDITION), DIMENSION - 2))
    return np.concatenate([[1.0, CONDITION], inner]), rng.standard_normal(DIMENSION), int(cell["k"])


def iterate(instance, alpha, beta):
    """Return the relative error after k iterations; the solution is 0."""
    eigenvalues, e_0, n_iter = instance
    e = before = e_0
    for _ in range(n_iter):
        e, before = e - alpha * eigenvalues * e + beta * (e - before), e
    return np.linalg.norm(e) / np.linalg.norm(e_0)


def run(instance, rng):
    """Run the heavy ball with Polyak's parameters."""
    root = np.sqrt(CONDITION)
    return iterate(instance, 4 / (root + 1) ** 2, ((root - 1) / (root + 1)) ** 2)


def gradient_descent(instance, rng):
    """Leave the momentum out, with the best step for that."""
    return iterate(instance, 2 / (CONDITION + 1), 0.0)


def measure(instance, error):
    """Rounding is relative to the iterate here, as the solution is 0: there is no floor."""
    return Measurement(value=error, at={"c": CONDITION, "k": instance[2]})


STUDY = Study(
    claim=CLAIM.id,
    generate=generate,
    run=run,
    measure=measure,
    rule=Drift(alternative="upper", margin=0.1, quantity="relative error"),
    quick=Budget(grid=Grid(axis="k", sizes=(10, 30, 100, 300, 1000)), replicates=20),
    full=Budget(grid=Grid(axis="k", sizes=(10, 22, 46, 100, 215, 464, 1000)), replicates=100),
    controls=(
        WrongBound(
            bound=Bound(f"{CLAIM.bound.formula}*k**(-kappa)", **CLAIM.bound.symbols, kappa="excess of the exponent"),
            neutral=0.0,
            kappa=0.5,
            scan=(0.25, 0.5),
        ),
        Broken(name="gradient descent", run=gradient_descent),
        Positive(),  # the control that counts where a refutation is expected: the study is able to support
    ),
    cost_exponent=1.0,
    notes=r"Typical error over random starts, $c = 10^4$: the drift of $\log(\|x_k - x^*\| / q^k)$ against $\log k$.",
)
