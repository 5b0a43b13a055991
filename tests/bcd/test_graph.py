"""Partitions against textbook twins, the block methods against dense linear algebra and their theory."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.sparse.linalg import cg

from sparsetheory.bcd import _block_cg, _forest, _graph, _reduced, _sweeps
from sparsetheory.bcd.block_cg import solve_blocks
from sparsetheory.bcd.blocks import ForestBlocks
from sparsetheory.bcd.graph import colouring, greedy_tree, random_tree, tree_partition
from sparsetheory.bcd.lattice import combs, lattice_weights, red_black
from sparsetheory.bcd.reduced import solve_two_blocks
from sparsetheory.bcd.sweeps import gauss_seidel, gauss_seidel_preconditioner
from sparsetheory.errors import ConvergenceError, ConvergenceWarning, InvalidArgument
from sparsetheory.result import Status


def load_twin(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / "reference" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


twin = load_twin("bcd_forest")
UNIT = np.finfo(float).eps


def definite(W, slack):
    """Laplacian of the weights plus a positive diagonal."""
    return np.diag(np.abs(W).sum(axis=1) + slack) - W


@st.composite
def systems(draw, max_nodes=14):
    n = draw(st.integers(1, max_nodes))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    edges = np.triu(rng.random((n, n)) < draw(st.sampled_from([0.0, 0.15, 0.4, 1.0])), 1)
    W = np.where(edges, rng.uniform(0.1, 1.0, (n, n)) * draw(st.sampled_from([1.0, -1.0, 1e-8])), 0.0)
    return definite(W + W.T, rng.uniform(0.05, 1.0, n)), rng


# ---------------------------------------------------------------------------------------------------- partitions


@given(systems(), st.sampled_from(["lipschitz", "natural"]))
def test_partitions_are_those_of_the_twins(system, order):
    A, _ = system
    visit = np.argsort(-np.diag(A), kind="stable") if order == "lipschitz" else range(len(A))
    matrix = sparse.csr_array(A)
    forests, colours = tree_partition(matrix, order=order), colouring(matrix, order=order)
    assert_array_equal(forests, twin.tree_partition(A, visit))
    assert_array_equal(colours, twin.colouring(A, visit))
    for b in range(forests.max() + 1):
        assert not twin.has_cycle(A, np.flatnonzero(forests == b))
    i, j = np.nonzero(A - np.diag(np.diag(A)))
    assert (colours[i] != colours[j]).all()


@given(systems())
def test_trees_are_maximal_and_follow_their_order(system):
    A, rng = system
    matrix, gradient = sparse.csr_array(A), rng.standard_normal(len(A))
    for score, tree in (
        (np.abs(gradient), greedy_tree(matrix, gradient)),
        (gradient**2 / np.diag(A), greedy_tree(matrix, gradient, scale=np.diag(A))),
    ):
        assert_array_equal(tree, np.flatnonzero(twin.tree_partition(A, np.argsort(-score)) == 0))
    tree = random_tree(matrix, rng)
    assert not twin.has_cycle(A, tree)
    assert all(twin.has_cycle(A, [*tree, i]) for i in set(range(len(A))) - set(tree))


@given(systems())
def test_renumbering_the_nodes_renumbers_the_greedy_tree(system):
    A, rng = system
    gradient, p = rng.standard_normal(len(A)), rng.permutation(len(A))
    tree = greedy_tree(sparse.csr_array(A), gradient)
    again = greedy_tree(sparse.csr_array(A[np.ix_(p, p)]), gradient[p])
    assert sorted(p[again]) == sorted(tree)


def test_kernels_as_python_agree_with_the_compiled_ones():
    rng = np.random.default_rng(5)
    W = np.triu(rng.random((12, 12)) < 0.4, 1).astype(float)
    matrix = ForestBlocks.of(sparse.csr_array(definite(W + W.T, 1.0)), np.arange(12)).matrix
    for kernel, more in ((_graph.colour_greedily, ()), (_graph.grow_forests, (12,))):
        answers = []
        for variant in (kernel, getattr(kernel, "py_func", kernel)):
            label = np.empty(12, dtype=np.int32)
            count = variant(matrix.indptr, matrix.indices, rng.permutation(12) * 0 + np.arange(12), *more, label)
            assert count == label.max() + 1
            answers.append(label)
        assert_array_equal(*answers)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (2, 2), (2, 5), (3, 4), (6, 7), (7, 6)])
def test_lattice_partitions(shape):
    n = shape[0] * shape[1]
    W = lattice_weights(shape, weight=2.0).toarray()
    rows, columns = np.divmod(np.arange(n), shape[1])
    assert_array_equal(W, 2.0 * (np.abs(rows[:, None] - rows) + np.abs(columns[:, None] - columns) == 1))
    i, j = np.nonzero(W)
    assert (red_black(shape)[i] != red_black(shape)[j]).all()
    assert_array_equal(red_black(shape), colouring(sparse.csr_array(W), order="natural"))
    for b in (0, 1):
        assert not twin.has_cycle(W, np.flatnonzero(combs(shape) == b))
    assert combs(shape).shape == (n,)


def test_combs_are_two_trees():
    W = lattice_weights((8, 9)).toarray()
    for b in (0, 1):
        nodes = np.flatnonzero(combs((8, 9)) == b)
        assert np.count_nonzero(W[np.ix_(nodes, nodes)]) == 2 * (len(nodes) - 1)


@pytest.mark.parametrize("shape", [3, (3,), (0, 2), (2, 2.5), "ab", None])
def test_shapes_that_are_refused(shape):
    for make in (combs, red_black, lattice_weights):
        with pytest.raises(InvalidArgument):
            make(shape)


def test_partition_arguments_that_are_refused():
    A = sparse.csr_array(np.eye(3))
    for call, name in (
        (lambda: colouring(A, order="random"), "order"),
        (lambda: tree_partition(A.toarray()), "A"),
        (lambda: greedy_tree(A, [1.0, 2.0]), "gradient"),
        (lambda: greedy_tree(A, np.ones(3), scale=[1.0, 0.0, 1.0]), "scale"),
    ):
        with pytest.raises(InvalidArgument) as info:
            call()
        assert info.value.name == name


# ---------------------------------------------------------------------------------------------------- block methods

METHODS = {
    "block_cg": lambda A, c, **k: solve_blocks(A, c, partition=colouring(A), **k),
    "gauss_seidel": lambda A, c, **k: gauss_seidel(A, c, partition=tree_partition(A), **k),
    "two_blocks": lambda A, c, **k: solve_two_blocks(A, c, partition=combs((6, 7)), **k),
}


@pytest.fixture
def lattice():
    rng = np.random.default_rng(1)
    A = definite(lattice_weights((6, 7)).toarray(), rng.uniform(0.01, 0.1, 42))
    return A, rng.standard_normal(42)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_solves_the_system(lattice, method):
    A, c = lattice
    result = METHODS[method](sparse.csr_array(A), c, tol=1e-11, on_failure="raise")
    assert_allclose(result.x, np.linalg.solve(A, c), rtol=1e-8)
    assert result.error == np.linalg.norm(A @ result.x - c) / np.linalg.norm(c) or result.error <= 1e-11
    assert len(repr(result).splitlines()) == 3


@given(systems(), st.integers(1, 3))
def test_sweeps_are_those_of_the_twin(system, n_sweeps):
    A, rng = system
    c, start = rng.standard_normal((2, len(A)))
    matrix = sparse.csr_array(A)
    label = tree_partition(matrix)
    result = gauss_seidel(
        matrix, c, partition=label, init=start, max_iter=n_sweeps, tol=0.0, on_failure="ignore",
        callback=lambda progress: progress.n_iter >= n_sweeps,
    )  # fmt: skip
    expected = twin.gauss_seidel(A, c, label, start, result.n_iter)
    assert np.abs(result.x - expected).max() <= 1e3 * UNIT * np.linalg.cond(A) * max(np.abs(expected).max(), 1.0)


@given(systems())
def test_the_preconditioner_is_the_symmetric_sweep(system):
    A, _ = system
    matrix = sparse.csr_array(A)
    label = tree_partition(matrix)
    inverse = gauss_seidel_preconditioner(matrix, partition=label) @ np.eye(len(A))
    assert_allclose(inverse, inverse.T, atol=1e-12 * np.abs(inverse).max())
    M = twin.symmetric_gauss_seidel(A, label)
    assert_allclose(inverse @ M, np.eye(len(A)), atol=1e-12 * np.linalg.cond(M))


def test_the_reduced_iteration_is_preconditioned_cg(lattice):
    """Same iterates as scipy's CG with the symmetric sweep, started with block 0 exact."""
    A, c = lattice
    matrix, label = sparse.csr_array(A), combs((6, 7))
    i, j = np.flatnonzero(label == 0), np.flatnonzero(label == 1)
    start = np.zeros(42)
    start[i] = np.linalg.solve(A[np.ix_(i, i)], c[i])
    M = gauss_seidel_preconditioner(matrix, partition=label)
    for k in (1, 2, 5):
        ours = solve_two_blocks(matrix, c, partition=label, max_iter=k, tol=1e-15, on_failure="ignore")
        theirs, _ = cg(matrix, c, x0=start, M=M, maxiter=k, rtol=0.0, atol=0.0)
        assert_allclose(ours.x[j], theirs[j], atol=1e-12)
        assert ours.n_iter == k and ours.status is Status.MAX_ITER


