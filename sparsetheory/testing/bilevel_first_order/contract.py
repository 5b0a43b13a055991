"""The contract of a first-order bilevel solver, as a table."""

from ..contract import Contract, Requirement
from ..strategies import bilevel_problems
from . import properties as P

__all__ = ["BILEVEL_FIRST_ORDER"]

_base = bilevel_problems()
_convex = bilevel_problems(coupled=(False,))
_bounded = bilevel_problems(constrained=(True,))
_many = bilevel_problems(multi_solution=(True,))
_flat = bilevel_problems(cond=(1000.0,))
_degenerate = bilevel_problems(multi_solution=(False, True), cond=(10.0, 1000.0))
_pairs = bilevel_problems(upper=(2, 2), lower=(2, 3), cond=(1.0,))

BILEVEL_FIRST_ORDER = Contract(
    name="bilevel_first_order",
    statement="min psi(x) over a box X, psi(x) = min f(x, y) over the minimisers y of g(x, .) in a box Y",
    home="sparsetheory.testing.bilevel_first_order",
    requirements=(
        Requirement("inside", P.inside, _base),
        Requirement("stationary", P.stationary, _base),
        Requirement("lower_level", P.lower_level, _base),
        Requirement("no_worse_than_start", P.no_worse_than_start, _base, share=0.5),
        Requirement("solves", P.solves, _convex, share=0.5),
        Requirement("upper_constant", P.upper_constant, _base, share=0.25),
        Requirement("lower_constants", P.lower_constants, _base, share=0.25),
        Requirement("units", P.units, _base, share=0.25),
        Requirement("order", P.order, bilevel_problems(upper=(2, 3), lower=(2, 4)), share=0.25),
        Requirement("origin", P.origin, _base, share=0.25),
        Requirement("bounded_lower", P.inside, _bounded, share=0.5),
        Requirement("bounded_lower_level", P.lower_level, _bounded, share=0.5),
        Requirement("deterministic", P.deterministic, _base, share=0.25),
        Requirement("inputs_untouched", P.inputs_untouched, _base, share=0.25),
        Requirement("refuses_nonfinite", P.refuses_nonfinite, _pairs, share=0.1),
        Requirement("refuses_bad_shape", P.refuses_bad_shape, _pairs, share=0.1),
        Requirement("honest_status", P.honest_status, _base, required=False, share=0.5),
        Requirement("honest_where_degenerate", P.honest_status, _degenerate, required=False, share=0.5),
        Requirement("refuses_outside", P.refuses_outside, _pairs, required=False, share=0.1),
        Requirement("asks_inside", P.asks_inside, _bounded, required=False, share=0.25),
        Requirement("kinks", P.stationary, _bounded, required=False, share=0.5),
        Requirement("many_solutions", P.stationary, _many, required=False, share=0.5),
        Requirement("badly_scaled", P.stationary, _flat, required=False, share=0.25),
    ),
)  # fmt: skip
