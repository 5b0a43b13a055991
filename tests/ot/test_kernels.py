"""Every kernel against its slow twin, compiled and as plain Python."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logsumexp

from sparsetheory import ot
from sparsetheory._kernels import exponential
from sparsetheory.ot import _semi_dual, _sinkhorn_iteration, hessian
from sparsetheory.ot.problem import random_assignment, random_costs


def load_twin(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / "reference" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


twin = load_twin("ot_sinkhorn")
UNIT = np.finfo(float).eps / 2


@pytest.fixture(params=["compiled", "python"])
def mode(request):
    """Return a function that picks the compiled kernel or the Python it was made from."""
    return (
        (lambda kernel: kernel) if request.param == "compiled" else (lambda kernel: getattr(kernel, "py_func", kernel))
    )


@pytest.fixture
def problem():
    return random_costs(23, 17, np.random.default_rng(1))


def vectorised_exp(x):
    """Evaluate the exponential where it is used, inside the row kernel: g - cost = x, top = 0."""
    out = np.empty_like(x)
    exponential._exp_row(np.zeros_like(x), x, 0.0, 1.0, out)
    return out


def test_exp_is_within_1e15_of_fifty_digits():
    mpmath = pytest.importorskip("mpmath")
    x = -np.sort(np.random.default_rng(0).uniform(0, 700, 500))
    x[:50] = -np.logspace(-18, 0, 50)
    values = vectorised_exp(x)
    with mpmath.workdps(50):
        errors = [abs(mpmath.mpf(v) / mpmath.exp(mpmath.mpf(t)) - 1) for t, v in zip(x, values)]
    assert max(errors) < 1e-15


def test_exp_is_numpys_on_a_fine_grid():
    x = np.linspace(-700, 700, 1_000_001)
    assert_allclose(vectorised_exp(x), np.exp(x), rtol=1e-15)


def test_exp_leaves_no_denormals_and_keeps_nan(mode):
    exp = mode(exponential.exp)
    with np.errstate(invalid="ignore"):
        assert [exp(x) for x in (-np.inf, -1e300, -708.5, -700.1)] == [0.0] * 4
        assert exp(-700.0) > 1e-305
        assert exp(709.5) == exp(np.inf) == np.inf
        assert exp(0.0) == 1.0
        assert np.isnan(exp(np.nan))


@pytest.mark.parametrize("m", [1, 2, 63, 64, 65, 200])
def test_log_sum_exp_row(mode, m):
    rng = np.random.default_rng(m)
    cost, g, out = rng.uniform(0, 50, m), rng.standard_normal(m), np.empty(m)
    cost[rng.random(m) < 0.3] = np.inf
    cost[m // 2] = 1.0
    with np.errstate(invalid="ignore"):
        top, total = mode(exponential.log_sum_exp_row)(cost, g, 7.0, out)
    assert top == (g - cost).max()
    assert_allclose(7.0 * top + np.log(total), logsumexp(7.0 * (g - cost)), rtol=1e-14)
    assert_array_equal(out[np.isinf(cost)], 0.0)


@pytest.mark.parametrize("reg", [1.0, 1e-2, 1e-4])
def test_fused_pass(mode, problem, reg):
    C, a, b = problem
    g = 0.1 * np.random.default_rng(2).standard_normal(len(b))
    f, plan, columns = np.empty(len(a)), np.empty(C.shape), np.empty(len(b))
    mode(_semi_dual.fused_pass)(C, a, g, reg, f, plan, columns)
    expected = twin.exact_rows(C, a, g, reg)
    # the twin's exponent is the difference of numbers up to 2, its plan known to 2 u / reg
    for value, target in zip((f, plan, columns), expected):
        assert_allclose(value, target, rtol=8 * UNIT / reg + 1e-13, atol=1e-300)
    assert_allclose(plan.sum(axis=1), a, rtol=1e-14)


def test_the_pass_gives_a_function_its_gradient_and_its_hessian(problem):
    C, a, b = problem
    reg, h = 0.2, 1e-5
    rng = np.random.default_rng(7)
    g, step = 0.1 * rng.standard_normal(len(b)), rng.standard_normal(len(b))

    def at(g):
        f, plan, columns = np.empty(len(a)), np.empty(C.shape), np.empty(len(b))
        _semi_dual.fused_pass(C, a, g, reg, f, plan, columns)
        return a @ f + b @ g, b - columns

    value, gradient, second = twin.semi_dual(C, a, b, g, reg)
    assert_allclose(at(g)[0], value, rtol=1e-14)
    (above, slope_above), (below, slope_below) = at(g + h * step), at(g - h * step)
    # central differences: h^2 / (6 reg^2) of truncation, u / h of rounding
    assert_allclose((above - below) / (2 * h), gradient @ step, atol=1e-8)
    assert_allclose((slope_above - slope_below) / (2 * h), second @ step, atol=1e-7)


@pytest.mark.parametrize("n_iter", [1, 2, 9])
def test_sinkhorn_chunk(mode, problem, n_iter):
    C, a, b = problem
    f, g, row, columns = np.empty(len(a)), np.zeros(len(b)), np.empty(len(b)), np.empty(len(b))
    done, error = mode(_sinkhorn_iteration.sinkhorn_chunk)(C, a, b, 0.05, n_iter, 0.0, f, g, row, columns)
    f_twin, g_twin, errors = twin.sinkhorn(C, a, b, 0.05, n_iter)
    assert done == n_iter
    assert_allclose(error, errors[-1], rtol=1e-11)
    assert_allclose(f, f_twin, atol=1e-13)
    assert_allclose(g, g_twin, atol=1e-13)


def test_a_chunk_stops_at_its_tolerance_with_the_pair_it_measured(problem):
    C, a, b = problem
    f, g, row, columns = np.empty(len(a)), np.zeros(len(b)), np.empty(len(b)), np.empty(len(b))
    done, error = _sinkhorn_iteration.sinkhorn_chunk(C, a, b, 0.05, 1000, 1e-6, f, g, row, columns)
    errors = twin.sinkhorn(C, a, b, 0.05, done)[2]
    assert errors[-1] <= 1e-6 < errors[-2]
    assert_allclose(np.abs(np.exp((f[:, None] + g - C) / 0.05).sum(axis=0) - b).sum(), error, rtol=1e-6)


def test_a_column_that_underflowed_is_made_exact_too(mode):
    """The far column's sum is 0 in floating point; its potential is 1e5 away, in one step."""
    C = np.array([[0.0, 1e5], [0.3, 1e5 + 2.0], [0.1, np.inf]])
    a, b, reg, g = np.array([0.2, 0.3, 0.5]), np.array([0.75, 0.25]), 0.5, np.zeros(2)
    f, _, columns = twin.exact_rows(C, a, g, reg)
    assert columns[1] == 0
    mode(_sinkhorn_iteration.update)(C, b, columns, reg, f, g)
    assert_allclose(np.exp((f[:, None] + g - C) / reg).sum(axis=0), b, rtol=1e-9)  # 1e5 / reg times the unit roundoff


