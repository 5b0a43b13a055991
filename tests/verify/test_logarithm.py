"""Rates slower than any polynomial: the power laws that look like them have to be told apart."""

import math
from dataclasses import replace

import numpy as np
import pytest

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify import Bound, Budget, Drift, Grid, Logarithm, Measurement
from sparsetheory.verify.power import plan
from sparsetheory.verify.sample import Observation, Sample
from sparsetheory.verify.sequence import normal_mixture

SIZES = tuple(np.geomspace(10, 1e7, 7))
BOUND = Bound("1/log(n)", n="size")


def sample(law, *, replicates=100, spread=0.5, sizes=SIZES, bound=BOUND, seed=0, lost=0.0):
    rng = np.random.default_rng(seed)
    observations = []
    for cell, n in enumerate(sizes):
        for r in range(replicates):
            value, gone = law(n) * math.exp(spread * rng.standard_normal()), rng.random() < lost
            m = None if gone else Measurement(value=value, at={"n": n})
            observations.append(Observation(cell=cell, replicate=r, measurement=m, failure="x" if gone else None))
    return Sample(grid=Grid(axis="n", sizes=tuple(sizes)), observations=observations, bound=bound)


def logarithmic(n):
    return 3 / math.log(n)


def twin(sizes):
    """The power law nearest to 1/log n on the sizes."""
    slope, level = np.polyfit(np.log(sizes), -np.log(np.log(sizes)), 1)
    return lambda n: math.exp(level) * n**slope


def test_the_log_law_is_supported_where_the_power_law_is_rejected():
    verdict = Logarithm().judge(sample(logarithmic))
    assert str(verdict) == "supported"
    assert "the power law is rejected, the log law is not rejected" in verdict.sentence
    assert verdict.estimate == pytest.approx(0, abs=0.1)
    assert "n in [10, 1e+07]" in verdict.sentence
    power = next(v for k, v in verdict.companions.items() if k.startswith("log log n beside log n"))
    assert power[2] < 0
    assert power[0] == pytest.approx(-1, abs=0.35)


def test_an_exponent_inside_its_margin_alone_is_not_support():
    sizes = tuple(np.geomspace(100, 1e5, 7))
    data = sample(logarithmic, sizes=sizes, replicates=60)
    along_log = Drift(axis="log(n)", alternative="two-sided", margin=0.25, correction=None)
    assert along_log.judge(data).label == "supported"
    verdict = Logarithm(margin=0.25).judge(data)
    assert str(verdict) == "inconclusive(underpowered)"
    assert verdict.sentence.startswith("claim inconclusive(underpowered): the power law is not rejected")


def test_the_twin_of_the_log_law_is_not_supported_and_in_the_end_refuted():
    few = [str(Logarithm(margin=0.3).judge(sample(twin(SIZES), seed=s))) for s in range(5)]
    assert "supported" not in few
    many = Logarithm(margin=0.3).judge(sample(twin(SIZES), replicates=1500))
    assert str(many) == "refuted"
    assert "the power law is not rejected, the log law is rejected" in many.sentence
    assert "The exponent alone" in many.sentence
    sizes = tuple(np.geomspace(100, 1e5, 7))  # where the two differ too little for a refutation
    undecided = Logarithm(margin=0.3).judge(sample(twin(sizes), sizes=sizes, replicates=400))
    assert str(undecided) == "inconclusive(pre-asymptotic)"


@pytest.mark.parametrize(
    "law", [lambda n: n**-0.25, lambda n: math.log(n) ** -0.5, lambda n: math.log(n) ** -2.0, lambda n: 1.0]
)
def test_other_laws_are_refuted(law):
    assert str(Logarithm().judge(sample(law))) == "refuted"


def test_a_rising_logarithm_is_read_in_its_own_direction():
    bound = Bound("log(n)**2", n="size")
    rising = sample(lambda n: math.log(n) ** 2, bound=bound)
    assert str(Logarithm().judge(rising)) == "supported"
    assert Logarithm().judge(sample(lambda n: math.log(n), bound=bound)).label == "refuted"