@given(systems(), st.integers(1, 4))
def test_block_cg_is_preconditioned_cg(system, k):
    """Same iterates as scipy's CG with the symmetric sweep, whatever the number of blocks."""
    A, rng = system
    matrix, c, start = sparse.csr_array(A), *rng.standard_normal((2, len(A)))
    for label in (tree_partition(matrix), colouring(matrix), np.arange(len(A))):
        M = gauss_seidel_preconditioner(matrix, partition=label)
        ours = solve_blocks(matrix, c, partition=label, init=start, max_iter=k, tol=1e-13, on_failure="ignore")
        theirs, _ = cg(matrix, c, x0=start, M=M, maxiter=ours.n_iter, rtol=0.0, atol=0.0)
        assert np.abs(ours.x - theirs).max() <= 1e-9 * np.linalg.cond(A) * max(np.abs(theirs).max(), 1.0)
        assert ours.n_iter == k or ours.error <= max(1e-13, 4 * ours.floor)


def test_one_block_is_solved_at_once(lattice):
    path = sparse.diags_array([-1.0, 2.1, -1.0], offsets=[-1, 0, 1], shape=(50, 50))
    result = solve_blocks(path, np.arange(50.0), partition=np.zeros(50, dtype=int), tol=1e-13)
    assert result.converged and result.n_iter == 1


