"""Exact evidence for proofs: worst cases of algorithms, quadratic forms, enclosures on boxes, elimination."""

from . import methods
from .certificate import Certificate, NotCertified, Statement
from .forms import Relation, Scalar, Vector
from .functions import Function
from .pep import Problem
from .witness import Witness

__all__ = [
    "Certificate",
    "Function",
    "NotCertified",
    "Problem",
    "Relation",
    "Scalar",
    "Statement",
    "Vector",
    "Witness",
    "methods",
]
