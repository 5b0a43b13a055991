"""Forest systems against dense linear algebra, and every way in which a matrix is refused."""

import importlib.util
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sparsetheory.bcd import _forest
from sparsetheory.bcd.forest import ForestFactor, backward_error, check_symmetric, solve_forest
from sparsetheory.errors import ConvergenceWarning, InvalidArgument
from sparsetheory.result import Status


def load_twin(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / "reference" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


twin = load_twin("bcd_forest")
UNIT = np.finfo(float).eps


def forest_matrix(parents, weights, slack, permutation):
    """Diagonally dominant: node k > 0 hangs from parents[k - 1] < k unless that is negative."""
    n = len(parents) + 1
    A = np.zeros((n, n))
    for k, (p, w) in enumerate(zip(parents, weights), start=1):
        if p >= 0:
            A[k, p] = A[p, k] = w
    A[np.diag_indices(n)] = np.abs(A).sum(axis=1) + slack
    return A[np.ix_(permutation, permutation)]


@st.composite
def forests(draw, max_nodes=30):
    n = draw(st.integers(1, max_nodes))
    shape = draw(st.sampled_from(["any", "path", "star", "single nodes", "trees"]))
    choose = {
        "any": lambda k: draw(st.integers(-1, k - 1)),
        "path": lambda k: k - 1,
        "star": lambda k: 0,
        "single nodes": lambda k: -1,
        "trees": lambda k: k - 1 - k % 3 if k % 7 else -1,
    }[shape]
    parents = [choose(k) for k in range(1, n)]
    weight = st.one_of(st.floats(-1e3, 1e3), st.sampled_from([0.0, 1e-12, 1e9, -1e-300]))
    weights = draw(st.lists(weight, min_size=n - 1, max_size=n - 1))
    slack = np.array(draw(st.lists(st.floats(1e-3, 1e3), min_size=n, max_size=n)))
    return forest_matrix(parents, weights, slack, draw(st.permutations(range(n))))


@given(A=forests(), columns=st.integers(0, 3), seed=st.integers(0, 2**32 - 1))
def test_it_agrees_with_a_dense_solver(A, columns, seed):
    shape = (len(A), columns) if columns else len(A)
    x = np.random.default_rng(seed).standard_normal(shape)
    r = A @ x
    result = solve_forest(sparse.csr_array(A), r, on_failure="raise")
    assert result.x.shape == x.shape
    assert result.converged and result.error <= 20 * UNIT
    # both are backward stable: they differ by the condition number times rounding
    rounding = 50 * len(A) * UNIT * np.linalg.cond(A)
    assert np.abs(result.x - np.linalg.solve(A, r)).max() <= rounding * np.abs(x).max()
    assert abs(result.factor.logdet - np.linalg.slogdet(A)[1]) <= rounding


@given(A=forests(max_nodes=12), seed=st.integers(0, 2**32 - 1))
def test_renumbering_the_nodes_renumbers_the_solution(A, seed):
    rng = np.random.default_rng(seed)
    r, p = rng.standard_normal(len(A)), rng.permutation(len(A))
    x, y = (solve_forest(sparse.csr_array(M), v).x for M, v in ((A, r), (A[np.ix_(p, p)], r[p])))
    assert np.abs(y - x[p]).max() <= 50 * UNIT * np.linalg.cond(A) * max(np.abs(x).max(), 1e-300)


@given(A=forests(), seed=st.integers(0, 2**32 - 1))
def test_one_more_edge_is_refused_and_named(A, seed):
    """Join two nodes of one tree: a cycle, and the edge named lies on it."""
    factor = ForestFactor.of(sparse.csr_array(A))
    tree = np.arange(len(A))
    for k, p in enumerate(factor.parent):
        tree[factor.order[k]] = tree[factor.order[p]] if p >= 0 else factor.order[k]
    pairs = np.argwhere((tree[:, None] == tree) & (A == 0))
    if len(pairs) == 0:
        return
    i, j = pairs[np.random.default_rng(seed).integers(len(pairs))]
    A[i, j] = A[j, i] = 1e-3
    with pytest.raises(InvalidArgument, match=r"forest.*cycle through the edge") as info:
        solve_forest(sparse.csr_array(A), np.zeros(len(A)))
    named = [int(k) for k in info.value.got.split("(")[1].rstrip(")").split(",")]
    assert A[*named] != 0
    assert twin.has_cycle(A, range(len(A)))
    A[named[0], named[1]] = A[named[1], named[0]] = 0.0
    assert not twin.has_cycle(A, range(len(A)))


@pytest.fixture(params=["compiled", "python"])
def mode(request):
    return (
        (lambda kernel: kernel) if request.param == "compiled" else (lambda kernel: getattr(kernel, "py_func", kernel))
    )


def test_the_kernels_compiled_and_as_python(mode):
    rng = np.random.default_rng(3)
    A = forest_matrix([0, 0, 1, -1, 4, 4, 2], rng.uniform(-1, 1, 7), 0.1, rng.permutation(8))
    matrix, n = check_symmetric(sparse.csr_array(A)), 8
    label, roots = np.zeros(n, dtype=np.int32), np.arange(n, dtype=np.int32)
    order, position, parent = (np.empty(n, dtype=np.int32) for _ in range(3))
    weight, pivot, factor, x = np.empty(n), np.empty(n), np.empty(n), rng.standard_normal(n)
    assert mode(_forest.mirrored)(matrix.indptr, matrix.indices, matrix.data, position)
    filled = mode(_forest.root)(
        matrix.indptr, matrix.indices, matrix.data, label, roots, order, position, parent, weight, pivot
    )
    assert filled == (n, -1, -1)
    assert_array_equal(position[order], np.arange(n))
    assert (parent < np.arange(n)).all()
    assert_array_equal(pivot, np.diag(A)[order])
    b = (A @ x)[order]
    assert mode(_forest.eliminate)(parent, weight, np.zeros(n), pivot, factor) == -1
    L = np.eye(n)
    L[parent[parent >= 0], np.flatnonzero(parent >= 0)] = factor[parent >= 0]
    assert_allclose(L @ np.diag(pivot) @ L.T, A[np.ix_(order, order)], atol=4 * UNIT)
    mode(_forest.substitute)(0, n, parent, pivot, factor, b)
    assert_allclose(b, x[order], rtol=1e-12)


@given(A=forests(max_nodes=12), seed=st.integers(0, 2**32 - 1), change=st.sampled_from(["value", "entry", "none"]))
def test_symmetry_is_what_the_transpose_says(A, seed, change):
    """Change or drop one entry anywhere, also on graphs that are no forests."""
    rng = np.random.default_rng(seed)
    A = A + np.triu(rng.random(A.shape) < 0.2, 1) + np.triu(rng.random(A.shape) < 0.2, 1).T
    A = np.where(rng.random() < 0.5, A, (A + A.T) / 2)
    if change != "none":
        i, j = rng.integers(len(A), size=2)
        A[i, j] = 0.0 if change == "entry" else np.nextafter(A[i, j], np.inf)
    matrix = sparse.csr_array(A)
    matrix.indptr, matrix.indices = matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32)
    scratch = np.empty(len(A), dtype=np.int32)
    got = _forest.mirrored(matrix.indptr, matrix.indices, matrix.data, scratch)
    assert got == np.array_equal(A, A.T)