@pytest.mark.parametrize("solve", [gauss_seidel, solve_two_blocks, solve_blocks])
def test_singular_matrices_never_pass_for_solved(solve):
    """A graph without a label: solvable for sums of zero only; a block that is singular by itself is refused."""
    W = lattice_weights((4, 5))
    laplacian, label = sparse.diags_array(W.sum(axis=1)) - W, combs((4, 5))
    c = np.zeros(20)
    c[0], c[-1] = 1.0, -1.0
    result = solve(laplacian, c, partition=label)
    assert result.converged
    assert np.linalg.norm(laplacian @ result.x - c) <= 1e-8 * np.linalg.norm(c)
    c[3] = 1.0
    with pytest.warns(ConvergenceWarning):
        result = solve(laplacian, c, partition=label, max_iter=1000)
    assert not result.converged and np.isfinite(result.x).all()
    pair = sparse.block_diag([sparse.csr_array([[1.0, -1.0], [-1.0, 1.0]]), sparse.eye_array(2)])
    with pytest.raises(InvalidArgument, match="positive definite matrix, got pivot 0 at node 0"):
        solve(pair, np.ones(4), partition=np.array([0, 0, 1, 1]))
    with pytest.raises(InvalidArgument, match="cycle through the edge"):
        solve(laplacian, c, partition=np.arange(20) // 19)


@pytest.mark.parametrize("solve", [gauss_seidel, solve_two_blocks, solve_blocks])
def test_with_an_indefinite_matrix_the_residual_decides_and_the_point_is_finite(solve):
    """Its blocks are definite. Gauss-Seidel diverges; conjugate gradients may hit the solution, which counts."""
    rng = np.random.default_rng(0)
    W = lattice_weights((5, 6))
    A, c = sparse.csr_array(1.5 * sparse.eye_array(30) - W), rng.standard_normal(30)
    result = solve(A, c, partition=red_black((5, 6)), max_iter=2000, on_failure="ignore")
    assert np.isfinite(result.x).all()
    assert result.converged == bool(np.linalg.norm(A @ result.x - c) <= 1e-8 * np.linalg.norm(c))
    if solve is gauss_seidel:
        assert result.status is Status.NONFINITE


@pytest.mark.parametrize("partition", [combs, red_black])
def test_two_blocks_contract_at_the_rate_of_the_theory(partition):
    rng = np.random.default_rng(0)
    A = definite(lattice_weights((9, 9)).toarray(), 0.02)
    label, exact = partition((9, 9)), rng.standard_normal(81)
    errors = []
    for k in (20, 60):
        x = gauss_seidel(sparse.csr_array(A), A @ exact, partition=label, max_iter=k, tol=1e-15, on_failure="ignore").x
        errors.append((x - exact) @ A @ (x - exact))
    rho = twin.two_block_rate(A, label)
    assert_allclose((errors[1] / errors[0]) ** (1 / 80), rho, rtol=0.003)  # 40 sweeps are 80 block solves


@pytest.mark.parametrize("method", METHODS)
def test_stopping_and_starting(lattice, method):
    A, c = lattice
    A = sparse.csr_array(A)
    solve = METHODS[method]
    exact = solve(A, c, tol=1e-12)
    assert solve(A, c, init=exact.x, tol=1e-9).n_iter <= 10
    assert solve(A, np.zeros(42)).x.tolist() == [0.0] * 42
    with pytest.raises(ConvergenceError) as info:
        solve(A, c, max_iter=1, on_failure="raise")
    assert info.value.result.status is Status.MAX_ITER
    assert info.value.result.n_iter == 1
    with pytest.warns(ConvergenceWarning, match="callback"):
        assert solve(A, c, callback=lambda p: True, max_iter=50, tol=1e-14).status is Status.STOPPED
    assert solve(A, c, tol=0.0, on_failure="ignore").status is Status.FLOOR
    seen = []
    solve(A, c, callback=lambda p: seen.append(p.solution))
    assert all(x.shape == (42,) for x in seen)
    for bad, name in (
        ({"tol": -1}, "tol"), ({"max_iter": 0}, "max_iter"), ({"init": [1.0]}, "init"),
        ({"on_failure": "x"}, "on_failure"),
    ):  # fmt: skip
        with pytest.raises(InvalidArgument) as info:
            solve(A, c, **bad)
        assert info.value.name == name
    with pytest.raises(InvalidArgument, match="c: expected"):
        solve(A, c[:-1])


def test_partitions_that_are_refused(lattice):
    A, c = sparse.csr_array(lattice[0]), lattice[1]
    for solve in (gauss_seidel, solve_two_blocks, solve_blocks):
        for bad, expected in (
            (np.zeros(42, dtype=int), "forests, got a cycle through the edge"),
            (np.zeros(41, dtype=int), "42 block numbers"),
            (np.zeros(42), "integers"),
            (combs((6, 7)) + 1, "all in use"),
            (combs((6, 7)) - 1, "all in use"),
        ):
            with pytest.raises(InvalidArgument, match=expected) as info:
                solve(A, c, partition=bad)
            assert info.value.name == "partition"
    with pytest.raises(InvalidArgument, match="two blocks"):
        solve_two_blocks(A, c, partition=np.arange(42))


@pytest.mark.parametrize("kernel", ["sweeps", "symmetric_sweep", "reduced_chunk", "block_cg_chunk"])
def test_block_kernels_compiled_and_as_python(lattice, kernel):
    A, c = lattice
    blocks = ForestBlocks.of(sparse.csr_array(A), combs((6, 7)))
    found = []
    for variant in (lambda k: k, lambda k: getattr(k, "py_func", k)):
        x, rhs = np.zeros(42), c[blocks.trees.order]
        if kernel == "sweeps":
            variant(_sweeps.sweeps)(3, blocks.bounds, *blocks.arrays, rhs, x)
        elif kernel == "symmetric_sweep":
            variant(_sweeps.symmetric_sweep)(blocks.bounds, *blocks.both_ways, rhs, x, np.empty(42))
        elif kernel == "block_cg_chunk":
            parent, pivot, *rest = blocks.both_ways
            system, (r, p, t, g, q) = (blocks.bounds, parent, 1 / np.sqrt(pivot), *rest), np.zeros((5, 42))
            r[:] = rhs
            variant(_block_cg.to_block_cg)(*system, r, t)
            variant(_block_cg.block_cg_chunk)(4, 0.0, np.array([r @ r, 0.0]), *system, x, r, p, t, g, q)
        else:
            r, p, u, y = rhs.copy(), *np.zeros((3, 42))
            variant(_reduced.reduced_chunk)(4, 0.0, np.zeros(2), int(blocks.bounds[1]), *blocks.arrays, x, r, p, u, y)
        found.append(x)
    assert np.abs(found[0]).max() > 0
    assert_allclose(*found, rtol=1e-12)


def test_kernels_are_compiled_for_the_declared_signatures_only(lattice):
    if not hasattr(_forest.root, "signatures"):
        pytest.skip("compiled kernels are switched off")
    from numba.core import sigutils

    A, c = lattice
    for matrix in (sparse.csr_array(A), sparse.csc_matrix(A.astype(np.float32)), sparse.coo_array(10 * A).astype(int)):
        for method in METHODS.values():
            method(matrix, c.astype(np.float32), max_iter=2, init=np.zeros(84)[::2], on_failure="ignore")
        gauss_seidel_preconditioner(matrix, partition=combs((6, 7))) @ c
        greedy_tree(matrix, c.tolist())
        colouring(matrix)
    for module in (_forest, _graph, _sweeps, _reduced, _block_cg):
        for dispatcher, declared in module.SIGNATURES.items():
            allowed = {sigutils.normalize_signature(signature)[0] for signature in declared}
            assert set(dispatcher.signatures) <= allowed, dispatcher.__name__
