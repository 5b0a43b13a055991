"""Identification: exact supports, runs that were too short, gaps, and degenerate instances beside."""

from dataclasses import replace

import numpy as np
import pytest

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify import Bound, Grid, Identification, Measurement, Sequential, identified_at
from sparsetheory.verify.cards import card
from sparsetheory.verify.plots import figure
from sparsetheory.verify.sample import Observation, Sample
from sparsetheory.verify.stopping import walk

BOUND = Bound("40/gap", gap="nondegeneracy gap")
GRID = Grid(axis="p", sizes=(10, 20), strata=({"degenerate": False}, {"degenerate": True}))
RULE = Identification(max_violation_rate=0.02)


def lasso(rng, p, gap, *, iterations=150, step=0.05):
    """Proximal gradient on a separable lasso whose zero coordinates miss their threshold by the gap."""
    active = np.arange(p) < p // 2
    b = np.where(active, 1.5 + rng.random(p), (1 - gap) * rng.choice([-1, 1], p))
    x, supports = 3 * rng.standard_normal(p), []
    for _ in range(iterations):
        supports.append(x != 0)
        z = x - step * (x - b)
        x = np.sign(z) * np.maximum(np.abs(z) - step, 0)
    return supports, active


def sample(*, replicates=120, grid=GRID, iterations=150, bound=BOUND, seed=0):
    observations = []
    for cell in range(len(grid)):
        p = grid.cell(cell)
        for r in range(replicates):
            rng = np.random.default_rng([seed, cell, r])
            gap = 0.0 if p["degenerate"] else rng.uniform(0.2, 0.9)
            supports, target = lasso(rng, p["p"], gap, iterations=iterations)
            m = Measurement(value=identified_at(supports, target), at={"gap": max(gap, 1e-12)})
            observations.append(Observation(cell=cell, replicate=r, measurement=m))
    return Sample(grid=grid, observations=observations, bound=bound)


@pytest.fixture(scope="module")
def data():
    return sample()


def only(data, stratum=0):
    grid = replace(data.grid, strata=data.grid.strata[: stratum + 1])
    return replace(data, grid=grid, observations=[o for o in data.observations if data.stratum_of(o.cell) <= stratum])


def change(data, cell, replicate, **changes):
    return replace(
        data,
        observations=[
            replace(o, measurement=replace(o.measurement, **changes))
            if (o.cell, o.replicate) == (cell, replicate)
            else o
            for o in data.observations
        ],
    )


@pytest.mark.parametrize(
    ("supports", "found"),
    [
        ([[1, 0], [1, 0]], 0),
        ([[1, 1], [1, 0], [1, 0]], 1),
        ([[1, 0], [0, 0], [1, 0]], 2),  # once found and lost again does not count
        ([[1, 1], [1, 1], [1, 0]], 2),
    ],
)
def test_the_first_iteration_from_which_on_it_stays(supports, found):
    np.testing.assert_array_equal(identified_at(supports, [1, 0]), [found, found])
    np.testing.assert_array_equal(identified_at(np.array(supports, bool), np.array([True, False])), [found, found])


def test_a_run_that_ends_off_the_target_says_what_it_has_seen():
    earliest, latest = identified_at([[1, 0], [1, 1], [1, 1]], [1, 0])
    assert earliest == 3
    assert latest == np.finfo(float).max
    assert Measurement.from_json(Measurement(value=[earliest, latest], at={}).to_json()).value.tolist() == [3, latest]


@pytest.mark.parametrize(
    ("supports", "target", "name"),
    [
        ([[0.5, 1e-12]], [1, 0], "supports"),  # values are not a support: that takes a threshold, which is not ours
        ([[1, 0]], [0.2, 0], "target"),
        ([[1, 0, 0]], [1, 0], "supports"),
        ([], [1, 0], "supports"),
        ([1, 0], [1, 0], "supports"),
    ],
)
def test_supports_are_truth_values(supports, target, name):
    with pytest.raises(InvalidArgument) as info:
        identified_at(supports, target)
    assert info.value.name == name


def test_the_bound_holds_on_nondegenerate_instances_and_is_shown_beside_on_others(data):
    verdict = RULE.judge(data)
    assert str(verdict) == "supported"
    names = ["degenerate = False", "degenerate = True"]
    assert list(verdict.strata) == names
    assert verdict.strata[names[1]].sentence.startswith("outside the statement: ")
    assert verdict.sentence.endswith("beside, with no part in the verdict: degenerate = True")
    assert 0 < verdict.tightness <= 1
    assert verdict == replace(verdict, n_failures=0)


