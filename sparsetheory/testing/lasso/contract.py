"""The contract of a lasso solver, as a table."""

from ..contract import Contract, Requirement
from ..strategies import lasso_problems
from . import properties as P

__all__ = ["LASSO"]

_base = lasso_problems()
_small = lasso_problems(samples=(1, 8), features=(1, 8))
_pairs = lasso_problems(samples=(2, 4), features=(2, 4), alpha=(0.1,))

LASSO = Contract(
    name="lasso",
    statement="min |y - Xw|^2 / (2n) + alpha |w|_1 over w, without intercept",
    home="sparsetheory.testing.lasso",
    requirements=(
        Requirement("optimal", P.optimal, _base),
        Requirement("stationary", P.stationary, _base),
        Requirement("agrees_with_reference", P.agrees_with_reference, _base),
        Requirement("pattern", P.pattern, _base),
        Requirement("feature_order", P.feature_order, _base, share=0.5),
        Requirement("sign_flip", P.sign_flip, _base, share=0.5),
        Requirement("sample_order", P.sample_order, _base, share=0.5),
        Requirement("rotation", P.rotation, _base, share=0.5),
        Requirement("repeated_samples", P.repeated_samples, _base, share=0.5),
        Requirement("scaling", P.scaling, _base, share=0.5),
        Requirement("units", P.units, _base, share=0.5),
        Requirement("duplicated_feature", P.duplicated_feature, _base, share=0.5),
        Requirement("zero_feature", P.zero_feature, _base, share=0.5),
        Requirement("null", P.null, _base, share=0.5),
        Requirement("orthogonal", P.orthogonal, _base, share=0.5),
        Requirement("zero_columns", P.optimal, lasso_problems(zero_cols=(1, 2))),
        Requirement("duplicates", P.optimal, lasso_problems(features=(2, 16), duplicates=(1, 2, 8))),
        Requirement("one_sample", P.optimal, lasso_problems(samples=(1, 1)), share=0.5),
        Requirement("one_feature", P.optimal, lasso_problems(features=(1, 1)), share=0.5),
        Requirement("small_alpha", P.optimal, lasso_problems(samples=(1, 8), features=(1, 8), alpha=(0.001, 0.003))),
        Requirement("deterministic", P.deterministic, _base, share=0.25),
        Requirement("inputs_untouched", P.inputs_untouched, _base, share=0.25),
        Requirement("layouts", P.layouts, _small, share=0.25),
        Requirement("refuses_nonfinite", P.refuses_nonfinite, _pairs, share=0.1),
        Requirement("refuses_bad_shape", P.refuses_bad_shape, _pairs, share=0.1),
        Requirement("refuses_bad_alpha", P.refuses_bad_alpha, _pairs, share=0.1),
        Requirement("honest_status", P.honest_status, _base, required=False, share=0.5),
        Requirement("warm_start", P.warm_start, _base, required=False, share=0.5),
        Requirement("init_untouched", P.init_untouched, _base, required=False, share=0.25),
        Requirement("sparse_input", P.sparse_input, _small, required=False, share=0.25),
        Requirement("small_units", P.optimal, lasso_problems(log_scale=(-9,)), required=False, share=0.5),
        Requirement("all_at_once", P.optimal, lasso_problems(
            alpha=(0.1, 0.01, 0.001), correlation=(0.0, 0.99), zero_cols=(0, 2), duplicates=(0, 4), decades=(0, 4),
            density=(1.0, 0.3),
        ), required=False, share=0.5),
    ),
)  # fmt: skip
