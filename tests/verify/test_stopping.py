"""Studies that may stop early: when they stop is a function of the records, whoever computed them and how many."""

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify import Bound, Drift, EveryInstance, Grid, Measurement, Order, Ratio, Sequential
from sparsetheory.verify.claim import collection_at, locate
from sparsetheory.verify.executors import Joblib, Serial
from sparsetheory.verify.loading import load_study
from sparsetheory.verify.runner import rebuild, run_claim
from sparsetheory.verify.sample import Observation, Sample
from sparsetheory.verify.stopping import walk

DEMO = Path(__file__).parent / "data" / "demo"
ROOT = Bound("n**(-1/2)", n="size")
SIZES = tuple(np.geomspace(100, 10_000, 5))
STOPPING = "), stopping=Sequential(max=300, batch=10)"


def sample(exponent=0.5, *, replicates=200, seed=0, spread=0.5):
    rng = np.random.default_rng(seed)
    observations = [
        Observation(cell=c, replicate=r, measurement=Measurement(value=n**-exponent * np.exp(e), at={"n": n}))
        for r in range(replicates)
        for c, (n, e) in enumerate(zip(SIZES, spread * rng.standard_normal(len(SIZES)), strict=True))
    ]
    return Sample(grid=Grid(axis="n", sizes=SIZES), observations=observations, bound=ROOT)


def _sequential_demo(tmp_path, *changes, stopping=STOPPING, name="demo"):
    """The demo, whose full runs stop when they have decided."""
    root = tmp_path / name
    shutil.copytree(DEMO, root, ignore=shutil.ignore_patterns("__pycache__"))
    file = root / "simulations" / "mean.py"
    text = file.read_text()
    changes = (
        ("Study, WrongBound", "Sequential, Study, WrongBound"),
        ("margin=0.25", "margin=0.1, alternative='two-sided'"),
        ("3000, 10000)), replicates=100)", f"3000, 10000)){stopping}"),
        *changes,
    )
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    return root


def _run(root, folder, **options):
    return run_claim(*locate("demo.mean", (collection_at(root),)), mode="full", folder=folder, **options)


def _counts(folder):
    with sqlite3.connect(folder / "records" / "demo.mean.sqlite") as db:
        rows = db.execute("SELECT variant, max(replicate) + 1, count(*) FROM records GROUP BY variant").fetchall()
    db.close()
    return {variant: (replicates, rows) for variant, replicates, rows in rows}


# --- the walk ------------------------------------------------------------------------------------------------------


def test_looks_end_with_the_last_replicate():
    assert Sequential(max=100, batch=40).looks == (20, 60, 100)
    assert Sequential(max=60, min=60).looks == (60,)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [({"max": 49}, "max"), ({"max": 100, "min": 19}, "min"), ({"max": 100, "min": 101}, "min"),
     ({"max": 100, "batch": 0}, "batch")],
)  # fmt: skip
def test_a_stopping_that_cannot_be_trusted_is_refused(arguments, name):
    with pytest.raises(InvalidArgument) as info:
        Sequential(**arguments)
    assert info.value.name == f"stopping.{name}"


def test_a_fixed_number_is_a_walk_of_one_look():
    data = sample(replicates=40)
    assert walk(Drift(), (40,), data).verdict == Drift().judge(data)
    assert walk(Drift(), (30,), data).verdict == Drift().judge(data.first(30))
    assert walk(Drift(), (50,), data).verdict == Drift().judge(data)  # of what there is


@pytest.mark.parametrize("exponent", [0.5, 0.0])
def test_the_walk_stops_at_the_first_look_that_decides(exponent):
    looks, rule, data = Sequential(max=200).looks, Drift(margin=0.2).sequential(), sample(exponent)
    end = walk(rule, looks, data)
    labels = [rule.judge(data.first(look)).label for look in looks]
    first = next(i for i, label in enumerate(labels) if label != "inconclusive")
    assert end.replicates == looks[first] == end.verdict.n_replicates
    assert end.verdict.label == labels[first]
    assert f"{end.replicates} of at most 200" in end.verdict.sentence


def test_replicates_beyond_the_stopping_time_are_not_looked_at():
    looks, rule, data = Sequential(max=200).looks, Drift(margin=0.2).sequential(), sample()
    end = walk(rule, looks, data)
    changed = [
        o if o.replicate < end.replicates else replace(o, measurement=None, failure="crash") for o in data.observations
    ]
    assert walk(rule, looks, replace(data, observations=changed)) == end
    assert walk(rule, looks, data.first(end.replicates + 7)) == end


def test_a_gap_ends_the_walk_at_the_look_before():
    looks, rule, data = (20, 40, 200), Drift(margin=0.01).sequential(), sample()
    holed = replace(data, observations=[o for o in data.observations if (o.cell, o.replicate) != (2, 50)])
    assert (data.whole, holed.whole) == (200, 50)
    assert walk(rule, looks, holed).replicates == 40
    assert walk(rule, looks, holed).verdict == walk(rule, looks, data.first(40)).verdict


def test_the_reported_interval_is_that_of_the_sequence():
    data = sample(replicates=100)
    fixed, always = Drift().judge(data), Drift().sequential().judge(data)
    widths = [v.interval[1] - v.interval[0] for v in (fixed, always)]
    assert always.estimate == fixed.estimate
    assert 1.4 < widths[1] / widths[0] < 1.8  # 3.03 standard errors against 1.98
    for rule in (Drift(), Ratio(), Order(), EveryInstance()):
        assert type(rule.sequential()) is type(rule)
        assert "critical" not in repr(rule)


