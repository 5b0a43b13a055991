"""First-order bilevel methods against textbook loops and closed forms; what they say when they do not get there."""

import dataclasses

import numpy as np
import pytest

from sparsetheory import bilevel
from sparsetheory.bilevel.complexity_study import Case, arrive_alone
from sparsetheory.bilevel.fully_first_order import F2SA
from sparsetheory.bilevel.known_problems import coupled
from sparsetheory.bilevel.methods import Setting
from sparsetheory.bilevel.minimization import SOLVERS
from sparsetheory.bilevel.oracles import Oracles
from sparsetheory.bilevel.single_loop import SingleLoop
from sparsetheory.errors import ConvergenceWarning, InvalidArgument
from sparsetheory.testing import BilevelInstance
from tests.reference import bilevel_first_order as reference

PAPERS = sorted(set(SOLVERS) - {"auto"})
X0, Y0 = np.ones(3), np.zeros(4)


def drawn(seed, noise=0.0, **sets):
    q = BilevelInstance.build(seed=seed, n=3, m=4, cond=5.0)
    q = dataclasses.replace(q, R=np.zeros_like(q.R))

    def sampled(gradient):
        def at(x, y, key):
            rng = np.random.default_rng(key)
            return tuple(g + noise * rng.standard_normal(len(g)) for g in gradient(x, y))

        return at

    more = {"grad_f_at": sampled(q.grad_f), "grad_g_at": sampled(q.grad_g)} if noise else {}
    return q, bilevel.Problem(f=q.f, g=q.g, grad_f=q.grad_f, grad_g=q.grad_g, **more, **sets)


def setting(problem, options, rng=None):
    oracles = Oracles(problem, 3, 4)
    return Setting(
        oracles=oracles, X=bilevel.Free(), Y=bilevel.Free(), tol=1e-6, sigma=0.1, rng=rng, options=options
    )  # fmt: skip


def walked(method, steps):
    for k in range(1, steps + 1):
        method.step(k)
    return method.upper


def test_f2sa_takes_the_steps_of_the_paper():
    q, problem = drawn(0)
    mine = walked(F2SA(setting(problem, {"inner_steps": 3, "lower_step": 0.4}), X0, Y0), 50)
    twin = reference.f2sa(q.grad_f, q.grad_g, X0, Y0, steps=50, inner=3, c=0.4, sigma=0.1, a=1 / 3, b=0.0)
    assert np.allclose(mine, twin, rtol=1e-12, atol=1e-12)