def test_only_nodes_of_one_label_are_joined():
    square = sparse.csr_array(np.array([[3.0, -1, 0, -1], [-1, 3.0, -1, 0], [0, -1, 3.0, -1], [-1, 0, -1, 3.0]]))
    matrix = check_symmetric(square)
    with pytest.raises(InvalidArgument, match="cycle"):
        ForestFactor.of_blocks(matrix, np.zeros(4, dtype=np.int32))
    factor = ForestFactor.of_blocks(matrix, np.array([1, 0, 1, -1], dtype=np.int32))
    assert factor.order.tolist() == [1, 0, 2]
    assert factor.parent.tolist() == [-1, -1, -1]


@pytest.mark.parametrize(
    ("A", "expected"),
    [
        (np.eye(2), "a scipy sparse matrix"),
        (sparse.csr_array((2, 3)), "a square matrix"),
        (sparse.csr_array((0, 0)), "at least one row"),
        (sparse.csr_array(np.array([[1.0, 2j], [2j, 1.0]])), "real numbers"),
        (sparse.csr_array([[1.0, np.nan], [np.nan, 1.0]]), "finite entries"),
        (sparse.csr_array([[1.0, np.inf], [np.inf, 1.0]]), "finite entries"),
        (sparse.csr_array([[2.0, -1.0], [0.0, 2.0]]), "symmetric"),
        (sparse.csr_array([[2.0, -1.0], [-1.0 + 1e-9, 2.0]]), "symmetric"),
        (sparse.csr_array([[1.0, 2.0], [2.0, 1.0]]), "positive definite"),
        (sparse.csr_array([[1.0, -1.0], [-1.0, 1.0]]), "positive definite"),
        (sparse.csr_array([[-1.0]]), "positive definite"),
        (sparse.csr_array((3, 3)), "positive definite"),
    ],
)
def test_matrices_that_are_refused(A, expected):
    with pytest.raises(InvalidArgument, match=expected) as info:
        solve_forest(A, np.zeros(A.shape[0]))
    assert info.value.name == "A"


