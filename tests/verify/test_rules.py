"""Every rule: what it supports, refutes and leaves open, on samples whose truth is known."""

import math
from dataclasses import replace

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify import Bound, Drift, EveryInstance, Grid, Measurement, Order, Ratio
from sparsetheory.verify.estimate import Estimate
from sparsetheory.verify.rules import drift as drift_module
from sparsetheory.verify.sample import Observation, Sample
from sparsetheory.verify.verdict import Band, decide

SIZES = tuple(float(n) for n in np.geomspace(100, 100_000, 7))
ROOT = Bound("n**(-1/2)", n="size")
ONE = Bound("n/n", n="size")


def sample(value, *, replicates=100, sizes=SIZES, bound=ROOT, strata=({},), floor=0.0, seed=0, must_vanish=None):
    """`value(n, rng)` in every cell; None stands for a failure."""
    rng = np.random.default_rng(seed)
    grid = Grid(axis="n", sizes=sizes, strata=strata)
    observations = []
    for cell in range(len(grid)):
        n = sizes[cell % len(sizes)]
        for replicate in range(replicates):
            v = value(n, rng)
            m = None if v is None else Measurement(value=v, at={"n": n}, floor=floor, must_vanish=must_vanish or {})
            failure = "gave up" if v is None else None
            observations.append(Observation(cell=cell, replicate=replicate, measurement=m, failure=failure))
    return Sample(grid=grid, observations=observations, bound=bound)


def noisy(exponent, *, spread=0.3, factor=1.0):
    return lambda n, rng: factor * n**exponent * math.exp(spread * rng.standard_normal())


# --- Drift ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exponent", "alternative", "label"),
    [
        (-0.5, "two-sided", "supported"), (-0.5, "upper", "supported"), (-0.5, "lower", "supported"),
        (-0.9, "two-sided", "refuted"), (-0.9, "upper", "supported"), (-0.9, "lower", "refuted"),
        (-0.2, "two-sided", "refuted"), (-0.2, "upper", "refuted"), (-0.2, "lower", "supported"),
        (-0.4, "two-sided", "inconclusive"), (-0.4, "upper", "inconclusive"), (-0.6, "lower", "inconclusive"),
    ],
)  # fmt: skip
def test_drift_knows_its_directions(exponent, alternative, label):
    verdict = Drift(alternative=alternative).judge(sample(noisy(exponent)))
    assert verdict.label == label
    assert verdict.estimate == pytest.approx(exponent + 0.5, abs=0.05)
    if label == "inconclusive":
        assert verdict.reason == "underpowered"
        assert "replicates needed" in verdict.sentence


@settings(max_examples=30, deadline=None)
@given(
    exponent=st.floats(-3, 3), constant=st.floats(1e-6, 1e6), replicates=st.integers(2, 5),
    log_axis=st.booleans(),
)  # fmt: skip
def test_slopes_of_noise_free_laws_are_exact(exponent, constant, replicates, log_axis):
    sizes = (1.0, 2.0, 4.0, 6.0, 8.0)
    law = (lambda n, rng: constant * n**exponent) if log_axis else (lambda n, rng: constant * math.exp(exponent * n))
    verdict = Drift(log_axis=log_axis, alternative="two-sided").judge(
        sample(law, replicates=replicates, sizes=sizes, bound=ONE)
    )
    assert verdict.estimate == pytest.approx(exponent, abs=1e-9)
    for name, (estimate, _, _) in verdict.companions.items():
        assert estimate == pytest.approx(exponent, abs=1e-9), name
    if abs(abs(exponent) - 0.1) > 1e-6:
        assert verdict.label == ("supported" if abs(exponent) < 0.1 else "refuted")
    assert all(local[1] == pytest.approx(exponent, abs=1e-9) for local in verdict.local_slopes)


