"""Graph rules of the research face: blocks against textbook twins, exact steps against dense solves, refusals."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sparsetheory import bcd
from sparsetheory.bcd.graph_partition import GRAPH_PARTITIONS
from sparsetheory.bcd.lattice import lattice_weights
from sparsetheory.bcd.partition import build
from sparsetheory.bcd.penalty import bind
from sparsetheory.bcd.state import pseudo_inverse
from sparsetheory.errors import InvalidArgument

_spec = importlib.util.spec_from_file_location("bcd_forest_twin", Path(__file__).parents[1] / "reference/bcd_forest.py")
twin = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twin)
TREES = ("random-tree", "greedy-tree", "greedy-tree-scaled")


def random_graph(n, density, seed):
    """A definite matrix on a random graph, its diagonal of many sizes."""
    rng = np.random.default_rng(seed)
    W = np.triu(rng.uniform(0.1, 1.0, (n, n)) * (rng.random((n, n)) < density), 1)
    W += W.T
    return np.diag(W.sum(axis=1) + rng.uniform(0.05, 2.0, n)) - W, rng.standard_normal(n)


graphs = st.builds(random_graph, st.integers(1, 14), st.sampled_from([0.0, 0.2, 0.5, 1.0]), st.integers(0, 2**32 - 1))


@given(graphs, st.sampled_from(list(GRAPH_PARTITIONS)))
def test_fixed_blocks_are_those_of_the_twins(system, name):
    A, c = system
    cut = twin.colouring if name.startswith("colours") else twin.tree_partition
    label = cut(A, range(len(A)) if name.endswith("order") else np.argsort(-np.diag(A), kind="stable"))
    blocks = build(name, *bind(bcd.Quadratic(sparse.csr_array(A), c), None), 2, np.random.default_rng(0))
    assert len(blocks) == label.max() + 1
    for k, block in enumerate(blocks):
        assert_array_equal(block, np.flatnonzero(label == k))


@given(graphs, st.sampled_from(TREES))
def test_a_step_on_a_tree_is_the_dense_solve_on_the_twins_block(system, select):
    A, c = system
    problem = bcd.Quadratic(sparse.csr_array(A), c)
    run = bcd.minimize(problem, partition="variable", select=select, update="exact", max_iter=1,
                       rng=np.random.default_rng(7), on_failure="ignore")  # fmt: skip
    scores = {"random-tree": None, "greedy-tree": np.abs(c), "greedy-tree-scaled": np.abs(c) / np.sqrt(np.diag(A))}
    order = np.random.default_rng(7).permutation(len(A)) if select == "random-tree" else np.argsort(-scores[select])
    block = np.flatnonzero(twin.tree_partition(A, order) == 0)
    assert_array_equal(run.visited[0], block)
    expected = np.zeros(len(A))
    expected[block] = np.linalg.solve(A[np.ix_(block, block)], c[block])
    assert_allclose(run.x, expected, atol=1e-11 * np.linalg.cond(A))


@pytest.fixture(scope="module")
def lattice():
    W = lattice_weights((14, 14)).toarray()
    return np.diag(W.sum(axis=1) + 0.2) - W, np.random.default_rng(0).standard_normal(196)


@pytest.mark.parametrize("rules", [
    *(("variable", t) for t in TREES), ("colours", "cyclic"), ("trees", "gsl"), ("trees-order", "gsq"),
])  # fmt: skip
def test_every_rule_on_graphs_solves_the_system(lattice, rules):
    A, c = lattice
    partition, select = rules
    run = bcd.minimize(bcd.Quadratic(sparse.csr_array(A), c), partition=partition, select=select, update="exact",
                       rng=np.random.default_rng(0), tol=1e-10, on_failure="raise")  # fmt: skip
    assert_allclose(run.x, np.linalg.solve(A, c), atol=1e-7)
    assert np.diff(run.objectives).max() <= 1e-13 * np.abs(run.objectives).max()
    assert min(len(b) for b in run.visited) > 30  # solved as forests, not as small blocks


def test_greedy_trees_need_fewer_steps_than_random_ones_and_those_fewer_than_colours(lattice):
    A, c = lattice
    problem = bcd.Quadratic(sparse.csr_array(A), c)
    steps = [
        bcd.minimize(problem, partition=p, select=s, update="exact", rng=np.random.default_rng(0), check_every=1).n_iter
        for p, s in (("variable", "greedy-tree"), ("variable", "random-tree"), ("colours", "cyclic"))
    ]  # fmt: skip
    assert steps[0] < steps[1] < steps[2]


def test_large_forest_blocks_are_solved_by_message_passing_and_others_densely(lattice):
    A, c = lattice
    problem = bcd.Quadratic(sparse.csr_array(A), c, l2=0.3)
    tree, r = np.flatnonzero(bcd.combs((14, 14)) == 0), np.random.default_rng(1).standard_normal(196)
    solve = problem.forest_solver(tree)
    assert_allclose(solve(r[tree]), np.linalg.solve(problem.curvature(tree), r[tree]), rtol=1e-11)
    assert problem.forest_solver(np.arange(196)) is None  # cycles
    assert problem.forest_solver(tree[:20]) is None  # a dense solve is quicker
    assert bcd.Quadratic(A, c).forest_solver(tree) is None  # no graph
    assert bcd.LeastSquares(A, c).forest_solver(tree) is None


def test_a_singular_forest_block_takes_the_step_of_least_norm():
    """A path without a labelled node is a singular Laplacian."""
    W = lattice_weights((1, 60)).toarray()
    A, c = np.diag(W.sum(axis=1)) - W, np.arange(60) - 29.5
    problem = bcd.Quadratic(sparse.csr_array(A), c)
    assert problem.forest_solver(np.arange(60)) is None
    run = bcd.minimize(problem, partition="trees", select="cyclic", update="exact", on_failure="raise")
    assert_allclose(run.x, pseudo_inverse(A) @ c, atol=1e-8)


@pytest.mark.parametrize("problem", [
    bcd.LeastSquares(sparse.eye_array(3), np.ones(3)), bcd.Quadratic(np.eye(3), np.ones(3)),
    bcd.Logistic(np.eye(3), [1.0, -1.0, 1.0]),
])  # fmt: skip
def test_problems_without_a_graph_are_refused_with_the_reason(problem):
    for rules, name in (
        *(({"partition": p, "select": "cyclic"}, "partition") for p in GRAPH_PARTITIONS),
        *(({"partition": "variable", "select": s}, "select") for s in TREES),
    ):
        with pytest.raises(InvalidArgument, match="a Quadratic whose matrix is sparse") as info:
            bcd.minimize(problem, **rules, rng=np.random.default_rng(0))
        assert info.value.name == name


def test_other_combinations_that_are_refused(lattice):
    problem = bcd.Quadratic(sparse.csr_array(lattice[0]), lattice[1])
    for rules, reason in (
        ({"partition": "trees", "select": "greedy-tree"}, "use partition='variable'"),
        ({"partition": "variable", "select": "greedy-tree", "penalty": bcd.L1(0.1)}, "ignores the penalty"),
        ({"partition": "variable", "select": "random-tree"}, "numpy.random.Generator"),
        ({"partition": "trees", "penalty": bcd.GroupL1(0.1, 7)}, "do not split a group"),
    ):
        with pytest.raises(InvalidArgument, match=reason):
            bcd.minimize(problem, **rules)


def test_trees_take_their_own_size_and_penalties_their_own_update(lattice):
    A, c = lattice
    problem = bcd.Quadratic(sparse.csr_array(A[:40, :40]), c[:40])
    run = bcd.minimize(problem, partition="trees", penalty=bcd.L1(0.3), block_size=2, tol=1e-10, on_failure="raise")
    slope, on = A[:40, :40] @ run.x - c[:40], run.x != 0
    assert len(run.visited[0]) > 2
    assert_allclose(slope[on], -0.3 * np.sign(run.x[on]), atol=1e-8)
    assert (np.abs(slope[~on]) <= 0.3 + 1e-8).all()
