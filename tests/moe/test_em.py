"""One start: EM climbs, and all ways up end at the same place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparsetheory import moe
from sparsetheory.moe.automatic import Automatic
from sparsetheory.moe.em import EM
from sparsetheory.moe.experts import solve_normal
from sparsetheory.moe.gate import make_gate
from sparsetheory.moe.lbfgs import LBFGS
from sparsetheory.moe.likelihood import Likelihood
from sparsetheory.moe.newton import Newton
from sparsetheory.moe.parameters import Layout, Parameters
from sparsetheory.moe.squarem import SQUAREM
from sparsetheory.result import Status

OVERLAP = moe.MixingMeasure([0, 0], [2, 0], a=[0.4, -0.4], b=[0.8, -0.8], v=[0.25, 0.25])
PAPER = moe.MixingMeasure([-8, 0], [25, 0], a=[-20, 20], b=[15, -5], v=[0.09, 0.16])


def drawn(G, n, seed, low=-1.0):
    rng = np.random.default_rng(seed)
    X = rng.uniform(low, 1, (n, 1))
    return X, moe.simulate(G, X, rng)


def objective(X, y, k, *, penalty=0.0, ridge=0.0, top_k=None, gate="softmax", variance="free"):
    made = make_gate(gate, k, top_k=top_k)
    layout = Layout(made, X.shape[1], variance)
    return Likelihood(X, y, np.ones(len(y)), made, layout, penalty=penalty, scale=1.0, ridge=ridge)


def run(iteration, *, most=500, tol=1e-11):
    for _ in range(most):
        chunk = iteration.advance(most)
        if chunk.error <= tol or chunk.stop:
            return chunk
    return chunk


@given(
    seed=st.integers(0, 10_000), k=st.integers(1, 4), gate=st.sampled_from(["softmax", "laplace", "stablemax"]),
    penalty=st.sampled_from([0.0, 0.3]), ridge=st.sampled_from([0.0, 1e-3]), variance=st.sampled_from(["free", "tied"]),
    sparse=st.booleans(),
)  # fmt: skip
def test_em_never_lowers_the_objective(seed, k, gate, penalty, ridge, variance, sparse):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(80, 2))
    y = np.abs(X[:, 0]) + 0.3 * rng.normal(size=80)
    top_k = max(1, k - 1) if sparse and gate == "softmax" else None
    likelihood = objective(X, y, k, penalty=penalty, ridge=ridge, top_k=top_k, gate=gate, variance=variance)
    at = Parameters(rng.normal(size=(k, 3)), rng.normal(size=(k, 3)), np.full(k, 0.5))
    em = EM(likelihood, likelihood.layout.referred(at))
    values = [likelihood.value(em.at)]
    for _ in range(6):
        if not em.step():
            break
        values.append(likelihood.value(em.at))
    assert np.isfinite(values).all()
    assert (np.diff(values) >= -1e-13 * (1 + np.abs(values[0]))).all()


@pytest.mark.parametrize("G", [OVERLAP, PAPER], ids=["overlap", "paper"])
def test_all_solvers_reach_the_same_maximum(G):
    X, y = drawn(G, 1000, 1, low=-1.0 if G is OVERLAP else 0.0)
    likelihood = objective(X, y, 2)
    rng = np.random.default_rng(2)
    start = likelihood.layout.referred(
        Parameters(
            np.column_stack([G.beta1, G.beta0]) + 0.15 * rng.normal(size=(2, 2)),
            np.column_stack([G.a, G.b]) + 0.15 * rng.normal(size=(2, 2)), G.v * 1.1,
        )
    )  # fmt: skip
    chunks = {each.__name__: run(each(likelihood, start)) for each in (EM, SQUAREM, Newton, LBFGS, Automatic)}
    best = max(chunk.objective for chunk in chunks.values())
    for name, chunk in chunks.items():
        assert chunk.objective == pytest.approx(best, abs=1e-12), name
    assert chunks["Newton"].error < 1e-11
    assert chunks["Automatic"].error < 1e-11


def test_over_specified_fit_in_few_steps():
    """Three experts where there are two: the Hessian is nearly singular, and EM would take thousands of steps."""
    X, y = drawn(PAPER, 1000, 1, low=0.0)
    likelihood = objective(X, y, 3)
    gate, expert = np.column_stack([PAPER.beta1, PAPER.beta0]), np.column_stack([PAPER.a, PAPER.b])
    start = Parameters(
        np.vstack([gate[:1] + 0.1, gate[:1] - 0.1, gate[1:]]),
        np.vstack([expert[:1] + 0.1, expert[:1] - 0.1, expert[1:]]), np.array([0.09, 0.09, 0.16]),
    )  # fmt: skip
    iteration = Automatic(likelihood, start)
    chunk = run(iteration, tol=1e-8, most=120)
    assert chunk.error < 1e-8
    em = EM(likelihood, start)
    for _ in range(50):
        em.step()
    assert chunk.objective > em.found.value


def test_collapse_is_refused_not_computed():
    """Two samples and an expert through both: the variance would be zero, and is never tried."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 1)), rng.normal(size=30)
    likelihood = objective(X, y, 2)
    line = np.polyfit(X[:2, 0], y[:2], 1)
    start = Parameters(np.array([[0.0, -1.0], [0, 0]]), np.array([line, [0, 0]]), np.array([1e-9, 1.0]))
    for iteration in (EM, SQUAREM, Newton, LBFGS, Automatic):
        chunk = run(iteration(likelihood, start), most=300, tol=0.0)
        assert np.isfinite(chunk.objective)
    flat = Parameters(start.gate, start.expert, np.array([1e-30, 1.0]))
    assert likelihood.value(flat) == -np.inf
    assert np.isnan(likelihood.gradient(flat, likelihood.expectation(flat))).all()
    for iteration in (EM, SQUAREM, Newton, Automatic):
        chunk = iteration(likelihood, flat).advance(1)
        assert chunk.stop is Status.STALLED or not np.isfinite(chunk.error)


def test_normal_equations_of_dependent_columns_have_the_least_solution():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(20, 2))[:, [0, 1, 0]]
    b = rng.normal(size=20)
    np.testing.assert_allclose(solve_normal(A.T @ A, A.T @ b), np.linalg.lstsq(A, b, rcond=None)[0], atol=1e-12)
    one = rng.normal(size=(20, 2))
    np.testing.assert_allclose(solve_normal(one.T @ one, one.T @ b), np.linalg.lstsq(one, b, rcond=None)[0], atol=1e-12)


def test_distances_of_zero_and_flat_gates_make_no_infinite_step():
    """Centres of a Laplace gate on samples, and a gate so steep that its curvature underflows."""
    rng = np.random.default_rng(0)
    X = np.round(rng.normal(size=(50, 2)))
    y = X[:, 0] + rng.normal(size=50)
    expert = rng.normal(size=(3, 3))
    for gate, rows in (("laplace", np.column_stack([X[:3], np.zeros(3)])), ("softmax", 1e4 * rng.normal(size=(3, 3)))):
        likelihood = objective(X, y, 3, gate=gate)
        em = EM(likelihood, likelihood.layout.referred(Parameters(rows, expert, np.ones(3))))
        for _ in range(3):
            em.step()
        assert np.isfinite(em.found.value)
        assert np.isfinite(em.at.gate).all()