def test_the_pivot_that_is_not_positive_is_named():
    A = np.diag([1.0, 1.0, 1.0, -2.0, 1.0])
    with pytest.raises(InvalidArgument, match=r"pivot -2 at node 3"):
        solve_forest(sparse.csr_array(A), np.zeros(5))


def test_rounding_in_a_product_is_no_asymmetry():
    A = np.array([[2.0, 1 / 3], [np.nextafter(1 / 3, 1), 2.0]])
    assert solve_forest(sparse.csr_array(A), [1.0, 1.0]).converged


@pytest.mark.parametrize("r", [[1.0], [[1.0, 2.0]], [1.0, np.nan], [[1.0], [np.inf]], ["a", "b"], np.zeros((2, 2, 2))])
def test_right_hand_sides_that_are_refused(r):
    with pytest.raises(InvalidArgument) as info:
        solve_forest(sparse.csr_array(np.eye(2)), r)
    assert info.value.name == "r"


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dia"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
def test_formats_types_and_untouched_inputs(form, dtype):
    A = sparse.coo_array(np.array([[4, -1, 0], [-1, 3, 0], [0, 0, 2]], dtype=dtype)).asformat(form)
    r = np.array([3.0, 2.0, 4.0])
    before = A.toarray(), r.copy()
    result = solve_forest(A, r)
    assert_allclose(result.x, [1.0, 1.0, 2.0], rtol=1e-15)
    assert_array_equal(A.toarray(), before[0])
    assert_array_equal(r, before[1])


def test_duplicates_are_summed_and_stored_zeros_are_no_edges():
    i, j = [0, 1, 0, 1, 0, 1, 2, 0, 2, 1, 2], [0, 1, 1, 0, 1, 0, 2, 2, 0, 2, 1]
    A = sparse.coo_array(([4.0, 4, -1, -1, -1, -1, 1, 0, 0, 0, 0], (i, j)), shape=(3, 3))
    result = solve_forest(A, [2.0, 2.0, 1.0])
    assert_allclose(result.x, 1.0, rtol=1e-15)
    assert result.factor.n_trees == 2


def test_a_long_path_and_a_large_star_stay_accurate():
    for A in (
        sparse.diags_array([-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(20_000, 20_000)),
        sparse.csr_array(sparse.block_array([[sparse.csr_array([[20_000.0]]), -np.ones((1, 19_999))],
                                             [-np.ones((19_999, 1)), sparse.eye_array(19_999)]])),
    ):  # fmt: skip
        result = solve_forest(A, np.random.default_rng(0).standard_normal(20_000))
        assert result.converged and result.error < 1e-14


def test_what_comes_back():
    A = sparse.csr_array([[2.0, -1.0], [-1.0, 2.0]])
    result = solve_forest(A, [1.0, 1.0])
    again = pickle.loads(pickle.dumps(result))
    assert_array_equal(again.x, result.x)
    assert len(repr(result).splitlines()) == 3
    assert_allclose(result.factor.solve(np.eye(2)) @ A.toarray(), np.eye(2), atol=4 * UNIT)
    with pytest.warns(ConvergenceWarning, match="double precision"):
        below = solve_forest(sparse.csr_array([[3.0, -1.1], [-1.1, 2.0]]), [0.1, 0.7], tol=0.0)
    assert below.status is Status.FLOOR
    assert solve_forest(A, [0.0, 0.0], tol=0.0).converged


def test_the_certificate_is_the_residual():
    A = check_symmetric(sparse.csr_array([[2.0, -1.0], [-1.0, 2.0]]))
    assert backward_error(A, np.array([1.0, 1.0]), np.array([1.0, 1.0])) == 0.0
    assert backward_error(A, np.array([1.0, 1.0]), np.array([1.0, 0.0])) == 1 / 4
    assert np.isnan(backward_error(A, np.array([np.nan, 1.0]), np.array([1.0, 0.0])))
