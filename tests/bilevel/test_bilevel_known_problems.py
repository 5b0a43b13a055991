"""Closed forms of known problems against differences of their own functions, and against brute force."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from sparsetheory.bilevel import check_gradients
from sparsetheory.bilevel.closeness_study import KINDS, draw
from sparsetheory.bilevel.known_problems import bilinear, coupled, cubic, flat, linear_network, rank_drop, rippled

SCALAR = {
    "cubic": (cubic(mu=0.7, k=1.2, a=0.8, b=0.5, e=0.3, m=0.4), 0.2, (0.0, 3.0)),
    "rippled": (rippled(mu=1.0, height=0.5, period=0.7), 0.3, (-2.0, 2.0)),
    "bilinear": (bilinear(a=1.0, c=2.0, radius=1.5), 0.4, (-1.5, 1.5)),
    "rank drop": (rank_drop(alpha=1.0, beta=2.0, c=0.7), 0.5, (-2.0, 2.0)),
    "flat": (flat(power=4, c=1.3), 0.8, (-2.0, 2.0)),
}


def _network(rng):
    return linear_network(*(rng.standard_normal(shape) for shape in ((9, 3), 9, (7, 3), 7)))


@pytest.mark.parametrize("name", SCALAR)
def test_scalar_solutions_minimise_the_lower_level(name):
    known, at, interval = SCALAR[name]
    x = np.array([at])
    grid = np.linspace(*interval, 401)
    best = grid[np.argmin([known.problem.g(x, np.array([y])) for y in grid])]
    around = (max(interval[0], best - 0.01), min(interval[1], best + 0.01))
    found = minimize_scalar(
        lambda y: known.problem.g(x, np.array([y])), bounds=around, method="bounded", options={"xatol": 1e-10}
    ).x
    width = 0.02 if name == "flat" else 1e-4  # a quartic is flat
    assert known.solution(x)[0] == pytest.approx(found, abs=width)
    assert known.psi(x) == pytest.approx(known.problem.f(x, known.solution(x)), abs=1e-12)


@pytest.mark.parametrize("name", SCALAR)
def test_scalar_gradients_are_those_of_psi(name):
    known, at, _ = SCALAR[name]
    x, h = np.array([at]), 1e-5
    slope = (known.psi(x + h) - known.psi(x - h)) / (2 * h)
    assert known.gradient(x)[0] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("name", SCALAR)
def test_callables_have_the_gradients_they_claim(name):
    known, at, _ = SCALAR[name]
    for x, y in ((at, 0.3), (0.9 * at, 0.6)):
        assert check_gradients(known.problem, np.array([x]), np.array([y]), rng=np.random.default_rng(1)) < 1e-5


@pytest.mark.parametrize("kind", [*KINDS, "nonconvex", "extremal"])
def test_drawn_kinds_grow_as_they_say(kind):
    rng = np.random.default_rng(7)
    for _ in range(5):
        case = draw(kind, 0.1, rng)
        known, x = case.known, case.x
        z = known.solution(x)
        low, high = (-np.inf, np.inf) if known.problem.Y is None else (known.problem.Y.lower, known.problem.Y.upper)
        for _ in range(20):
            y = np.clip(z + rng.standard_normal(len(z)), low, high)
            p = known.nearest(x, y)
            assert known.problem.g(x, p) == pytest.approx(known.problem.g(x, z), abs=1e-9)
            growth = known.problem.g(x, y) - known.problem.g(x, z)
            assert growth >= known.mu / 2 * np.sum((y - p) ** 2) - 1e-9


def test_the_network_is_a_ridge_regression():
    rng = np.random.default_rng(3)
    known, x, h = _network(rng), np.array([0.4]), 1e-5
    y = known.solution(x)
    assert np.abs(known.problem.grad_g(x, y)[1]).max() < 1e-12
    assert known.psi(x) == pytest.approx(known.problem.f(x, y), rel=1e-12)
    slope = (known.psi(x + h) - known.psi(x - h)) / (2 * h)
    assert known.gradient(x)[0] == pytest.approx(slope, rel=1e-6)
    assert check_gradients(known.problem, x, rng.standard_normal(12), rng=rng) < 1e-5


def test_coupled_quadratics_are_their_closed_forms():
    rng = np.random.default_rng(5)
    U, V, c, A, W = (rng.standard_normal(shape) for shape in ((4, 2), (4, 3), 4, (3, 2), (3, 3)))
    known, x, h = coupled(U, V, c, W @ W.T + np.eye(3), A), rng.standard_normal(2), 1e-5
    y = known.solution(x)
    assert np.abs(known.problem.grad_g(x, y)[1]).max() < 1e-13
    assert known.psi(x) == pytest.approx(known.problem.f(x, y), rel=1e-12)
    slope = [(known.psi(x + h * e) - known.psi(x - h * e)) / (2 * h) for e in np.eye(2)]
    assert known.gradient(x) == pytest.approx(np.array(slope), rel=1e-7)
    assert check_gradients(known.problem, x, rng.standard_normal(3), rng=rng) < 1e-5
    assert known.mu == pytest.approx(np.linalg.eigvalsh(W @ W.T + np.eye(3))[0])
