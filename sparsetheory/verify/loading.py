"""Loading: the study and the proof of a claim from the files where they are expected, with messages that help."""

import functools
from pathlib import Path

from ..errors import InvalidArgument
from .claim import Claim, Collection, load_module
from .proof import Proof
from .study import Study

__all__ = ["check_neutral", "load_proof", "load_study", "study_at"]


@functools.cache
def study_at(path: Path) -> Study:
    """Return ``STUDY`` of a file, read once a process."""
    study = getattr(load_module(path), "STUDY", None)
    if not isinstance(study, Study):
        got = "nothing of that name" if study is None else type(study).__name__
        raise InvalidArgument(f"STUDY in {path}", "a module-level STUDY = Study(...)", got)
    return study


def load_study(collection: Collection, claim: Claim) -> Study:
    """Return the study of a claim, checked: it names the claim, and its wrong bounds contain the claim's own."""
    path = collection.study_path(claim)
    if not path.is_file():
        raise InvalidArgument(claim.id, f"its study in {path} (a module-level STUDY = Study(...))", "no such file")
    study = study_at(path)
    if study.claim != claim.id:
        raise InvalidArgument(f"STUDY.claim in {path}", repr(claim.id), repr(study.claim))
    names = [broken.name for broken in study.broken]
    if len({*names, "study", "recheck"}) < len(names) + 2:
        raise InvalidArgument(
            f"{claim.id}: names of Broken controls", "names of their own, not 'study' or 'recheck'", names
        )
    check_neutral(study, claim)
    return study


def load_proof(collection: Collection, claim: Claim) -> Proof:
    """Return what ``prove()`` of a claim's proof file returns."""
    path = collection.proof_path(claim)
    if not path.is_file():
        raise InvalidArgument(
            claim.id, f"its proof in {path} (a function prove() that returns a Proof)", "no such file"
        )
    prove = getattr(load_module(path), "prove", None)
    if not callable(prove):
        raise InvalidArgument(f"prove in {path}", "a function prove() that returns a Proof", "nothing of that name")
    proof = prove()
    if not isinstance(proof, Proof):
        raise InvalidArgument(f"prove() in {path}", "a Proof", type(proof).__name__)
    if proof.claim != claim.id:
        raise InvalidArgument(f"Proof.claim in {path}", repr(claim.id), repr(proof.claim))
    return proof


def check_neutral(study: Study, claim: Claim) -> None:
    """Refuse a wrong bound that is not the claim's own bound at the neutral kappa: it would control nothing."""
    import sympy

    for wrong in study.wrong_bounds:
        name = f"{claim.id}: WrongBound({wrong.bound.formula!r}, neutral={wrong.neutral:g})"
        if set(wrong.bound.symbols) != {*claim.bound.symbols, "kappa"}:
            expected = f"the symbols {sorted(claim.bound.symbols)} of the claim's bound and kappa"
            raise InvalidArgument(name, expected, sorted(wrong.bound.symbols))
        kappa = sympy.Symbol("kappa", real=True)
        there = wrong.bound.expression.subs(kappa, sympy.Rational(str(wrong.neutral)))
        if there != claim.bound.expression and sympy.simplify(there - claim.bound.expression) != 0:
            raise InvalidArgument(name, f"the claim's bound {claim.bound.formula!r} at the neutral kappa", str(there))
