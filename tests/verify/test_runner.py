import json
import re
import shutil
import sqlite3
import textwrap
import time
from pathlib import Path

import pytest

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify import collect
from sparsetheory.verify.claim import collection_at, locate
from sparsetheory.verify.executors import Joblib, Serial
from sparsetheory.verify.loading import load_proof, load_study
from sparsetheory.verify.runner import export, rebuild, run_claim
from sparsetheory.verify.tasks import Task, execute

DEMO = Path(__file__).parent / "data" / "demo"


def _run(id="demo.mean", *, folder, root=DEMO, mode="quick", **options):
    return run_claim(*locate(id, (collection_at(root),)), mode=mode, folder=folder, **options)


def _copy(tmp_path, file, *changes, name="demo"):
    """A copy of the demo in which some lines of one file were changed."""
    root = tmp_path / name
    shutil.copytree(DEMO, root, ignore=shutil.ignore_patterns("__pycache__"))
    text = (root / file).read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (root / file).write_text(text)
    return root


def _rows(folder, id="demo.mean"):
    with sqlite3.connect(folder / "records" / f"{id}.sqlite") as db:
        rows = db.execute("SELECT id, variant, cell, replicate, status FROM records ORDER BY id").fetchall()
    db.close()
    return rows


def test_a_true_rate_with_its_controls(tmp_path):
    outcome = _run(folder=tmp_path)
    assert outcome.raw.label == "supported"
    assert outcome.shown == "smoke: as declared"
    assert [(c.kind, c.verdict.label, c.ok) for c in outcome.controls] == [
        ("wrong bound", "refuted", True), ("broken algorithm", "refuted", True), ("positive", "supported", True),
    ]  # fmt: skip
    assert outcome.smallest_refuted_kappa in (0.5, 0.75)  # margin 0.25 plus what 60 replicates leave open
    assert outcome.sample.n_replicates == 60
    assert outcome.badge == "identity"
    assert outcome.proof_ok
    assert outcome.provenance["counts"] == {
        "records": 600, "by_status": {"ok": 600}, "stale": 0, "warnings": {},
        "seconds": outcome.provenance["counts"]["seconds"],
    }  # fmt: skip


def test_a_false_rate_is_refuted(tmp_path):
    root = _copy(tmp_path, "claims.py", ("n**(-1/2)", "n**(-1)"))
    simulation = root / "simulations" / "mean.py"
    simulation.write_text(simulation.read_text().replace("n**(-1/2 - kappa)", "n**(-1 - kappa)"))
    outcome = _run(folder=tmp_path / "out", root=root)
    assert outcome.raw.label == "refuted"
    assert not outcome.as_declared


def test_any_executor_gives_the_same_records(tmp_path):
    serial = _run(folder=tmp_path / "serial", executor=Serial())
    parallel = _run(folder=tmp_path / "joblib", executor=Joblib(2))
    assert parallel.digest == serial.digest
    assert parallel.raw == serial.raw
    assert set(parallel.provenance["threads"].values()) == {1}


def test_nothing_is_run_twice(tmp_path):
    first = _run(folder=tmp_path)
    before = _rows(tmp_path)
    again = _run(folder=tmp_path)
    assert _rows(tmp_path) == before
    assert again.digest == first.digest
    assert (first.provenance["computed"], again.provenance["computed"]) == (600, 0)


def test_asking_for_more_computes_only_the_rest(tmp_path):
    out = tmp_path / "out"
    _run(folder=out)
    before = _rows(out)
    more = _copy(tmp_path, "simulations/mean.py", ("replicates=60", "replicates=70"))
    outcome = _run(folder=out, root=more)
    assert outcome.provenance["computed"] == 2 * 5 * 10
    assert outcome.sample.n_replicates == 70
    assert _rows(out)[: len(before)] == before
    fresh = _run(folder=tmp_path / "fresh", root=more)
    assert fresh.digest == outcome.digest
    fewer = _run(folder=out)  # and asking for fewer uses fewer
    assert fewer.sample.n_replicates == 60


