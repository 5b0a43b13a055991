import textwrap

import pytest

from sparsetheory.verify import Bound, Grid
from sparsetheory.verify.fingerprint import fingerprint, import_closure

BOUND, GRID = Bound("1/n", n="n"), Grid(axis="n", sizes=(1, 2))

SOURCE = """
from sparsetheory.verify import Study

def generate(cell, rng):
    return rng.random(3)

STUDY = Study(claim="demo.mean", generate=generate, rule=1, quick=2, full=3, notes="a", root_seed=4)
"""


def _fingerprint(folder, source=SOURCE, **changes):
    path = folder / "study.py"
    path.write_text(textwrap.dedent(source))
    return fingerprint(path, **{"bound": BOUND, "grid": GRID, "root_seed": 1} | changes)


def test_what_changes_records_changes_the_fingerprint(tmp_path):
    prints = [
        _fingerprint(tmp_path),
        _fingerprint(tmp_path, SOURCE.replace("random(3)", "random(4)")),
        _fingerprint(tmp_path, bound=Bound("2/n", n="n")),
        _fingerprint(tmp_path, grid=Grid(axis="n", sizes=(1, 3))),
        _fingerprint(tmp_path, grid=Grid(axis="n", sizes=(1, 2), strata=({"d": 1},))),
        _fingerprint(tmp_path, root_seed=2),
    ]
    assert len(set(prints)) == len(prints)


@pytest.mark.parametrize(
    ("old", "new"),
    [("rule=1", "rule=7"), ("quick=2", "quick=7"), ("full=3", "full=7"), ('"a"', '"b"'), ("\n\n", "\n# why\n\n\n")],
)
def test_what_only_judges_or_spends_does_not(tmp_path, old, new):
    assert old in SOURCE
    assert _fingerprint(tmp_path, SOURCE.replace(old, new)) == _fingerprint(tmp_path)


def _closure(folder, source):
    path = folder / "study.py"
    path.write_text(textwrap.dedent(source))
    return set(import_closure(path)) - {""}


def test_the_closure_holds_what_is_reached_and_no_more(tmp_path):
    alone = {"sparsetheory.verify.streams", "sparsetheory.verify.tasks"}
    assert _closure(tmp_path, "import numpy, os, json\nfrom sparsetheory.verify import Study, Grid") == alone
    reached = _closure(tmp_path, "from sparsetheory._validation import check_count")
    assert {"sparsetheory._validation", "sparsetheory.errors"} <= reached
    assert "sparsetheory.progress" not in reached


@pytest.mark.parametrize(
    "source",
    [
        "import sparsetheory\nrun = sparsetheory.progress.record",
        "from sparsetheory import progress",
        "from sparsetheory import progress as p\nrun = p.record",
        "import sparsetheory.progress as p",
        "def run():\n    from sparsetheory.progress import record",
    ],
)
def test_every_way_of_importing_counts(tmp_path, source):
    assert "sparsetheory.progress" in _closure(tmp_path, source)


def test_imports_for_type_checkers_do_not_count(tmp_path):
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from sparsetheory import progress"
    assert "sparsetheory.progress" not in _closure(tmp_path, source)


def test_modules_of_the_user_count(tmp_path, monkeypatch):
    (tmp_path / "my_own_solver.py").write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    source = "import my_own_solver\n"
    before = _fingerprint(tmp_path, source)
    assert "my_own_solver" in _closure(tmp_path, source)
    (tmp_path / "my_own_solver.py").write_text("VALUE = 2\n")
    assert _fingerprint(tmp_path, source) != before
