"""GS-q on composite problems whose minimiser is known without rounding: what every iteration removes of F - F*."""

from dataclasses import dataclass

import numpy as np

from sparsetheory import bcd
from sparsetheory.bcd.known_quadratics import (
    Majorised,
    block_diagonal,
    block_scales,
    cut,
    draw_matrix,
    euclidean_constant,
)
from sparsetheory.bcd.norm_constants import NormConstant
from sparsetheory.bcd.one_step import REACH, Removed
from sparsetheory.bcd.one_step_study import BLOCK_SIZES, ITERATIONS, Smallest, measured, rate_study
from sparsetheory.bcd.penalty import bind
from sparsetheory.bcd.state import State
from sparsetheory.verify import Bound, Broken

EPS = np.finfo(float).eps
UPPER = 3.0  # the box is [0, 3]
UNIT = 5.0 / 64.0  # weights are multiples: fifths of them are exact as well


@dataclass(frozen=True)
class Instance:
    """A quadratic with a penalty, its minimiser and minus the gradient of f there, a subgradient of the penalty."""

    problem: Majorised
    kind: str
    alpha: float
    blocks: tuple
    minimizer: np.ndarray
    subgradient: np.ndarray
    start: np.ndarray
    mu: NormConstant

    @property
    def penalty(self):
        """What the solver is given."""
        if self.kind == "box":
            return bcd.Box(0.0, UPPER)
        return bcd.L1(self.alpha) if self.kind == "L1" else bcd.GroupL1(self.alpha, 2)

    @property
    def scales(self):
        """L_b of every block."""
        return block_scales(self.problem.A, self.blocks)

    def error(self, points):
        """F - F* at each point: the quadratic about the minimiser, and a nonnegative term a coordinate or group."""
        away = points - self.minimizer
        return 0.5 * ((away @ self.problem.A) * away).sum(axis=1) + self._penalty_excess(points, away).sum(axis=1)

    def _penalty_excess(self, points, away):
        """g(x) - g(x*) - s.(x - x*), without differences of large numbers."""
        s = self.subgradient
        if self.kind == "box":
            return -s * away
        if self.kind == "L1":
            return np.abs(points) * (self.alpha - s * np.sign(points))
        x, s, d = (v.reshape(-1, v.shape[-1] // 2, 2) for v in (points, s, away))
        length, along = np.linalg.norm(x, axis=2), (x * s).sum(axis=2)
        at_zero = self.alpha * length - along
        # alpha |x| - s.x = (alpha^2 |x|^2 - (s.x)^2) / (alpha |x| + s.x); with |s| = alpha the numerator is (d x s)^2
        cross = (d[..., 0] * s[..., 1] - d[..., 1] * s[..., 0]) ** 2
        moved = (self.minimizer.reshape(-1, 2) != 0).any(axis=1) & (along > 0)
        return np.where(moved, cross / np.where(moved, self.alpha * length + along, 1.0), at_zero)


def _l1_solution(rng, n, alpha, interior):
    x = rng.integers(1, 5, n).astype(float)
    if not interior:
        x *= rng.integers(-1, 2, n)
    return x, np.where(x != 0, alpha * np.sign(x), alpha * rng.integers(-8, 9, n) / 8.0)


def _box_solution(rng, n, alpha, interior):
    x = rng.integers(1, 3, n).astype(float) if interior else rng.integers(0, 4, n).astype(float)
    pressure = alpha * rng.integers(0, 9, n) / 8.0
    return x, np.where(x == UPPER, pressure, np.where(x == 0, -pressure, 0.0))


def _group_solution(rng, n, alpha, interior):
    """Groups along (3, 4), whose norm is a whole number."""
    pairs = n // 2
    size = rng.integers(1, 3, pairs) if interior else rng.integers(-1, 2, pairs)
    share = np.where(size != 0, np.sign(size), rng.integers(-8, 9, pairs) / 8.0)
    direction = np.array([3.0, 4.0])
    return np.outer(size, direction).ravel(), np.outer(share * alpha / 5.0, direction).ravel()


SOLUTION = {"L1": _l1_solution, "box": _box_solution, "group": _group_solution}


def _slow_matrix(rng, direction, blocks):
    """The identity less a multiple of v v' between different blocks of equal size: the slowest direction is v."""
    slow, inside = 2.0 ** -float(rng.integers(2, 7)), np.sum(direction[list(blocks[0])] ** 2)
    shrink = np.round((1.0 - slow) / (direction @ direction - inside) * 2.0**30) / 2.0**30
    coupling = np.outer(direction, direction)
    return np.eye(len(direction)) - shrink * (coupling - block_diagonal(coupling, blocks))


def generate(cell, rng):
    """Draw a problem from its solution; half of them start in the slowest direction, inside a face of the penalty."""
    kind, n = cell["penalty"], int(cell["n"])
    alpha, extremal = UNIT * float(rng.integers(1, 33)), rng.random() < 0.5
    blocks = cut(n, 2 if kind == "group" else int(rng.choice([1, 2 if extremal else BLOCK_SIZES[n]])))
    minimizer, s = SOLUTION[kind](rng, n, alpha, interior=extremal)
    if extremal:
        direction = np.tile([3.0, 4.0], n // 2) if kind == "group" else np.ones(n)
        Q, start = _slow_matrix(rng, direction, blocks), minimizer + rng.uniform(0.1, 0.9) * direction
    else:
        Q = draw_matrix(rng, n)
        start = minimizer + rng.standard_normal(n) / np.sqrt(np.diagonal(Q))
        start = rng.uniform(0.0, UPPER, n) if kind == "box" else start
    return Instance(
        problem=Majorised(Q, Q @ minimizer + s, bound=Q), kind=kind, alpha=alpha, blocks=blocks, minimizer=minimizer,
        subgradient=s, start=start, mu=euclidean_constant(Q),
    )  # fmt: skip


def _descend(instance, rng, select="gs-q", pick=None):
    points = [instance.start]
    bcd.minimize(
        instance.problem, penalty=instance.penalty, partition=instance.blocks, select=select, update="prox-gradient",
        approximate=pick, tol=0.0, max_iter=ITERATIONS, init=instance.start, rng=rng, check_every=1,
        on_failure="ignore", callback=lambda p: points.append(p.solution),
    )  # fmt: skip
    return np.array(points)


def run(instance, rng):
    """Minimise with the library: GS-q, the proximal gradient step."""
    return _descend(instance, rng)


def at_random(instance, rng):
    return _descend(instance, rng, select="random")


def smallest(instance, rng):
    return _descend(instance, rng, pick=Smallest())


def without_penalty_in_score(instance, rng):
    """Pick by the gradient of f alone, which the library refuses: blocks held at a kink are picked for ever."""
    problem, penalty = bind(instance.problem, instance.penalty)
    blocks = [np.array(b) for b in instance.blocks]
    state = State(problem, penalty, blocks, 1, instance.start.copy(), rng)
    points = [instance.start]
    for _ in range(ITERATIONS):
        block = state.fixed(int(np.argmax(bcd.SELECTIONS["gs"].fixed(state))))
        state.apply(block, bcd.UPDATES["prox-gradient"].step(state, block))
        points.append(state.x.copy())
    return np.array(points)


def measure(instance, points):
    """Compare the shares of F - F* that iterations removed with mu/(mL)."""
    Q, scales = instance.problem.A, instance.scales
    errors = instance.error(points)
    kept = int(np.argmin(np.r_[errors > REACH * errors[0], False]))
    e = errors[:kept][: len(points) - 1]
    x = np.maximum.accumulate(np.abs(points[: len(e)]))  # old rounding stays in the image
    # a gradient entry as the solver has it is off by this; steps are no longer than sqrt(2 e / L_b), since the model's
    # decrease is at least L_b |d|^2 / 2 and at most e; a score or a step off by noise costs the product, twice each
    terms = x @ np.abs(Q) + np.abs(instance.problem.c) + scales.max() * x + instance.alpha
    noise = EPS * (len(Q) + ITERATIONS) * terms
    away = np.abs(points[: len(e)] - instance.minimizer)
    form = EPS * (len(Q) + 2) * ((away @ np.abs(Q)) * away).sum(axis=1)  # of the error, as computed
    floor = (4.0 * np.linalg.norm(noise, axis=1) * np.sqrt(2.0 * e / scales.min()) + 2.0 * form) / e + 8.0 * EPS
    removed = Removed(share=1.0 - errors[1 : len(e) + 1] / e, floor=floor)
    return measured(removed, {"mu": instance.mu.lower, "m": len(instance.blocks), "L": scales.max()})


STUDY = rate_study(
    claim="bcd.gsq_composite",
    generate=generate,
    run=run,
    measure=measure,
    strata=tuple({"penalty": kind} for kind in SOLUTION),
    wrong=Bound("kappa*mu/(m*L)", mu="strong convexity of f", m="number of blocks", L="largest L_b", kappa="factor"),
    kappa=1.2,
    broken=(
        Broken(name="score of the gradient alone", run=without_penalty_in_score),
        Broken(name="a random block", run=at_random),
        Broken(name="smallest score", run=smallest),
    ),
    notes=(
        r"Weighted 1-norms, the box $[0, 3]$, and norms of pairs. A problem is made from its solution: whole numbers, "
        r"a subgradient at it, degenerate ones among them, and $c = Q x^* + s$ without rounding; then $F - F^*$ is the "
        r"quadratic about $x^*$ plus nonnegative terms. Half of the problems have a $Q$ with identities as blocks, a "
        r"multiple of $-v v^T$ between them, and start from $x^*$ along $v$ inside a face of the penalty: the first "
        r"iteration removes exactly $\mu/(m L)$."
    ),
)
