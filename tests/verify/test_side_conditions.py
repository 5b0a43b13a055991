"""A statement holds with all its parts: one record with a broken side condition refutes, whatever the rule."""

import dataclasses

import numpy as np
import pytest

from sparsetheory.verify import Bound, Grid, Measurement
from sparsetheory.verify.cards import said
from sparsetheory.verify.rules import Drift, EveryInstance, Order, Ratio
from sparsetheory.verify.sample import Observation, Sample

GRID = Grid(axis="n", sizes=(1, 2, 4, 8, 16))
SIZES = np.array(GRID.sizes, float)


def sample(residual, rng):
    """Values on their bound up to noise, and one residual."""
    observations = []
    for replicate in range(30):
        for cell, n in enumerate(SIZES):
            first = cell == 3 and replicate == 7
            value = np.exp(-1e-3 * rng.random()) / n
            measurement = Measurement(
                value=value, at={"n": n}, must_vanish={"marginal": (residual if first else 0.0, 1e-12)}
            )
            observations.append(Observation(cell=cell, replicate=replicate, measurement=measurement))
    return Sample(grid=GRID, observations=observations, bound=Bound("1/n", n="size"))


RULES = [Drift(margin=0.05), Ratio(margin=0.02), EveryInstance(max_violation_rate=0.2)]


@pytest.mark.parametrize("rule", RULES, ids=lambda r: type(r).__name__)
def test_a_broken_side_condition_refutes(rule):
    rng = np.random.default_rng(1)
    fine, broken = sample(1e-13, rng), sample(1e-11, rng)
    assert rule.judge(fine).label == "supported"
    assert rule.judge(broken).label == "refuted"
    assert [(o.cell, o.replicate) for o in rule.violations(broken)] == [(3, 7)]
    assert rule.violations(fine) == []


@pytest.mark.parametrize("rule", [Drift(margin=0.05), Ratio(margin=0.02), Order()], ids=lambda r: type(r).__name__)
def test_a_residual_that_is_not_a_number_does_not_vanish(rule):
    broken = sample(np.nan, np.random.default_rng(2))
    assert len(rule.violations(broken)) == 1
    assert "marginal" in rule.judge(broken).sentence


def test_a_card_names_the_condition_that_strata_kept_apart_do_not_show(make):
    rng = np.random.default_rng(3)
    broken, rule = sample(1e-11, rng), Drift(margin=0.05)
    strata = ({"kind": "a"}, {"kind": "b"})
    more = [dataclasses.replace(o, cell=o.cell + len(SIZES)) for o in broken.observations]
    whole = dataclasses.replace(
        broken, grid=dataclasses.replace(GRID, strata=strata), observations=[*broken.observations, *more]
    )
    verdict = rule.judge(whole)
    assert verdict.label == "refuted"
    assert all(part.label == "supported" for part in verdict.strata.values())
    assert "break a side condition" in said(
        make.outcome(whole, rule, a_claim=make.claim("parts", bound=whole.bound)), verdict
    )
