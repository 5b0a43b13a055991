"""verify.rate: people's own arrays, judged by the same rule; and how often it errs."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

from sparsetheory import verify
from sparsetheory.errors import InvalidArgument
from sparsetheory.verify import Bound, Drift, Grid, Measurement, Sequential
from sparsetheory.verify.sample import Observation, Sample
from sparsetheory.verify.stopping import walk

SIZES = np.geomspace(100, 100_000, 7)


def errors(exponent=-0.5, replicates=100, spread=0.5, seed=0):
    rng = np.random.default_rng(seed)
    return SIZES**exponent * np.exp(spread * rng.standard_normal((replicates, len(SIZES))))


def test_a_claimed_exponent_is_judged_in_both_directions():
    data = errors()
    assert str(verify.rate(SIZES, data)) == "supported"  # -0.5 unless said otherwise
    for claimed, label in [(-0.5, "supported"), (-1.0, "refuted"), (-0.25, "refuted"), (-0.4, "inconclusive")]:
        assert verify.rate(SIZES, data, claimed=claimed).label == label
    assert verify.rate(SIZES, data, claimed=-0.25, alternative="upper").label == "supported"
    assert verify.rate(SIZES, data, claimed=-0.25, margin=0.4).label == "supported"


def test_a_bound_is_judged_from_above():
    data = errors()
    for bound in (Bound("1/sqrt(n)", n="size"), lambda n: 17 / np.sqrt(n), lambda n: (17 / np.sqrt(n)).tolist()):
        assert str(verify.rate(SIZES, data, bound=bound)) == "supported"
    assert str(verify.rate(SIZES, data, bound=lambda n: n**-0.25)) == "supported"
    assert str(verify.rate(SIZES, data, bound=lambda n: n**-0.25, alternative="two-sided")) == "refuted"
    assert str(verify.rate(SIZES, data, bound=lambda n: 1 / n)) == "refuted"


def test_the_order_of_sizes_and_replicates_does_not_matter():
    data, rng = errors(-0.42), np.random.default_rng(1)
    columns, rows = rng.permutation(len(SIZES)), rng.permutation(len(data))
    plain, shuffled = verify.rate(SIZES, data), verify.rate(SIZES[columns], data[np.ix_(rows, columns)])
    assert shuffled.estimate == pytest.approx(plain.estimate, abs=1e-12)
    assert str(shuffled) == str(plain)


def test_inputs_are_accepted_as_they_come_and_left_alone():
    data = errors()
    sizes, table = SIZES.copy(), data.copy()
    expected = verify.rate(sizes, table)
    np.testing.assert_array_equal(table, data)
    np.testing.assert_array_equal(sizes, SIZES)
    for form in (data.tolist(), np.asfortranarray(data), data.view()):
        assert verify.rate(SIZES.tolist(), form) == expected
    table.flags.writeable = False
    assert verify.rate(SIZES, table) == expected


def test_a_single_curve_says_nothing_of_noise():
    for single in (errors()[0], errors()[:1]):
        verdict = verify.rate(SIZES, single)
        assert str(verdict) == "inconclusive(underpowered)"
        assert verdict.interval == (-math.inf, math.inf)


def test_failed_runs_are_counted():
    data = errors()
    data[3, 2], data[50, 6] = np.nan, np.inf
    verdict = verify.rate(SIZES, data)
    assert verdict.label == "supported"
    assert verdict.n_failures == 2
    assert "2 failures" in verdict.sentence
    data[:60, 4] = np.nan
    assert str(verify.rate(SIZES, data)) == "inconclusive(failures)"
    assert str(verify.rate(SIZES, np.full((10, 7), np.nan))) == "inconclusive(failures)"


def test_one_run_written_down_many_times_is_one_run():
    one = errors()[0]
    copies = np.tile(one, (100, 1)) * (1 + 1e-15 * np.arange(100)[:, None])
    for table in (np.tile(one, (100, 1)), np.tile(SIZES**-0.5, (2, 1)), copies, np.ones((100, 7))):
        verdict = verify.rate(SIZES, table)
        assert str(verdict) == "inconclusive(underpowered)"
        assert verdict.n_replicates == 1
    instances = np.random.default_rng(0).random((100, 1)) * SIZES**-0.5  # different problems that all have the law
    assert verify.rate(SIZES, instances).label == "supported"


def test_masked_errors_are_failed_runs():
    masked = np.ma.masked_array(errors(), mask=np.zeros((100, 7)))
    masked[:60, 4] = np.ma.masked
    assert str(verify.rate(SIZES, masked)) == "inconclusive(failures)"


def test_floors_and_zeros():
    assert str(verify.rate(SIZES, np.zeros((10, 7)))) == "inconclusive(floor)"
    assert str(verify.rate(SIZES, errors(), floor=1e-2)) == "inconclusive(floor)"
    per_size = np.where(SIZES > 50_000, 1e-2, 0.0)
    verdict = verify.rate(SIZES, errors(), floor=per_size)
    assert "n in [100, 31622.8]" in verdict.sentence


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"sizes": SIZES[:3], "errors": errors()[:, :3]}, "sizes"),
        ({"sizes": -SIZES}, "sizes"),
        ({"sizes": [100, 100, 200, 300, 400, 500, 600]}, "sizes"),
        ({"sizes": SIZES[:, None]}, "sizes"),
        ({"sizes": np.where(SIZES > 1e4, np.nan, SIZES)}, "sizes"),
        ({"errors": errors().T}, "errors"),
        ({"errors": -errors()}, "errors"),
        ({"errors": errors() + 1j}, "errors"),
        ({"errors": errors()[None]}, "errors"),
        ({"errors": [["a"] * 7]}, "errors"),
        ({"errors": [[1.0, 2.0], [3.0]]}, "errors"),
        ({"errors": np.empty((0, 7))}, "errors"),
        ({"claimed": np.nan}, "claimed"),
        ({"claimed": -0.5, "bound": lambda n: n}, "bound"),
        ({"bound": 3.0}, "bound"),
        ({"bound": Bound("n*d", n="", d="")}, "bound"),
        ({"bound": lambda n: -n}, "bound(sizes)"),
        ({"bound": lambda n: n[:2]}, "bound(sizes)"),
        ({"bound": lambda n: n * np.nan}, "bound(sizes)"),
        ({"floor": -1.0}, "floor"),
        ({"floor": [1.0, 2.0]}, "floor"),
        ({"margin": 0}, "margin"),
        ({"alpha": 0.7}, "alpha"),
        ({"alternative": "less"}, "alternative"),
    ],
)
def test_bad_input_is_refused_by_name(arguments, name):
    with pytest.raises(InvalidArgument) as info:
        verify.rate(**({"sizes": SIZES, "errors": errors()} | arguments))
    assert info.value.name == name


# --- operating characteristics -------------------------------------------------------------------------------------


def _benchmark():
    path = Path(__file__).parents[2] / "benchmarks" / "verify_operating_characteristics.py"
    spec = importlib.util.spec_from_file_location("verify_operating_characteristics", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DEFAULT = "3 decades, J=7, R=100 (default)"


@pytest.mark.parametrize(
    ("truth", "most"),
    [
        ("n^-.5 clean", {"refuted": 0.0, "inconclusive": 0.1}),
        ("n^-.40 (edge)", {"supported": 0.2, "refuted": 0.1}),
        ("n^-.25", {"supported": 0.0, "inconclusive": 0.2}),
        ("n^-.5 (1 + 5 n^-1/4)", {"refuted": 0.1}),
    ],
)
def test_the_default_rule_errs_as_seldom_as_it_says(truth, most):
    # 40 studies; the edge is crossed in 5%: 0.2 is 4.3 standard errors above
    shares = dict(
        zip(("supported", "refuted", "inconclusive"), _benchmark().characteristics(truth, DEFAULT, 40), strict=True)
    )
    for label, limit in most.items():
        assert shares[label] <= limit, shares


@pytest.mark.parametrize(("truth", "decades"), [("n^-.50", 2), ("n^-.25", 2), ("n^-.35", 3)])
def test_the_measured_stopping_is_that_of_the_engine(truth, decades):
    oc = _benchmark()
    sizes, rule = np.geomspace(100, 100 * 10.0**decades, 7), Drift(alternative="two-sided").sequential()
    data = oc.draw(truth, sizes, 300, np.random.default_rng(11))
    observations = [
        Observation(cell=j, replicate=r, measurement=Measurement(value=data[r, j], at={"n": sizes[j]}))
        for r in range(len(data))
        for j in range(len(sizes))
    ]
    sample = Sample(grid=Grid(axis="n", sizes=tuple(sizes)), observations=observations, bound=Bound("n**(-1/2)", n=""))
    looks = Sequential(max=300).looks
    end = walk(rule, looks, sample)
    assert oc._stop(data, sizes, "whole rule", looks) == (end.verdict.label, end.replicates)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("decades", [2, 3])
def test_sequential_studies_at_length(decades):
    oc, studies = _benchmark(), 300
    noise = 3 * math.sqrt(0.05 * 0.95 / studies)
    for truth in oc.STOPPED:
        (supported, refuted, _), time = oc.stopping(truth, decades, "whole rule", studies)
        if truth in ("n^-.40 (edge)", "n^-.35", "n^-.25"):
            assert supported <= 0.05 + noise, truth
        if truth not in ("n^-.35", "n^-.25"):
            assert refuted <= 0.05 + noise, truth
        if truth == "n^-.50":
            assert supported >= 0.99
            assert time < 130  # a fixed study needs 100


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("design", _benchmark().DESIGNS)
def test_operating_characteristics_at_length(design):
    oc, studies = _benchmark(), 200
    noise = 3 * math.sqrt(0.05 * 0.95 / studies)
    one_sided = oc.DESIGNS[design][3] == "upper"
    for truth in oc.TRUTHS:
        supported, refuted, _ = oc.characteristics(truth, design, studies)
        outside = truth.startswith(("n^-.35", "n^-.25"))
        if outside or "edge" in truth:
            assert supported <= 0.05 + noise, truth
        if not outside:
            # a bound that omits a logarithm is the one false claim that looks like a true one
            assert refuted <= (0.05 if "log" in truth or "edge" in truth else 0.01) + noise, truth
        if truth == "n^-.5 clean":
            assert supported >= 0.95 - noise
        if truth == "n^-.5 (1 + 5 n^-1/4)" and one_sided:
            assert supported >= 0.98
