"""Several parameters at once: one regression on a designed grid, Holm over its coefficients."""

import math
from dataclasses import replace

import numpy as np
import pytest

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify import Bound, Budget, Drift, Grid, Joint, Measurement
from sparsetheory.verify.power import plan
from sparsetheory.verify.sample import Observation, Sample
from sparsetheory.verify.sequence import normal_mixture

GRID = Grid(axis="n", sizes=(100, 1000, 10_000), strata=tuple({"d": d, "eps": e} for d in (5, 20) for e in (0.5, 2.0)))
BOUND = Bound("sqrt(d/n)/eps", n="size", d="dimension", eps="budget")
RULE = Joint(factors=("n", "d", "1/eps"), alternative="two-sided")


def sample(n=0.0, d=0.0, eps=0.0, *, replicates=60, spread=0.3, grid=GRID, seed=0, fail=()):
    """Values that drift against the bound with the given powers of n, d and 1/eps."""
    rng = np.random.default_rng(seed)
    observations = []
    for cell in range(len(grid)):
        p = grid.cell(cell)
        drifted = math.sqrt(p["d"] / p["n"]) / p["eps"] * p["n"] ** n * p["d"] ** d * p["eps"] ** -eps
        for r in range(replicates):
            m = Measurement(value=drifted * math.exp(spread * rng.standard_normal()), at=p)
            failed = (cell, r) in fail
            observations.append(
                Observation(cell=cell, replicate=r, measurement=None if failed else m, failure="x" if failed else None)
            )
    return Sample(grid=grid, observations=observations, bound=BOUND)


def test_a_bound_in_three_parameters_is_supported():
    verdict = RULE.judge(sample())
    assert str(verdict) == "supported"
    assert {name.split(":")[0] for name in verdict.companions} == {"n", "d", "1/eps"}
    assert all(factor in verdict.sentence for factor in ("n ", "d ", "1/eps "))
    assert "Holm over 3 factors" in verdict.sentence


@pytest.mark.parametrize(("drift", "factor"), [({"n": 0.3}, "n"), ({"d": -0.4}, "d"), ({"eps": 0.4}, "1/eps")])
def test_the_wrong_exponent_is_found_where_it_is(drift, factor):
    verdict = RULE.judge(sample(**drift))
    assert verdict.label == "refuted"
    assert verdict.estimand.endswith(f"along {factor}")
    assert verdict.estimate == pytest.approx(next(iter(drift.values())), abs=0.1)
    others = {"n", "d", "1/eps"} - {factor}
    for name, (_, low, high) in verdict.companions.items():
        if name.split(":")[0] in others and "mean" in name:
            assert -0.1 < low < high < 0.1, name


def test_a_design_that_moves_factors_together_is_refused():
    one_size = Grid(axis="n", sizes=(100,), strata=({"d": 5, "eps": 1.0}, {"d": 50, "eps": 1.0}))
    for grid, rule in ((replace(one_size, sizes=(100, 1000)), RULE), (one_size, Joint(factors=("n", "d")))):
        with pytest.raises(InvalidArgument, match="collinear"):  # eps does not vary, n does not
            rule.judge(sample(grid=grid))
    diagonal = Grid(axis="n", sizes=(100, 1000), strata=({"d": 5, "eps": 0.5}, {"d": 20, "eps": 2.0}))
    with pytest.raises(InvalidArgument, match="collinear"):
        RULE.judge(sample(grid=diagonal))


def test_an_upper_claim_is_oriented_by_its_factors():
    rule = replace(RULE, alternative="upper")
    assert rule.judge(sample(n=-0.4)).label == "supported"
    assert rule.judge(sample(eps=0.4)).label == "refuted"  # grows against the bound as the budget shrinks
    assert replace(rule, factors=("n", "d", "eps")).judge(sample(eps=0.4)).label == "supported"  # oriented wrongly
    assert replace(rule, alternative="lower").judge(sample(n=-0.4)).label == "refuted"


def test_holm_the_first_step_is_bonferroni_and_the_next_one_is_easier():
    # the same noise and the same drift along d; once n is refuted, two coefficients are left to share alpha
    rule = replace(RULE, companions=False)
    alone, after = [], []
    for drift in np.linspace(0.13, 0.15, 17):
        for found, n in ((alone, 0.0), (after, 0.5)):
            verdict = rule.judge(sample(n=n, d=float(drift), seed=3, replicates=20))
            told = verdict.sentence.split(", d ")[1].split(", 1/eps")[0]
            found.append(verdict.label == "refuted" and "(" not in told)
    assert all(later or not first for first, later in zip(alone, after, strict=True))
    assert sum(after) > sum(alone) > 0


def test_missing_cells_have_to_be_survived():
    verdict = RULE.judge(sample(fail={(0, 3), (5, 7)}))
    assert verdict.label == "supported"
    assert verdict.n_failures == 2
    lost = {(c, r) for c in range(len(GRID)) for r in range(0, 60, 5)}
    assert str(RULE.judge(sample(spread=1.0, fail=lost, replicates=200))) != "supported"
    gone = {(2, r) for r in range(31)}
    assert str(RULE.judge(sample(fail=gone))) == "inconclusive(failures)"


