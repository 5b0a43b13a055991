import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sparsetheory.verify import cli
from sparsetheory.verify.commands import run, select

DEMO = Path(__file__).parent / "data" / "demo"
COMMAND = [sys.executable, "-m", "sparsetheory"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _no_figures(request, monkeypatch):
    """Drawing takes most of the time of a small run, and only two tests are about the report."""
    if "drawn" not in request.fixturenames:
        from sparsetheory.verify import report

        monkeypatch.setattr(report, "write_report", lambda outcomes, folder, crashes: folder / "report.html")


@pytest.fixture
def drawn():
    """Ask for the report itself."""


def _demo(tmp_path, *changes, name="demo"):
    root = tmp_path / name
    shutil.copytree(DEMO, root, ignore=shutil.ignore_patterns("__pycache__"))
    for file, old, new in changes:
        text = (root / file).read_text()
        assert old in text
        (root / file).write_text(text.replace(old, new))
    return str(root)


def _verify(tmp_path, *arguments):
    return run(["verify", *map(str, arguments), "--out", str(tmp_path / "out")])


def test_a_users_folder_from_the_shell_and_again(tmp_path):
    root = _demo(tmp_path)
    first = subprocess.run([*COMMAND, "verify", root, "--jobs", "2"], capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stderr
    assert re.search(r"^demo\.mean +identity +smoke: as declared", first.stdout, re.MULTILINE)
    assert re.search(r"^demo\.triangle +identity +smoke: as declared", first.stdout, re.MULTILINE)
    assert "supported" not in first.stdout
    assert first.stdout.count("600/600") == 1
    (folder,) = (tmp_path / "reports").iterdir()
    report = re.search(r"^report: (.*)$", first.stdout, re.MULTILINE).group(1)
    assert (tmp_path / report).is_file()
    verdicts = json.loads((folder / "verdicts.json").read_text())
    assert {v["claim"]: v["as_declared"] for v in verdicts} == {"demo.mean": True, "demo.triangle": True}

    again = subprocess.run([*COMMAND, "verify", root, "--resume"], capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert "600/600" in again.stdout
    assert "0/600" not in again.stdout.replace("600/600", "")
    (same,) = (tmp_path / "reports").iterdir()
    assert f"records and report: reports/{same.name}" in again.stdout
    after = json.loads((same / "verdicts.json").read_text())
    assert [v["digest"] for v in after] == [v["digest"] for v in verdicts]


def _committed(path):
    """What is in the file now, read as anybody else would."""
    if not path.is_file():
        return {}
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        rows = db.execute("SELECT id, variant, cell, replicate, payload FROM records").fetchall()
    except sqlite3.OperationalError:  # not made yet
        return {}
    finally:
        db.close()
    return {row[0]: row[1:] for row in rows}


def test_a_killed_run_loses_nothing_and_ends_like_an_undisturbed_one(tmp_path):
    root = _demo(tmp_path)
    calm = run(["verify", root, "demo.mean", "--out", str(tmp_path / "calm")])
    assert calm == 0

    slow = os.environ | {"DEMO_SLEEP": "0.02"}
    arguments = ["verify", root, "demo.mean", "--out", str(tmp_path / "killed")]
    process = subprocess.Popen([*COMMAND, *arguments], env=slow, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    records = tmp_path / "killed" / "records" / "demo.mean.sqlite"
    deadline = time.monotonic() + 60
    while len(_committed(records)) < 80 and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    acknowledged = _committed(records)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL  # it was alive, so the kill came in the middle
    survived = _committed(records)
    assert 80 <= len(acknowledged) < 600
    assert acknowledged.items() <= survived.items()
    assert len(survived) < 600

    assert run([*arguments, "--resume"]) == 0
    finished = _committed(records)
    assert survived.items() <= finished.items()
    assert len(finished) == 600
    digests = [json.loads((tmp_path / n / "verdicts.json").read_text())[0]["digest"] for n in ("calm", "killed")]
    assert digests[0] == digests[1]


def test_ctrl_c_keeps_what_is_there_and_tells_how_to_go_on(tmp_path):
    root = _demo(tmp_path)
    arguments = ["verify", root, "demo.mean", "--out", str(tmp_path / "out")]
    process = subprocess.Popen(
        [*COMMAND, *arguments], env=os.environ | {"DEMO_SLEEP": "0.02"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # background jobs inherit a deaf ear
    )  # fmt: skip
    records = tmp_path / "out" / "records" / "demo.mean.sqlite"
    deadline = time.monotonic() + 60
    while not _committed(records) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    line = told.strip().splitlines()[-1].strip()
    assert line == f"sparsetheory {' '.join(arguments[:3])} --quick --out {tmp_path / 'out'} --resume"
    assert _committed(records)
    assert "Traceback" not in told


def test_a_folder_in_use_is_not_overwritten(tmp_path, capsys):
    root = _demo(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("years of work")
    assert _verify(tmp_path, root) == 3
    assert "--resume" in capsys.readouterr().err
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("claims.py", 'source="the Cauchy-Schwarz inequality",', 'source="", expected="refuted",'), 1),
        (("claims.py", 'badge="identity"', 'badge="cited"'), 1),
        (("proofs/triangle.py", "_lagrange(2)", "_lagrange(1)"), 1),
        (("simulations/triangle.py", "1.5 * x + y", "x + y"), 1),
        (("simulations/triangle.py", "import numpy as np", "import no_such_module"), 3),
        (("simulations/triangle.py", "STUDY =", "OTHER ="), 3),
    ],
)
def test_exit_codes(tmp_path, change, code):
    assert _verify(tmp_path, _demo(tmp_path, change), "demo.triangle") == code


def test_strict_tells_an_inconclusive_verdict(tmp_path):
    # a drift of 0.3, give or take what 60 replicates leave open, is too near to the margin of 0.25
    near = (
        ("claims.py", "n**(-1/2)", "n**(-4/5)"),
        ("simulations/mean.py", "n**(-1/2 - kappa)", "n**(-4/5 - kappa)"),
    )
    root = _demo(tmp_path, *near)
    assert _verify(tmp_path, root, "demo.mean") == 0
    assert _verify(tmp_path, root, "demo.mean", "--resume", "--strict") == 2


def test_a_study_that_always_fails_supports_nothing(tmp_path, capsys):
    root = _demo(tmp_path, ("simulations/mean.py", "return sample.mean()", "return 1 / 0"))
    assert _verify(tmp_path, root, "demo.mean") == 1
    told = capsys.readouterr().out
    assert re.search(r"demo\.mean +identity +smoke: inconclusive\(control\)", told)
    assert "300 of 300 measurements failed; 300 x error: ZeroDivisionError" in told


def test_records_of_other_code_are_mentioned(tmp_path, capsys):
    root = _demo(tmp_path)
    assert _verify(tmp_path, root, "demo.triangle") == 0
    assert "kept, but not used" not in capsys.readouterr().out
    changed = _demo(tmp_path, ("simulations/triangle.py", "return x + y", "return y + x"), name="changed")
    assert _verify(tmp_path, changed, "demo.triangle", "--resume") == 0
    assert "demo.triangle: 160 records of other code, grids or versions" in capsys.readouterr().out


def test_records_of_other_code_do_not_cost_the_report_that_was_written(tmp_path, capsys):
    assert _verify(tmp_path, _demo(tmp_path), "demo.triangle") == 0
    before = (tmp_path / "out" / "verdicts.json").read_text()
    changed = _demo(tmp_path, ("simulations/triangle.py", "return x + y", "return y + x"), name="changed")
    known = json.loads((tmp_path / "out" / "run.json").read_text())
    (tmp_path / "out" / "run.json").write_text(json.dumps(known | {"sources": [changed]}))
    capsys.readouterr()
    assert run(["report", str(tmp_path / "out")]) == 3
    told = capsys.readouterr()
    assert re.search(r"^demo\.triangle +- +error", told.out, re.MULTILINE)
    assert "left as it is" in told.err
    assert (tmp_path / "out" / "verdicts.json").read_text() == before


def test_an_error_in_one_claim_does_not_stop_the_others(tmp_path, capsys):
    root = _demo(tmp_path, ("simulations/mean.py", "STUDY =", "OTHER ="))
    assert _verify(tmp_path, root) == 3
    told = capsys.readouterr()
    assert "demo.triangle" in told.out
    assert re.search(r"^demo\.mean +- +error", told.out, re.MULTILINE)
    assert "STUDY" in told.err
    assert "Traceback" not in told.err
    lines = {line["claim"]: line for line in json.loads((tmp_path / "out" / "verdicts.json").read_text())}
    assert lines["demo.triangle"]["shown"] == "smoke: as declared"
    assert lines["demo.mean"]["conclusion"] == "error"
    assert "STUDY" in lines["demo.mean"]["error"]
    assert run(["report", str(tmp_path / "out")]) == 3
    assert re.search(r"^demo\.mean +- +error", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("simulations/mean.py", "import os\n"),
        ("proofs/mean.py", "from sparsetheory"),
        ("claims.py", "from sparsetheory"),
    ],
)
def test_a_file_that_exits_is_an_error_whatever_its_code(tmp_path, file, line):
    root = _demo(tmp_path, (file, line, f"import sys\nsys.exit(0)\n{line}"))
    assert _verify(tmp_path, root) == 3
    assert run(["prove", root]) == (0 if file.startswith("simulations") else 3)


def test_a_part_of_a_study_concludes_nothing(tmp_path, capsys):
    root = _demo(tmp_path)
    less = _demo(tmp_path, ("simulations/triangle.py", "replicates=300", "replicates=200"), name="less")
    assert _verify(tmp_path, less, "demo.triangle", "--full") == 0
    assert re.search(r"^demo\.triangle +identity +supported", capsys.readouterr().out, re.MULTILINE)
    known = json.loads((tmp_path / "out" / "run.json").read_text())
    (tmp_path / "out" / "run.json").write_text(json.dumps(known | {"sources": [root]}))  # which asks for 300
    assert run(["report", str(tmp_path / "out")]) == 0
    told = capsys.readouterr().out
    assert re.search(r"^demo\.triangle +identity +inconclusive\(unfinished\)", told, re.MULTILINE)
    assert "800 of the measurements" in told
    assert "supported" not in told
    assert run(["report", str(tmp_path / "out"), "--strict"]) == 2


def test_a_quick_run_never_says_supported_of_a_claim(tmp_path, capsys):
    root = _demo(tmp_path, ("claims.py", 'source="the Cauchy-Schwarz inequality",', 'source="", expected="refuted",'))
    assert _verify(tmp_path, root, "demo.triangle") == 1
    assert "supported" not in capsys.readouterr().out
    line = json.loads((tmp_path / "out" / "verdicts.json").read_text())[0]
    assert (line["shown"], line["conclusion"], line["as_declared"]) == ("smoke: passes", None, False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "demo.triangel"], "demo.triangle"),
        (["verify", "./nowhere"], r"simulations/<slug>\.py, got no file nowhere/claims\.py"),
        (["verify", "--jobs", "2", "--executor", "serial"], "--executor joblib"),
        (["verify", "--executor", "dask"], "'serial' or 'joblib'"),
        (["verify", "--timeout", "0"], "--timeout: expected a positive"),
        (["verify", "--timeout", "nan"], "--timeout: expected a positive"),
        (["verify", "--out", "demo/claims.py"], "a folder that can be written to, got demo/claims.py"),
        (["verify", "--out", "demo/claims.py/out"], "a folder that can be written to"),
        (["report", "."], r"run\.json"),
        (["verfy"], "verify"),
        (["verify", "--jobs", "many"], "--jobs"),
    ],
)
def test_errors_say_what_to_do(tmp_path, capsys, arguments, message):
    root = _demo(tmp_path)
    position = 1 if arguments[0] == "show" else len(arguments)
    arguments = [*arguments[:position], *([root] if arguments[0] == "show" else []), *arguments[position:]]
    assert run(arguments) == 3
    told = capsys.readouterr().err
    assert re.search(message, told)
    assert "Traceback" not in told


