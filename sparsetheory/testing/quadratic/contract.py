"""The contract of a coordinate descent on quadratics, as a table."""

from ..contract import Contract, Requirement
from ..strategies import quadratic_problems
from . import properties as P

__all__ = ["BCD_QUADRATIC"]

_base = quadratic_problems()
_small = quadratic_problems(variables=(1, 6))
_pairs = quadratic_problems(variables=(2, 4), kind=("gram",), duplicates=(0,))

BCD_QUADRATIC = Contract(
    name="bcd_quadratic",
    statement="min x'Ax/2 - c'x over x, A positive semi-definite, c in its range",
    home="sparsetheory.testing.quadratic",
    requirements=(
        Requirement("stationary", P.stationary, _base),
        Requirement("solves", P.solves, _base),
        Requirement("no_worse_than_zero", P.no_worse_than_zero, _base, share=0.5),
        Requirement("order", P.order, _base, share=0.5),
        Requirement("signs", P.signs, _base, share=0.5),
        Requirement("units", P.units, _base, share=0.5),
        Requirement("scaling", P.scaling, _base, share=0.5),
        Requirement("magnitude", P.magnitude, _base, share=0.5),
        Requirement("independent_parts", P.independent_parts, _small, share=0.5),
        Requirement("free_variable", P.free_variable, _base, share=0.5),
        Requirement("diagonal", P.diagonal, _base, share=0.5),
        Requirement("null", P.null, _base, share=0.5),
        Requirement("singular", P.stationary, quadratic_problems(
            variables=(2, 12), kind=("floating", "gram"), duplicates=(1, 2))),
        Requirement("bad_scales", P.stationary, quadratic_problems(decades=(4, 3))),
        Requirement("trees", P.stationary, quadratic_problems(kind=("tree",), duplicates=(0,)), share=0.5),
        Requirement("ties", P.stationary, quadratic_problems(kind=("ring",), decades=(0,)), share=0.5),
        Requirement("free_variables", P.stationary, quadratic_problems(variables=(2, 12), free=(1, 3)), share=0.5),
        Requirement("one_variable", P.stationary, quadratic_problems(variables=(1, 1)), share=0.5),
        Requirement("deterministic", P.deterministic, _base, share=0.25),
        Requirement("inputs_untouched", P.inputs_untouched, _base, share=0.25),
        Requirement("layouts", P.layouts, _small, share=0.25),
        Requirement("refuses_nonfinite", P.refuses_nonfinite, _pairs, share=0.1),
        Requirement("refuses_bad_shape", P.refuses_bad_shape, _pairs, share=0.1),
        Requirement("refuses_unbounded", P.refuses_unbounded, _pairs, share=0.1),
        Requirement("descends", P.descends, _base, required=False, share=0.5),
        Requirement("honest_status", P.honest_status, _base, required=False, share=0.5),
        Requirement("warm_start", P.warm_start, _base, required=False, share=0.5),
        Requirement("init_untouched", P.init_untouched, _base, required=False, share=0.25),
        Requirement("sparse_input", P.sparse_input, _small, required=False, share=0.25),
        Requirement("refuses_indefinite", P.refuses_indefinite, _pairs, required=False, share=0.1),
        Requirement("refuses_asymmetric", P.refuses_asymmetric, _pairs, required=False, share=0.1),
        Requirement("small_units", P.stationary, quadratic_problems(log_scale=(-9,)), required=False, share=0.5),
        Requirement("all_at_once", P.stationary, quadratic_problems(
            duplicates=(0, 2), free=(0, 2), decades=(0, 4), log_scale=(0, -6, 6),
        ), required=False, share=0.5),
    ),
)  # fmt: skip