@pytest.mark.parametrize("drop", [0.0, 1e-3, 0.2, 10.0])
def test_extraction_keeps_what_matters_to_its_row_or_its_column(mode, problem, drop):
    C, a, b = problem
    _, plan, _ = twin.exact_rows(C, a, np.zeros(len(b)), 0.05)
    keep = (plan > drop * a[:, None]) | (plan > drop * b)
    kept = np.empty(len(a), dtype=np.int64)
    mode(_semi_dual.count_kept)(plan, a, b, drop, kept)
    assert_array_equal(kept, keep.sum(axis=1))
    start = np.concatenate(([0], np.cumsum(kept)))
    columns, values = np.empty(start[-1], dtype=np.int64), np.empty(start[-1])
    mode(_semi_dual.extract)(plan, a, b, drop, start, columns, values)
    assert_array_equal(columns, np.nonzero(keep)[1])
    assert_array_equal(values, plan[keep])


def csr(plan):
    start = np.arange(0, plan.size + 1, plan.shape[1])
    return start, np.tile(np.arange(plan.shape[1]), plan.shape[0]), plan.ravel().copy()


def test_gram_products_and_diagonals(mode, problem):
    C, a, b = problem
    _, plan, _ = twin.exact_rows(C, a, np.zeros(len(b)), 0.05)
    gram, x = plan.T @ np.diag(1 / a) @ plan, np.random.default_rng(3).standard_normal(len(b))
    out = np.empty(len(b))
    for call, expected in (
        (lambda: mode(_semi_dual.dense_gram)(plan, a, x, out), gram @ x),
        (lambda: mode(_semi_dual.sparse_gram)(*csr(plan), a, x, out), gram @ x),
        (lambda: mode(_semi_dual.dense_gram_diagonal)(plan, a, out), np.diag(gram)),
        (lambda: mode(_semi_dual.sparse_gram_diagonal)(*csr(plan), a, out), np.diag(gram)),
    ):
        out[:] = np.nan
        call()
        assert_allclose(out, expected, rtol=1e-12)