def test_single_loop_sees_each_sample_at_both_points():
    _, problem = drawn(1, noise=0.1)
    mine = walked(SingleLoop(setting(problem, {"lower_step": 0.4}, np.random.default_rng(5)), X0, Y0), 50)
    rng = np.random.default_rng(5)
    keys = [[int(rng.integers(2**63)) for _ in range(3)] for _ in range(50)]
    powers = (1 / 5, 2 / 5, 4 / 5, 3 / 5)
    twin = reference.single_loop(
        problem.grad_f_at, problem.grad_g_at, X0, Y0, keys=keys, c=0.4, sigma=0.1, powers=powers
    )
    assert np.allclose(mine, twin, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_f2ba_reaches_the_hypergradient(seed):
    q, problem = drawn(seed)
    found = bilevel.minimize(problem, X0, Y0, method="f2ba", tol=1e-3)
    assert found.converged and np.linalg.norm(q.exact.grad_psi(found.x)) <= 1.1e-3


@pytest.mark.parametrize("method", PAPERS)
def test_every_method_falls_and_its_certificate_is_right(method):
    q, problem = drawn(2)
    found = bilevel.minimize(problem, X0, Y0, method=method, tol=1e-8, max_iter=400, on_failure="ignore")
    true = float(np.linalg.norm(q.exact.grad_psi(found.x)))
    assert found.error == pytest.approx(true, rel=1e-3, abs=1e-4)
    assert true < 0.9 * np.linalg.norm(q.exact.grad_psi(X0))
    assert found.kind == "penalty"


def test_a_fixed_sigma_stalls_at_its_bias_and_says_so():
    _, problem = drawn(0)
    ends = []
    for sigma in (1e-2, 1e-3):
        with pytest.warns(ConvergenceWarning, match="Run at sigma"):
            found = bilevel.minimize(problem, X0, Y0, method="f2ba", sigma=sigma, tol=1e-5)
        ends.append(found.error)
    assert ends[0] / ends[1] == pytest.approx(10, rel=0.1)


@pytest.mark.parametrize("method", ["f2sa", "f3sa", "double-loop", "single-loop"])
def test_samples_are_counted_and_runs_repeat(method):
    _, problem = drawn(0, noise=0.05)
    first, second = (
        bilevel.minimize(problem, X0, Y0, method=method, max_iter=30, rng=np.random.default_rng(1), on_failure="ignore")
        for _ in range(2)
    )
    assert first.counts.sample_f > 0 and first.counts.sample_g > 0
    assert np.array_equal(first.x, second.x) and first.counts == second.counts
    with pytest.raises(InvalidArgument, match="rng"):
        bilevel.minimize(problem, X0, Y0, method=method)


@pytest.mark.parametrize("method", ["f2sa", "f3sa", "double-loop", "single-loop"])
def test_divergence_is_told_and_the_best_point_returned(method):
    q, problem = drawn(0)
    ratio = "upper_ratio" if method in ("f2sa", "f3sa") else "upper_step"
    with pytest.warns(ConvergenceWarning):
        found = bilevel.minimize(problem, X0, Y0, method=method, options={ratio: 1e6})
    assert not found.converged and np.isfinite(found.x).all()
    assert np.linalg.norm(q.exact.grad_psi(found.x)) <= 1.01 * np.linalg.norm(q.exact.grad_psi(X0))


def test_f2ba_survives_upper_steps_that_are_too_long():
    _, problem = drawn(1)
    options = {"upper_step": 1e4, "inner_steps": 1}
    assert bilevel.minimize(problem, X0, Y0, method="f2ba", tol=1e-3, options=options).converged


@pytest.mark.parametrize("method", PAPERS)
def test_constraints_hold(method):
    _, problem = drawn(0, X=bilevel.Box(-0.5, 0.5), Y=bilevel.Ball(0.6))
    found = bilevel.minimize(problem, X0 / 2, Y0, method=method, max_iter=100, on_failure="ignore")
    assert np.abs(found.x).max() <= 0.5 and np.linalg.norm(found.y) <= 0.6 + 1e-9


@pytest.mark.parametrize("method", sorted(SOLVERS))
@pytest.mark.parametrize("options", [{"magic": 1}, {"upper_step": -1.0, "upper_ratio": -1.0}])
def test_bad_options(method, options):
    _, problem = drawn(0)
    with pytest.raises(InvalidArgument):
        bilevel.minimize(problem, X0, Y0, method=method, options=options)


@pytest.mark.parametrize("lower_step", [1e3, 1e8])
@pytest.mark.parametrize("inner_steps", [1, 3])
def test_f2ba_takes_back_lower_steps_that_are_too_long(lower_step, inner_steps):
    q, problem = drawn(1)
    options = {"lower_step": lower_step, "inner_steps": inner_steps}
    found = bilevel.minimize(problem, X0, Y0, method="f2ba", tol=1e-3, options=options)
    assert found.converged and np.linalg.norm(q.exact.grad_psi(found.x)) <= 1.1e-3


def test_f2ba_steps_back_from_where_a_callable_overflows():
    problem = bilevel.Problem(
        f=lambda x, y: 0.5 * float(np.sum((y - 1) ** 2) + np.sum(x**2)), grad_f=lambda x, y: (x, y - 1),
        g=lambda x, y: float(np.sum(np.cosh(y - x))), grad_g=lambda x, y: (-np.sinh(y - x), np.sinh(y - x)),
    )  # fmt: skip
    options = {"lower_step": 1e6}
    found = bilevel.minimize(problem, [0.0], [5.0], method="f2ba", tol=1e-3, options=options)
    assert found.converged and abs(found.x[0] - 0.5) <= 1e-3


@pytest.mark.parametrize("method", ["f2sa", "f3sa", "single-loop"])
def test_a_run_that_diverges_is_called_back(method):
    q, problem = drawn(0)
    start = np.linalg.norm(q.exact.grad_psi(X0))
    with pytest.warns(ConvergenceWarning, match="diverged .* steps halved"):
        found = bilevel.minimize(problem, X0, Y0, method=method, options={"lower_step": 1e3}, max_iter=3000)
    assert not found.converged and np.linalg.norm(q.exact.grad_psi(found.x)) < 0.5 * start


@pytest.mark.parametrize("kappa", [2.0, 4.0])
def test_f2ba_sees_upper_steps_a_little_too_long(kappa):
    # the default step is cut to 2.25/L and 1.56/L here; at 2.25/L the slow direction falls by more than the other grows
    U, V, H, A = np.diag([1.0, 0]), np.diag([1.0, 0.5**0.5]), np.eye(2) / kappa, np.diag([kappa, 1.0])
    known = coupled(U, V, np.zeros(2), H, A)
    start = np.array([0.1, 1.4])
    found = bilevel.minimize(known.problem, start, known.solution(start), method="f2ba", tol=1e-3)
    assert found.converged
    assert np.linalg.norm(known.gradient(found.x)) < 2e-3


def test_f2ba_does_not_grow_within_its_own_lower_error():
    # the lower error grows with the iterates: what a step raised was always less, until the callables overflowed
    kappa, l, q = 7.0, 0.8185, 0.557
    U, V = np.diag([l**0.5, 0.0]), np.diag([l**0.5, q**0.5, 0.0])[:2]
    H, A = np.diag([1 / kappa, 1 / kappa, 1.0]), np.array([[kappa, 0.0], [0.0, 1.0], [0.0, 0.0]])
    known = coupled(U, V, np.zeros(2), H, A)
    start = np.array([0.00135243, 0.26855828])
    case = Case(known=known, start=start, eps=0.1, sigma=0.0030035, upper_step=1.0)
    arrival = arrive_alone(case, 0.075)
    assert np.linalg.norm(known.gradient(arrival.x)) < case.eps
