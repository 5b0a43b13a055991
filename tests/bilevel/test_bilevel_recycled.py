"""Products kept from one linear system to the next: a dense twin, Hessians that change, and what is saved."""

import numpy as np
import pytest

from sparsetheory import bilevel
from sparsetheory.bilevel.conjugate_gradients import conjugate_gradients
from sparsetheory.bilevel.evaluation import Exact
from sparsetheory.bilevel.oracles import OracleFailure, Oracles
from sparsetheory.bilevel.recycled import Recycled
from sparsetheory.errors import InvalidArgument


def hessian(rng, d, cond=10.0):
    Q = np.linalg.qr(rng.standard_normal((d, d)))[0]
    return Q * np.geomspace(1 / cond, 1.0, d) @ Q.T


def counted(H):
    calls = []

    def times(v):
        calls.append(v)
        return H @ v

    return times, calls


def dense_inverse(H, steps, scale):
    """BFGS updates of `scale` I, one step after the other, each made conjugate to those before it."""
    M, kept = scale * np.eye(len(H)), []
    for step in steps:
        for other in kept:
            step = step - (other @ H @ step) * other
        step = step / np.sqrt(step @ H @ step)
        kept.append(step)
        E = np.eye(len(H)) - np.outer(step, H @ step)
        M = E @ M @ E.T + np.outer(step, step)
    return M


@pytest.mark.parametrize("sizes", [(1,), (4,), (3, 2, 5)])
def test_the_preconditioner_is_that_of_dense_bfgs_updates(sizes):
    rng = np.random.default_rng(sum(sizes))
    H, memory, seen = hessian(rng, 12), Recycled(12), []
    for size in sizes:
        steps = list(rng.standard_normal((size, 12)))
        memory.learn([(p, H @ p) for p in steps])
        seen += steps
    assert len(memory) == sum(sizes)
    twin = dense_inverse(H, seen, memory.scale)
    assert np.allclose([memory.times(e) for e in np.eye(12)], twin, rtol=0, atol=1e-9)


def test_once_the_space_is_known_a_system_takes_one_product():
    rng = np.random.default_rng(0)
    H, memory, counts = hessian(rng, 50), Recycled(50), []
    for _ in range(12):
        target = rng.standard_normal(50)
        times, calls = counted(H)
        found = conjugate_gradients(times, target, tol=1e-5 * np.linalg.norm(target), memory=memory)
        assert np.linalg.norm(target - H @ found.solution) <= 2e-5 * np.linalg.norm(target)
        counts.append(len(calls))
    assert counts[-4:] == [1, 1, 1, 1] and sum(counts) <= 50 + 2 * 12
    assert all(now <= first for now, first in zip(counts[1:], counts, strict=False))


def test_a_hessian_that_changes_is_solved_all_the_same_and_in_no_more_products():
    """Half of the Hessian turns from one system to the next: stale pairs are forgotten, not believed."""
    rng = np.random.default_rng(1)
    with_memory, without, memory = 0, 0, Recycled(40)
    first, last = hessian(rng, 40, 100.0), hessian(rng, 40, 100.0)
    for share in np.linspace(0, 1, 30):
        H, target = (1 - share) * first + share * last, rng.standard_normal(40)
        for store, fresh in ((memory, False), (Recycled(40), True)):
            times, calls = counted(H)
            found = conjugate_gradients(times, target, tol=1e-6, memory=store)
            assert np.linalg.norm(target - H @ found.solution) <= 1e-5
            with_memory, without = with_memory + (not fresh) * len(calls), without + fresh * len(calls)
    assert with_memory <= 1.1 * without


def test_pairs_of_any_matrix_give_a_positive_definite_preconditioner():
    rng = np.random.default_rng(2)
    memory = Recycled(10)
    for _ in range(20):
        A = rng.standard_normal((10, 10))
        memory.learn([(p, A @ p) for p in rng.standard_normal((3, 10))])
        M = np.array([memory.times(e) for e in np.eye(10)])
        assert np.allclose(M, M.T, atol=1e-8 * np.abs(M).max()) and np.linalg.eigvalsh(M).min() > 0
        assert len(memory) <= 10


def test_flat_and_broken_products_teach_nothing():
    memory = Recycled(3)
    memory.learn([(np.ones(3), np.zeros(3)), (np.ones(3), -np.ones(3)), (np.ones(3), np.full(3, np.nan))])
    assert len(memory) == 0 and np.array_equal(memory.times(np.ones(3)), np.ones(3))