def test_a_drift_that_is_undecided_keeps_its_reason():
    assert str(Logarithm(margin=0.02).judge(sample(logarithmic))) == "inconclusive(underpowered)"
    assert str(Logarithm().judge(sample(logarithmic, sizes=SIZES[:3]))) == "inconclusive(underpowered)"
    assert str(Logarithm().judge(sample(logarithmic, replicates=1))) == "inconclusive(underpowered)"


def test_missing_numbers_have_to_be_survived():
    assert Logarithm().judge(sample(logarithmic, lost=0.001, replicates=400)).n_failures > 0
    assert str(Logarithm().judge(sample(logarithmic, lost=0.001, replicates=400))) == "supported"
    assert str(Logarithm().judge(sample(logarithmic, lost=0.2, spread=1.0))) == "inconclusive(failures)"


def test_the_two_contrasts_are_the_regression_by_hand():
    data = sample(logarithmic, seed=4, replicates=30)
    y = np.full((30, len(SIZES)), np.nan)
    for o in data.observations:
        y[o.replicate, o.cell] = math.log(float(o.measurement.value))
    logs = np.log(SIZES)
    design = np.column_stack([np.ones(len(SIZES)), logs, np.log(logs)])
    of_values = np.linalg.lstsq(design, y.T, rcond=None)[0].mean(axis=1)
    of_ratios = np.linalg.lstsq(design, (y + np.log(logs)).T, rcond=None)[0].mean(axis=1)
    found = Logarithm().judge(data).companions
    assert found["log log n beside log n, of the values, 90%"][0] == pytest.approx(of_values[2], abs=1e-10)
    assert found["log n beside log log n, 90%"][0] == pytest.approx(of_ratios[1], abs=1e-10)


def test_strata_and_side_conditions():
    data = sample(logarithmic)
    grid = replace(data.grid, strata=({"k": 2}, {"k": 3}))
    second = sample(lambda n: n**-0.25, seed=1)
    moved = [replace(o, cell=o.cell + len(SIZES)) for o in second.observations]
    verdict = Logarithm().judge(replace(data, grid=grid, observations=[*data.observations, *moved]))
    assert {name: str(v) for name, v in verdict.strata.items()} == {"k = 2": "supported", "k = 3": "refuted"}
    first, *rest = data.observations
    broken = replace(first, measurement=replace(first.measurement, must_vanish={"balance": (1.0, 0.1)}))
    assert Logarithm().judge(replace(data, observations=[broken, *rest])).label == "refuted"


def test_the_positive_control_and_the_quick_and_sequential_forms():
    data, rng = sample(lambda n: n**-0.25), np.random.default_rng(0)
    assert Logarithm().judge(Logarithm().positive(data, rng)).label == "supported"
    assert (Logarithm().smoke().margin, Logarithm().smoke().companions) == (0.5, False)
    rule = Logarithm().sequential()
    assert rule.critical is normal_mixture
    assert rule.judge(sample(logarithmic)).label == "supported"
    assert str(rule.judge(sample(logarithmic, replicates=19))) == "inconclusive(underpowered)"


def test_the_planner_asks_for_what_tells_the_laws_apart():
    sizes = tuple(np.geomspace(100, 1e5, 7))
    pilot = sample(logarithmic, sizes=sizes[:2], replicates=2000)
    short = plan(Logarithm(margin=0.3), pilot, Budget(grid=Grid(axis="n", sizes=sizes), replicates=100))
    assert short.detectable_margin < 0.3  # the exponent could be held
    assert not short.powered
    assert 150 < short.replicates_needed < 400
    labels = [
        Logarithm(margin=0.3).judge(sample(logarithmic, sizes=sizes, replicates=short.replicates_needed, seed=s)).label
        for s in range(12)
    ]
    assert labels.count("supported") >= 9
    wide = plan(
        Logarithm(), sample(logarithmic, sizes=SIZES[:2]), Budget(grid=Grid(axis="n", sizes=SIZES), replicates=100)
    )
    assert wide.powered


def test_what_is_no_logarithm_is_refused():
    with pytest.raises(InvalidArgument, match="above 1"):
        Logarithm().judge(sample(lambda n: 1.0, sizes=(1, 10, 100, 1000)))
    with pytest.raises(InvalidArgument, match="a power of log n"):
        Logarithm().judge(sample(logarithmic, bound=Bound("n**(-1/4)", n="size")))
    with pytest.raises(InvalidArgument):
        Logarithm(margin=0)
