"""What the planner foretells comes true."""

import math

import numpy as np
import pytest

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify import Bound, Budget, Drift, EveryInstance, Grid, Measurement, Order, Ratio
from sparsetheory.verify.power import plan
from sparsetheory.verify.sample import Observation, Sample

SIZES = tuple(float(n) for n in np.geomspace(100, 100_000, 7))
ROOT = Bound("n**(-1/2)", n="size")


def study(sizes, replicates, *, seed=0, exponent=-0.5, shared=0.0, spread=1.0):
    """Half-normal noise, part of it shared by the sizes of a replicate."""
    rng = np.random.default_rng(seed)
    common = np.exp(shared * rng.standard_normal(replicates))
    observations = [
        Observation(
            cell=cell,
            replicate=r,
            measurement=Measurement(value=n**exponent * common[r] * abs(rng.standard_normal()) ** spread, at={"n": n}),
        )
        for cell, n in enumerate(sizes)
        for r in range(replicates)
    ]
    return Sample(grid=Grid(axis="n", sizes=sizes), observations=observations, bound=ROOT)


def budget(replicates, sizes=SIZES):
    return Budget(grid=Grid(axis="n", sizes=sizes), replicates=replicates)


def test_the_standard_error_is_the_formula_of_the_design():
    # sd of log|N(0,1)| is pi/sqrt(8); Sxx = (D ln 10)^2 J (J+1) / (12 (J-1)) for D decades and J points
    sxx = (3 * math.log(10)) ** 2 * 7 * 8 / (12 * 6)
    found = plan(Drift(), study(SIZES[:2], 4000), budget(100))
    assert found.standard_error == pytest.approx(math.pi / math.sqrt(8) / math.sqrt(100 * sxx), rel=0.05)
    assert found.detectable_margin == pytest.approx(3.29 * found.standard_error, rel=1e-3)
    assert found.powered
    assert found.margin == 0.1


@pytest.mark.parametrize("pilot_sizes", [SIZES[:2], SIZES])
def test_the_drift_of_the_study_has_the_foretold_error(pilot_sizes):
    found = plan(Drift(), study(pilot_sizes, 400), budget(20))
    slopes = [Drift(companions=False).judge(study(SIZES, 20, seed=s)).estimate for s in range(1, 81)]
    assert np.std(slopes, ddof=1) == pytest.approx(found.standard_error, rel=0.3)  # 80 studies: 8% standard error


def test_a_pilot_on_the_whole_grid_sees_the_dependence_between_sizes():
    few = plan(Drift(), study(SIZES[:2], 400, shared=2.0), budget(100))
    whole = plan(Drift(), study(SIZES, 400, shared=2.0), budget(100))
    assert whole.standard_error < 0.6 * few.standard_error


def test_replicates_needed_are_enough_and_not_too_many():
    rule = Drift(alternative="two-sided")
    short = plan(rule, study(SIZES, 400), budget(20))
    assert not short.powered
    needed = short.replicates_needed
    assert plan(rule, study(SIZES, 400), budget(needed)).powered
    assert not plan(rule, study(SIZES, 400), budget(needed - 1)).powered
    labels = [rule.judge(study(SIZES, needed, seed=s)).label for s in range(40)]
    assert labels.count("supported") >= 30  # 90% foretold; 30 of 40 is three standard errors below


def test_what_is_foretold_to_be_refuted_is_refuted():
    rule = Drift()
    found = plan(rule, study(SIZES, 400), budget(40))
    assert found.smallest_refuted > rule.margin + found.detectable_margin  # the corrected slope is the wider one
    labels = [rule.judge(study(SIZES, 40, seed=s, exponent=-0.5 + found.smallest_refuted)).label for s in range(30)]
    assert labels.count("refuted") >= 24
    alone = plan(Drift(companions=False), study(SIZES, 400), budget(40))
    assert alone.smallest_refuted == pytest.approx(rule.margin + alone.detectable_margin)


def test_places_of_an_expression_are_extrapolated_from_the_pilot():
    rule = Drift(axis="2*n")
    assert plan(rule, study(SIZES[:3], 100), budget(50)).standard_error == pytest.approx(
        plan(Drift(), study(SIZES[:3], 100), budget(50)).standard_error, rel=1e-9
    )
    with pytest.raises(InvalidArgument, match="two sizes"):
        plan(rule, study(SIZES[:1], 100), budget(50))


def test_every_instance_counts_trials():
    pilot = study(SIZES[:1], 5)
    one = plan(EveryInstance(), pilot, budget(298, (1.0,)))
    assert (one.powered, one.replicates_needed) == (False, 299)
    assert plan(EveryInstance(), pilot, budget(299, (1.0,))).powered
    assert plan(EveryInstance(), pilot, budget(150, (1.0, 2.0))).powered
    assert not plan(EveryInstance(trial="replicate"), pilot, budget(150, (1.0, 2.0))).powered
    assert one.detectable_margin == pytest.approx(1 - 0.05 ** (1 / 298))


def test_ratio_and_order():
    pilot = study(SIZES[:2], 400, spread=0.05)
    found = plan(Ratio(), pilot, budget(100))
    assert found.standard_error == pytest.approx(0.05 * math.pi / math.sqrt(8) / 10, rel=0.1)
    assert found.powered == (3.29 * found.standard_error <= 0.02)
    rng = np.random.default_rng(1)
    steps = ([1, 2, 4 + rng.normal()] for _ in range(200))
    records = [
        Observation(cell=0, replicate=r, measurement=Measurement(value=np.exp(-np.cumsum(step)), at={"n": 1.0}))
        for r, step in enumerate(steps)
    ]
    sequences = Sample(grid=Grid(axis="n", sizes=(1.0,)), observations=records, bound=Bound("2 + 0*n", n=""))
    assert plan(Order(), sequences, budget(25, (1.0,))).standard_error == pytest.approx(0.5 / 5, rel=0.15)


def test_a_pilot_without_numbers_is_refused():
    failure = Observation(cell=0, replicate=0, failure="gave up")
    lost = Sample(grid=Grid(axis="n", sizes=SIZES[:2]), observations=[failure], bound=ROOT)
    for rule in (Drift(), Ratio(), Order()):
        with pytest.raises(InvalidArgument, match="pilot"):
            plan(rule, lost, budget(100))
    with pytest.raises(TypeError, match="no plan for a rule of type str"):
        plan("Drift", lost, budget(100))
