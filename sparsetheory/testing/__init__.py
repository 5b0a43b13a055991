"""Property tests for other people's algorithms: strategies, properties, contracts, `check_solver`."""

from typing import TYPE_CHECKING

from .._lazy import lazy

#: Public name -> module that defines it; everything loads on first use.
_HOME = {
    "BilevelInstance": "bilevel",
    "BilevelProblem": "bilevel_first_order.problem",
    "Contract": "contract",
    "Design": "matrices",
    "Experts": "moe",
    "Finding": "finding",
    "LassoProblem": "lasso.problem",
    "MoEInstance": "moe",
    "MoEProblem": "moe_mle.problem",
    "OTProblem": "problem",
    "PrivateChannel": "channels",
    "RegressionProblem": "regression",
    "QuadraticProblem": "quadratic.problem",
    "Report": "report",
    "Requirement": "contract",
    "SPDMatrix": "matrices",
    "SparseVector": "regression",
    "VectorProblem": "ldp_mechanism.problem",
    "bilevel_first_order": "bilevel_first_order",
    "check_solver": "contract",
    "lasso": "lasso",
    "ldp_mechanism": "ldp_mechanism",
    "moe_mle": "moe_mle",
    "parametrize_with_properties": "contract",
    "properties": "properties",
    "quadratic": "quadratic",
    "reference": "reference",
    "strategies": "strategies",
}
__getattr__, __dir__, __all__ = lazy(__name__, _HOME)

if TYPE_CHECKING:
    from . import bilevel_first_order, lasso, ldp_mechanism, moe_mle, properties, quadratic, reference, strategies
    from .bilevel import BilevelInstance
    from .bilevel_first_order.problem import BilevelProblem
    from .channels import PrivateChannel
    from .contract import Contract, Requirement, check_solver, parametrize_with_properties
    from .finding import Finding
    from .lasso.problem import LassoProblem
    from .ldp_mechanism.problem import VectorProblem
    from .matrices import Design, SPDMatrix
    from .moe import Experts, MoEInstance
    from .moe_mle.problem import MoEProblem
    from .problem import OTProblem
    from .quadratic.problem import QuadraticProblem
    from .regression import RegressionProblem, SparseVector
    from .report import Report
