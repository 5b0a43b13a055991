"""Sparse quadratics with a chosen gap: the iteration at which the zeros of the solution are found for good."""

from dataclasses import dataclass

import numpy as np

from sparsetheory import bcd
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound, find
from sparsetheory.verify.rules import Identification
from sparsetheory.verify.rules.identification import identified_at

SUPPORT, ZEROS, BLOCK = 4, 4, 2  # nonzero variables, zeros, and the size of a block
SLOW = 0.1  # least curvature on the support, where the largest of Q is near 1
COUPLING = 0.5  # of the pinned variable to the slow direction, as a share of what keeps Q definite
TOL = 1e-8  # relative KKT residual at which a run ends, far below the least gap
SUBGRADIENT_STEPS = 500


@dataclass(frozen=True)
class Instance:
    """Minimise ``x'Qx/2 - c'x + sum alpha_i |x_i|``, with the solution, the gap, and how blocks are visited."""

    problem: bcd.Quadratic
    alpha: np.ndarray
    x: np.ndarray
    gap: float
    rule: str

    @property
    def blocks(self):
        """All variables at once, or blocks that mix nonzeros and zeros."""
        n = self.problem.n
        return [np.arange(n)] if self.rule == "whole" else np.arange(n).reshape(BLOCK, -1).T

    def objective(self, x):
        """Return F."""
        return self.problem.value(x, self.problem.image(x)) + self.alpha @ np.abs(x)


def _spectrum(rng, n, least):
    """Return a random definite matrix with eigenvalues in [least, 1]."""
    basis = np.linalg.qr(rng.normal(size=(n, n)))[0]
    return basis * np.r_[least, rng.uniform(max(least, 0.4), 1, n - 1)] @ basis.T


def _hessian(rng, coupling):
    """Return Q. Aligned: a slow direction of the support, all positive, that holds the first zero on the wrong side."""
    n = SUPPORT + ZEROS
    if coupling == "random":
        return _spectrum(rng, n, SLOW), np.ones(SUPPORT)
    slow = rng.uniform(0.5, 1, SUPPORT)
    slow /= np.linalg.norm(slow)
    others = np.eye(SUPPORT) - np.outer(slow, slow)
    Q = np.zeros((n, n))
    Q[:SUPPORT, :SUPPORT] = SLOW * np.outer(slow, slow) + others @ _spectrum(rng, SUPPORT, 0.4) @ others
    Q[SUPPORT:, SUPPORT:] = _spectrum(rng, ZEROS, 0.4)
    Q[SUPPORT, :SUPPORT] = Q[:SUPPORT, SUPPORT] = COUPLING * np.sqrt(0.4 * SLOW) * slow
    return Q, slow


def generate(cell, rng, gap=None):
    """Plant a positive support; the first zero is pulled upwards with all its weight but the gap."""
    stated = 10.0 ** -cell["digits"]
    true = stated if gap is None else gap
    Q, slow = _hessian(rng, cell["coupling"])
    x = np.r_[slow * rng.uniform(1, 2), np.zeros(ZEROS)]
    gradient = np.r_[-rng.uniform(0.5, 1.5, SUPPORT), -1.0, rng.uniform(-1, 1, ZEROS - 1)]
    alpha = np.abs(gradient)
    alpha[SUPPORT:] += np.r_[true, stated + rng.exponential(size=ZEROS - 1)]
    return Instance(bcd.Quadratic(Q, Q @ x - gradient), alpha, x, stated, cell["rule"])


def without_gap(cell, rng):
    """Plant a zero whose gap is nothing, and state the gap of the cell."""
    return generate(cell, rng, gap=0.0)


SELECT = {"whole": "cyclic", "cyclic": "cyclic", "greedy": "gs-q"}


def run(instance, rng):
    """Return the iterates of proximal block steps from zero, and the blocks that they moved."""
    path = [np.zeros(instance.problem.n)]
    result = bcd.minimize(
        instance.problem, penalty=bcd.L1(instance.alpha), partition=instance.blocks, select=SELECT[instance.rule],
        update="prox-gradient", tol=TOL, max_iter=20_000, check_every=1,
        callback=lambda p: path.append(p.solution), on_failure="ignore",
    )  # fmt: skip
    return np.array(path), result.visited


