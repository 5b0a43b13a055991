"""Lower Hessians asked for whole: when that pays, what is done with singular and with stale ones."""

import numpy as np
import pytest

from sparsetheory import bilevel
from sparsetheory.bilevel.evaluation import Exact
from sparsetheory.bilevel.oracles import Oracles
from sparsetheory.bilevel.recycled import Recycled
from sparsetheory.bilevel.sets import Free


def definite(rng, d):
    Q = np.linalg.qr(rng.standard_normal((d, d)))[0]
    return Q * np.geomspace(0.1, 1.0, d) @ Q.T


def quadratic(rng, p, q):
    """Return a problem and the gradient of psi by dense algebra; y(x) = H^-1 B x."""
    H, B, c = definite(rng, q), rng.standard_normal((q, p)) / np.sqrt(p), rng.standard_normal(q)
    problem = bilevel.Problem(
        f=lambda x, y: 0.5 * float((y - c) @ (y - c) + 0.1 * x @ x),
        g=lambda x, y: 0.5 * float(y @ H @ y) - float(y @ (B @ x)),
        grad_f=lambda x, y: (0.1 * x, y - c),
        grad_g=lambda x, y: (-B.T @ y, H @ y - B @ x),
    )

    def gradient(x):
        return 0.1 * x + B.T @ np.linalg.solve(H, np.linalg.solve(H, B @ x) - c)

    return problem, gradient


@pytest.mark.parametrize("known", [0, 3])
def test_after_all_products_it_is_the_inverse(known):
    rng = np.random.default_rng(known)
    H, memory = definite(rng, 20), Recycled(20)
    if known:
        memory.learn([(v, H @ v) for v in rng.standard_normal((known, 20))])
    memory.complete(lambda v: H @ v)
    assert memory.whole and memory.sharp and not memory.completable and memory.products == 0
    assert np.allclose([memory.times(unit) for unit in np.eye(20)], np.linalg.inv(H), rtol=0, atol=1e-11)


@pytest.mark.parametrize("least", [0.0, -0.1, 1e-9])
def test_a_hessian_that_is_not_definite_changes_nothing(least):
    rng = np.random.default_rng(3)
    H = definite(rng, 10)
    values, basis = np.linalg.eigh(H)
    values[0] = least
    flat, memory, v = basis * values @ basis.T, Recycled(10), rng.standard_normal(10)
    memory.learn([(v, H @ v)])
    before = memory.times(v)
    memory.complete(lambda u: flat @ u)
    assert not memory.whole
    assert np.array_equal(memory.times(v), before)


@pytest.mark.parametrize(("p", "whole"), [(1, False), (60, True)])
def test_few_upper_variables_do_not_pay_for_all_products(p, whole):
    problem, gradient = quadratic(np.random.default_rng(p), p, 300)
    evaluate = Exact(Oracles(problem, p, 300), Free(), np.zeros(300))
    for k in range(6):
        found = evaluate(np.full(p, 0.1 * k), 1e-6)
    assert evaluate.memory.whole is whole
    assert np.linalg.norm(found.gradient - gradient(np.full(p, 0.5))) <= 1e-6


def test_an_inverse_of_another_hessian_costs_steps_but_no_accuracy():
    problem, gradient = quadratic(np.random.default_rng(5), 4, 30)
    evaluate, x = Exact(Oracles(problem, 4, 30), Free(), np.zeros(30)), np.ones(4)
    evaluate(x, 1e-6)
    evaluate(0.9 * x, 1e-6)  # where products are kept from
    other = definite(np.random.default_rng(6), 30)
    evaluate.memory.complete(lambda v: other @ v)
    assert evaluate.memory.whole
    for fresh in (evaluate.again(evaluate.z), evaluate):
        assert np.linalg.norm(fresh(0.5 * x, 1e-8).gradient - gradient(0.5 * x)) <= 1e-8


def test_a_curved_level_is_followed():
    """The Hessian at the end is not that which was asked for."""
    rng = np.random.default_rng(8)
    A, c = rng.standard_normal((40, 40)) / 6, 2.0 * rng.standard_normal(40)
    problem = bilevel.Problem(
        f=lambda x, y: 0.5 * float((y - c) @ (y - c) + 0.01 * x @ x),
        g=lambda x, y: float(np.sum(np.logaddexp(y, -y)) + 0.05 * y @ y - y @ (A @ x)),
        grad_f=lambda x, y: (0.01 * x, y - c),
        grad_g=lambda x, y: (-A.T @ y, np.tanh(y) + 0.1 * y - A @ x),
    )
    found = bilevel.minimize(problem, np.ones(40), np.zeros(40), tol=1e-6)
    y = found.y
    for _ in range(50):  # Newton
        y = y - (np.tanh(y) + 0.1 * y - A @ found.x) / (1 / np.cosh(y) ** 2 + 0.1)
    exact = 0.01 * found.x + A.T @ ((y - c) / (1 / np.cosh(y) ** 2 + 0.1))
    assert found.success and np.linalg.norm(exact) <= 1e-6


@pytest.mark.parametrize("start", [0.0, 10.0, -100.0, 1e4])
def test_mixed_derivatives_that_are_large_beside_the_hessian(start):
    """Lower solves to a tenth of what is asked let a descent run away; y(x) = clip(50 x - 500) has no bounds here."""
    problem = bilevel.Problem(
        f=lambda x, y: float((x[0] - 1) ** 2 + (y[0] - 1) ** 2),
        g=lambda x, y: float(0.5 * y[0] ** 2 + 500 * y[0] - 50 * x[0] * y[0]),
        grad_f=lambda x, y: (2 * (x - 1), 2 * (y - 1)),
        grad_g=lambda x, y: (-50 * y, y + 500 - 50 * x),
    )
    found = bilevel.minimize(problem, [start], [start])
    assert found.x[0] == pytest.approx((1 + 50 * 501) / 2501, abs=1e-6)
