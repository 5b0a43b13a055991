"""What the claims on active sets rest on beyond their verdicts: growth with the gap, and instances that are as said."""

import numpy as np
import pytest

from sparsetheory import bcd
from sparsetheory.bcd.certificate import kkt_residual
from sparsetheory.bcd.penalty import bind
from sparsetheory.verify.claim import locate
from sparsetheory.verify.loading import load_study

FACES = ("bcd.active_set_complexity", "bcd.superlinear_and_finite", "bcd.cyclic_pep")


def study(claim):
    return load_study(*locate(claim))


@pytest.mark.parametrize(("rule", "factor"), [("whole", 1.0), ("cyclic", 2.0), ("greedy", 2.0)])
def test_the_zeros_are_found_later_by_kappa_times_the_logarithm_of_the_gap(rule, factor):
    active, digits = study("bcd.active_set_complexity"), np.array([1, 2, 3, 4, 5, 6])
    for seed in range(3):
        found = []
        for d in digits:
            instance = active.generate({"rule": rule, "coupling": "aligned", "digits": d}, np.random.default_rng(seed))
            measured = active.measure(instance, active.run(instance, None))
            found.append(measured.value[0])
        slope = np.polyfit(digits * np.log(10), found, 1)[0]
        kappa = float(measured.at["rate"])
        assert 0.1 * kappa < slope <= factor * kappa  # with all variables at once the distance itself falls by kappa
        assert (np.diff(found) > 0).all()


@pytest.mark.parametrize("claim", FACES[:2])
def test_planted_points_are_solutions_with_the_gap_that_is_stated(claim):
    chosen = study(claim)
    for stratum in chosen.full.grid.strata:
        instance = chosen.generate({**stratum, chosen.full.grid.axis: 5}, np.random.default_rng(0))
        penalty = bcd.L1(instance.alpha) if hasattr(instance, "alpha") else instance.penalty
        problem, bound = bind(instance.problem, penalty)
        assert kkt_residual(problem, bound, instance.x) <= 8 * problem.rounding(instance.x) + 1e-12
        gradient, zeros = problem.gradient(instance.x, problem.image(instance.x)), instance.x == 0
        low, high = bound.interval(instance.x)
        gap = np.minimum(-gradient - low, high + gradient)[zeros].min()
        assert gap == pytest.approx(getattr(instance, "gap", 10.0), rel=1e-8)


def test_the_constants_of_the_hessian_hold_between_random_points():
    newton = study("bcd.superlinear_and_finite")
    instance = newton.generate({"loss": "logistic", "penalty": "L1", "update": "two-metric", "nonzeros": 6},
                               np.random.default_rng(0))  # fmt: skip
    support, problem, rng = np.flatnonzero(instance.x), instance.problem, np.random.default_rng(1)
    for length in (1e-3, 1e-1, 1.0):
        aside = instance.x.copy()
        aside[support] += length * rng.normal(size=len(support))
        here, there = (problem.hessian(x, problem.image(x), support) for x in (instance.x, aside))
        assert np.linalg.norm(here - there, 2) <= instance.M * np.linalg.norm(aside - instance.x)


@pytest.mark.parametrize("updates", [4, 7, 10])
def test_the_huber_loss_ends_where_its_formula_says(updates):
    cyclic, seen = study("bcd.cyclic_pep"), []
    for seed in range(6):
        instance = cyclic.generate({"kind": "huber", "updates": updates}, np.random.default_rng(seed))
        measured = cyclic.measure(instance, cyclic.run(instance, None))
        seen.append(measured.value / measured.at["R2"] * (2 * updates + 1))
    assert max(seen) == pytest.approx(1.0, rel=1e-12)  # some draws start exactly as far as is worst
    assert min(seen) > 0.9
