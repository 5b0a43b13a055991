import json
import re
import shutil
from pathlib import Path

import pytest

from sparsetheory.verify.commands import run
from sparsetheory.verify.diff import compare

DEMO = Path(__file__).parent / "data" / "demo"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Three finished runs: the demo, the same again on two workers, and one whose bound is another."""
    from sparsetheory.verify import report

    root = tmp_path_factory.mktemp("diff")
    patch = pytest.MonkeyPatch()
    patch.setattr(report, "write_report", lambda outcomes, folder, crashes=(): folder / "report.html")
    for name, changes in {
        "a": (), "again": (),
        "bound": (("claims.py", '"n**(-1/2)"', '"n**(-4/5)"'),
                  ("simulations/mean.py", '"n**(-1/2 - kappa)"', '"n**(-4/5 - kappa)"')),
        "other": (("simulations/mean.py", "sample.mean()", "sample.mean() * 1.0000001"),),
    }.items():  # fmt: skip
        folder = root / f"claims_{name}"
        shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns("__pycache__"))
        for file, old, new in changes:
            text = (folder / file).read_text()
            assert old in text
            (folder / file).write_text(text.replace(old, new))
        assert run(["verify", str(folder), "--out", str(root / name)]) in (0, 1)
    patch.undo()
    return root


def _edited(runs, tmp_path, edit, claim="demo.mean"):
    """A copy of the first run with one line of its verdicts edited."""
    folder = tmp_path / "edited"
    shutil.copytree(runs / "a", folder)
    lines = json.loads((folder / "verdicts.json").read_text())
    edit(next(line for line in lines if line["claim"] == claim))
    (folder / "verdicts.json").write_text(json.dumps(lines))
    return folder


def _diff(a, b, *options):
    return run(["diff", str(a), str(b), *options])


def test_equal_runs(runs, capsys):
    assert _diff(runs / "a", runs / "again") == 0
    told = capsys.readouterr().out
    assert "0 of 2 conclusions changed" in told
    assert len(re.findall(r"^demo\.\w+ +smoke: as declared .* same$", told, re.MULTILINE)) == 2
    assert "says nothing of the code" in told
    assert "->" not in told


def test_another_bound_on_the_same_measurements(runs, capsys):
    assert _diff(runs / "a", runs / "bound") == 1
    told = capsys.readouterr().out
    assert "1 of 2 conclusions changed" in told
    assert re.search(r"demo\.mean +smoke: as declared -> smoke: inconclusive\(underpowered\) .* same", told)
    assert re.search(r"demo\.mean: the bound changed \(hash \w{12} -> \w{12}\)", told)
    assert "the intervals do not overlap" in told
    assert "same measurements, though what they depend on" in told
    assert "demo.triangle:" not in told  # nothing to say of what did not change


def test_other_measurements_with_the_same_conclusion(runs, capsys):
    assert _diff(runs / "a", runs / "other") == 0
    told = capsys.readouterr().out
    assert re.search(r"^demo\.mean .* other$", told, re.MULTILINE)
    assert "demo.mean: other measurements from other code, bound, grid, seed or versions" in told
    assert "the bound changed" not in told


def test_a_digest_that_differs_for_no_known_reason_is_told(runs, tmp_path, capsys):
    assert _diff(runs / "a", _edited(runs, tmp_path, lambda line: line.update(digest="0" * 64))) == 0
    told = capsys.readouterr().out
    assert "other measurements from the same code, grid, seed and versions: failures that came otherwise, or" in told


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"conclusion": "refuted", "shown": "refuted"}, 1, r"smoke: as declared -> refuted"),
        ({"proof": {"badge": "identity", "declared": "identity", "ok": False}}, 1, r"identity -> FAILED \(identity\)"),
        ({"margin": 0.5}, 0, r"the margin changed: 0\.25 -> 0\.5"),
        ({"mode": "full"}, 0, r"(?s)the mode changed: quick -> full.*a quick run concludes nothing"),
        ({"controls": []}, 0, r"3/3 -> 0/0"),
        ({"estimate": None, "interval": [None, None]}, 0, r"-> - \[-, -\]"),
        ({"failures": 7}, 0, r"failures: 0 -> 7"),
    ],
)
def test_every_kind_of_change_is_told_and_only_conclusions_count(runs, tmp_path, capsys, change, code, message):
    assert _diff(runs / "a", _edited(runs, tmp_path, lambda line: line.update(change))) == code
    assert re.search(message, capsys.readouterr().out)


def test_claims_on_one_side(runs, tmp_path, capsys):
    fewer = tmp_path / "fewer"
    shutil.copytree(runs / "a", fewer)
    lines = json.loads((fewer / "verdicts.json").read_text())
    (fewer / "verdicts.json").write_text(json.dumps(lines[:1]))
    assert _diff(fewer, runs / "a") == 0  # a new claim changes no conclusion
    assert "0 of 1 conclusions changed, 1 claim only in B" in capsys.readouterr().out
    assert _diff(runs / "a", fewer) == 1  # one that is gone does
    assert "only in A: smoke: as declared" in capsys.readouterr().out


def test_without_records_what_is_not_known_is_not_claimed(runs, tmp_path, capsys):
    bare = tmp_path / "bare"
    bare.mkdir()
    shutil.copy(runs / "other" / "verdicts.json", bare)
    assert _diff(runs / "a", bare) == 0
    told = capsys.readouterr().out
    assert "whether the bound is the same is not known" in told
    assert "what they come from is not known without the records" in told
    assert sorted(p.name for p in bare.iterdir()) == ["verdicts.json"]  # reading makes no files


def test_markdown_is_a_comment(runs, capsys):
    assert _diff(runs / "a", runs / "bound", "--markdown") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("**1 of 2 conclusions changed**")
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 4
    assert {line.count("|") for line in table} == {7}
    assert "**smoke: as declared -> smoke: inconclusive(underpowered)**" in table[2]
    assert any(line.startswith("- `demo.mean`: the bound changed") for line in lines)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"A: expected a folder that `sparsetheory verify` finished; .*without verdicts\.json"),
        ("[{", r"A: expected verdicts\.json as .*writes it"),
        ('[{"claim": "x"}]', r"A: expected verdicts\.json as .*without some of"),
        ('{"claim": "x"}', r"A: expected verdicts\.json as"),
    ],
)
def test_errors_say_what_was_expected(runs, tmp_path, capsys, content, message):
    if content is not None:
        (tmp_path / "verdicts.json").write_text(content)
    assert _diff(tmp_path, runs / "a") == 3
    told = capsys.readouterr().err
    assert re.search(message, told)
    assert "Traceback" not in told


def test_from_python(runs):
    comparison = compare(runs / "a", runs / "bound")
    assert comparison.changed
    assert [(d.claim, d.changed) for d in comparison.differences] == [("demo.mean", True), ("demo.triangle", False)]


def test_a_terminal_shows_every_bracket(runs, monkeypatch):
    from sparsetheory.verify import terminal

    monkeypatch.setattr(terminal.console, "_force_terminal", True)
    monkeypatch.setattr(terminal.console, "_width", 200)
    with terminal.console.capture() as captured:
        assert _diff(runs / "a", runs / "bound") == 1
    told = re.sub(r"\x1b\[[0-9;]*m", "", captured.get())
    assert "estimate [interval]" in told
    assert "0 [0, 0.07216]" in told


def test_a_claim_that_crashed_is_another_conclusion(runs, tmp_path, capsys):
    folder = tmp_path / "claims"
    shutil.copytree(runs / "claims_a", folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "simulations" / "mean.py").write_text("1 / 0\n")
    assert run(["verify", str(folder), "--out", str(tmp_path / "crashed")]) == 3
    capsys.readouterr()
    assert _diff(runs / "a", tmp_path / "crashed") == 1
    assert re.search(r"demo\.mean +smoke: as declared -> error", capsys.readouterr().out)


def test_a_quick_run_and_a_full_one_agree_where_both_came_out_as_declared(runs, tmp_path):
    full = _edited(runs, tmp_path, lambda line: line.update(mode="full", conclusion="supported", shown="supported"))
    assert _diff(runs / "a", full) == 0