def subgradients(instance, rng):
    """Subgradient steps of harmonic length: the same minimum, without a prox that reaches zero."""
    x, path = np.zeros(instance.problem.n), []
    for k in range(SUBGRADIENT_STEPS):
        path.append(x)
        slope = instance.problem.A @ x - instance.problem.c + instance.alpha * np.where(x < 0, -1.0, 1.0)
        x = x - slope / (1 + 0.1 * k)
    return np.array(path), [np.arange(len(x))] * (len(path) - 1)


def _rate(instance):
    """Return kappa with F - F* falling by 1 - 1/kappa an iteration, and the iterations that blocks may wait."""
    Q, blocks, m = np.asarray(instance.problem.A), instance.blocks, len(instance.blocks)
    mu, sizes = np.linalg.eigvalsh(Q)[0], [np.linalg.eigvalsh(Q[np.ix_(b, b)])[-1] for b in blocks]
    if instance.rule != "cyclic":
        return m * max(sizes) / mu, 1
    left = np.zeros_like(Q)
    for k, (b, size) in enumerate(zip(blocks, sizes, strict=True)):
        later = np.concatenate(blocks[k:])
        left[np.ix_(b, later)] = Q[np.ix_(b, later)] / np.sqrt(np.concatenate([[s] * BLOCK for s in sizes[k:]]))
        left[b, b] -= np.sqrt(size)
    return m * (1 + np.linalg.norm(left, 2) ** 2 / mu), 2 * m


def _wait(instance, path, visited, reached):
    """Return how long after `reached` the greedy rule takes to visit every block that is wrong there."""
    wrong = set(np.flatnonzero((instance.x == 0) & (path[min(reached, len(path) - 1)] != 0)))
    waited = 0
    for block in visited[reached:]:
        if not wrong:
            break
        wrong -= set(block)
        waited += 1
    return waited


def measure(instance, outcome):
    """Iteration from which on every zero of the solution is a zero, against the bound's symbols."""
    path, visited = outcome
    Q, zeros = np.asarray(instance.problem.A), instance.x == 0
    eigenvalues = np.linalg.eigvalsh(Q)
    rate, wait = _rate(instance)
    at = {
        "rate": rate, "L": eigenvalues[-1], "mu": eigenvalues[0], "gap": instance.gap,
        "D": instance.objective(path[0]) - instance.objective(instance.x), "T": wait,
    }  # fmt: skip
    if instance.rule == "greedy":
        at["T"] = 0.0
        at["T"] = float(_wait(instance, path, visited, int(find("bcd.active_set_complexity").bound(**at))))
    return Measurement(value=identified_at(path[:, zeros] != 0, np.zeros(zeros.sum(), bool)), at=at)


STRATA = (
    {"rule": "whole", "coupling": "aligned"}, {"rule": "cyclic", "coupling": "aligned"},
    {"rule": "greedy", "coupling": "aligned"}, {"rule": "greedy", "coupling": "random"},
)  # fmt: skip
SYMBOLS = dict(find("bcd.active_set_complexity").bound.symbols)

STUDY = Study(
    claim="bcd.active_set_complexity",
    generate=generate,
    run=run,
    measure=measure,
    rule=Identification(max_violation_rate=0.02, least_gap=1e-8),
    quick=Budget(grid=Grid(axis="digits", sizes=(1, 3), strata=STRATA), replicates=7),
    full=Budget(grid=Grid(axis="digits", sizes=(1, 3, 6), strata=STRATA), replicates=50),
    controls=(
        WrongBound(
            bound=Bound(
                "ceiling(Max(rate*log(8*L**2*D/(mu*gap**2)), 0)/kappa) + T", kappa="divisor of the iterations",
                **SYMBOLS,
            ),
            neutral=1.0, kappa=8.0, scan=(1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 8.0, 16.0),
        ),
        Broken(name="a zero without a gap", generate=without_gap),
        Broken(name="subgradient steps", run=subgradients),
        Positive(),
    ),
    notes=(
        r"The gap $\delta$ is $10^{-digits}$ for the first zero, which the slow direction of the support holds on the "
        r"wrong side (aligned), so that the bound's growth with $\log(1/\delta)$ is seen: twice the true one, as a "
        r"distance is the root of $F - F^*$. Rates: all variables at once, $L_f/\mu$; greedy (GS-q), $m L/\mu$; "
        r"cyclic, $m (1 + \|R\|^2/\mu)$ with $R_{bj} = (Q_{bj} - [b = j] L_b)/\sqrt{L_j}$ for $j \geq b$."
    ),
)  # fmt: skip
