"""Gauss-Southwell on rank-deficient least squares: every iteration against a certified Polyak-Lojasiewicz constant."""

from dataclasses import dataclass

import numpy as np

from sparsetheory import bcd
from sparsetheory.bcd.known_quadratics import Instance, Majorised, block_scales, cut
from sparsetheory.bcd.one_step import Removed, shares
from sparsetheory.bcd.one_step_study import BLOCK_SIZES, ITERATIONS, STARTS, Descent, Smallest, measured, rate_study
from sparsetheory.bcd.pl_constants import pl_constant
from sparsetheory.verify import Bound, Broken

GRID = 2.0**-10  # products of entries and sums of them are exact
MARGIN = 6.0  # of the start on separable data: the logistic loss is nearly flat there


def _wide(rng, n):
    """Fewer rows than columns."""
    return rng.standard_normal((int(rng.integers(2, n)), n))


def _equal(rng, n):
    """The same with columns of norm one, up to the grid: the bound can be attained on single coordinates."""
    A = _wide(rng, n)
    return A / np.linalg.norm(A, axis=0)


def _scaled(rng, n):
    """Column norms over two decades."""
    return _wide(rng, n) * 2.0 ** rng.integers(-3, 4, n)


def _twins(rng, n):
    """Columns that come twice."""
    return rng.standard_normal((n, (n + 1) // 2))[:, np.arange(n) // 2]


KINDS = (_wide, _equal, _scaled, _twins)


def _draw(rng, n, kinds=KINDS):
    """Draw a matrix on the grid, and a partition."""
    A = np.round(kinds[int(rng.integers(len(kinds)))](rng, n) / GRID) * GRID
    return A, cut(n, int(rng.choice([1, BLOCK_SIZES[n]])))


def generate(cell, rng):
    """Draw a least squares problem by its normal equations, whose solutions form a subspace."""
    n = int(cell["n"])
    A, blocks = _draw(rng, n)
    Q = A.T @ A
    L = block_scales(Q, blocks).max() * np.eye(n)
    constant = pl_constant(Q, blocks=blocks)
    minimizer = rng.integers(-4, 5, n).astype(float)
    away = rng.standard_normal(n) if cell["start"] == "random" else constant.direction
    away = away / np.abs(away).max()
    return Instance(
        problem=Majorised(Q, Q @ minimizer, bound=L), blocks=blocks, step=L, minimizer=minimizer,
        start=minimizer + away, constant=constant,
    )  # fmt: skip


def _slowest(instance):
    """Return the smallest nonzero eigenvalue of Q."""
    values = np.linalg.eigvalsh(instance.Q)
    return float(values[values > 1e-11 * values[-1]][0])


def measure(instance, points):
    """Compare shares with mu/L, and mu with the smallest nonzero squared singular value, whole and over m."""
    found, slowest = instance.constant, _slowest(instance)
    spread = slowest / len(instance.blocks)
    return measured(
        shares(instance, points), {"mu": found.lower, "L": instance.step[0, 0]},
        (spread, spread), (found.lower, found.upper), (slowest, slowest),
    )  # fmt: skip


def all_singular_values(instance, points):
    """Take the smallest nonzero squared singular value for the constant, as if every block saw all of it."""
    return measured(shares(instance, points), {"mu": _slowest(instance), "L": instance.step[0, 0]})


@dataclass(frozen=True)
class Separable:
    """Logistic regression on data that some x separates, far out on its way to the infimum."""

    problem: bcd.Logistic
    blocks: tuple
    start: np.ndarray
    mu: float
    L: float


def separable(cell, rng):
    """Label the rows of a matrix at random; the constants are those of its curvature at zero."""
    A, blocks = _draw(rng, int(cell["n"]), (_wide,))
    labels, Q = rng.choice((-1.0, 1.0), len(A)), 0.25 * A.T @ A
    start = MARGIN * np.linalg.pinv(A) @ labels
    mu = pl_constant(Q, blocks=blocks).lower
    return Separable(bcd.Logistic(A, labels), blocks, start, mu, float(block_scales(Q, blocks).max()))


def logistic_run(instance, rng):
    result = bcd.minimize(
        instance.problem, partition=instance.blocks, select="gs", update="gradient", init=instance.start, tol=0.0,
        max_iter=ITERATIONS, on_failure="ignore",
    )  # fmt: skip
    return result.objectives


def logistic_shares(instance, values):
    """The infimum is zero, so the values are the errors."""
    share = 1.0 - values[1:] / values[:-1]
    return measured(Removed(share=share, floor=np.full(len(share), 1e-12)), {"mu": instance.mu, "L": instance.L})


STUDY = rate_study(
    claim="bcd.pl_rate",
    generate=generate,
    run=Descent("gs", "gradient"),
    measure=measure,
    strata=STARTS,
    wrong=Bound("kappa*mu/L", mu="certified constant of the inequality", L="largest L_b", kappa="factor"),
    kappa=1.5,
    broken=(
        Broken(name="logistic regression on separable data", generate=separable, run=logistic_run,
               measure=logistic_shares),
        Broken(name="constant of a single block of all variables", measure=all_singular_values),
        Broken(name="a random block", run=Descent("random", "gradient")),
        Broken(name="shortest gradient", run=Descent("gs", "gradient", Smallest())),
    ),
    notes=(
        r"Fewer rows than columns, with equal and with unequal norms, and columns that come twice; single coordinates "
        r"and blocks of two to four. $Q = A^T A$ is exact, minimisers are whole numbers plus a subspace, and $f - f^*$ "
        r"is the quadratic about one of them. $Q W Q \succeq \mu Q$ is proved by exact pivots of a singular matrix. "
        r"The extremal start is where the semidefinite program is tight or nearly so. Separable logistic regression, "
        r"with the constants of its curvature at zero, has no such inequality: its gradient dies out faster than its "
        r"value."
    ),
)  # fmt: skip
