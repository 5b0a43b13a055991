import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify import scaffold
from sparsetheory.verify.claim import collection_at
from sparsetheory.verify.commands import run
from sparsetheory.verify.scaffold import new_claim

COMMAND = [sys.executable, "-m", "sparsetheory"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def _files(folder):
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*.py")}


def test_what_it_writes_runs_as_it_stands_and_a_second_claim_beside_it(tmp_path):
    told = subprocess.run([*COMMAND, "new-claim", "my_claims/heavy_ball"], capture_output=True, text=True, check=True)
    assert "sparsetheory verify my_claims/ my_claims.heavy_ball --quick" in told.stdout
    first = _files(tmp_path / "my_claims")
    assert sorted(first) == ["claims.py", "proofs/heavy_ball.py", "simulations/heavy_ball.py"]
    assert run(["new-claim", "my_claims/slug_like"]) == 0  # a name that holds the placeholder
    assert run(["verify", "my_claims", "--quick", "--out", "out"]) == 0
    verdicts = json.loads(Path("out/verdicts.json").read_text())
    assert [v["claim"] for v in verdicts] == ["my_claims.heavy_ball", "my_claims.slug_like"]
    for verdict in verdicts:
        assert verdict["shown"] == "smoke: as declared"
        assert verdict["proof"] == {"badge": "reduction", "declared": "reduction", "ok": True}
        assert all(control["ok"] for control in verdict["controls"])
        assert verdict["failures"] == 0
        assert 1 - 1e-9 < verdict["tightness"] < 1 + 1e-9  # the extremal start attains the bound
        assert verdict["smallest_refuted_kappa"] == 1.0001
    second = _files(tmp_path / "my_claims")
    assert second["claims.py"].startswith(first["claims.py"].rstrip())
    assert {name: second[name] for name in first if name != "claims.py"} == {
        name: text for name, text in first.items() if name != "claims.py"
    }
    assert not any(re.search(r"family\.slug|\bslug\b", text) for text in second.values())


def test_a_record_is_added_to_any_claims_file_of_the_users_own():
    folder = Path("Thesis Work")  # a name that no family could have: the records' own family counts
    folder.mkdir()
    own = (
        "from sparsetheory.verify import Bound, Claim\n"
        "CLAIMS = [Claim(id='phd.first', title='t', statement='s', kind='upper', status='theorem', source='me',\n"
        "                bound=Bound('x', x='x'))]  # no newline at the end"
    )
    (folder / "claims.py").write_text(own)
    written = new_claim("Thesis Work/second")
    assert (written.id, written.added) == ("phd.second", True)
    assert (folder / "claims.py").read_text().startswith(own)
    assert [claim.id for claim in collection_at(folder).claims] == ["phd.first", "phd.second"]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("heavy_ball", r"FOLDER/NAME, for instance my_claims/heavy_ball"),
        ("my_claims/", r"FOLDER/NAME, for instance my_claims/heavy_ball"),
        ("my_claims/Heavy-Ball.py", r"name of the claim: .*perhaps heavy_ball, got 'Heavy-Ball\.py'"),
        ("my_claims/2", r"name of the claim: .*a letter first, got '2'"),
        ("my_claims/größe", r"name of the claim: .*got 'größe'"),
        ("My-Claims/x", r"name of the folder: .*perhaps my_claims .*got 'My-Claims'"),
        ("ot/rounding", r"name of the folder: .*no family of the package"),
        (f"{Path(scaffold.__file__).parents[1]}/ot/x", r"folder of the claims: .*outside of the package"),
        ("taken/claims.py/x", r"folder of the claims: .*the file taken/claims\.py"),
        ("taken/mean", r"taken/mean: .*nothing is overwritten.*taken\.mean in taken/claims\.py"),
        ("taken/stray", r"taken/stray: .*nothing is overwritten.*taken/proofs/stray\.py"),
        ("broken/x", r"CLAIMS in broken/claims\.py: .*got nothing of that name"),
        ("imports/x", r"imports/claims\.py: .*from sparsetheory\.verify import Bound, Claim"),
    ],
)
def test_refusals_say_what_to_do_and_write_nothing(tmp_path, capsys, target, message):
    new_claim("taken/mean")
    Path("taken/proofs/stray.py").write_text("# mine\n")
    Path("broken").mkdir()
    Path("broken/claims.py").write_text("RECORDS = ()\n")
    Path("imports").mkdir()
    Path("imports/claims.py").write_text("from sparsetheory import verify\nCLAIMS = ()\n")
    before = _files(tmp_path)
    assert run(["new-claim", target]) == 3
    told = capsys.readouterr().err
    assert re.search(message, told), told
    assert "Traceback" not in told
    assert _files(tmp_path) == before


def test_templates_are_packed_with_the_package():
    # the wheel takes every file of the package's folder, so the templates have to be below it
    names = sorted(str(p.relative_to(scaffold._TEMPLATES)) for p in scaffold._TEMPLATES.rglob("*.py"))
    assert names == ["claims.py", "proofs/slug.py", "simulations/slug.py"]
    assert Path(scaffold.__file__).parent in scaffold._TEMPLATES.parents


def test_find_reads_a_users_folder():
    from sparsetheory.verify import find

    written = new_claim("mine/first")
    assert find("mine.first", folder="mine").id == written.id
    with pytest.raises(InvalidArgument, match=r"a known claim, perhaps mine\.first"):
        find("mine.frist", folder="mine")
    with pytest.raises(InvalidArgument, match=r"a claim of this package \(one of your own: give its folder\)"):
        find("mine.first")
