"""Bilevel optimisation by first-order penalty methods: solver, hypergradients and their theory."""

from typing import TYPE_CHECKING

from .._lazy import lazy

#: Public name -> module that defines it; everything loads on first use.
_HOME = {
    "Ball": "sets",
    "BilevelResult": "result",
    "Box": "sets",
    "Free": "sets",
    "Hypergradient": "hypergradients",
    "Polyhedron": "polyhedron",
    "Problem": "problem",
    "Product": "product",
    "Projection": "given_sets",
    "SearchResult": "multistart",
    "Simplex": "sets",
    "TunedPenalties": "penalty_search",
    "check_gradients": "gradient_check",
    "hypergradient": "hypergradients",
    "minimize": "minimization",
    "search_from_many_starts": "multistart",
    "tune": "penalty_search",
}

__getattr__, __dir__, __all__ = lazy(__name__, _HOME)

if TYPE_CHECKING:
    from .given_sets import Projection
    from .gradient_check import check_gradients
    from .hypergradients import Hypergradient, hypergradient
    from .minimization import minimize
    from .multistart import SearchResult, search_from_many_starts
    from .penalty_search import TunedPenalties, tune
    from .polyhedron import Polyhedron
    from .problem import Problem
    from .product import Product
    from .result import BilevelResult
    from .sets import Ball, Box, Free, Simplex