def test_a_log_factor_belongs_into_the_bound():
    with_log = sample(lambda n, rng: noisy(-0.5)(n, rng) * math.log(n))
    assert Drift(alternative="two-sided").judge(with_log).label != "supported"
    verdict = Drift(alternative="two-sided").judge(replace(with_log, bound=Bound("log(n)/sqrt(n)", n="size")))
    assert verdict.label == "supported"
    assert "drift against its bound" in verdict.sentence
    assert "exponent" not in verdict.sentence


def test_an_expression_as_axis():
    rng = np.random.default_rng(6)
    grid = Grid(axis="eta", sizes=(10.0, 20.0, 40.0, 60.0, 80.0))
    observations = []
    for replicate in range(30):
        gap = rng.uniform(0.1, 0.3)  # every replicate has places of its own
        for cell, eta in enumerate(grid.sizes):
            value = 3 * math.exp(-eta * gap + 0.1 * rng.standard_normal())
            m = Measurement(value=value, at={"eta": eta, "gap": gap}, floor=1e-16)
            observations.append(Observation(cell=cell, replicate=replicate, measurement=m))
    bound = Bound("exp(-eta*gap)", eta="1/reg", gap="gap")
    data = Sample(grid=grid, observations=observations, bound=bound)
    rule = Drift(axis="eta*gap", log_axis=False, margin=0.05, alternative="two-sided")
    verdict = rule.judge(data)
    assert verdict.label == "supported"
    assert verdict.sentence.count("-1 +- 0.05") == 1  # the rate, read off the bound on its own axis
    wrong = replace(data, bound=Bound("exp(-kappa*eta*gap)", eta="", gap="", kappa=""), constants={"kappa": 1.2})
    assert rule.judge(wrong).label == "refuted"
    assert rule.judge(rule.positive(data, rng)).label == "supported"
    with pytest.raises(InvalidArgument, match="symbols among"):
        Drift(axis="eta*width").judge(data)


def test_cells_near_the_floor_are_left_out_whole():
    floored = sample(lambda n, rng: max(noisy(-0.5)(n, rng), 4e-3), floor=5e-6)  # the last two sizes flatten
    verdict = Drift(alternative="two-sided").judge(floored)
    low, high = (float(x) for x in verdict.sentence.split("n in [")[1].split("]")[0].split(","))
    assert (low, high) == (100, 10_000)
    assert verdict.sentence.endswith("2 sizes near the floor left out")
    assert Drift().judge(sample(noisy(-0.5), floor=3e-5)).reason == "floor"
    assert Drift().judge(sample(lambda n, rng: 0.0)).reason == "floor"


@pytest.mark.parametrize("bad", [None, math.nan, math.inf, -1.0, 0.0])
def test_missing_numbers_are_failures_and_count_at_their_worst(bad):
    def sometimes(share):
        return lambda n, rng: bad if rng.random() < share else noisy(-0.5)(n, rng)

    few, many, most = (sample(sometimes(share), seed=3) for share in (0.005, 0.3, 0.7))
    verdict = Drift(alternative="two-sided").judge(few)
    assert verdict.label == "supported"
    assert verdict.n_failures == int(verdict.sentence.split(" failures")[0].split()[-1]) > 0
    low, high = verdict.failure_interval
    assert low < verdict.n_failures / 700 < high
    reason = "floor" if bad == 0.0 else "failures"  # a share of zeros means a floor, not a failed run
    assert str(Drift(alternative="two-sided", margin=0.05).judge(many)) == f"inconclusive({reason})"
    assert str(Drift().judge(most)) == f"inconclusive({reason})"


def test_failures_cannot_carry_a_refutation_either():
    gone = sample(lambda n, rng: None if n < 1000 and rng.random() < 0.45 else noisy(-0.36, spread=1.0)(n, rng))
    verdict = Drift(alternative="upper", correction=None, margin=0.05).judge(gone)
    assert str(verdict) == "inconclusive(failures)"


def test_one_replicate_knows_no_noise():
    verdict = Drift().judge(sample(noisy(-0.5, spread=0.0), replicates=1))
    assert str(verdict) == "inconclusive(underpowered)"
    assert verdict.interval == (-math.inf, math.inf)