def test_failures_of_a_stratum_are_its_own(data):
    # without a gap the zero coordinates only shrink: no run is long enough to identify them
    before = [part.n_failures for part in RULE.judge(data).strata.values()]
    assert before[0] == 0
    assert before[1] > 200
    lost = [
        replace(o, measurement=None, failure="crash") if (o.cell, o.replicate) == (0, 5) else o
        for o in data.observations
    ]
    verdict = RULE.judge(change(replace(data, observations=lost), 1, 5, at={"gap": 0.0}))
    assert [part.n_failures for part in verdict.strata.values()] == [2, before[1]]
    assert verdict.n_failures == 2
    assert verdict.failure_interval == verdict.strata["degenerate = False"].failure_interval


def test_one_late_identification_refutes(data):
    late = change(only(data), 1, 17, value=np.array([1000.0, 1000.0]))
    verdict = RULE.judge(late)
    assert verdict.label == "refuted"
    assert "replicate 17 at p = 20" in verdict.sentence
    assert [(o.cell, o.replicate) for o in RULE.violations(late)] == [(1, 17)]
    assert RULE.judge(only(data)).label == "supported"


def test_a_late_one_where_the_theorem_does_not_apply_does_not(data):
    late = change(data, 3, 17, value=np.array([1e15, 1e15]))
    assert RULE.judge(late).label == "supported"
    assert RULE.violations(late) == []


def test_a_run_too_short_to_tell_is_a_failure_and_one_past_the_bound_a_violation(data):
    unseen = np.finfo(float).max
    short = change(only(data), 0, 3, value=np.array([10.0, unseen]), at={"gap": 0.5})  # the bound is 80
    verdict = RULE.judge(short)
    assert verdict.n_failures == 1
    assert verdict.label == "supported"  # of 240 trials one may be lost
    past = change(only(data), 0, 3, value=np.array([81.0, unseen]), at={"gap": 0.5})
    assert RULE.judge(past).label == "refuted"
    many = sample(grid=replace(GRID, strata=GRID.strata[:1]), iterations=5)
    assert str(RULE.judge(many)).startswith("inconclusive")


def test_a_gap_that_is_not_known_to_be_one_is_no_trial(data):
    tiny = change(only(data), 0, 3, at={"gap": 1e-9})
    assert RULE.judge(tiny).n_failures == 0
    assert replace(RULE, least_gap=1e-8).judge(tiny).n_failures == 1
    with pytest.raises(InvalidArgument, match="'delta'"):
        replace(RULE, gap="delta").judge(data)


def test_a_bound_that_is_wrong_is_refuted_and_the_positive_control_supported(data):
    wrong = replace(data, bound=Bound("4/gap", gap="nondegeneracy gap"))
    assert RULE.judge(wrong).label == "refuted"
    synthetic = RULE.positive(wrong, np.random.default_rng(0))
    verdict = RULE.judge(synthetic)
    assert verdict.label == "supported"
    assert verdict.tightness == pytest.approx(1)


def test_a_study_of_identification_may_stop_early(data):
    end = walk(RULE.sequential(), Sequential(max=120).looks, data)
    assert end.verdict.label == "supported"
    assert end.replicates == 100  # 188 trials at two a replicate
    assert RULE.sequential().trials_needed() == 188


def test_a_scalar_is_an_iteration_that_is_known(data):
    plain = change(only(data), 0, 3, value=7.0)
    assert RULE.judge(plain).label == "supported"


def test_the_report_shows_both_kinds_and_draws_what_was_seen(data, make):
    outcome = make.outcome(data, RULE, a_claim=make.claim("identified", bound=BOUND))
    shown = card(outcome, figure(outcome))
    assert len(figure(outcome)) >= 2  # the runs that never identify have no place on an axis
    assert [row[1].split(" ")[0] for row in shown["strata"]] == ["supported", "inconclusive"]
    assert "outside the statement" in shown["strata"][1][4].lower()
    assert "supported on each of" not in shown["sentence"]


def test_declarations():
    with pytest.raises(InvalidArgument, match="alternative"):
        Identification(alternative="lower")
    with pytest.raises(InvalidArgument, match="least_gap"):
        Identification(least_gap=-1.0)
    with pytest.raises(InvalidArgument, match=r"grid\.strata"):
        RULE.judge(replace(sample(replicates=1), grid=replace(GRID, strata=({"degenerate": True},) * 2)))
