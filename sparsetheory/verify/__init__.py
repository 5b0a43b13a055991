"""The verification engine: claims, bounds, proofs, studies, verdicts and reports."""

from typing import TYPE_CHECKING

from .._lazy import lazy

#: Public name -> module that defines it; everything loads on first use.
_HOME = {
    "Bound": "bound",
    "Broken": "study",
    "Budget": "study",
    "Claim": "claim",
    "Drift": "rules",
    "EveryInstance": "rules",
    "Grid": "sample",
    "Identification": "rules",
    "Joint": "rules",
    "Logarithm": "rules",
    "Measurement": "sample",
    "Order": "rules",
    "Positive": "study",
    "Proof": "proof",
    "Ratio": "rules",
    "Sequential": "stopping",
    "Step": "proof",
    "Study": "study",
    "Verdict": "verdict",
    "WrongBound": "study",
    "all_claims": "claim",
    "confidence_sequence": "sequence",
    "find": "claim",
    "identified_at": "rules",
    "rate": "rates",
}

__getattr__, __dir__, __all__ = lazy(__name__, _HOME)

if TYPE_CHECKING:
    from .bound import Bound
    from .claim import Claim, all_claims, find
    from .proof import Proof, Step
    from .rates import rate
    from .rules import Drift, EveryInstance, Identification, Joint, Logarithm, Order, Ratio, identified_at
    from .sample import Grid, Measurement
    from .sequence import confidence_sequence
    from .stopping import Sequential
    from .study import Broken, Budget, Positive, Study, WrongBound
    from .verdict import Verdict