def test_the_oldest_make_room():
    H, memory = hessian(np.random.default_rng(3), 6), Recycled(6, room=2)
    memory.learn([(e, H @ e) for e in np.eye(6)[:2]])
    memory.learn([(e, H @ e) for e in np.eye(6)[2:3]])
    assert len(memory) == 2


def quadratic(d, **products):
    rng = np.random.default_rng(d)
    H, B, c = hessian(rng, d), rng.standard_normal((d, d)) / np.sqrt(d), rng.standard_normal(d)
    B = H @ B
    return bilevel.Problem(
        f=lambda x, y: 0.5 * float((y - c) @ (y - c)) + 0.05 * float(x @ x),
        g=lambda x, y: 0.5 * float(y @ H @ y) - float(y @ (B @ x)),
        grad_f=lambda x, y: (0.1 * x, y - c),
        grad_g=lambda x, y: (-B.T @ y, H @ y - B @ x), **products,
    )  # fmt: skip


def test_calls_of_a_quadratic_do_not_grow_again():
    """Each upper point takes a handful of gradients once the lower Hessian is known: 1336 calls took it before."""
    found = bilevel.minimize(quadratic(50), np.ones(50), np.zeros(50), tol=1e-4)
    assert found.converged and found.kind == "implicit"
    assert found.counts.gradients <= 150 + 10 * found.n_iter


@pytest.mark.parametrize(("flat", "room"), [(0, True), (12, False)])
def test_products_are_kept_where_the_lower_hessian_has_no_kernel(flat, room):
    """With one, what differences leave in it would grow: z has to stay the member of S(x) that f likes best."""
    rng = np.random.default_rng(0)
    curvature = np.append(np.zeros(flat), np.geomspace(0.1, 1.0, 30 - flat))
    Q = np.linalg.qr(rng.standard_normal((30, 30)))[0]
    H, kernel, c = Q * curvature @ Q.T, Q[:, :flat], rng.standard_normal(30)
    B = H @ rng.standard_normal((30, 30)) / np.sqrt(30)
    problem = bilevel.Problem(
        f=lambda x, y: 0.5 * float((y - c) @ (y - c)) + 0.05 * float(x @ x),
        g=lambda x, y: 0.5 * float(y @ H @ y) - float(y @ (B @ x)),
        grad_f=lambda x, y: (0.1 * x, y - c), grad_g=lambda x, y: (-B.T @ y, H @ y - B @ x),
    )  # fmt: skip
    x, inverse = rng.standard_normal(30), np.linalg.pinv(H, rcond=1e-9)
    exact = Exact(Oracles(problem, 30, 30), bilevel.Free(), inverse @ (B @ x) + kernel @ (kernel.T @ c))
    for _ in range(12):
        point = exact(x, 1e-2)
        z = inverse @ (B @ x) + kernel @ (kernel.T @ c)
        assert point.sound and np.linalg.norm(point.gradient - 0.1 * x - B.T @ (inverse @ (z - c))) <= 1e-2
        assert np.linalg.norm(kernel.T @ (point.z - c)) <= 1e-5
        x = x + 0.1 * rng.standard_normal(30)
    assert (exact.memory.room > 0) == room and (len(exact.memory) == 30) == room


def test_a_product_that_breaks_late_leaves_the_best_point():
    calls = 0

    def broken(x, y, v):
        nonlocal calls
        calls += 1
        return np.full(20, np.nan) if calls > 40 else H @ v

    rng = np.random.default_rng(20)
    H = hessian(rng, 20)
    found = bilevel.minimize(quadratic(20, hvp_yy=broken), np.ones(20), np.zeros(20), tol=1e-9, on_failure="ignore")
    assert not found.converged and "hvp_yy" in found.message and np.isfinite(found.x).all()


def test_answers_are_checked_and_large_ones_pass():
    """A gradient whose sum of squares overflows is finite."""
    answer = {"it": np.array([1e200, 1.0])}
    problem = bilevel.Problem(
        f=lambda x, y: 0.0, g=lambda x, y: np.float32(1.0),
        grad_f=lambda x, y: (x, y), grad_g=lambda x, y: ([0], answer["it"]),
    )  # fmt: skip
    oracles = Oracles(problem, 1, 2)
    assert oracles.g(np.zeros(1), np.zeros(2)) == 1.0
    assert oracles.grad_g(np.zeros(1), np.zeros(2))[1][0] == 1e200
    for bad, error in (([np.inf, 0.0], OracleFailure), ([np.nan, 0.0], OracleFailure), ([0.0], InvalidArgument)):
        answer["it"] = np.array(bad)
        with pytest.raises(error):
            oracles.grad_g_y(np.zeros(1), np.zeros(2))
