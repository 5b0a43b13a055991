"""Label propagation against a dense solver, the maximum principle, and graphs that cannot be labelled."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from sparsetheory.bcd.labels import propagate_labels
from sparsetheory.bcd.lattice import combs, lattice_weights
from sparsetheory.errors import ConvergenceWarning, InvalidArgument
from sparsetheory.result import Status


def dense(W, nodes, values):
    """Solve the system of the free nodes."""
    L = np.diag(W.sum(axis=1)) - W
    free = np.setdiff1d(np.arange(len(W)), nodes)
    y = np.zeros((len(W), *values.shape[1:]))
    y[nodes] = values
    y[free] = np.linalg.solve(L[np.ix_(free, free)], -L[np.ix_(free, nodes)] @ values)
    return y


@given(st.integers(2, 25), st.sampled_from([0.0, 0.1, 0.3, 1.0]), st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_it_agrees_with_a_dense_solver(n, density, columns, seed):
    rng = np.random.default_rng(seed)
    W = np.triu((rng.random((n, n)) < density) * rng.uniform(0.1, 1.0, (n, n)))
    W += np.triu(W, 1).T
    component = connected_components(W)[1]
    first = [np.flatnonzero(component == k)[0] for k in range(component.max() + 1)]
    nodes = rng.permutation(np.union1d(first, rng.choice(n, rng.integers(1, n + 1), replace=False)))
    values = rng.standard_normal((len(nodes), columns) if columns else len(nodes))
    result = propagate_labels(sparse.csr_array(W), nodes, values, tol=1e-13, on_failure="ignore")
    assert result.error <= max(1e-13, 4 * result.floor)
    assert_allclose(result.y, dense(W, nodes, values), atol=1e-9)
    assert_array_equal(result.y[nodes], values)
    assert result.y.min() >= values.min() - 1e-9 and result.y.max() <= values.max() + 1e-9


def test_a_partition_may_be_given():
    rng = np.random.default_rng(0)
    W, nodes = lattice_weights((9, 8)), rng.choice(72, 6, replace=False)
    values = rng.standard_normal(6)
    result = propagate_labels(W, nodes, values, partition=combs((9, 8)), tol=1e-12)
    assert result.converged
    assert_allclose(result.y, dense(W.toarray(), nodes, values), rtol=1e-9, atol=1e-9)
    with pytest.raises(InvalidArgument, match=r"partition.*cycle"):
        propagate_labels(W, [0], [1.0], partition=np.zeros(72, dtype=int))


def test_a_component_without_a_label_is_named():
    W = sparse.block_diag([lattice_weights((2, 2)), lattice_weights((1, 3)), sparse.csr_array((1, 1))], format="csr")
    with pytest.raises(InvalidArgument, match=r"component of node 4 \(of size 3; 2 such components\)") as info:
        propagate_labels(W, [0], [1.0])
    assert info.value.name == "nodes"
    result = propagate_labels(W, [0, 5, 7], [1.0, 2.0, 3.0])
    assert_allclose(result.y, [1, 1, 1, 1, 2, 2, 2, 3], rtol=1e-7)


def test_everything_labelled_and_labels_of_zero():
    W = lattice_weights((2, 2))
    assert propagate_labels(W, [3, 1, 0, 2], [1.0, 2.0, 3.0, 4.0]).y.tolist() == [3.0, 2.0, 4.0, 1.0]
    assert propagate_labels(W, [0], [0.0]).y.tolist() == [0.0] * 4


def test_running_out_of_iterations_is_said():
    W = lattice_weights((12, 12))
    for partition in (None, combs((12, 12))):
        with pytest.warns(ConvergenceWarning, match="iteration limit"):
            result = propagate_labels(W, [0, 143], [0.0, 1.0], partition=partition, max_iter=2)
        assert result.status is Status.MAX_ITER
    assert propagate_labels(W, [0, 143], [0.0, 1.0], tol=0.0, on_failure="ignore").status is Status.FLOOR


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((-lattice_weights((2, 2)), [0], [1.0]), "W"),
        ((np.ones((2, 2)), [0], [1.0]), "W"),
        ((lattice_weights((2, 2)), [4], [1.0]), "nodes"),
        ((lattice_weights((2, 2)), [-1], [1.0]), "nodes"),
        ((lattice_weights((2, 2)), [0, 0], [1.0, 1.0]), "nodes"),
        ((lattice_weights((2, 2)), [], []), "nodes"),
        ((lattice_weights((2, 2)), [0.5], [1.0]), "nodes"),
        ((lattice_weights((2, 2)), [0], [1.0, 2.0]), "values"),
        ((lattice_weights((2, 2)), [0], [np.nan]), "values"),
        ((lattice_weights((2, 2)), [0], [[]]), "values"),
    ],
)
def test_arguments_that_are_refused(arguments, name):
    with pytest.raises(InvalidArgument) as info:
        propagate_labels(*arguments)
    assert info.value.name == name