def test_pre_asymptotic_data_are_not_refuted():
    slow = sample(lambda n, rng: n**-0.5 * (1 - 3 * n**-0.5) * math.exp(0.05 * rng.standard_normal()), sizes=SIZES[:5])
    rule = Drift(alternative="two-sided", margin=0.05)
    assert str(rule.judge(slow)) == "inconclusive(pre-asymptotic)"
    assert replace(rule, companions=False).judge(slow).label == "refuted"  # what the companions are for


def test_the_worst_stratum_decides():
    strata = ({"kind": "easy"}, {"kind": "hard"})
    both = sample(noisy(-0.5), strata=strata)
    moved = [
        replace(o, measurement=replace(o.measurement, value=o.measurement.value * both.size_of(o.cell) ** 0.4))
        if both.stratum_of(o.cell) == 1
        else o
        for o in both.observations
    ]
    fine = Drift().judge(both)
    assert fine.label == "supported"
    assert fine.estimate == max(v.estimate for v in fine.strata.values())  # the one nearest to the upper edge
    verdict = Drift().judge(replace(both, observations=moved))
    assert verdict.label == "refuted"
    assert "kind = hard" in verdict.sentence
    assert verdict.strata["kind = easy"].label == "supported"
    assert verdict.strata["kind = hard"].label == "refuted"
    assert verdict.tightness == max(v.tightness for v in verdict.strata.values())


def test_sensitivity_shows_other_margins():
    verdict = Drift(alternative="two-sided", margin=0.1).judge(sample(noisy(-0.42, spread=0.1)))
    assert verdict.label == "supported"
    assert verdict.sensitivity == {0.05: "refuted", 0.2: "supported"}


def test_no_verdict_claims_more_than_a_simulation_can():
    for exponent in (-0.5, -0.4, -0.1):
        sentence = Drift().judge(sample(noisy(exponent))).sentence.lower()
        assert "verified" not in sentence
        assert "proved" not in sentence
    sentence = Drift().judge(sample(noisy(-0.5))).sentence
    assert sentence.startswith("on all instances, n in [100, 100000], the exponent of the typical error is -0.5")
    assert sentence.endswith("claim <= -0.5 + 0.1 supported at 5%, 100 replicates, 0 failures")


@pytest.mark.parametrize("rule", [Drift(alternative="two-sided"), Ratio(margin=0.1)], ids=lambda r: type(r).__name__)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), shift=st.floats(-20, 20), offset=st.floats(-0.3, 0.3))
def test_replicates_have_no_order_and_a_rate_no_unit(rule, seed, shift, offset):
    data = sample(noisy(-0.5 + offset), replicates=12, seed=seed)
    order = np.random.default_rng(seed).permutation(12)
    shuffled = [replace(o, replicate=int(order[o.replicate])) for o in data.observations]
    assert str(rule.judge(replace(data, observations=shuffled))) == str(rule.judge(data))
    if isinstance(rule, Drift):
        scaled = [
            replace(o, measurement=replace(o.measurement, value=o.measurement.value * math.exp(shift)))
            for o in data.observations
        ]
        verdict, plain = rule.judge(replace(data, observations=scaled)), rule.judge(data)
        assert verdict.estimate == pytest.approx(plain.estimate, abs=1e-10)
        assert str(verdict) == str(plain)


def test_positive_controls_are_supported_whatever_the_sample_says():
    rng = np.random.default_rng(8)
    refuted = sample(noisy(0.3))
    assert Drift().judge(refuted).label == "refuted"
    control = Drift().positive(refuted, rng)
    assert Drift(alternative="two-sided").judge(control).label == "supported"
    assert control.grid == refuted.grid
    residuals = [math.log(o.measurement.value[0] / control.bound_at(o.measurement)[0]) for o in control.observations]
    assert np.std(residuals) == pytest.approx(0.3, rel=0.1)  # the sample's own noise