def test_a_margin_chosen_after_a_look_is_told(tmp_path):
    out = tmp_path / "out"
    assert _run(folder=out).provenance["redeclared"] == []
    assert _run(folder=out).provenance["redeclared"] == []
    wider = _copy(tmp_path, "simulations/mean.py", ("margin=0.25", "margin=0.4"), ("kappa=1.0,", "kappa=2.0,"))
    rule, wrong = _run(folder=out, root=wider).provenance["redeclared"]
    assert "rule was Drift(" in rule
    assert "margin=0.25" in rule
    assert wrong == "wrong bound was n**(-1/2 - kappa) at 1"
    assert _run(folder=tmp_path / "fresh", root=wider).provenance["redeclared"] == []


def test_changed_code_makes_records_stale_but_keeps_them(tmp_path):
    out = tmp_path / "out"
    _run(folder=out)
    changed = _copy(tmp_path, "simulations/mean.py", ("standard_normal(int", "standard_normal(0 + int"))
    outcome = _run(folder=out, root=changed)
    assert outcome.provenance["computed"] == 600
    assert outcome.provenance["counts"]["stale"] == 600
    assert len(_rows(out)) == 1200


def test_failures_are_records_retried_and_never_results(tmp_path):
    out, switch = tmp_path / "out", tmp_path / "fixed"
    line = (
        f"if cell['n'] == 30 and not __import__('pathlib').Path({str(switch)!r}).exists(): raise ValueError('no luck')"
    )
    root = _copy(tmp_path, "simulations/mean.py", ("    return rng.standard", f"    {line}\n    return rng.standard"))
    failed = _run(folder=out, root=root)
    assert failed.provenance["counts"]["by_status"] == {"ok": 480, "error": 120}
    assert failed.raw.n_failures == 60
    assert len(failed.sample.failures) == 60
    assert failed.sample.failures[0].failure == "error: ValueError: no luck"
    switch.touch()
    healed = _run(folder=out, root=root)
    assert healed.provenance["computed"] == 120
    assert healed.provenance["counts"]["by_status"] == {"ok": 600}
    assert healed.raw.label == "supported"
    assert [row[-1] for row in _rows(out)].count("error") == 120


def _execute(tmp_path, body, *, timeout=10.0):
    root = _copy(tmp_path, "simulations/mean.py", ("    return sample.mean()", textwrap.indent(body, "    ")))
    task = Task(
        path=str(root / "simulations" / "mean.py"), mode="quick", variant="study", cell=0, replicate=0, timeout=timeout
    )
    return execute(task)


def test_a_replicate_that_takes_too_long_is_given_up(tmp_path):
    body = "try:\n    time.sleep(30)\nexcept Exception:\n    pass\nreturn 1.0"
    start = time.perf_counter()
    record = _execute(tmp_path, body, timeout=0.2)
    assert record.status == "timeout"
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("value", ["float('nan')", "float('inf')"])
def test_a_number_that_is_none_is_a_failure(tmp_path, value):
    assert _execute(tmp_path, f"return {value}").status == "non-finite"


@pytest.mark.parametrize(
    ("measurement", "told"),
    [
        ("value=[], at={'n': 1}", "at least one entry"),
        ("value=[[1.0, 2.0]], at={'n': 1}", r"shape \(1, 2\)"),
        ("value=[1.0, 2.0], at={'n': [1, 2, 3]}", "n: expected a number, or a vector as long"),
        ("value=1.0, at={'n': 1}, floor=[0.0, 0.0]", "floor: expected"),
        ("value='much', at={'n': 1}", "ValueError"),
        ("value=1.0, at={'N': 1}", r"at: expected the symbols of the bound, \['n'\], got \['N'\]"),
        ("value=1j, at={'n': 1}", "TypeError"),
    ],
)
def test_a_measurement_that_no_rule_could_read_is_a_failure(tmp_path, measurement, told):
    old = 'return Measurement(value=abs(mean), at={"n": len(sample)})'
    root = _copy(tmp_path, "simulations/mean.py", (old, f"return Measurement({measurement})"))
    path = str(root / "simulations" / "mean.py")
    record = execute(Task(path=path, mode="quick", variant="study", cell=0, replicate=0, timeout=10.0))
    assert record.status == "error"
    assert re.search(told, json.loads(record.payload)["message"])


