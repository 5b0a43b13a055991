"""Hypothesis strategies: a 16-bit seed, sizes, and named decorations that shrink to off.

Drawing every number by itself never finds an underflow or a defect of larger sizes, and a bare seed never finds a zero
mass or a zero column; a seed with decorations finds both and still shrinks to a handful of entries. Subnormal numbers
are never drawn.
"""

from .bilevel import bilevel_instances, bilevel_problems
from .channels import private_channels
from .drawing import MAX_ELEMENTS, seeds
from .matrices import designs, spd_matrices
from .moe import moe_instances, moe_problems
from .quadratic import QUADRATIC_DECORATIONS, quadratic_problems
from .regression import LASSO_DECORATIONS, lasso_problems, regression_problems, sparse_vectors
from .transport import DECORATIONS, cost_matrices, histograms, ot_problems
from .vectors import VECTOR_DECORATIONS, vector_problems

__all__ = [
    "DECORATIONS", "LASSO_DECORATIONS", "MAX_ELEMENTS", "QUADRATIC_DECORATIONS", "bilevel_instances",
    "bilevel_problems", "cost_matrices", "designs", "histograms", "lasso_problems", "moe_instances", "moe_problems",
    "ot_problems", "private_channels", "quadratic_problems", "regression_problems", "seeds", "spd_matrices",
    "sparse_vectors", "vector_problems", "VECTOR_DECORATIONS",
]  # fmt: skip