def test_cells_near_the_floor_leave_the_design():
    data = sample()

    def floored(above):
        near = [o for o in data.observations if data.size_of(o.cell) > above]
        raised = {id(o): replace(o, measurement=replace(o.measurement, floor=o.measurement.value)) for o in near}
        return replace(data, observations=[raised.get(id(o), o) for o in data.observations])

    verdict = RULE.judge(floored(5000))
    assert verdict.label in ("supported", "inconclusive")
    assert "over 8 cells" in verdict.sentence
    assert "4 sizes near the floor left out" in verdict.sentence
    assert str(RULE.judge(floored(500))) == "inconclusive(floor)"


def test_the_correction_column_needs_two_decades():
    names = RULE.judge(sample()).companions
    assert {name.split(":")[0] for name in names if "corrected" in name} == {"n"}
    assert not any("corrected" in name for name in replace(RULE, correction=None).judge(sample()).companions)


def test_with_one_factor_free_it_is_the_regression_by_hand():
    data = sample(seed=5)
    y = np.full((60, len(GRID)), np.nan)
    for o in data.observations:
        y[o.replicate, o.cell] = math.log(float(o.measurement.value) / float(BOUND(**o.measurement.at)))
    cells = [GRID.cell(c) for c in range(len(GRID))]
    design = np.column_stack(
        [np.ones(len(cells)), *(np.log([f(c) for c in cells]) for f in (lambda c: c["n"], lambda c: c["d"]))]
    )
    design = np.column_stack([design, -np.log([c["eps"] for c in cells])])
    beta = np.linalg.lstsq(design, y.T, rcond=None)[0][1:].mean(axis=1)
    companions = RULE.judge(data).companions
    for factor, value in zip(RULE.factors, beta, strict=True):
        assert companions[f"{factor}: mean of slopes, 90%"][0] == pytest.approx(value, abs=1e-12)


def test_the_positive_control_and_the_quick_and_sequential_forms():
    data = sample(n=0.5)
    assert RULE.judge(RULE.positive(data, np.random.default_rng(0))).label == "supported"
    assert RULE.smoke().margin == 0.25
    assert RULE.sequential().critical is normal_mixture
    wide = [v.interval[1] - v.interval[0] for v in (RULE.judge(data), RULE.sequential().judge(data))]
    assert wide[1] > 1.3 * wide[0]


def test_a_broken_side_condition_refutes():
    data = sample()
    first, *rest = data.observations
    broken = replace(first, measurement=replace(first.measurement, must_vanish={"balance": (1.0, 0.1)}))
    verdict = RULE.judge(replace(data, observations=[broken, *rest]))
    assert verdict.label == "refuted"
    assert RULE.violations(replace(data, observations=[broken, *rest])) == [broken]


def test_the_planner_foretells_its_standard_error():
    pilot = sample(grid=replace(GRID, sizes=GRID.sizes[:2]), replicates=100, seed=7)
    found = plan(RULE, pilot, Budget(grid=GRID, replicates=30))
    betas = [
        next(v[0] for k, v in replace(RULE, companions=False).judge(sample(replicates=30, seed=s)).companions.items()
             if k.startswith("d:"))
        for s in range(40)
    ]  # fmt: skip
    assert found.standard_error == pytest.approx(np.std(betas), rel=0.3)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"factors": "n"}, "factors"),
        ({"factors": ("n",)}, "factors"),
        ({"factors": ("n", "n")}, "factors"),
        ({"factors": ("n", "d +")}, "axis"),
        ({"correction": 0}, "correction"),
        ({"margin": 0}, "margin"),
        ({"alternative": "less"}, "alternative"),
    ],
)
def test_bad_declarations_are_refused_by_name(arguments, name):
    with pytest.raises(InvalidArgument) as info:
        Joint(**({"factors": ("n", "d")} | arguments))
    assert info.value.name == name


def test_every_parameter_that_varies_has_to_be_a_factor():
    with pytest.raises(InvalidArgument, match="also eps"):
        Joint(factors=("n", "d")).judge(sample())
    with pytest.raises(InvalidArgument, match="positive values"):
        Joint(factors=("n", "d", "eps - 1")).judge(sample())


def test_on_a_full_grid_the_coefficient_of_the_axis_is_the_mean_slope_of_drift():
    grid = replace(GRID, sizes=(100, 300, 1000, 3000))
    data = sample(n=0.05, seed=9, grid=grid)
    drift = Drift(alternative="two-sided", companions=False).judge(data)
    slopes = [part.estimate for part in drift.strata.values()]
    assert len(slopes) == 4
    assert RULE.judge(data).companions["n: mean of slopes, 90%"][0] == pytest.approx(np.mean(slopes), abs=1e-12)
