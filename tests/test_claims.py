"""Every claim of the package: its files are there, its proof holds, its study is declared well and comes out."""

import pytest

from sparsetheory.verify.claim import package_collections
from sparsetheory.verify.loading import check_neutral, load_proof, load_study
from sparsetheory.verify.proof import EVIDENCE
from sparsetheory.verify.runner import run_claim
from sparsetheory.verify.study import Broken, Positive, WrongBound

CLAIMS = [
    pytest.param(collection, claim, id=claim.id) for collection in package_collections() for claim in collection.claims
]
every_claim = pytest.mark.parametrize(("collection", "claim"), CLAIMS)


def test_there_are_claims():
    assert CLAIMS


@every_claim
def test_files_are_where_the_id_says(collection, claim):
    for path in (collection.proof_path(claim), collection.study_path(claim)):
        assert path.is_file(), f"{claim.id} needs the file {path}"
        assert path.parts[-3:] == (path.parts[-3], claim.family, f"{claim.slug}.py")


@pytest.mark.parametrize("collection", package_collections(), ids=lambda c: c.family)
def test_no_file_is_without_a_claim(collection):
    slugs = {claim.slug for claim in collection.claims}
    for folder in (collection.proofs, collection.simulations):
        stray = sorted(p.name for p in folder.glob("[!_]*.py") if p.stem not in slugs)
        assert not stray, f"no claim of {collection.family} has these files in {folder}: {stray}"


@every_claim
def test_proof_holds_and_reaches_its_badge(collection, claim):
    proof = load_proof(collection, claim)
    for step in proof.run():
        assert step.ok, f"{step.name}: {step.detail}"
        assert step.anti_test_failed is not False, f"{step.name}: its anti-test does not fail"
    assert proof.badge == claim.badge
    assert claim.badge in EVIDENCE


@every_claim
def test_study_is_declared_with_every_kind_of_control(collection, claim):
    study = load_study(collection, claim)
    for kind in (WrongBound, Broken, Positive):
        assert any(isinstance(control, kind) for control in study.controls), kind.__name__
    check_neutral(study, claim)
    for wrong in study.wrong_bounds:
        assert wrong.kappa != wrong.neutral
        assert wrong.neutral not in wrong.scan


@every_claim
def test_quick_study_comes_out_as_declared(collection, claim, tmp_path):
    outcome = run_claim(collection, claim, mode="quick", folder=tmp_path)
    assert outcome.proof_ok
    assert [(c.name, str(c.verdict)) for c in outcome.controls if not c.ok] == []
    assert outcome.as_declared, outcome.raw.sentence


@pytest.mark.slow
@every_claim
def test_full_study_comes_out_as_declared(collection, claim, tmp_path):
    outcome = run_claim(collection, claim, mode="full", folder=tmp_path)
    assert [(c.name, str(c.verdict)) for c in outcome.controls if not c.ok] == []
    assert outcome.as_declared, outcome.raw.sentence
