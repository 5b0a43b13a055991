"""The table of planted defects: seed and decorations find all twelve, and correct solvers raise no alarm."""

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
spec = spec_from_file_location("testing_strategies", ROOT / "benchmarks" / "testing_strategies.py")
study = module_from_spec(spec)
spec.loader.exec_module(study)

PAGE = (ROOT / "docs" / "strategies-table.md").read_text()
LAST = "seed + decorations"


def test_twelve_defects_in_two_families():
    families = [defect.family for defect in study.DEFECTS.values()]
    assert (families.count("ot"), families.count("lasso")) == (7, 5)


@pytest.mark.parametrize("name", study.DEFECTS)
def test_seed_and_decorations_find_the_defect(name):
    with np.errstate(all="ignore"):
        found = study.search(study.DEFECTS[name], LAST, run=0, examples=100)
    assert found.first is not None
    assert found.first <= 100


@pytest.mark.parametrize("style", study.STYLES)
@pytest.mark.parametrize("name", study.CORRECT)
def test_a_correct_solver_is_left_alone(name, style):
    assert study.search(study.CORRECT[name], style, run=0, examples=50) == (None, None)


@pytest.mark.parametrize(
    ("name", "style"),
    [("zero_mass", "bare seed"), ("zero_column", "bare seed"), ("duplicates", "bare seed"), ("exp_domain", "bare seed"),
     ("exp_domain", "element-wise"), ("large", "element-wise")],
)  # fmt: skip
def test_what_the_other_ways_miss_they_miss(name, style):
    with np.errstate(all="ignore"):
        assert study.search(study.DEFECTS[name], style, run=0, examples=50).first is None


def test_the_page_shows_every_defect_killed_in_every_run():
    rows = re.search(r"<!-- table -->\n(.*)\n<!-- end -->", PAGE, flags=re.S).group(1).splitlines()[2:]
    cells = {name: entries for name, *entries in (row.strip("| ").split(" | ") for row in rows)}
    assert list(cells) == [defect.name for defect in study.EVERY.values()]
    for defect in study.DEFECTS.values():
        assert cells[defect.name][-1].startswith("10/10, ")
    for solver in study.CORRECT.values():
        assert cells[solver.name] == ["0/10"] * 3


def test_the_table_is_written_between_its_marks(tmp_path, monkeypatch, capsys):
    page = tmp_path / "page.md"
    page.write_text("above\n<!-- table -->\nold\n<!-- end -->\nbelow\n")
    monkeypatch.setattr("sys.argv", ["", "row_marginal", "--runs", "1", "--examples", "10", "--write", str(page)])
    study.main()
    text = page.read_text()
    assert text.startswith("above\n<!-- table -->\n| planted defect |")
    assert text.endswith("<!-- end -->\nbelow\n")
    assert "| row marginal only | 1/1" in text
    assert capsys.readouterr().out.startswith("| planted defect |")


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_whole_table():
    with np.errstate(all="ignore"):
        _, kills = study.table(study.EVERY, runs=10, examples=100)
    assert {name: kills[name][LAST] for name in study.DEFECTS} == dict.fromkeys(study.DEFECTS, 10)
    assert all(count == 0 for name in study.CORRECT for count in kills[name].values())