@pytest.mark.parametrize("dense", [True, False])
def test_conjugate_gradients_solve_and_report(mode, problem, dense):
    C, a, b = problem
    _, plan, columns = twin.exact_rows(C, a, np.zeros(len(b)), 0.05)
    lifted = 1.01 * columns
    matrix = np.diag(lifted) - plan.T @ np.diag(1 / a) @ plan
    x, work, rhs = np.empty(len(b)), np.empty((4, len(b))), b - columns
    system = (plan, a) if dense else (*csr(plan), a)
    solve = mode(_semi_dual.dense_cg if dense else _semi_dual.sparse_cg)
    done, reached = solve(*system, lifted, 1 / np.diag(matrix), rhs, 1e-12, 100, x, work)
    assert reached
    assert 1 < done <= 2 * len(b)
    assert_allclose(x, np.linalg.solve(matrix, rhs), rtol=1e-8)
    assert solve(*system, lifted, 1 / np.diag(matrix), rhs, 1e-12, 2, x, work) == (2, False)
    assert rhs @ x > 0  # cut short it is still a direction of ascent


@pytest.mark.parametrize("variant", ["sparse", "dense", "factorised"])
def test_the_newton_direction_solves_the_twins_system(monkeypatch, problem, variant):
    C, a, b = problem
    reg, g = 0.05, 0.02 * np.random.default_rng(4).standard_normal(17)
    _, plan, columns = twin.exact_rows(C, a, g, reg)
    monkeypatch.setattr(hessian, "_DENSE", 2.0 if variant == "sparse" else 0.0)
    monkeypatch.setattr(hessian, "_CG_LIMIT", 1 if variant == "factorised" else 500)
    direction = hessian.newton_direction(plan, a, b, columns, drop=0.0, shift=0.0, forcing=1e-13)
    assert direction.factorised == (variant == "factorised")
    _, gradient, second = twin.semi_dual(C, a, b, g, reg)
    residual = gradient + reg * second @ direction.step
    assert np.abs(residual).sum() < 1e-10 * np.abs(gradient).sum()


def test_dropping_keeps_the_system_definite_and_the_direction_upward():
    C, a, b = random_assignment(40, np.random.default_rng(5))
    _, plan, columns = twin.exact_rows(C, a, np.zeros(40), 0.01)
    for drop in (1e-6, 1e-2, 0.3, 100.0):
        direction = hessian.newton_direction(plan, a, b, columns, drop=drop, shift=0.0, forcing=1e-10)
        assert (b - columns) @ direction.step > 0
        assert direction.density <= 1.0


def test_kernels_are_compiled_for_the_declared_signatures_only():
    if not hasattr(_semi_dual.fused_pass, "signatures"):
        pytest.skip("compiled kernels are switched off")
    from numba.core import sigutils

    C = random_costs(30, 20, np.random.default_rng(6))[0]
    strided, frozen = np.repeat(C, 2, axis=1)[:, ::2], C.copy()
    frozen.flags.writeable = False
    for M in (C, C.T.copy().T, strided, frozen, C.astype(np.float32), (10 * C).astype(int), C.tolist(), C.T):
        for method in ("auto", "sinkhorn"):
            ot.solve(M, reg=1.0, method=method)
            ot.solve(M, reg=0.01, method=method, max_iter=5, on_failure="ignore")
    for module in (exponential, _semi_dual, _sinkhorn_iteration):
        for dispatcher, declared in module.SIGNATURES.items():
            allowed = {sigutils.normalize_signature(signature)[0] for signature in declared}
            assert set(dispatcher.signatures) <= allowed, dispatcher.__name__


def test_no_kernel_uses_fast_math_that_hides_nan():
    if not hasattr(_semi_dual.fused_pass, "targetoptions"):
        pytest.skip("compiled kernels are switched off")
    for module in (exponential, _semi_dual, _sinkhorn_iteration):
        for dispatcher in vars(module).values():
            flags = getattr(dispatcher, "targetoptions", {}).get("fastmath", False)
            assert not flags or set(flags) <= {"reassoc", "nsz", "contract"}