def _holds(rule):
    """A short list of verdicts that no mutant may get right."""
    disguised = sample(
        lambda n, rng: n**-0.5 * (1 - 3 * n**-0.5) * math.exp(0.05 * rng.standard_normal()), sizes=SIZES[:5]
    )
    strict = replace(rule, margin=0.05, alternative="two-sided")
    return (
        rule.judge(sample(noisy(-0.2))).label == "refuted"
        and rule.judge(sample(noisy(-0.9))).label == "supported"
        and rule.judge(sample(noisy(-0.4))).label == "inconclusive"
        and strict.judge(disguised).label == "inconclusive"
        and strict.judge(sample(noisy(-0.9))).label == "refuted"
        and rule.judge(sample(lambda n, rng: 1.0 if rng.random() < 0.02 else noisy(-0.5)(n, rng))).label == "supported"
    )


def _negated(estimate):
    return replace(estimate, value=-estimate.value)


def test_planted_mistakes_are_caught(monkeypatch):
    assert _holds(Drift())
    assert not _holds(Drift(companions=False))
    assert not _holds(Drift(correction=None))
    original_mean, original_side = drift_module.mean_estimate, Band.side
    mistakes = {
        "flipped sign": (drift_module, "mean_estimate", lambda v: _negated(original_mean(v))),
        "standard error without sqrt(R)": (
            drift_module, "mean_estimate",
            lambda v: replace(original_mean(v), standard_error=original_mean(v).standard_error * math.sqrt(len(v))),
        ),
        "not refuted counts as supported": (Band, "contains", lambda band, i: original_side(band, i) == 0),
        "one edge only": (Band, "side", lambda band, i: max(original_side(band, i), 0)),
        "edges swapped": (Band, "side", lambda band, i: -original_side(band, i) if original_side(band, i) > 0 else 0),
    }  # fmt: skip
    for name, (owner, attribute, mutant) in mistakes.items():
        with monkeypatch.context() as patch:
            patch.setattr(owner, attribute, mutant)
            assert not _holds(Drift()), name


# --- EveryInstance -------------------------------------------------------------------------------------------------

IDENTITY = Bound("0*n", n="size")


def test_violations_refute_and_their_absence_bounds_a_probability():
    below = sample(lambda n, rng: rng.random(3), bound=ONE, sizes=(1.0,), replicates=300)
    verdict = EveryInstance().judge(below)
    assert verdict.label == "supported"
    assert verdict.interval == pytest.approx((0.0, 1 - 0.05 ** (1 / 300)))
    assert verdict.tightness == max(o.measurement.value.max() for o in below.observations)
    assert verdict.sensitivity == {0.005: "inconclusive(underpowered)", 0.02: "supported"}
    few = EveryInstance().judge(sample(lambda n, rng: rng.random(), bound=ONE, sizes=(1.0,), replicates=298))
    assert str(few) == "inconclusive(underpowered)"
    assert few.replicates_needed == 299
    above = EveryInstance().judge(sample(lambda n, rng: 1.001 * rng.random(500), bound=ONE, sizes=(1.0,)))
    assert above.label == "refuted"
    assert above.tightness > 1


def test_the_comparison_has_a_floor_and_a_relative_slack():
    rule = EveryInstance(max_violation_rate=0.5)

    def judge(value, floor=0.0, **kw):
        return rule.judge(sample(lambda n, rng: value, bound=ONE, sizes=(1.0,), replicates=9, floor=floor, **kw)).label

    assert judge(1.0) == judge(1 + 0.99e-9) == judge(1.2, floor=0.2) == "supported"
    assert judge(1 + 1.01e-9) == judge(1.3, floor=0.2) == judge(math.inf) == "refuted"
    assert judge([0.5, math.nan]) == judge(math.nan) == judge(-math.inf) == "inconclusive"
    assert judge([2.0, math.nan]) == "refuted"
    assert judge(0.5, must_vanish={"mass": (1e-9, 1e-10)}) == "refuted"
    assert judge(0.5, must_vanish={"mass": (-1e-11, 1e-10)}) == "supported"
    assert judge(0.5, must_vanish={"mass": (math.nan, 1e-10)}) == "inconclusive"


