"""The contract of a maximum likelihood fit of a mixture of experts, as a table."""

from typing import Any

from hypothesis.strategies import SearchStrategy

from ..contract import Contract, Requirement
from ..strategies import moe_problems
from . import properties as P

__all__ = ["MOE_MLE"]


def _problems(**changes: Any) -> SearchStrategy[Any]:
    """Enough samples of distinct experts for an interior maximum near the truth."""
    usual: dict[str, Any] = {
        "samples": (150, 300), "features": (1, 2), "experts": (1, 2), "over_specified": (0,),
        "gate": ("softmax", "constant"), "collinear": (False,), "near_equal": (False,),
    }  # fmt: skip
    return moe_problems(**{**usual, **changes})


_base = _problems()

MOE_MLE = Contract(
    name="moe_mle",
    statement="maximum likelihood of p(y | x) = sum_j softmax_j(beta1_j x + beta0_j) N(y; a_j x + b_j, v_j)",
    home="sparsetheory.testing.moe_mle",
    requirements=(
        Requirement("stationary", P.stationary, _base),
        Requirement("at_least_the_truth", P.at_least_the_truth, _base),
        Requirement("no_lower_than_reference", P.no_lower_than_reference, _base, share=0.5),
        Requirement("least_squares", P.least_squares, _base, share=0.5),
        Requirement("sample_order", P.sample_order, _base, share=0.25),
        Requirement("feature_order", P.feature_order, _base, share=0.25),
        Requirement("repeated_samples", P.repeated_samples, _base, share=0.25),
        Requirement("units_of_x", P.units_of_x, _base, share=0.25),
        Requirement("units_of_y", P.units_of_y, _base, share=0.25),
        Requirement("deterministic", P.deterministic, _base, share=0.25),
        Requirement("inputs_untouched", P.inputs_untouched, _base, share=0.25),
        Requirement("refuses_nonfinite", P.refuses_nonfinite, _base, share=0.1),
        Requirement("refuses_bad_shape", P.refuses_bad_shape, _base, share=0.1),
        Requirement("refuses_bad_experts", P.refuses_bad_experts, _base, share=0.1),
        Requirement("honest_status", P.honest_status, _base, required=False, share=0.5),
        Requirement("sample_weight", P.sample_weight, _base, required=False, share=0.25),
        Requirement("sharp_gates", P.at_least_the_truth, _problems(gate=("sharp",)), required=False, share=0.25),
        Requirement("over_specified", P.at_least_the_truth, _problems(over_specified=(1,)), required=False, share=0.25),
    ),
)
