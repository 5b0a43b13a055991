"""Two rules from the same point: which of them lowers the function by more in one step."""

from dataclasses import dataclass

import numpy as np

from sparsetheory.bcd.known_quadratics import Instance, block_diagonal, cut, draw_matrix, pose
from sparsetheory.bcd.norm_constants import norm_constant
from sparsetheory.bcd.one_step import descend
from sparsetheory.bcd.one_step_study import BLOCK_SIZES, STARTS, Weighted, misjudged
from sparsetheory.verify import Bound, Broken, Budget, Grid, Measurement, Positive, Study, WrongBound
from sparsetheory.verify.rules import EveryInstance

#: Pair -> (selection, update) of the better rule, of the simpler one.
RULES = {
    "GSQ over GSD": (("gsq", "exact"), ("gsd", "diagonal")),
    "GSQ over GSL": (("gsq", "exact"), ("gsl", "gradient")),
    "GSL over GS": (("gsl", "gradient"), ("gs", "gradient")),
}
STRATA = tuple({"pair": pair} | start for pair in RULES for start in STARTS)
EPS = np.finfo(float).eps


@dataclass(frozen=True)
class Case:
    """A point of a quadratic, a point before it, and the two rules that are compared."""

    instance: Instance
    stale: np.ndarray
    pair: str


def generate(cell, rng):
    """Draw a quadratic and a point; single coordinates where GSL is compared with GS."""
    Q = draw_matrix(rng, cell["n"])
    blocks = cut(len(Q), 1 if cell["pair"] == "GSL over GS" else BLOCK_SIZES[len(Q)])
    H = block_diagonal(Q, blocks)
    constant = norm_constant(Q, blocks=blocks, metric=H)
    instance = pose(rng, Q, blocks=blocks, step=H, constant=constant, start=cell["start"])
    stale = instance.start + rng.standard_normal(len(Q)) / np.sqrt(np.diagonal(Q))
    return Case(instance, stale, cell["pair"])


def _step(instance, rule, rng, pick=None):
    """Return where one iteration of the library's solver leads."""
    return descend(instance, select=rule[0], update=rule[1], iterations=1, rng=rng, pick=pick)[-1]


def _simpler(case, rng):
    """Return where the simpler rule leads; GS has one step length for all coordinates."""
    instance = case.instance
    if case.pair == "GSL over GS":
        instance = misjudged(instance, np.diagonal(instance.Q).max() * np.eye(len(instance.Q)))
    return _step(instance, RULES[case.pair][1], rng)


def run(case, rng):
    """Take one step of each rule with the library."""
    return _step(case.instance, RULES[case.pair][0], rng), _simpler(case, rng)


def stale_scores(case, rng):
    """Choose the block of the better rule by its scores at the point before; the step is up to date."""
    before, now = (_scores(case, x) for x in (case.stale, case.instance.start))
    pick = Weighted(before / np.maximum(now, 1e-300))
    return _step(case.instance, RULES[case.pair][0], rng, pick), _simpler(case, rng)


def _scores(case, x):
    """Return what the step of the better rule lowers f by, on every block."""
    instance = case.instance
    g, Q = instance.Q @ (x - instance.minimizer), instance.Q
    return np.array([g[b] @ np.linalg.solve(Q[np.ix_(b, b)], g[b]) for b in map(list, instance.blocks)])


def rules_exchanged(case, rng):
    better, simpler = run(case, rng)
    return simpler, better


def measure(case, points):
    """Compare what f falls by, from the step and not from a difference of two values."""
    instance, x = case.instance, case.instance.start
    Q, g = instance.Q, instance.Q @ (x - instance.minimizer)
    falls, rounding = [], 0.0
    noise = 8 * EPS * len(x) * (np.abs(Q) @ np.abs(x) + np.abs(instance.problem.c) + np.diagonal(Q) * np.abs(x))
    for point in points:
        d = point - x
        falls.append(-(g @ d + 0.5 * d @ Q @ d))
        rounding += float(noise @ np.abs(d))
    return Measurement(value=falls[0], at={"p": falls[1]}, floor=rounding)


STUDY = Study(
    claim="bcd.one_step_dominance",
    generate=generate,
    run=run,
    measure=measure,
    rule=EveryInstance(alternative="lower", quantity="fall of f under the better rule"),
    quick=Budget(grid=Grid(axis="n", sizes=(4, 8), strata=STRATA), replicates=7),
    full=Budget(grid=Grid(axis="n", sizes=(4, 8, 12), strata=STRATA), replicates=200),
    controls=(
        WrongBound(
            bound=Bound("kappa*p", p="what the simpler rule lowers f by", kappa="factor"), neutral=1.0, kappa=1.05,
            scan=(1 + 1e-6, 1.0001, 1.01, 1.2, 1.5, 2.0),
        ),
        Broken(name="scores of the better rule from a stale gradient", run=stale_scores),
        Broken(name="the two rules exchanged", run=rules_exchanged),
        Positive(),
    ),
    cost_exponent=1.0,
    notes=(
        r"One iteration of the library's solver for each rule, from the same point. Extremal starts are those "
        r"where all "
        r"blocks look equally good to GSQ. Whole runs are not compared: a rule that gains more now may be worse "
        r"off later."
    ),
)  # fmt: skip
