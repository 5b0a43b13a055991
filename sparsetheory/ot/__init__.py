"""Entropic optimal transport: solvers whose success is decided by the marginals of the plan they return."""

from typing import TYPE_CHECKING

from .._lazy import lazy

#: Public name -> module that defines it; everything loads on first use.
_HOME = {
    "OTResult": "result",
    "AssignmentGap": "assignment",
    "Problem": "problem",
    "SOLVERS": "dispatch",
    "contraction_factor": "spectral",
    "coupling_spectrum": "spectral",
    "round_exact": "exact",
    "round_plan": "rounding",
    "sinkhorn": "sinkhorn_iteration",
    "sinkhorn_newton_sparse": "sinkhorn_newton",
    "solve": "dispatch",
    "vertex_gap": "assignment",
}

__getattr__, __dir__, __all__ = lazy(__name__, _HOME)

if TYPE_CHECKING:
    from .assignment import AssignmentGap, vertex_gap
    from .dispatch import SOLVERS, solve
    from .exact import round_exact
    from .problem import Problem
    from .result import OTResult
    from .rounding import round_plan
    from .sinkhorn_iteration import sinkhorn
    from .sinkhorn_newton import sinkhorn_newton_sparse
    from .spectral import contraction_factor, coupling_spectrum
