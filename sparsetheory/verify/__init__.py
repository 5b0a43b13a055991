"""The verification engine: claims, bounds, proofs, studies, verdicts and reports."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

#: Public name -> module that defines it; everything loads on first use.
_HOME = {
    "Bound": "bound",
    "Broken": "study",
    "Budget": "study",
    "Claim": "claim",
    "Grid": "sample",
    "Measurement": "sample",
    "Positive": "study",
    "Proof": "proof",
    "Step": "proof",
    "Study": "study",
    "WrongBound": "study",
    "all_claims": "claim",
    "find": "claim",
}

__all__ = sorted(_HOME)

if TYPE_CHECKING:
    from .bound import Bound
    from .claim import Claim, all_claims, find
    from .proof import Proof, Step
    from .sample import Grid, Measurement
    from .study import Broken, Budget, Positive, Study, WrongBound


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