def test_a_negative_bound_keeps_its_slack_on_the_right_side():
    negative = Bound("-n", n="size")
    rule = EveryInstance(max_violation_rate=0.5)
    for value, label in [(-1.0, "supported"), (-1 - 1e-6, "supported"), (-1 + 1e-6, "refuted")]:
        assert rule.judge(sample(lambda n, rng, v=value: v, bound=negative, sizes=(1.0,), replicates=9)).label == label


@pytest.mark.parametrize(
    ("alternative", "value", "label"),
    [
        ("upper", -1.0, "supported"), ("lower", -1.0, "refuted"), ("two-sided", -1.0, "refuted"),
        ("upper", 1.0, "refuted"), ("lower", 1.0, "supported"), ("two-sided", 1.0, "refuted"),
        ("two-sided", 1e-13, "supported"),
    ],
)  # fmt: skip
def test_an_identity_is_two_sided(alternative, value, label):
    data = sample(lambda n, rng: value, bound=IDENTITY, sizes=(1.0,), replicates=9, floor=1e-12)
    assert EveryInstance(max_violation_rate=0.5, alternative=alternative).judge(data).label == label


def test_failures_count_as_violations_against_the_limit():
    def failing(k, replicates):
        data = sample(lambda n, rng: 0.5, bound=ONE, sizes=(1.0,), replicates=replicates)
        lost = [replace(o, measurement=None, failure="gave up") if o.replicate < k else o for o in data.observations]
        return EveryInstance().judge(replace(data, observations=lost))

    assert str(failing(1, 400)) == "inconclusive(failures)"
    assert failing(1, 1000).label == "supported"  # one violation in 1000 trials still leaves less than 1%
    assert failing(1, 1000).n_failures == 1
    assert str(failing(400, 400)) == "inconclusive(underpowered)"


def test_a_measurement_without_a_number_never_passes():
    grid = Grid(axis="n", sizes=(1,))
    nothing = Measurement(value=[], at={"b": 1.0})
    records = [Observation(cell=0, replicate=r, measurement=nothing) for r in range(400)]
    assert EveryInstance().judge(Sample(grid=grid, observations=records, bound=Bound("b", b="bound"))).n_failures == 400


def test_what_counts_as_a_trial():
    data = sample(lambda n, rng: 0.5, bound=ONE, sizes=(1.0, 2.0, 3.0), replicates=100)
    assert EveryInstance().judge(data).label == "supported"
    shared = EveryInstance(trial="replicate").judge(data)
    assert str(shared) == "inconclusive(underpowered)"
    assert shared.replicates_needed == 299
    # every stratum has to bring its own trials
    strata = ({"k": 1}, {"k": 2}, {"k": 3})
    thin = sample(lambda n, rng: 0.5, bound=ONE, sizes=(1.0,), replicates=100, strata=strata)
    assert str(EveryInstance().judge(thin)) == "inconclusive(underpowered)"


def test_violations_are_handed_out_for_a_recheck():
    data = sample(lambda n, rng: rng.random() * 1.05, bound=ONE, sizes=(1.0, 2.0), replicates=50)
    found = EveryInstance().violations(data)
    assert found == [o for o in data.observations if o.measurement.value > 1]
    assert found


@pytest.mark.parametrize("alternative", ["upper", "lower", "two-sided"])
def test_positive_controls_touch_the_bound(alternative):
    data = sample(lambda n, rng: 2 * rng.random(4), bound=ONE, sizes=(1.0, 2.0), replicates=150, floor=1e-9)
    rule = EveryInstance(alternative=alternative)
    assert rule.judge(data).label == "refuted"
    control = rule.judge(rule.positive(data, np.random.default_rng(9)))
    assert control.label == "supported"
    if alternative == "upper":
        assert 0.98 < control.tightness <= 1 + 1e-12


