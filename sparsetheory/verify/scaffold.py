"""Scaffold: the files of a new claim, from templates that run as they stand."""

import re
import runpy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sparsetheory

from ..errors import InvalidArgument
from .bound import Bound
from .claim import Claim
from .store import write_atomically

__all__ = ["Scaffold", "new_claim"]

_PACKAGE = Path(sparsetheory.__file__).resolve().parent
_TEMPLATES = Path(__file__).parent / "templates" / "claim"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_RECORDS = "CLAIMS = ("  # where the records of the template start: from here on it is also what is added to a file


@dataclass(frozen=True, kw_only=True)
class Scaffold:
    """What `new_claim` wrote.

    Attributes
    ----------
    id : str
        The claim's id, ``family.slug``.
    folder : Path
        The folder of claims.
    written : tuple of Path
        ``claims.py``, the proof and the study, relative to `folder`.
    added : bool
        Whether ``claims.py`` was there before, and a record has been added at its end.
    """

    id: str
    folder: Path
    written: tuple[Path, ...]
    added: bool


def new_claim(target: str) -> Scaffold:
    """Write the record, the proof and the study of a new claim, commented, about an example that runs.

    Nothing is written unless everything can be; no file is overwritten. A folder that has a ``claims.py`` gets another
    record at its end.

    Parameters
    ----------
    target : str
        ``FOLDER/NAME``. The folder, made where it is missing, names the family of a first claim; the name is the
        claim's.

    Returns
    -------
    Scaffold

    Raises
    ------
    InvalidArgument
        If the names cannot be used, a file is there already, or ``claims.py`` cannot take another record.

    Examples
    --------
    >>> import tempfile
    >>> from sparsetheory.verify.scaffold import new_claim
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     new_claim(f"{folder}/my_claims/heavy_ball").id
    'my_claims.heavy_ball'
    """
    folder, slug = _split(target)
    records = folder / "claims.py"
    text = _text(records)
    earlier = _records(records) if text else ()
    family = earlier[0].family if earlier else folder.resolve().name
    if not earlier:
        _check_family(family, folder)
    id = f"{family}.{slug}"
    if any(claim.id == id for claim in earlier):
        raise InvalidArgument(target, "a claim that is not there yet (nothing is overwritten)", f"{id} in {records}")
    files = {Path(kind) / f"{slug}.py": f"{kind}/slug.py" for kind in ("proofs", "simulations")}
    for path in files:
        if (folder / path).exists():
            raise InvalidArgument(target, "files that are not there yet (nothing is overwritten)", folder / path)
    for path, template in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        with (folder / path).open("x", encoding="utf-8") as file:
            file.write(_filled(template, id))
    write_atomically(records, _with_record(text, _filled("claims.py", id)))
    return Scaffold(id=id, folder=folder, written=(Path("claims.py"), *files), added=bool(text))


def _split(target: str) -> tuple[Path, str]:
    """Return the folder and the name of ``FOLDER/NAME``; refuse a name that cannot be that of a claim."""
    folder, slug = Path(target).parent, Path(target).name
    if not re.search(r"[/\\].", target) or target.endswith(("/", "\\")):
        expected = "FOLDER/NAME, for instance my_claims/heavy_ball (./NAME for the present folder)"
        raise InvalidArgument("new-claim", expected, repr(target))
    if not _NAME.fullmatch(slug):
        raise InvalidArgument("name of the claim", _rule(slug), repr(slug))
    if folder.exists() and not folder.is_dir():
        raise InvalidArgument("folder of the claims", "a folder, new or not", f"the file {folder}")
    if _PACKAGE in folder.resolve().parents:
        raise InvalidArgument("folder of the claims", "a folder of your own, outside of the package", f"{folder}")
    return folder, slug


def _rule(name: str) -> str:
    """Say what a name has to be, with the nearest name that is."""
    near = re.sub(r"\W+|_{2,}", "_", re.sub(r"\.py$", "", name).lower(), flags=re.ASCII).strip("_0123456789")
    perhaps = f", perhaps {near}" if _NAME.fullmatch(near) else ""
    return f"lower-case letters, digits and underscores, a letter first{perhaps}"


def _check_family(family: str, folder: Path) -> None:
    """Refuse a folder whose name cannot be the first part of a claim's id."""
    if not _NAME.fullmatch(family):
        expected = f"{_rule(family)} (it is the first part of the ids of its claims)"
        raise InvalidArgument("name of the folder", expected, repr(family))
    if family in sparsetheory.FAMILIES:
        raise InvalidArgument("name of the folder", "a name that is no family of the package", f"{folder}")


def _text(records: Path) -> str:
    return records.read_text(encoding="utf-8") if records.is_file() else ""


def _records(records: Path) -> Sequence[Claim]:
    """Return the claims of a file that can take another one; it is read afresh, whatever this process loaded before."""
    names = runpy.run_path(str(records))
    claims = names.get("CLAIMS")
    if not isinstance(claims, (tuple, list)) or not all(isinstance(claim, Claim) for claim in claims):
        got = "nothing of that name" if claims is None else repr(claims)
        raise InvalidArgument(f"CLAIMS in {records}", "a tuple of Claim records, to which one can be added", got)
    if names.get("Claim") is not Claim or names.get("Bound") is not Bound:
        expected = "the line `from sparsetheory.verify import Bound, Claim`, which the added record needs"
        raise InvalidArgument(str(records), expected, "other imports")
    return claims


def _filled(template: str, id: str) -> str:
    """Return a template with the names of a claim in the place of ``family.slug`` and ``slug``."""
    text = (_TEMPLATES / template).read_text(encoding="utf-8")
    return re.sub(r"\b(family\.)?slug\b", lambda found: id if found[1] else id.split(".")[1], text)


def _with_record(text: str, filled: str) -> str:
    """Return a new ``claims.py``, or what there is with the record behind it."""
    if not text:
        return filled
    record = filled[filled.index(_RECORDS) :].replace(_RECORDS, "CLAIMS += (", 1)
    return f"{text.rstrip()}\n\n{record}"
