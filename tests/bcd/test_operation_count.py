"""The counting run of the forest kernels: same numbers as the compiled one, the count that can be done by hand."""

from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

from sparsetheory.bcd.forest import check_symmetric, solve_forest
from sparsetheory.bcd.operation_count import forest_cost
from sparsetheory.errors import InvalidArgument


def tree_system(n, seed):
    rng = np.random.default_rng(seed)
    W = np.zeros((n, n))
    for k in range(1, n):
        p = rng.integers(k)
        W[k, p] = W[p, k] = rng.uniform(-1, 1)
    return check_symmetric(sparse.csr_array(W + np.diag(np.abs(W).sum(axis=1) + 1))), rng.standard_normal(n)


@pytest.mark.parametrize("n", [1, 2, 7, 50])
def test_it_is_the_compiled_solver_bit_for_bit(n):
    A, r = tree_system(n, n)
    cost = forest_cost(A, r)
    assert cost.x.astype(float).tolist() == solve_forest(A, r).x.tolist()
    assert (cost.n_trees, cost.operations, cost.entries) == (1, 8 * n - 6, 3 * n - 2)


def test_two_nodes_by_hand():
    """Factor: 2 divisions, a product, a difference; up: a product, a difference; down: the same and 2 divisions."""
    A = check_symmetric(sparse.csr_array([[2.0, 1.0], [1.0, 2.0]]))
    cost = forest_cost(A, [1.0, 0.0], number=Fraction)
    assert cost.operations == 4 + 2 + 4
    assert cost.x.tolist() == [Fraction(2, 3), Fraction(-1, 3)]


def test_cycles_and_indefinite_matrices_are_refused():
    with pytest.raises(InvalidArgument, match="cycle through the edge"):
        forest_cost(check_symmetric(sparse.csr_array(np.ones((3, 3)) + 3 * np.eye(3))), np.ones(3))
    with pytest.raises(InvalidArgument, match="positive definite"):
        forest_cost(check_symmetric(sparse.csr_array([[1.0, 1.0], [1.0, 1.0]])), np.ones(2))
