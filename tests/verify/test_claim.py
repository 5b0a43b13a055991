import shutil
from pathlib import Path

import pytest

from sparsetheory.errors import InvalidArgument
from sparsetheory.verify import Bound, Claim
from sparsetheory.verify.claim import collection_at, load_module, locate

DEMO = Path(__file__).parent / "data" / "demo"


def _claim(**changes):
    fields = {
        "id": "demo.mean", "title": "t", "statement": "s", "kind": "rate", "status": "theorem", "source": "here",
        "bound": Bound("1/n", n="n"),
    }  # fmt: skip
    return Claim(**fields | changes)


def test_an_id_is_a_path():
    assert (_claim().family, _claim().slug) == ("demo", "mean")
    collection = collection_at(DEMO)
    assert collection.proof_path(_claim()) == DEMO / "proofs" / "mean.py"
    assert collection.study_path(_claim()) == DEMO / "simulations" / "mean.py"


@pytest.mark.parametrize("id", ["mean", "Demo.mean", "demo.mean.more", "demo.", "demo/mean", "../x.y", "demo.1"])
def test_ids_that_are_no_paths_are_refused(id):
    with pytest.raises(InvalidArgument, match=r"family\.slug"):
        _claim(id=id)


@pytest.mark.parametrize(
    "changes", [{"kind": "both"}, {"status": "folklore"}, {"expected": "proved"}, {"status": "conjecture"}]
)
def test_declarations_that_mean_nothing_are_refused(changes):
    with pytest.raises(InvalidArgument, match=r"demo\.mean: "):
        _claim(**changes)


def test_a_conjecture_may_be_not_contradicted_or_refuted():
    assert _claim(status="conjecture", expected="not-contradicted").expected == "not-contradicted"
    assert _claim(status="conjecture", expected="refuted").expected == "refuted"


def test_the_claims_of_a_folder():
    collection = collection_at(DEMO)
    assert collection.family == "demo"
    assert [claim.id for claim in collection.claims] == ["demo.mean", "demo.triangle"]


def test_a_folder_without_claims_names_the_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"claims\.py"):
        collection_at(tmp_path)
    (tmp_path / "claims.py").write_text("CLAIMS = ()\n")
    with pytest.raises(InvalidArgument, match=r"claims\.py: expected CLAIMS"):
        collection_at(tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [("CLAIMS = (CLAIMS[0], CLAIMS[0])", "twice"), ("CLAIMS = (CLAIMS[0], 'more')", "Claim records")],
)
def test_folders_with_unusable_claims(tmp_path, line, message):
    folder = tmp_path / "demo"
    shutil.copytree(DEMO, folder)
    (folder / "claims.py").write_text((DEMO / "claims.py").read_text() + line + "\n")
    with pytest.raises(InvalidArgument, match=message):
        collection_at(folder)


def test_an_unknown_id_names_its_neighbours():
    collections = (collection_at(DEMO),)
    assert locate("demo.mean", collections)[1].slug == "mean"
    with pytest.raises(InvalidArgument, match=r"demo\.triangle"):
        locate("demo.triangel", collections)


def test_a_file_is_loaded_once_and_a_crash_leaves_nothing_behind(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("import random\nVALUE = object()\n")
    assert load_module(path) is load_module(path)
    bad = tmp_path / "b.py"
    bad.write_text("raise RuntimeError('once')\n")
    with pytest.raises(RuntimeError, match="once"):
        load_module(bad)
    bad.write_text("VALUE = 1\n")
    assert load_module(bad).VALUE == 1


def test_files_whose_paths_look_alike_are_different_files(tmp_path):
    titles = []
    for name in ("my-claims", "my_claims"):
        shutil.copytree(DEMO, tmp_path / name)
        file = tmp_path / name / "claims.py"
        file.write_text(file.read_text().replace("Error of a mean", f"Error of {name}"))
        titles.append(collection_at(tmp_path / name).claims[0].title)
    assert titles == ["Error of my-claims", "Error of my_claims"]


def test_of_two_claims_of_one_id_the_first_is_meant(tmp_path):
    shutil.copytree(DEMO, tmp_path / "demo")
    mine, theirs = collection_at(tmp_path / "demo"), collection_at(DEMO)
    assert locate("demo.mean", (mine, theirs))[0] is mine
