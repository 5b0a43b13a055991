"""Hypergradients against closed forms and differences of psi, and the concerns they raise."""

import numpy as np
import pytest

from sparsetheory import bilevel
from sparsetheory.errors import ConvergenceWarning, InvalidArgument
from sparsetheory.testing import BilevelInstance

from .test_bilevel_minimize import problem_of


@pytest.mark.parametrize("method", ["implicit", "penalty", "central"])
@pytest.mark.parametrize("seed", range(4))
def test_one_solution(method, seed):
    q = BilevelInstance.build(seed=seed, n=4, m=6, cond=10.0)
    x = np.random.default_rng(seed).standard_normal(4)
    found = bilevel.hypergradient(problem_of(q), x, np.zeros(6), method=method, sigma=1e-5)
    off = np.linalg.norm(found.gradient - q.exact.grad_psi(x)) / (1 + np.linalg.norm(q.exact.grad_psi(x)))
    assert off < {"implicit": 1e-6, "penalty": 1e-2, "central": 1e-4}[method]
    assert not found.concerns


@pytest.mark.parametrize("seed", range(3))
def test_the_penalty_gradient_is_that_of_the_penalty_function(seed):
    q = BilevelInstance.build(seed=seed, n=4, m=6, cond=10.0)
    x = np.random.default_rng(seed).standard_normal(4)
    found = bilevel.hypergradient(problem_of(q), x, np.zeros(6), method="penalty", sigma=1e-2)
    assert np.allclose(found.gradient, q.exact.grad_psi_sigma(x, 1e-2), rtol=1e-6, atol=1e-6)
    low, high = found.bracket
    assert low - 1e-8 <= q.exact.psi(x) <= high + 1e-8
    assert low == pytest.approx(q.exact.psi_sigma(x, 1e-2), abs=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_active_bounds(seed):
    q = BilevelInstance.build(seed=seed, n=4, m=6, constrained=True)
    x = np.random.default_rng(seed).standard_normal(4)
    assert q.exact.kink(x) > 1e-4
    found = bilevel.hypergradient(problem_of(q), x, np.zeros(6))
    assert np.allclose(found.gradient, q.exact.grad_psi(x), atol=1e-6)


def test_many_solutions_need_the_best_one():
    q = BilevelInstance.build(seed=1, n=4, m=6, multi_solution=True)
    x = np.random.default_rng(1).standard_normal(4)
    best = bilevel.hypergradient(problem_of(q), x, q.exact.solution(x))
    assert np.allclose(best.gradient, q.exact.grad_psi(x), atol=1e-5) and not best.concerns
    _, _, Vt = np.linalg.svd(q.H)
    other = q.exact.solution(x) + Vt[-1]
    with pytest.warns(ConvergenceWarning, match="best for f"):
        wrong = bilevel.hypergradient(problem_of(q), x, other)
    assert wrong.concerns
    through = bilevel.hypergradient(problem_of(q), x, other, method="penalty", sigma=1e-4)
    assert np.allclose(through.gradient, q.exact.grad_psi(x), atol=0.05)


def test_user_products_are_used_and_counted():
    q = BilevelInstance.build(seed=2, n=4, m=6)
    x = np.ones(4)
    problem = bilevel.Problem(
        f=q.f, g=q.g, grad_f=q.grad_f, grad_g=q.grad_g,
        hvp_yy=lambda x, y, v: q.H @ v, hvp_xy=lambda x, y, v: -q.A.T @ (q.H @ v),
    )  # fmt: skip
    found = bilevel.hypergradient(problem, x, np.zeros(6), tol=1e-10)
    assert np.allclose(found.gradient, q.exact.grad_psi(x), atol=1e-9) and found.counts.hvp > 1


def test_a_kink_is_named():
    q = BilevelInstance.build(seed=0, n=1, m=1, constrained=True)
    x = (q.high - q.a) / q.A[0]  # the free solution of the lower level lies on its bound
    with pytest.warns(ConvergenceWarning, match="kink"):
        bilevel.hypergradient(problem_of(q), x, np.zeros(1))


def test_only_a_projection_has_no_implicit_derivative():
    q = BilevelInstance.build(seed=0, n=2, m=2)
    problem = bilevel.Problem(f=q.f, g=q.g, grad_f=q.grad_f, grad_g=q.grad_g, Y=lambda v: np.maximum(v, -50.0))
    with pytest.raises(InvalidArgument) as caught:
        bilevel.hypergradient(problem, [0.0, 0.0], [0.0, 0.0])
    assert caught.value.name == "method"
    found = bilevel.hypergradient(problem, [0.0, 0.0], [0.0, 0.0], method="penalty", sigma=1e-6)
    assert np.allclose(found.gradient, q.exact.grad_psi(np.zeros(2)), atol=1e-3)


def test_gradients_are_checked():
    q = BilevelInstance.build(seed=4, n=3, m=5)
    rng = np.random.default_rng(0)
    assert bilevel.check_gradients(problem_of(q), np.ones(3), np.ones(5), rng=rng) < 1e-6
    wrong = bilevel.Problem(f=q.f, g=q.g, grad_f=q.grad_f, grad_g=lambda x, y: (q.grad_g(x, y)[0], q.H @ y))
    with pytest.raises(InvalidArgument, match="in y"):
        bilevel.check_gradients(wrong, np.ones(3), np.ones(5), rng=rng)