def test_code_under_test_that_exits_has_failed(tmp_path):
    record = _execute(tmp_path, "raise SystemExit(0)")
    assert (record.status, json.loads(record.payload)["message"]) == ("error", "SystemExit: 0")


def test_warnings_are_kept_with_the_record(tmp_path):
    body = (
        "import warnings\nfrom sparsetheory.errors import ConvergenceWarning\n"
        "warnings.warn('stopped short', ConvergenceWarning)\nreturn sample.mean()"
    )
    record = _execute(tmp_path, body)
    assert record.ok
    assert json.loads(record.warnings) == ["ConvergenceWarning: stopped short"]


def test_an_exception_keeps_its_traceback(tmp_path):
    record = _execute(tmp_path, "return sample.meen()")
    assert record.status == "error"
    assert "meen" in json.loads(record.payload)["traceback"]


def test_common_random_numbers_share_the_data_of_a_stratum(tmp_path):
    body = "return sample[0]"
    common = _copy(
        tmp_path, "simulations/mean.py", ("    return sample.mean()", f"    {body}"),
        ("cost_exponent=0.1", "common_random_numbers=True"), name="common",
    )  # fmt: skip
    own = _copy(tmp_path, "simulations/mean.py", ("    return sample.mean()", f"    {body}"), name="own")

    def values(root):
        task = {"mode": "quick", "variant": "study", "replicate": 3, "timeout": 10.0}
        path = str(root / "simulations" / "mean.py")
        return {json.loads(execute(Task(path=path, cell=c, **task)).payload)["value"][0] for c in range(5)}

    assert len(values(common)) == 1
    assert len(values(own)) == 5


RECHECK = """

def careless(instance, outcome):
    m = measure(instance, outcome)
    return Measurement(value=m.value * (1 + 1e-6), at=m.at, floor=0.0)


def exact(instance, outcome):
    return measure(instance, outcome)

STUDY = Study("""


def test_violations_count_only_when_extended_precision_confirms_them(tmp_path):
    def study(recheck, name):
        return _copy(
            tmp_path, "simulations/triangle.py", ("\n\nSTUDY = Study(", RECHECK),
            ("    measure=measure,", f"    measure=careless,{recheck}"), name=name,
        )  # fmt: skip

    alarmed = _run("demo.triangle", folder=tmp_path / "a", root=study("", "alarmed"))
    assert alarmed.raw.label == "refuted"
    cleared = _run("demo.triangle", folder=tmp_path / "b", root=study("recheck=exact,", "cleared"))
    assert cleared.raw.label == "supported"
    rechecked = [row for row in _rows(tmp_path / "b", "demo.triangle") if row[1] == "recheck"]
    assert len(rechecked) == 40  # the parallel vectors, two sizes of 20
    confirmed = _run("demo.triangle", folder=tmp_path / "c", root=study("recheck=careless,", "confirmed"))
    assert confirmed.raw.label == "refuted"


def test_violations_that_wait_for_their_recheck_refute_nothing(tmp_path, monkeypatch):
    root = _copy(
        tmp_path, "simulations/triangle.py", ("\n\nSTUDY = Study(", RECHECK),
        ("    measure=measure,", "    measure=careless,recheck=exact,"),
    )  # fmt: skip

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(collect, "_recheck", stop)
        with pytest.raises(KeyboardInterrupt):
            _run("demo.triangle", folder=tmp_path / "out", root=root)
    claim = locate("demo.triangle", (collection_at(root),))
    assert str(rebuild(*claim, mode="quick", folder=tmp_path / "out").raw) == "inconclusive(unfinished)"
    assert _run("demo.triangle", folder=tmp_path / "out", root=root).raw.label == "supported"