def test_an_every_instance_bound_stops_at_its_first_violation():
    data, looks = sample(spread=0.0), Sequential(max=200).looks
    rule = EveryInstance(max_violation_rate=0.02).sequential()
    end = walk(rule, looks, data)
    assert end.verdict.label == "supported"
    assert end.replicates * len(SIZES) >= rule.trials_needed() > EveryInstance(max_violation_rate=0.02).trials_needed()
    bad = [
        replace(o, measurement=replace(o.measurement, value=1.0)) if (o.cell, o.replicate) == (1, 13) else o
        for o in data.observations
    ]
    refuted = walk(rule, looks, replace(data, observations=bad))
    assert (refuted.verdict.label, refuted.replicates) == ("refuted", 20)
    assert 0 < refuted.verdict.interval[0] < 0.01 < refuted.verdict.interval[1]


# --- the run -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    root = _sequential_demo(tmp_path_factory.mktemp("sequential"))
    return root, _run(root, root / "out")


def test_the_study_and_its_controls_stop_each_at_their_own_time(demo):
    root, outcome = demo
    assert outcome.conclusion == "supported"
    assert outcome.raw.n_replicates == outcome.sample.n_replicates < 300
    assert all(control.ok for control in outcome.controls)
    wrong, broken, positive = (control.verdict for control in outcome.controls)
    assert outcome.smallest_refuted_kappa is not None
    counts = _counts(root / "out")
    assert counts["study"][0] == max(outcome.raw.n_replicates, wrong.n_replicates)
    assert counts["averages the first ten"][0] == broken.n_replicates
    assert positive.n_replicates <= 300
    assert outcome.provenance["counts"]["records"] == sum(rows for _, rows in counts.values())


def test_workers_change_neither_the_verdict_nor_the_stopping_time(demo, tmp_path):
    root, outcome = demo
    parallel = _run(root, tmp_path, executor=Joblib(2))
    assert parallel.digest == outcome.digest
    assert parallel.raw == outcome.raw
    assert [c.verdict for c in parallel.controls] == [c.verdict for c in outcome.controls]
    assert _counts(tmp_path) == _counts(root / "out")


def test_an_interrupted_study_goes_on_as_if_it_had_not_been(demo, tmp_path):
    class Impatient(Serial):
        left = 333

        def map(self, task, keys):
            for key in keys:
                if not self.left:
                    raise KeyboardInterrupt
                self.left -= 1
                yield task(key)

    root, outcome = demo
    with pytest.raises(KeyboardInterrupt):
        _run(root, tmp_path, executor=Impatient())
    halted = rebuild(*locate("demo.mean", (collection_at(root),)), mode="full", folder=tmp_path)
    assert halted.raw.n_replicates in range(20, 300, 10)  # the last look that was whole, whatever lies beyond it
    resumed = _run(root, tmp_path)
    assert (resumed.digest, resumed.raw) == (outcome.digest, outcome.raw)
    assert rebuild(*locate("demo.mean", (collection_at(root),)), mode="full", folder=tmp_path).raw == outcome.raw


def test_records_beyond_the_stopping_time_change_nothing(demo, tmp_path):
    root, outcome = demo
    fixed = _run(_sequential_demo(tmp_path, stopping=", replicates=200)"), tmp_path / "out")
    assert fixed.raw.n_replicates == 200 > outcome.raw.n_replicates
    stopped = _run(root, tmp_path / "out")  # the same records, and more than it asks for
    assert stopped.provenance["computed"] == 0
    assert (stopped.digest, stopped.raw) == (outcome.digest, outcome.raw)
    assert [c.verdict for c in stopped.controls] == [c.verdict for c in outcome.controls]


def test_progress_says_where_the_study_stands(demo, tmp_path):
    notes = []
    _run(demo[0], tmp_path, progress=lambda done, total, note: notes.append((done, total, note)))
    assert notes[0][2] == ""
    assert all(done <= total for done, total, _ in notes)
    assert notes[-1][0] == notes[-1][1]
    assert any("after 20 replicates" in note for _, _, note in notes)
    assert any("more" in note for _, _, note in notes)
    assert any(note.endswith("supported") for _, _, note in notes)


def test_a_quick_run_takes_what_it_declares(demo, tmp_path):
    outcome = run_claim(*locate("demo.mean", (collection_at(demo[0]),)), mode="quick", folder=tmp_path)
    assert outcome.raw.n_replicates == 60
    assert "at most" not in outcome.raw.sentence


def test_what_may_not_be_declared_together(tmp_path):
    study = load_study(*locate("demo.mean", (collection_at(DEMO),)))
    with pytest.raises(InvalidArgument, match="either a fixed number or a stopping"):
        replace(study, stopping=Sequential(max=100))
    with pytest.raises(InvalidArgument, match="2 or more"):
        replace(study, full=replace(study.full, replicates=0))

    class Once:
        margin = 0.1

    with pytest.raises(InvalidArgument, match=r"sequential\(\)"):
        replace(study, full=replace(study.full, replicates=0), stopping=Sequential(max=100), rule=Once())
    assert study.looks("full") == (100,)
    assert study.judge("full") is study.rule
