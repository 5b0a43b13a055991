"""The last steps of exact minimisation over two blocks in turn, against the eigenvalue that the claim names."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sparsetheory import bcd
from sparsetheory.bcd.lattice import combs, lattice_weights, red_black
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import Ratio

POINTS = 8  # numbers of steps at which f is read, spread over the window
RHO = (0.5, 0.97)  # factors: slow enough for a window of many steps, fast enough for a run of at most STEPS
SECOND = 1e-8  # what is left of the second pair, beside the first, when the window opens: of a thousand random starts
# the least has 1e-6 of its square along the leading pair, and still shows it
STEPS = 2000  # most steps of a run
LEAST = 1e-250  # f stays above it, relative to the start: no underflow


@dataclass(frozen=True)
class Instance:
    """A matrix cut in two, a start, the factor that the claim names, and the steps at which f is read."""

    A: np.ndarray
    label: np.ndarray
    start: np.ndarray
    rho: float
    steps: np.ndarray
    graph: bool


def _lattice(partition, rng):
    """A lattice with random weights and one node in ten labelled; the free nodes keep their block."""
    shape = tuple(int(s) for s in rng.integers(5, 11, size=2))
    W = lattice_weights(shape).toarray()
    weights = np.triu(rng.uniform(0.5, 1.5, W.shape), 1)
    W *= weights + weights.T
    free = rng.random(len(W)) > 0.1
    A = np.diag(W.sum(axis=1) + 1e-3) - W  # definite, also where nothing is labelled
    return A[np.ix_(free, free)], partition(shape)[free]


def _wishart(rng):
    """Covariance of random samples, its variables in two random blocks."""
    n = int(rng.integers(6, 25))
    X = rng.standard_normal((3 * n, n)) * 10.0 ** rng.uniform(-1, 1, n)
    label = (rng.random(n) < 0.5).astype(int)
    label[:2] = 0, 1
    return X.T @ X, label


DRAW = {
    "lattice, red-black": lambda rng: _lattice(red_black, rng),
    "lattice, combs": lambda rng: _lattice(combs, rng),
    "random": _wishart,
}


def _correlations(A, label):
    """Squared singular values of L_0^-1 A_01 L_1^-T, largest first."""
    i, j = np.flatnonzero(label == 0), np.flatnonzero(label == 1)
    L0, L1 = np.linalg.cholesky(A[np.ix_(i, i)]), np.linalg.cholesky(A[np.ix_(j, j)])
    K = np.linalg.solve(L1, np.linalg.solve(L0, A[np.ix_(i, j)]).T)
    return np.linalg.svd(K, compute_uv=False) ** 2


def generate(cell, rng):
    """Draw until the factor is in range and the second pair is gone in time."""
    while True:
        A, label = DRAW[cell["kind"]](rng)
        rho, second, *_ = (*_correlations(A, label), 0.0)
        if not RHO[0] <= rho <= RHO[1] or second >= rho:
            continue
        opens = np.log(SECOND) / np.log(max(second, 1e-300) / rho)
        steps = 2 * np.unique(np.linspace(opens / 2, max(opens, opens / 2 + 2 * POINTS), POINTS).round().astype(int))
        if steps[-1] <= STEPS and rho ** steps[-1] >= LEAST:
            start = rng.standard_normal(len(A))
            return Instance(A, label, start, float(rho), steps, cell["kind"] != "random")


def run(instance, rng):
    """Values of f - f* after the steps: forest blocks by block Gauss-Seidel, others by the descent on given blocks."""
    A, label, zero = instance.A, instance.label, np.zeros(len(instance.A))
    if instance.graph:
        matrix, values = sparse.csr_array(A), []
        for k in instance.steps:  # a sweep has two steps
            result = bcd.gauss_seidel(matrix, zero, partition=label, init=instance.start, tol=0.0, max_iter=k // 2,
                                      on_failure="ignore")  # fmt: skip
            values.append(0.5 * result.x @ A @ result.x)
        return np.array(values)
    result = bcd.minimize(
        bcd.Quadratic(A, zero), partition=[np.flatnonzero(label == b) for b in (0, 1)], select="cyclic",
        update="exact", init=instance.start, tol=0.0, max_iter=int(instance.steps[-1]), on_failure="ignore",
    )  # fmt: skip
    return result.objectives[instance.steps]


def measure(instance, values):
    """Fit the decay of log(f - f*) per step."""
    rate = -np.polyfit(instance.steps, np.log(values), 1)[0]
    return Measurement(value=rate, at={"rho": instance.rho})


def _alternate(instance, step, steps):
    """Values of f - f* after given numbers of steps of ``step(A_bb, gradient_b)`` on the two blocks in turn."""
    A, x, values = instance.A, instance.start.copy(), {}
    blocks = [np.flatnonzero(instance.label == b) for b in (0, 1)]
    inner = [A[np.ix_(b, b)] for b in blocks]
    for k in range(1, int(steps[-1]) + 1):
        b, matrix = blocks[(k - 1) % 2], inner[(k - 1) % 2]
        x[b] -= step(matrix, A[b] @ x)
        values[k] = 0.5 * x @ A @ x
    return np.array([values[k] for k in steps])


def one_jacobi_step(instance, rng):
    """Divide by the row sums of the block, a diagonal above it, in place of the exact solve."""
    return _alternate(instance, lambda matrix, g: g / np.abs(matrix).sum(axis=1), instance.steps)


def both_from_the_old_point(instance, rng):
    """Solve for both blocks at the old point; counted as two steps."""
    A, x, values = instance.A, instance.start.copy(), {}
    inverse = np.where(instance.label[:, None] == instance.label, A, 0.0)
    for k in range(2, int(instance.steps[-1]) + 1, 2):
        x = x - np.linalg.solve(inverse, A @ x)
        values[k] = 0.5 * x @ A @ x
    return np.array([values[k] for k in instance.steps])


def first_steps(instance, values):
    """Fit the first ten steps, where all pairs are alive."""
    steps = np.arange(1, 11)
    early = _alternate(instance, np.linalg.solve, steps)
    return Measurement(value=-np.polyfit(steps, np.log(early), 1)[0], at={"rho": instance.rho})


KINDS = tuple({"kind": kind} for kind in DRAW)
SYMBOLS = dict(find("bcd.two_block_rate").bound.symbols)
RESCALED = Bound("-kappa*log(rho)", kappa="factor in the rate", **SYMBOLS)

STUDY = Study(
    claim="bcd.two_block_rate",
    generate=generate,
    run=run,
    measure=measure,
    rule=Ratio(margin=0.03, alternative="two-sided", quantity="decay rate"),
    quick=Budget(grid=Grid(axis="size", sizes=(1,), strata=KINDS), replicates=12),
    full=Budget(grid=Grid(axis="size", sizes=(1,), strata=KINDS), replicates=120),
    controls=(
        WrongBound(
            bound=RESCALED, neutral=1.0, kappa=1.5, scan=(1.005, 1.01, 1.02, 1.03, 1.05, 1.1, 1.5, 2.0),
        ),
        WrongBound(bound=RESCALED, neutral=1.0, kappa=0.5),
        Broken(name="one Jacobi step in place of the exact solve", run=one_jacobi_step),
        Broken(name="both blocks from the old point", run=both_from_the_old_point),
        Broken(name="fit of the first ten steps", measure=first_steps),
        Positive(),
    ),
    notes=(
        r"Decay of $f - f^*$ per block solve in the tail. $c = 0$, so that $f - f^*$ is computed without cancellation "
        r"and may fall far below rounding of $f^*$; the method commutes with translations. The window opens when the "
        r"second pair has fallen to $10^{-8}$ of the first and is as long again. Problems are drawn until "
        r"$0.5 \leq \rho \leq 0.97$ and the window closes within 2000 steps. Lattices of 25 to 100 nodes with random "
        r"weights, a tenth of the nodes labelled, blocks solved as forests; covariances of random samples with their "
        r"variables cut at random, blocks solved densely. On red-black blocks a Jacobi step is the exact solve: that "
        r"control is refuted on the others."
    ),
)  # fmt: skip
