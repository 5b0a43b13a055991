"""Exact evidence for proofs: worst cases of algorithms, quadratic forms, boxes, elimination, independence."""

from . import methods
from .certificate import Certificate, NotCertified, Statement
from .elimination import RootCount, count_roots, eliminant, positive_on
from .enclosure import Enclosure, enclose, prove_positive
from .forms import Relation, Scalar, Vector
from .functions import Function
from .independence import Independence, independent, independent_scores
from .pep import Problem
from .quadratic import Eigenvalue, NormConvexity, largest_eigenvalue, norm_convexity, smallest_eigenvalue
from .rational import is_positive_semidefinite, pivots
from .witness import Witness

__all__ = [
    "Certificate",
    "Eigenvalue",
    "Enclosure",
    "Function",
    "Independence",
    "NormConvexity",
    "NotCertified",
    "Problem",
    "Relation",
    "RootCount",
    "Scalar",
    "Statement",
    "Vector",
    "Witness",
    "count_roots",
    "eliminant",
    "enclose",
    "independent",
    "independent_scores",
    "is_positive_semidefinite",
    "largest_eigenvalue",
    "methods",
    "norm_convexity",
    "pivots",
    "positive_on",
    "prove_positive",
    "smallest_eigenvalue",
]