@pytest.mark.usefixtures("drawn")
def test_report_judges_again_without_running(tmp_path, capsys):
    root = _demo(tmp_path)
    assert _verify(tmp_path, root) == 0
    before = _committed(tmp_path / "out" / "records" / "demo.mean.sqlite")
    (tmp_path / "out" / "verdicts.json").unlink()
    assert run(["report", str(tmp_path / "out")]) == 0
    assert _committed(tmp_path / "out" / "records" / "demo.mean.sqlite") == before
    assert "smoke: as declared" in capsys.readouterr().out
    assert (tmp_path / "out" / "verdicts.json").is_file()
    assert "demo.mean" in (tmp_path / "out" / "report.html").read_text()


def test_prove_list_and_show(tmp_path, capsys):
    root = _demo(tmp_path)
    assert run(["prove", root]) == 0
    assert "anti-test fails, as it must" in capsys.readouterr().out
    assert run(["list", root]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["demo.mean", "demo.triangle"]
    assert run(["show", root, "demo.mean"]) == 0
    assert "n**(-1/2)" in capsys.readouterr().out
    assert run(["prove", _demo(tmp_path, ("proofs/mean.py", "_variance(1)", "_variance(3)"), name="b")]) == 1


def test_plan_tells_power_and_cost(tmp_path, capsys):
    root = _demo(tmp_path)
    assert run(["plan", root]) == 0
    told = capsys.readouterr().out
    assert "100 replicates x 7 cells x 2 variants" in told
    assert re.search(r"smallest margin it can hold 0\.\d+, declared 0\.25: enough", told)
    thin = _demo(
        tmp_path, ("simulations/mean.py", "margin=0.25", "margin=0.02"),
        ("simulations/triangle.py", "replicates=300", "replicates=100"), name="b",
    )  # fmt: skip
    assert run(["plan", thin]) == 2
    told = capsys.readouterr().out
    assert told.count("UNDERPOWERED") == 2
    assert len(re.findall(r"about \d+ replicates would do", told)) == 2


def test_families_ids_and_folders_can_be_named_together(tmp_path):
    root = _demo(tmp_path, name="mine")
    assert select([root, "./mine", root])[0] == select([root])[0]
    assert [c.id for _, c in select([root])[0]] == ["demo.mean", "demo.triangle"]
    assert [c.id for _, c in select([root, "demo.triangle"])[0]] == ["demo.triangle"]
    assert [c.id for _, c in select([root, "demo"])[0]] == ["demo.mean", "demo.triangle"]
    assert [c.id for _, c in select([root, "demo", "demo.mean"])[0]] == ["demo.mean", "demo.triangle"]


def test_two_folders_with_one_id_are_refused(tmp_path, capsys):
    assert run(["verify", _demo(tmp_path, name="mine"), _demo(tmp_path, name="yours")]) == 3
    assert "demo.mean in two of them" in capsys.readouterr().err
    assert not (tmp_path / "reports").exists()


def test_without_the_extra_the_command_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "sparsetheory.verify.commands")
    monkeypatch.setitem(sys.modules, "typer", None)
    with pytest.raises(SystemExit) as exit:
        cli.main()
    assert 'pip install "sparsetheory[verify]"' in str(exit.value)
