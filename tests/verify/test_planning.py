import math
import shutil
from pathlib import Path

import pytest

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify.claim import collection_at, locate
from sparsetheory.verify.planning import forecast

DEMO = Path(__file__).parent / "data" / "demo"


def _forecast(tmp_path, *changes, mode="full", name="demo"):
    root = tmp_path / name
    shutil.copytree(DEMO, root, ignore=shutil.ignore_patterns("__pycache__"))
    path = root / "simulations" / "mean.py"
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return forecast(*locate("demo.mean", (collection_at(root),)), mode, timeout=10.0)


def test_cost_grows_from_the_pilot_by_the_declared_exponent(tmp_path, monkeypatch):
    monkeypatch.setenv("DEMO_SLEEP", "0.01")
    foretold = _forecast(tmp_path)
    assert (foretold.replicates, foretold.cells, foretold.variants) == (100, 7, 2)
    sizes = (10, 30, 100, 300, 1000, 3000, 10000)
    least = 2 * 100 * math.fsum(0.01 * (n / 30) ** 0.1 for n in sizes)
    assert least < foretold.seconds < 1.8 * least


def test_the_standard_error_is_that_of_the_noise(tmp_path):
    # log|normal| has standard deviation pi/sqrt(8), and the slope over the full grid the weights of its sizes
    logs = [math.log(n) for n in (10, 30, 100, 300, 1000, 3000, 10000)]
    spread = math.fsum((x - math.fsum(logs) / 7) ** 2 for x in logs)
    exact = math.pi / math.sqrt(8) / math.sqrt(100 * spread)
    assert _forecast(tmp_path).plan.standard_error == pytest.approx(exact, rel=0.35)


def test_the_worst_stratum_counts(tmp_path):
    one = _forecast(tmp_path, name="one").plan.standard_error
    two = _forecast(
        tmp_path,
        ("return rng.standard", "return 10.0 ** rng.normal(0, cell['sd']) * rng.standard"),
        ('axis="n",', 'axis="n", strata=({"sd": 0.0}, {"sd": 2.0}),'),
        name="two",
    )  # fmt: skip
    assert two.cells == 14
    assert two.plan.standard_error > 2.5 * one


def test_a_pilot_that_fails_tells_why(tmp_path):
    with pytest.raises(InvalidArgument, match="ZeroDivisionError"):
        _forecast(tmp_path, ("return sample.mean()", "return 1 / 0"))


def test_a_quick_plan_is_for_the_quick_budget_and_its_coarser_rule(tmp_path):
    foretold = _forecast(tmp_path, ("margin=0.25", "margin=0.02"), mode="quick")
    assert (foretold.replicates, foretold.cells, foretold.plan.margin) == (60, 5, 0.25)