# --- Ratio ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("factor", "alternative", "label"),
    [
        (1.0, "two-sided", "supported"), (1.05, "two-sided", "refuted"), (0.95, "two-sided", "refuted"),
        (0.95, "upper", "supported"), (1.05, "upper", "refuted"), (1.05, "lower", "supported"),
        (1.02, "two-sided", "inconclusive"),
    ],
)  # fmt: skip
def test_ratio(factor, alternative, label):
    data = sample(noisy(-0.5, spread=0.03, factor=factor), seed=11)
    verdict = Ratio(alternative=alternative).judge(data)
    assert verdict.label == label
    assert verdict.target == 1
    assert verdict.estimate == pytest.approx(factor, rel=0.02)
    assert verdict.interval[0] < verdict.estimate < verdict.interval[1]
    assert Ratio().judge(Ratio().positive(data, np.random.default_rng(1))).label == "supported"


def test_the_worst_cell_decides():
    data = sample(lambda n, rng: noisy(-0.5, spread=0.03, factor=1.1 if n == SIZES[3] else 1.0)(n, rng))
    verdict = Ratio().judge(data)
    assert verdict.label == "refuted"
    assert verdict.estimate == pytest.approx(1.1, rel=0.02)


def test_exact_constants_and_failures():
    exact = sample(noisy(-0.5, spread=0.0))
    assert Ratio().judge(exact).label == "supported"
    assert Ratio().judge(exact).estimate == pytest.approx(1, abs=1e-14)
    lossy = sample(lambda n, rng: None if rng.random() < 0.3 else noisy(-0.5, spread=0.04)(n, rng))
    assert str(Ratio().judge(lossy)) == "inconclusive(failures)"
    assert str(Ratio().judge(sample(lambda n, rng: None))) == "inconclusive(failures)"
    assert str(Ratio().judge(sample(noisy(-0.5), floor=1.0))) == "inconclusive(floor)"


# --- Order ---------------------------------------------------------------------------------------------------------

QUADRATIC = Bound("2 + 0*n", n="size")


def newton(n, rng):
    """Errors of Newton's method for the square root of two, with 200 digits."""
    with mpmath.workdps(200):
        x, root, errors = mpmath.mpf(rng.uniform(1.0, 2.0)), mpmath.sqrt(2), []
        for _ in range(7):
            errors.append(float(abs(x - root)))
            x = (x + 2 / x) / 2
        return np.array(errors)


def gradient_descent(n, rng):
    """Errors of gradient descent on a quadratic: order one."""
    return rng.uniform(0.5, 1.0) * rng.uniform(0.3, 0.9) ** np.arange(12)


def orders(method, replicates=40, **kw):
    return sample(method, bound=QUADRATIC, sizes=(1.0,), replicates=replicates, **kw)


def test_newton_has_order_two_and_gradient_descent_has_not():
    verdict = Order().judge(orders(newton))
    assert verdict.label == "supported"
    assert verdict.estimate == pytest.approx(2, abs=0.02)
    slow = Order().judge(orders(gradient_descent))
    assert slow.label == "refuted"
    assert slow.estimate == pytest.approx(1, abs=1e-9)
    assert "40 of 40 records" in slow.sentence
    control = Order().positive(orders(gradient_descent), np.random.default_rng(2))
    assert Order().judge(control).label == "supported"
    assert Order().judge(replace(orders(newton), bound=Bound("3 + 0*n", n=""))).label == "refuted"


def test_order_below_the_floor_stalled_or_too_short():
    def in_double(n, rng):
        x, errors = rng.uniform(1.0, 2.0), []
        for _ in range(8):
            errors.append(abs(x - math.sqrt(2)))
            x = (x + 2 / x) / 2
        return np.array(errors)

    verdict = Order(margin=0.25).judge(orders(in_double, floor=1e-15))
    assert verdict.label == "supported"  # the round-off tail is cut, not fitted
    assert str(Order().judge(orders(lambda n, rng: np.array([1e-1, 1e-3])))) == "inconclusive(floor)"
    stalled = Order().judge(orders(lambda n, rng: np.array([1e-1, 1e-2, 1e-2, 1e-2])))
    assert stalled.label == "refuted"
    assert stalled.estimate == 0
    assert str(Order().judge(orders(lambda n, rng: None))) == "inconclusive(failures)"