def test_a_recheck_that_fails_confirms_nothing_and_is_tried_again(tmp_path):
    root = _copy(
        tmp_path, "simulations/triangle.py",
        ("\n\nSTUDY = Study(", RECHECK.replace("return measure(", "return no_such_measure(")),
        ("    measure=measure,", "    measure=careless,recheck=exact,"),
    )  # fmt: skip
    first = _run("demo.triangle", folder=tmp_path / "out", root=root)
    assert (first.raw.label, len(first.sample.failures)) == ("inconclusive", 40)
    _run("demo.triangle", folder=tmp_path / "out", root=root)
    rechecked = [row for row in _rows(tmp_path / "out", "demo.triangle") if row[1] == "recheck"]
    assert len(rechecked) == 80


def test_rebuilding_judges_the_same_without_running(tmp_path):
    outcome = _run(folder=tmp_path)
    before = _rows(tmp_path)
    again = rebuild(*locate("demo.mean", (collection_at(DEMO),)), mode="quick", folder=tmp_path)
    assert _rows(tmp_path) == before
    assert (again.raw, again.digest, again.proof) == (outcome.raw, outcome.digest, outcome.proof)
    assert [c.verdict for c in again.controls] == [c.verdict for c in outcome.controls]


def test_rebuilding_from_nothing_says_what_to_do(tmp_path):
    with pytest.raises(InvalidArgument, match="--resume"):
        rebuild(*locate("demo.mean", (collection_at(DEMO),)), mode="quick", folder=tmp_path)


def test_verdicts_are_plain_json(tmp_path):
    lines = json.loads(export([_run(folder=tmp_path)], tmp_path).read_text())
    assert lines[0]["claim"] == "demo.mean"
    assert lines[0]["shown"] == "smoke: as declared"
    assert lines[0]["controls"][1]["verdict"] == "refuted"


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("simulations/mean.py", ("STUDY = ", "OTHER = "), r"mean\.py: expected a module-level STUDY"),
        ("simulations/mean.py", ("\nSTUDY = Study(", "\nSTUDY = dict("), "got dict"),
        (
            "simulations/mean.py",
            ('claim="demo.mean"', 'claim="demo.median"'),
            "expected 'demo.mean', got 'demo.median'",
        ),
        ("simulations/mean.py", ("neutral=0", "neutral=0.5"), "at the neutral kappa"),
        ("simulations/mean.py", ("averages the first ten", "recheck"), "names of Broken controls"),
        ("proofs/mean.py", ("def prove", "def proof"), r"function prove\(\)"),
        ("proofs/mean.py", ("return Proof(", "return dict("), "a Proof, got dict"),
        ("proofs/mean.py", ('claim="demo.mean"', 'claim="demo.median"'), "got 'demo.median'"),
    ],
)
def test_files_that_are_not_what_they_have_to_be(tmp_path, file, change, message):
    collection, claim = locate("demo.mean", (collection_at(_copy(tmp_path, file, change)),))
    with pytest.raises(InvalidArgument, match=message):
        (load_study if file.startswith("simulations") else load_proof)(collection, claim)


@pytest.mark.parametrize("file", ["simulations/mean.py", "proofs/mean.py"])
def test_a_missing_file_is_named(tmp_path, file):
    root = _copy(tmp_path, file)
    (root / file).unlink()
    collection, claim = locate("demo.mean", (collection_at(root),))
    with pytest.raises(InvalidArgument, match=str(root / file)):
        (load_study if file.startswith("simulations") else load_proof)(collection, claim)


def test_an_interruption_keeps_what_was_finished(tmp_path):
    class Impatient(Serial):
        def map(self, task, keys):
            for index, key in enumerate(keys):
                if index == 100:
                    raise KeyboardInterrupt
                yield task(key)

    with pytest.raises(KeyboardInterrupt):
        _run(folder=tmp_path / "out", executor=Impatient())
    assert len(_rows(tmp_path / "out")) == 100
    stopped = rebuild(*locate("demo.mean", (collection_at(DEMO),)), mode="quick", folder=tmp_path / "out")
    assert (stopped.shown, stopped.as_declared) == ("smoke: inconclusive(unfinished)", False)
    resumed = _run(folder=tmp_path / "out")
    assert resumed.provenance["computed"] == 500
    assert resumed.digest == _run(folder=tmp_path / "fresh").digest
