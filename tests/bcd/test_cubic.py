"""The cubic model, and exact minimisation of a block, against general-purpose minimisers."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from sparsetheory import bcd
from sparsetheory.bcd.cubic import model_minimiser
from sparsetheory.bcd.penalty import bind
from sparsetheory.bcd.state import State

BLOCKS = [[0, 3], [1], [2, 4, 5], [6]]


def state_at(problem, x, penalty=None, blocks=BLOCKS):
    used = [np.array(b) for b in [[i for i in b if i < problem.n] for b in blocks] if b]
    used += [np.arange(7, problem.n)] if problem.n > 7 else []
    problem, bound = bind(problem, penalty)
    return State(problem, bound, used, 3, x.copy(), np.random.default_rng(0))


def lowest(f, size, seed=0):
    """Return the least value that a general minimiser finds, from a few starts."""
    starts = np.random.default_rng(seed).normal(size=(3, size)) * 0.1
    return min(minimize(f, s, method="Nelder-Mead" if size == 1 else "BFGS", tol=1e-12).fun for s in starts)


@pytest.mark.parametrize("third", [0.0, 1e-6, 1.0, 1e6])
@pytest.mark.parametrize("rank", [1, 4])
def test_the_cubic_model_is_minimised_also_where_the_hessian_is_singular(third, rank):
    rng = np.random.default_rng(rank)
    root = rng.normal(size=(4, rank))
    H, g = root @ root.T, rng.normal(size=4)
    if third == 0.0:
        g = H @ g  # else the model has no minimum

    def model(d):
        return g @ d + 0.5 * d @ H @ d + third / 6 * np.linalg.norm(d) ** 3

    d, fall = model_minimiser(g, H, third)
    slope = g + H @ d + 0.5 * third * np.linalg.norm(d) * d
    assert np.linalg.norm(slope) <= 1e-9 * np.linalg.norm(g)
    assert_allclose(fall, -model(d), rtol=1e-9)
    found = minimize(model, np.zeros(4), method="BFGS", tol=1e-12)
    assert -fall <= found.fun + 1e-9 * abs(found.fun)
    assert model_minimiser(np.zeros(4), H, third)[1] == 0.0


def test_hessians_of_blocks_change_no_faster_than_their_constant(kind, make, textbook):
    problem, (_, _, hess, _) = make(kind)
    fastest = 0.0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        b = np.sort(rng.choice(problem.n, rng.integers(1, 5), replace=False))
        x, d = rng.normal(size=problem.n) * 0.05, np.zeros(problem.n)
        d[b] = rng.normal(size=len(b)) * 1e-3
        change = np.linalg.norm((hess(x + d) - hess(x))[np.ix_(b, b)], 2)
        assert change <= problem.third_bound(b) * np.linalg.norm(d) * (1 + 1e-6) + 1e-9 * problem.quadratic
        fastest = max(fastest, change / (np.linalg.norm(d) * max(problem.third_bound(b), 1e-300)))
    assert problem.quadratic or fastest > 0.02  # not empty by orders of magnitude


def test_the_cubic_step_falls_as_promised_from_anywhere(kind, make):
    problem, (f, *_) = make(kind)
    for seed in range(10):
        x = np.random.default_rng(seed).normal(size=problem.n) * 10.0 ** (seed % 3 - 1)
        state = state_at(problem, x)
        promised = bcd.SELECTIONS["gsc"].fixed(state)
        for k, promise in enumerate(promised):
            trial = state.probe()
            trial.apply(state.fixed(k), bcd.UPDATES["cubic"].step(state, state.fixed(k)))
            assert f(x) - f(trial.x) >= promise * (1 - 1e-9) - 1e-12 * abs(f(x))


def test_newton_without_a_search_can_rise_where_the_cubic_step_falls():
    problem = bcd.Logistic([[1.0]], [1.0], l2=1e-3)
    state = state_at(problem, np.array([-12.0]), blocks=[[0]])
    b = np.array([0])
    newton = state.x - np.linalg.solve(problem.hessian(state.x, state.z, b), problem.partial(state.x, state.z, b))
    cubic = bcd.UPDATES["cubic"].step(state, state.fixed(0))
    before = problem.value(state.x, state.z)
    assert problem.value(newton, problem.image(newton)) > problem.value(cubic, problem.image(cubic))
    assert problem.value(cubic, problem.image(cubic)) < before


def test_gsc_is_the_lowest_value_of_the_model(make, textbook):
    problem, (_, grad, hess, _) = make("logistic")
    x = np.random.default_rng(3).normal(size=problem.n) * 0.2
    state = state_at(problem, x)
    for b, score in zip(state.blocks, bcd.SELECTIONS["gsc"].fixed(state)):
        g, H, third = grad(x)[b], hess(x)[np.ix_(b, b)], problem.third_bound(b)
        scale = 1.0 / np.sqrt(np.diag(H))

        def model(t, g=g, H=H, third=third, scale=scale):
            d = scale * t
            return g @ d + 0.5 * d @ H @ d + third / 6 * np.linalg.norm(d) ** 3

        assert_allclose(score, -lowest(model, len(b)), rtol=1e-5)


def test_gse_is_what_exact_minimisation_of_a_block_gains(kind, make, textbook):
    problem, (f, grad, hess, _) = make(kind)
    x = np.random.default_rng(6).normal(size=problem.n) * 0.2
    state = state_at(problem, x)
    scores = bcd.SELECTIONS["gse"].fixed(state)
    for k, b in enumerate(state.blocks):
        scale = 1.0 / np.sqrt(np.diag(hess(x))[b])

        def on_block(t, b=b, scale=scale):
            y = x.copy()
            y[b] += scale * t
            return f(y)

        assert_allclose(scores[k], f(x) - lowest(on_block, len(b)), rtol=1e-5)
        moved = x.copy()
        moved[b] = bcd.UPDATES["exact"].step(state, state.fixed(k))
        assert np.abs(grad(moved)[b]).max() <= 1e-7 * np.abs(grad(x)).max()


@pytest.mark.parametrize(
    "penalty", [bcd.L1(4.0), bcd.Box(-0.1, 0.2), bcd.SparseGroupL1(2.0, 1.0, [0, 1, 2, 0, 2, 2, 3])]
)
@pytest.mark.parametrize("kind", ["least_squares", "logistic"])
def test_no_update_gains_more_than_the_oracle(make, kind, penalty):
    problem, _ = make(kind)
    for smooth in (False, True):
        used = None if smooth else penalty
        state = state_at(problem, np.full(problem.n, 0.05), used)
        scores = bcd.SELECTIONS["gse"].fixed(state)
        for name, update in bcd.UPDATES.items():
            if not smooth and (update.penalty == "none" or not (state.penalty.separable or update.penalty == "any")):
                continue
            for k in range(state.n_blocks):
                trial = state.probe()
                trial.apply(state.fixed(k), update.step(trial, state.fixed(k)))
                gained = state.objective() - trial.objective()
                assert gained <= scores[k] * (1 + 1e-9) + 1e-11 * abs(state.objective())
                if name == "exact":
                    assert gained >= scores[k] * (1 - 1e-6) - 1e-11 * abs(state.objective())


def test_cubic_and_exact_runs_arrive_where_newton_does(make):
    for kind in ("logistic", "softmax"):
        problem, _ = make(kind)
        best = bcd.minimize(problem, block_size=3, tol=1e-10, max_iter=20_000)
        for select, update in (("gsc", "cubic"), ("gse", "exact")):
            run = bcd.minimize(problem, select=select, update=update, block_size=3, tol=1e-6, max_iter=20_000)
            assert run.converged
            assert_allclose(run.objective, best.objective, rtol=1e-7)
