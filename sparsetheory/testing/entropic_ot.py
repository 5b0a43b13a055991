"""The contract of a balanced entropic transport solver, as a table."""

from . import properties as P
from .contract import Contract, Requirement
from .strategies import ot_problems

__all__ = ["ENTROPIC_OT"]

_base = ot_problems()
_small = ot_problems(max_side=8)
_hard = ot_problems(reg=(0.5, 0.1, 0.01, 0.001))
_pairs = ot_problems(min_side=2, max_side=4, reg=(0.5,))

ENTROPIC_OT = Contract(
    name="entropic_ot",
    statement="min <M,P> + reg sum P (log P - 1) over P >= 0 with P1 = a, P'1 = b",
    requirements=(
        Requirement("feasible", P.feasible, _base),
        Requirement("potentials", P.potentials, _base),
        Requirement("agrees_with_reference", P.agrees_with_reference, _base),
        Requirement("lp_value", P.lp_value, _small, share=0.5),
        Requirement("permutation", P.permutation, _base, share=0.5),
        Requirement("transposition", P.transposition, _base, share=0.5),
        Requirement("translation", P.translation, _base, share=0.5),
        Requirement("scaling", P.scaling, _base, share=0.5),
        Requirement("large_reg", P.large_reg, _base, share=0.5),
        Requirement("zero_mass", P.solved, ot_problems(zero_mass=(1, 2))),
        Requirement("small_reg", P.solved, ot_problems(max_side=8, reg=(0.001, 0.003, 0.01))),
        Requirement("deterministic", P.deterministic, _base, share=0.25),
        Requirement("inputs_untouched", P.inputs_untouched, _base, share=0.25),
        Requirement("layouts", P.layouts, _small, share=0.25),
        Requirement("refuses_nonfinite", P.refuses_nonfinite, _pairs, share=0.1),
        Requirement("refuses_negative_mass", P.refuses_negative_mass, _pairs, share=0.1),
        Requirement("refuses_unequal_masses", P.refuses_unequal_masses, _pairs, share=0.1),
        Requirement("refuses_bad_shape", P.refuses_bad_shape, _pairs, share=0.1),
        Requirement("refuses_bad_reg", P.refuses_bad_reg, _pairs, share=0.1),
        Requirement("honest_status", P.honest_status, _hard, required=False, share=0.5),
        Requirement("general_mass", P.solved, ot_problems(mass=(3.0, 0.25)), required=False, share=0.5),
        Requirement("shifted_cost", P.solved, ot_problems(shift=(1e6,)), required=False, share=0.5),
        Requirement("forbidden_edges", P.solved, ot_problems(forbidden=(True,)), required=False, share=0.5),
        Requirement("refuses_infeasible", P.refuses_infeasible, _pairs, required=False, share=0.1),
        Requirement("all_at_once", P.solved, ot_problems(
            reg=(0.5, 0.1, 0.01), zero_mass=(0, 1), forbidden=(False, True), mass=(1.0, 3.0), shift=(0.0, 1e6),
        ), required=False, share=0.5),
    ),
)  # fmt: skip
