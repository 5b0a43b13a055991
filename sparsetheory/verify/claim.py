"""Claim: a theorem as data, and where its proof and its study are found."""

import functools
import importlib.util
import re
import sys
import zlib
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from ..errors import InvalidArgument
from .bound import Bound

__all__ = [
    "Claim",
    "Collection",
    "all_claims",
    "collection_at",
    "find",
    "load_module",
    "locate",
    "package_collections",
]

Kind = Literal["upper", "lower", "tight", "rate", "identity"]
Standing = Literal["theorem", "derived", "conjecture"]

_KINDS = ("upper", "lower", "tight", "rate", "identity")
_STANDINGS = ("theorem", "derived", "conjecture")
_EXPECTED = ("supported", "refuted", "not-contradicted")


@dataclass(frozen=True, kw_only=True)
class Claim:
    r"""A theorem as data.

    Parameters
    ----------
    id : str
        ``family.slug``; it is also the path of the proof and of the study.
    title : str
        A few words.
    statement : str
        The theorem in one or two sentences, mathematics between dollars (LaTeX).
    kind : {"upper", "lower", "tight", "rate", "identity"}
        What the bound is to the measured quantity.
    status : {"theorem", "derived", "conjecture"}
        Whose it is. A conjecture can at best be ``not-contradicted``.
    source : str
        Paper and theorem number, or where it is derived.
    bound : Bound
        The one formula.
    assumptions : tuple of str
        Named hypotheses, mathematics between dollars.
    expected : str, optional
        The verdict declared before any run, ``"supported"`` unless the claim is a conjecture or a counter-example. A
        minimax lower bound speaks of all algorithms: declare ``"not-contradicted"``, the most that a study can say.
    badge : str, optional
        The evidence kind the proof is declared to reach (see `sparsetheory.verify.Proof`).
    """

    id: str
    title: str
    statement: str
    kind: Kind
    status: Standing
    source: str
    bound: Bound
    assumptions: tuple[str, ...] = ()
    expected: str = "supported"
    badge: str = "identity"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*", self.id):
            raise InvalidArgument("id", "family.slug in lower case", repr(self.id))
        for name, value, choices in (
            ("kind", self.kind, _KINDS), ("status", self.status, _STANDINGS), ("expected", self.expected, _EXPECTED),
        ):  # fmt: skip
            if value not in choices:
                raise InvalidArgument(f"{self.id}: {name}", f"one of {choices}", repr(value))
        if self.status == "conjecture" and self.expected == "supported":
            raise InvalidArgument(f"{self.id}: expected", "at best 'not-contradicted' for a conjecture", "'supported'")

    @property
    def family(self) -> str:
        """The part of the id before the dot."""
        return self.id.split(".")[0]

    @property
    def slug(self) -> str:
        """The part of the id after the dot."""
        return self.id.split(".")[1]


@dataclass(frozen=True)
class Collection:
    """The claims of one family, with the folders of their proofs and studies."""

    family: str
    claims: tuple[Claim, ...]
    proofs: Path
    simulations: Path

    def proof_path(self, claim: Claim) -> Path:
        """Where ``prove()`` of the claim lives."""
        return self.proofs / f"{claim.slug}.py"

    def study_path(self, claim: Claim) -> Path:
        """Where ``STUDY`` of the claim lives."""
        return self.simulations / f"{claim.slug}.py"


def load_module(path: Path) -> ModuleType:
    """Import a file by its path, once per process; a missing file names the path that was expected."""
    path = path.resolve()
    # readable in a traceback, and different for my-claims/ and my_claims/
    name = "sparsetheory_file_" + re.sub(r"\W", "_", str(path)) + f"_{zlib.crc32(str(path).encode()):08x}"
    if name in sys.modules:
        return sys.modules[name]
    if not path.is_file():
        raise FileNotFoundError(f"expected a file at {path}")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before execution, so that classes of the file can be pickled by name
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _check_collection(family: str, claims: Any, where: str) -> tuple[Claim, ...]:
    claims = tuple(claims)
    seen: set[str] = set()
    for claim in claims:
        if not isinstance(claim, Claim):
            raise InvalidArgument(where, "CLAIMS as a tuple of Claim records", type(claim).__name__)
        if claim.family != family:
            raise InvalidArgument(where, f"ids that start with '{family}.'", repr(claim.id))
        if claim.id in seen:
            raise InvalidArgument(where, "one record a claim id", f"{claim.id} twice")
        seen.add(claim.id)
    return claims


def _package_folder(kind: str) -> Path:
    """``proofs`` or ``simulations``: beside the package in a checkout, inside it in an installed wheel."""
    package = Path(__file__).resolve().parent.parent
    inside = package / kind
    return inside if inside.is_dir() else package.parent / kind


@functools.cache
def package_collections() -> tuple[Collection, ...]:
    """Every family of this package that has claims."""
    import sparsetheory

    collections = []
    for family in sparsetheory.FAMILIES:
        where = f"sparsetheory.{family}.claims"
        claims = _check_collection(family, import_module(where).CLAIMS, where)
        collections.append(
            Collection(family, claims, _package_folder("proofs") / family, _package_folder("simulations") / family)
        )
    return tuple(collections)


def collection_at(folder: str | Path) -> Collection:
    """Return the claims a user wrote in a folder: ``claims.py``, ``proofs/<slug>.py``, ``simulations/<slug>.py``.

    The family in the claim ids is free, but one folder holds one family.
    """
    root = Path(folder).resolve()
    claims = tuple(getattr(load_module(root / "claims.py"), "CLAIMS", ()))
    if not claims:
        raise InvalidArgument(
            str(root / "claims.py"), "CLAIMS = (Claim(...), ...)", "nothing of that name, or an empty one"
        )
    family = claims[0].family if isinstance(claims[0], Claim) else root.name
    claims = _check_collection(family, claims, str(root / "claims.py"))
    return Collection(family, claims, root / "proofs", root / "simulations")


def all_claims() -> tuple[Claim, ...]:
    """Every claim of this package."""
    return tuple(claim for collection in package_collections() for claim in collection.claims)


def locate(id: str, collections: tuple[Collection, ...] | None = None) -> tuple[Collection, Claim]:
    """Return the first collection with a claim of that id, and the claim; an unknown id names its neighbours."""
    from difflib import get_close_matches

    known: dict[str, tuple[Collection, Claim]] = {}
    for collection in package_collections() if collections is None else collections:
        for claim in collection.claims:
            known.setdefault(claim.id, (collection, claim))
    if id not in known:
        near = get_close_matches(id, known, n=3, cutoff=0.3) or sorted(known)
        raise InvalidArgument("id", f"a known claim, perhaps {' or '.join(near)}", repr(id))
    return known[id]


def find(id: str) -> Claim:
    """Return a claim of this package by its id.

    Examples
    --------
    >>> from sparsetheory import verify
    >>> verify.find("ot.rounding").kind
    'tight'
    """
    return locate(id)[1]
