"""The contract of a locally private randomiser of the unit ball, as a table."""

from ..contract import Contract, Requirement
from ..strategies import vector_problems
from . import properties as P

__all__ = ["LDP_MECHANISM"]

_any = vector_problems()
_plain = vector_problems(place=("inside", "sphere", "sparse", "zero", "outside"))

LDP_MECHANISM = Contract(
    name="ldp_mechanism",
    statement="rows of V, shortened to the unit ball, made private: unbiased, as noisy and as private as stated",
    home="sparsetheory.testing.ldp_mechanism",
    requirements=(
        Requirement("finite", P.finite, _any),
        Requirement("unbiased", P.unbiased, _plain),
        Requirement("clips", P.clips, _plain, share=0.5),
        Requirement("variance", P.variance, _plain, share=0.25),
        Requirement("second_moment", P.second_moment, _plain, share=0.5),
        Requirement("private", P.private, _plain, share=0.6),
        Requirement("independent", P.independent, _plain, share=0.25),
        Requirement("other_seed", P.other_seed, _plain, share=0.25),
        Requirement("deterministic", P.deterministic, _any, share=0.25),
        Requirement("inputs_untouched", P.inputs_untouched, _any, share=0.25),
        Requirement("refuses_nonfinite", P.refuses_nonfinite, _any, share=0.1),
        Requirement("refuses_bad_shape", P.refuses_bad_shape, _any, share=0.1),
        Requirement("single_vector", P.single_vector, _any, required=False, share=0.1),
    ),
)