def test_a_minority_of_slow_instances_is_shown():
    def mixed(n, rng):
        return newton(n, rng) if rng.random() < 0.6 else gradient_descent(n, rng)

    verdict = Order().judge(orders(mixed))
    assert verdict.label == "inconclusive"
    fraction = next(v for k, v in verdict.companions.items() if k.startswith("fraction"))
    assert 0.2 < fraction[0] < 0.6


# --- decisions ------------------------------------------------------------------------------------------------------


def test_one_of_many_parts_has_to_stand_out_to_refute():
    band = Band.around(0.0, 0.1, "two-sided")
    main = Estimate(0.2, 0.055, 99)  # 1.8 standard errors beyond the edge
    assert decide(main, {}, band, alpha=0.05) == ("refuted", None)
    assert decide(main, {}, band, alpha=0.05, family=10) == ("inconclusive", "underpowered")
    inside = Estimate(0.0, 0.055, 99)
    for family in (1, 10):  # support needs every part anyway
        assert decide(inside, {}, band, alpha=0.05, family=family) == ("supported", None)


@pytest.mark.parametrize(
    ("main", "median", "corrected", "decision"),
    [
        (0.0, 0.0, 0.0, ("supported", None)), (0.0, 0.09, 0.09, ("supported", None)),
        (0.0, 0.3, 0.0, ("inconclusive", "pre-asymptotic")), (0.0, 0.0, 0.3, ("inconclusive", "pre-asymptotic")),
        (0.3, 0.3, 0.3, ("refuted", None)), (-0.3, -0.3, -0.3, ("refuted", None)),
        (0.3, 0.3, 0.0, ("inconclusive", "pre-asymptotic")), (0.3, 0.3, -0.3, ("inconclusive", "pre-asymptotic")),
        (0.3, 0.1, 0.3, ("inconclusive", "underpowered")), (0.11, 0.1, 0.0, ("inconclusive", "pre-asymptotic")),
        (0.11, 0.1, 0.3, ("inconclusive", "underpowered")), (0.09, 0.1, 0.3, ("inconclusive", "underpowered")),
    ],
)  # fmt: skip
def test_how_three_intervals_decide(main, median, corrected, decision):
    estimates = [Estimate(value, 0.02, 99) for value in (main, median, corrected)]
    companions = {"median": estimates[1], "corrected": estimates[2]}
    assert decide(estimates[0], companions, Band.around(0.0, 0.1, "two-sided"), alpha=0.05) == decision


def test_an_axis_that_does_not_vary_has_no_slope():
    assert str(Drift(axis="n/n").judge(sample(noisy(-0.5)))) == "inconclusive(underpowered)"


# --- declarations --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "arguments", "name"),
    [
        (Drift, {"margin": 0.0}, "margin"), (Ratio, {"margin": math.nan}, "margin"), (Order, {"alpha": 0.5}, "alpha"),
        (Drift, {"alternative": "both"}, "alternative"), (Drift, {"correction": 0}, "correction"),
        (Drift, {"correction": math.nan}, "correction"), (Drift, {"log_axis": False, "correction": 1}, "correction"),
        (Drift, {"axis": "n +"}, "axis"), (Drift, {"axis": "n.real"}, "formula"),
        (EveryInstance, {"max_violation_rate": 1.0}, "max_violation_rate"), (EveryInstance, {"trial": "cell"}, "trial"),
    ],
)  # fmt: skip
def test_declarations_are_checked(rule, arguments, name):
    with pytest.raises(InvalidArgument) as info:
        rule(**arguments)
    assert info.value.name == name


@pytest.mark.parametrize("rule", [Drift(), Ratio(), Order(), EveryInstance()], ids=lambda r: type(r).__name__)
def test_a_quick_run_judges_with_a_coarser_rule(rule):
    coarse = rule.smoke()
    assert type(coarse) is type(rule)
    assert coarse.margin > rule.margin
    assert coarse.smoke() == coarse
