"""Bilevel optimisation by first-order penalty methods: solver, hypergradients and their theory."""

from typing import TYPE_CHECKING

from .._lazy import lazy

#: Public name -> module that defines it; everything loads on first use.
_HOME = {
    "Ball": "sets",
    "BilevelResult": "result",
    "Box": "sets",
    "Free": "sets",
    "Polyhedron": "sets",
    "Problem": "problem",
    "Product": "sets",
    "Projection": "sets",
    "Simplex": "sets",
    "minimize": "minimization",
}

__getattr__, __dir__, __all__ = lazy(__name__, _HOME)

if TYPE_CHECKING:
    from .minimization import minimize
    from .problem import Problem
    from .result import BilevelResult
    from .sets import Ball, Box, Free, Polyhedron, Product, Projection, Simplex
