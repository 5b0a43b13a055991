"""Value, derivatives and bounds of every problem against the textbook."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose

from sparsetheory import bcd
from sparsetheory.errors import InvalidArgument


def test_value_gradient_hessian_and_bound_are_the_textbooks(kind, make):
    problem, (f, grad, hess, bound) = make(kind)
    rng = np.random.default_rng(1)
    x, d = rng.normal(size=(2, problem.n)) * 0.3
    z = problem.image(x)
    everything = np.arange(problem.n)
    bound = bound(everything)
    b = np.array([1, 2, 4, 6])
    assert_allclose(problem.value(x, z), f(x), rtol=1e-12)
    assert_allclose(problem.gradient(x, z), grad(x), rtol=1e-10, atol=1e-10)
    assert_allclose(problem.partial(x, z, b), grad(x)[b], rtol=1e-10, atol=1e-10)
    assert_allclose(problem.hessian(x, z, b), hess(x)[np.ix_(b, b)], rtol=1e-10, atol=1e-10)
    assert_allclose(problem.curvature(everything), bound, rtol=1e-12, atol=1e-12)
    assert_allclose(problem.curvature_product(d), bound @ d, rtol=1e-10, atol=1e-10)
    assert_allclose(problem.hessian_product(x, z, d), hess(x) @ d, rtol=1e-10, atol=1e-10)
    assert_allclose(problem.row_sums, np.abs(bound).sum(axis=1), rtol=1e-12)
    assert_allclose(problem.total_lipschitz, np.linalg.eigvalsh(bound)[-1], rtol=1e-8)
    moved = x.copy()
    moved[b] += d[b]
    assert_allclose(z + problem.shift(b, d[b]), problem.image(moved), rtol=1e-10, atol=1e-10)
    assert_allclose(problem.change(x, z, b, d[b], problem.shift(b, d[b])), f(moved) - f(x), rtol=1e-8)


def test_change_keeps_its_digits_where_a_difference_of_sums_has_none(kind, make):
    problem, (_, grad, hess, _) = make(kind)
    x = np.random.default_rng(2).normal(size=problem.n) * 0.1
    b, d = np.array([0, 3]), np.array([1e-9, -2e-9])
    got = problem.change(x, problem.image(x), b, d, problem.shift(b, d))
    assert_allclose(got, grad(x)[b] @ d + 0.5 * d @ hess(x)[np.ix_(b, b)] @ d, rtol=1e-6)


@pytest.mark.parametrize("b", [[0], [0, 1], [0, 3], [0, 4], [0, 1, 2], [0, 1, 2, 3, 4, 5, 6]])
def test_block_bounds_lie_above_the_hessian_everywhere(kind, make, b):
    problem, (_, _, hess, _) = make(kind)
    b = np.array(b)
    H = problem.curvature(b)
    for seed in range(20):
        x = np.random.default_rng(seed).normal(size=problem.n) * 10.0 ** (seed % 4 - 2)
        slack = np.linalg.eigvalsh(H - hess(x)[np.ix_(b, b)])[0]
        assert slack >= -1e-10 * np.linalg.norm(H)
        for diagonal in (len(b) * problem.lipschitz[b], problem.row_sums[b]):
            slack = np.linalg.eigvalsh(np.diag(diagonal) - hess(x)[np.ix_(b, b)])[0]
            assert slack >= -1e-10 * np.linalg.norm(H)


def test_third_derivatives_stay_below_their_bound(make):
    problem, _ = make("logistic", n=1)
    t = np.linspace(-3, 3, 4001)
    h = [problem.hessian(np.array([s]), problem.image(np.array([s])), np.array([0]))[0, 0] for s in t]
    steepest = np.max(np.abs(np.diff(h) / np.diff(t)))
    assert steepest <= problem.third[0]
    one = bcd.Logistic([[2.0]], [1.0])
    h = [one.hessian(np.array([s]), one.image(np.array([s])), np.array([0]))[0, 0] for s in t]
    assert_allclose(np.max(np.abs(np.diff(h) / np.diff(t))), one.third[0], rtol=1e-5)  # attained


@pytest.mark.parametrize("make_one", [bcd.LeastSquares, bcd.Logistic, bcd.Softmax])
def test_dense_layouts_and_csc_agree(make_one):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(12, 5)) * (rng.random((12, 5)) < 0.5)
    y = np.where(rng.random(12) < 0.5, 0, 1) if make_one is bcd.Softmax else np.sign(rng.normal(size=12))
    reference = make_one(X, y)
    x = rng.normal(size=reference.n)
    for other in (np.asfortranarray(X), sp.csc_matrix(X), sp.csr_array(X), np.repeat(X, 2, axis=1)[:, ::2]):
        problem = make_one(other, y)
        assert_allclose(problem.gradient(x, problem.image(x)), reference.gradient(x, reference.image(x)), atol=1e-12)
        assert_allclose(problem.curvature(np.array([0, 2])), reference.curvature(np.array([0, 2])), atol=1e-12)
        assert_allclose(problem.hessian(x, problem.image(x), np.array([1, 2])),
                        reference.hessian(x, reference.image(x), np.array([1, 2])), atol=1e-12)  # fmt: skip
        assert_allclose(problem.third, reference.third)
        assert_allclose(problem.row_sums, reference.row_sums)


def test_inputs_are_copied_and_frozen():
    X, y = np.eye(3), np.ones(3)
    problem = bcd.LeastSquares(X, y)
    X[0, 0] = 7.0
    assert problem.lipschitz[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        problem.y[0] = 1.0


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (lambda: bcd.LeastSquares([[np.nan]], [1.0]), "X"),
        (lambda: bcd.LeastSquares([[np.inf]], [1.0]), "X"),
        (lambda: bcd.LeastSquares(sp.csc_matrix([[np.inf]]), [1.0]), "X"),
        (lambda: bcd.LeastSquares([[1.0]], [1.0, 2.0]), "y"),
        (lambda: bcd.LeastSquares([1.0], [1.0]), "X"),
        (lambda: bcd.LeastSquares([[1.0, 2.0], [1.0]], [1.0, 1.0]), "X"),
        (lambda: bcd.LeastSquares([["a"]], [1.0]), "X"),
        (lambda: bcd.LeastSquares(np.zeros((0, 2)), []), "X"),
        (lambda: bcd.Softmax("X", [0, 1]), "X"),
        (lambda: bcd.LeastSquares([[1.0]], [np.nan]), "y"),
        (lambda: bcd.LeastSquares([[1.0]], [1.0], l2=-1.0), "l2"),
        (lambda: bcd.Logistic([[1.0], [1.0]], [0, 1]), "y"),
        (lambda: bcd.Softmax([[1.0], [1.0]], [0, 0.5]), "y"),
        (lambda: bcd.Softmax([[1.0], [1.0]], [0, 0]), "y"),
        (lambda: bcd.Quadratic([[1.0, 2.0]], [1.0]), "A"),
        (lambda: bcd.Quadratic([[1.0, 2.0], [0.0, 1.0]], [1.0, 1.0]), "A"),
        (lambda: bcd.Quadratic([[1.0, 2.0], [2.0, 1.0]], [1.0, 1.0]), "A"),
        (lambda: bcd.Quadratic([[-1.0]], [1.0]), "A"),
        (lambda: bcd.Quadratic([[0.0, 0.0], [0.0, 1.0]], [1.0, 1.0]), "c"),
    ],
)
def test_bad_data_is_refused_by_name(build, name):
    with pytest.raises(InvalidArgument) as caught:
        build()
    assert caught.value.name == name


def test_softmax_hessian_keeps_its_digits_where_classes_are_nearly_certain():
    from mpmath import exp, mp, mpf

    X, W = np.array([[1.0, 2.0], [-1.0, 0.5]]), np.array([[30.0, -10.0, 0.0], [5.0, 2.0, -9.0]])
    problem = bcd.Softmax(X, [0, 2])
    hessian = problem.hessian(W.ravel(), problem.image(W.ravel()), np.arange(6))
    with mp.workdps(60):
        exact = np.zeros((6, 6))
        for x in X:
            scores = [exp(mpf(float(s))) for s in x @ W]
            p = [s / sum(scores) for s in scores]
            for i in range(6):
                for j in range(6):
                    between = (p[i % 3] if i % 3 == j % 3 else 0) - p[i % 3] * p[j % 3]
                    exact[i, j] += float(mpf(x[i // 3]) * mpf(x[j // 3]) * between)
    assert_allclose(hessian, exact, rtol=1e-12)
    assert 0 < exact[0, 0] < 1e-16  # rounding of p - p^2 would be larger
