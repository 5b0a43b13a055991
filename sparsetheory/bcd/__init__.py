"""Block coordinate descent: any partition, selection and update on least squares, logistic, softmax and quadratics."""

from typing import TYPE_CHECKING

from .._lazy import lazy

#: Public name -> module that defines it; everything loads on first use.
_HOME = {
    "Additive": "approximate",
    "BCDResult": "result",
    "Box": "penalty",
    "ElasticNet": "estimators.lasso",
    "ForestFactor": "forest",
    "GroupL1": "penalty",
    "GroupLasso": "estimators.group_lasso",
    "L1": "penalty",
    "L1L2": "penalty",
    "Lasso": "estimators.lasso",
    "LeastSquares": "linear",
    "Logistic": "linear",
    "MCP": "penalty",
    "Multiplicative": "approximate",
    "PARTITIONS": "partition",
    "Quadratic": "quadratic",
    "SCAD": "penalty",
    "SELECTIONS": "selection",
    "Sampled": "approximate",
    "Softmax": "softmax",
    "SparseLogisticRegression": "estimators.logistic",
    "SparseResult": "sparse_result",
    "SparseGroupL1": "penalty",
    "UPDATES": "update",
    "colouring": "graph",
    "combs": "lattice",
    "gauss_seidel": "sweeps",
    "gauss_seidel_preconditioner": "sweeps",
    "greedy_tree": "graph",
    "group_lasso": "group_least_squares",
    "lasso": "l1_least_squares",
    "lattice_weights": "lattice",
    "minimize": "descent",
    "propagate_labels": "labels",
    "random_tree": "graph",
    "red_black": "lattice",
    "solve_blocks": "block_cg",
    "solve_forest": "forest",
    "solve_two_blocks": "reduced",
    "sparse_logistic": "l1_logistic",
    "tree_partition": "graph",
}

__getattr__, __dir__, __all__ = lazy(__name__, _HOME)

if TYPE_CHECKING:
    from .approximate import Additive, Multiplicative, Sampled
    from .block_cg import solve_blocks
    from .descent import minimize
    from .estimators.group_lasso import GroupLasso
    from .estimators.lasso import ElasticNet, Lasso
    from .estimators.logistic import SparseLogisticRegression
    from .forest import ForestFactor, solve_forest
    from .graph import colouring, greedy_tree, random_tree, tree_partition
    from .group_least_squares import group_lasso
    from .l1_least_squares import lasso
    from .l1_logistic import sparse_logistic
    from .labels import propagate_labels
    from .lattice import combs, lattice_weights, red_black
    from .linear import LeastSquares, Logistic
    from .partition import PARTITIONS
    from .penalty import L1, L1L2, MCP, SCAD, Box, GroupL1, SparseGroupL1
    from .quadratic import Quadratic
    from .reduced import solve_two_blocks
    from .result import BCDResult
    from .selection import SELECTIONS
    from .softmax import Softmax
    from .sparse_result import SparseResult
    from .sweeps import gauss_seidel, gauss_seidel_preconditioner
    from .update import UPDATES
