"""MCP and SCAD: textbook formulas, prox by grid search, stationary points that no coordinate can improve."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sparsetheory import bcd
from sparsetheory.bcd.certificate import kkt_residual
from sparsetheory.bcd.penalty import bind
from sparsetheory.errors import InvalidArgument


def mcp(u, alpha, gamma):
    u = abs(u)
    return alpha * u - u * u / (2 * gamma) if u <= gamma * alpha else gamma * alpha**2 / 2


def scad(u, alpha, a):
    u = abs(u)
    if u <= alpha:
        return alpha * u
    return (2 * a * alpha * u - u * u - alpha**2) / (2 * (a - 1)) if u <= a * alpha else alpha**2 * (a + 1) / 2


CASES = {"mcp": (bcd.MCP, mcp, 2.5), "scad": (bcd.SCAD, scad, 3.7), "steep": (bcd.MCP, mcp, 0.3)}


@pytest.fixture(params=CASES)
def case(request):
    build, formula, shape = CASES[request.param]
    problem = bcd.LeastSquares(np.eye(1), [1.0])
    return bind(problem, build(1.3, shape))[1], lambda u: formula(u, 1.3, shape)


def test_values_changes_and_slopes_are_the_textbooks(case):
    penalty, formula = case
    grid = np.linspace(-7, 7, 57)
    one = np.zeros(1, dtype=int)
    for u in grid:
        x = np.array([u])
        assert_allclose(penalty.entries(x, one), formula(u), rtol=1e-13)
        for v in (0.0, u + 1e-3, -u, 2.9, -0.4):
            assert_allclose(penalty.change(x, v - x, b=one), formula(v) - formula(u), atol=1e-13)
        low, high = penalty.interval(x, one)
        ahead, behind = ((formula(u + s) - formula(u)) / s for s in (1e-7, -1e-7))
        assert_allclose([high[0], low[0]], [max(ahead, behind), min(ahead, behind)], atol=1e-6)


def test_small_changes_keep_their_digits(case):
    penalty, _ = case
    x, one = np.array([0.2]), np.zeros(1, dtype=int)
    for d in (1e-9, -1e-9):
        assert_allclose(penalty.change(x, np.array([d]), b=one), penalty.interval(x, one)[0] * d, rtol=1e-7)


@pytest.mark.parametrize("step", [1e-3, 0.25, 1.0, 2.69999, 3.0, 50.0])
def test_the_prox_is_the_global_minimum_of_a_grid(case, step):
    penalty, formula = case
    one, grid = np.zeros(1, dtype=int), np.linspace(-9, 9, 36_001)
    on_grid = step * np.array([formula(u) for u in grid])
    for v in np.linspace(-8, 8, 41) + 0.01:
        u = penalty.prox(np.array([v]), np.array([step]), one)[0]
        value = 0.5 * (u - v) ** 2 + step * formula(u)
        assert value <= np.min(0.5 * (grid - v) ** 2 + on_grid) + 1e-12
    assert penalty.prox(np.array([0.7]), np.array([1e300]), one)[0] == 0.0  # no curvature: the penalty decides


def problem_and_data(kind="least_squares"):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 12))
    w = np.zeros(12)
    w[[1, 4, 9]] = 2.0, -1.5, 1.0
    y = X @ w + 0.3 * rng.normal(size=60)
    return bcd.LeastSquares(X, y) if kind == "least_squares" else bcd.Logistic(X, np.sign(y))


@pytest.mark.parametrize("penalty", [bcd.MCP(20.0, 0.1), bcd.SCAD(20.0, 3.7), bcd.MCP(20.0, 0.01)])
def test_no_coordinate_can_improve_the_end_of_coordinate_descent(penalty):
    problem = problem_and_data()
    run = bcd.minimize(problem, penalty=penalty, block_size=1, tol=1e-10, max_iter=50_000)
    assert run.converged
    assert np.diff(run.objectives).max() <= 1e-12 * run.objectives[0]
    _, bound = bind(problem, penalty)
    for i in range(12):  # with L_i the model of a coordinate is F itself
        for t in np.linspace(-4, 4, 401):
            x = run.x.copy()
            x[i] = t
            assert problem.value(x, problem.image(x)) + bound.entries(x).sum() >= run.objective - 1e-9
    assert np.isnan(run.gap)


@pytest.mark.parametrize("update", ["prox-gradient", "adaptive", "diagonal"])
@pytest.mark.parametrize("kind", ["least_squares", "logistic"])
@pytest.mark.parametrize("select", ["gs-s", "gs-r", "gsl-q", "gsd-q", "cyclic"])
def test_every_rule_descends_to_a_stationary_point(kind, update, select):
    problem, penalty = problem_and_data(kind), bcd.SCAD(3.0)
    run = bcd.minimize(problem, penalty=penalty, select=select, update=update, block_size=3, max_iter=20_000)
    assert run.converged
    assert np.diff(run.objectives).max() <= 1e-12 * run.objectives[0]
    assert (
        kkt_residual(*bind(problem, penalty), run.x)
        <= 1e-7 * np.abs(problem.gradient(np.zeros(12), np.zeros(60))).max()
    )


def test_the_certificate_is_the_steepest_descent_of_any_coordinate():
    problem, penalty = problem_and_data(), bcd.MCP(20.0, 0.05)
    _, bound = bind(problem, penalty)
    x = np.random.default_rng(1).normal(size=12) * (np.arange(12) % 2)

    def F(x):
        return problem.value(x, problem.image(x)) + bound.entries(x).sum()

    slopes = [(F(x + s * np.eye(12)[i]) - F(x)) / 1e-7 for i in range(12) for s in (1e-7, -1e-7)]
    assert_allclose(kkt_residual(problem, bound, x), -min(slopes), rtol=1e-4)


def test_large_coefficients_are_not_shrunk_and_l1_shrinks_them():
    problem = problem_and_data()
    support = [1, 4, 9]
    unpenalised = np.linalg.lstsq(problem.X[:, support], problem.y)[0]
    for penalty in (bcd.MCP(12.0, 0.08), bcd.SCAD(12.0, 1.05)):
        run = bcd.minimize(problem, penalty=penalty, tol=1e-10, block_size=1, max_iter=50_000)
        assert run.support.tolist() == support or set(support) <= set(run.support)
    lasso = bcd.minimize(problem, penalty=bcd.L1(12.0), tol=1e-10)
    assert (np.abs(lasso.x[support]) < np.abs(unpenalised)).all()
    exact = bcd.minimize(problem, penalty=bcd.MCP(12.0, 0.02), tol=1e-10, block_size=1, max_iter=50_000)
    assert exact.support.tolist() == support
    assert_allclose(exact.x[support], unpenalised, rtol=1e-9)


def test_shapes_that_make_no_sense_are_refused():
    problem = problem_and_data()
    for penalty, name in ((bcd.MCP(1.0, 0.0), "gamma"), (bcd.SCAD(1.0, 1.0), "a"), (bcd.MCP(-1.0), "alpha")):
        with pytest.raises(InvalidArgument) as caught:
            bcd.minimize(problem, penalty=penalty)
        assert caught.value.name == name
