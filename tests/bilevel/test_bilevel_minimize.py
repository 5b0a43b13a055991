"""`bilevel.minimize` against closed forms: values, hypergradients, what it says of kinks, rays and bad callables."""

import dataclasses

import numpy as np
import pytest

from sparsetheory import bilevel
from sparsetheory.errors import ConvergenceError, ConvergenceWarning, InvalidArgument
from sparsetheory.testing import BilevelInstance


def problem_of(q, **more):
    Y = bilevel.Box(q.low, q.high) if np.isfinite(q.low).any() else None
    return bilevel.Problem(f=q.f, g=q.g, grad_f=q.grad_f, grad_g=q.grad_g, Y=Y, **more)


def bounded(seed, **decorations):
    """A drawn problem without the product x'Ry, which may make psi unbounded below."""
    q = BilevelInstance.build(seed=seed, n=5, m=8, **decorations)
    return dataclasses.replace(q, R=np.zeros_like(q.R))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("cond", [1.0, 100.0])
def test_closed_form_quadratics(seed, cond):
    q = bounded(seed, cond=cond)
    found = bilevel.minimize(problem_of(q), np.ones(5), np.zeros(8), tol=1e-6)
    assert found.converged and found.kind == "implicit"
    assert np.linalg.norm(q.exact.grad_psi(found.x)) <= 2e-6
    assert found.fun == pytest.approx(q.exact.psi(found.x), abs=1e-9)
    assert np.allclose(found.y, q.exact.solution(found.x), atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_many_solutions(seed):
    q = bounded(seed, multi_solution=True)
    found = bilevel.minimize(problem_of(q), np.ones(5), np.zeros(8), tol=1e-5)
    assert found.converged
    assert np.linalg.norm(q.exact.grad_psi(found.x)) <= 1e-4
    assert found.fun == pytest.approx(q.exact.psi(found.x), abs=1e-4)  # the member of S(x) that f likes best


@pytest.mark.parametrize("seed", range(3))
def test_bounds_below(seed):
    """With a box below psi has kinks: no lower value may be found nearby, whichever way the minimiser was certified."""
    q = bounded(seed, constrained=True)
    found = bilevel.minimize(problem_of(q), np.ones(5), np.zeros(8), tol=1e-5)
    assert found.converged
    rng, here = np.random.default_rng(seed), q.exact.psi(found.x)
    assert found.psi_bracket[0] - 1e-6 <= here <= found.psi_bracket[1] + 1e-6
    for radius in (1e-2, 1e-1):
        around = [q.exact.psi(found.x + radius * rng.standard_normal(5)) for _ in range(200)]
        assert min(around) >= here - 1e-4 * radius


def test_bounds_above_hold():
    q = bounded(1)
    X = bilevel.Box(-0.2, 0.2)
    found = bilevel.minimize(problem_of(q, X=X), np.zeros(5), np.zeros(8), tol=1e-6)
    gradient = q.exact.grad_psi(found.x)
    assert found.converged and np.abs(found.x).max() <= 0.2
    assert np.linalg.norm(found.x - X.project(found.x - gradient)) <= 2e-6


@pytest.mark.parametrize("X", [bilevel.Ball(0.3), bilevel.Simplex(1.0)])
def test_curved_and_flat_sets_above(X):
    q = bounded(2)
    found = bilevel.minimize(problem_of(q, X=X), X.project(np.zeros(5)), np.zeros(8), tol=1e-6)
    gradient = q.exact.grad_psi(found.x)
    assert found.converged
    assert np.linalg.norm(found.x - X.project(found.x - gradient)) <= 2e-6


def test_gradients_may_be_missing():
    q = bounded(0)
    found = bilevel.minimize(bilevel.Problem(f=q.f, g=q.g), np.ones(5), np.zeros(8), tol=1e-3)
    assert found.converged and np.linalg.norm(q.exact.grad_psi(found.x)) < 1e-2


def test_a_lower_level_without_minimiser_is_reported_with_its_ray():
    problem = bilevel.Problem(
        f=lambda x, y: float(x @ x + y @ y), g=lambda x, y: float(y[0]),
        grad_f=lambda x, y: (2 * x, 2 * y), grad_g=lambda x, y: (0 * x, np.array([1.0, 0.0])),
    )  # fmt: skip
    with pytest.warns(ConvergenceWarning, match="without bound"):
        found = bilevel.minimize(problem, [1.0], [0.0, 0.0])
    assert not found.converged
    assert found.ray.tolist() == [-1.0, 0.0]


def test_nan_on_the_way_returns_the_last_good_point():
    def f(x, y):
        return float(y @ y) if x[0] > 0.2 else np.nan

    problem = bilevel.Problem(
        f=f, g=lambda x, y: 0.5 * float((y - x) @ (y - x)),
        grad_f=lambda x, y: (0 * x, 2 * y), grad_g=lambda x, y: (x - y, y - x),
    )  # fmt: skip
    with pytest.warns(ConvergenceWarning, match="f returned"):
        found = bilevel.minimize(problem, [1.0], [0.0])
    assert not found.converged and found.x[0] > 0.2 and np.isfinite(found.fun)


def test_failure_policies_and_callback():
    q = bounded(0)
    with pytest.raises(ConvergenceError) as caught:
        bilevel.minimize(problem_of(q), np.ones(5), np.zeros(8), max_iter=2, on_failure="raise")
    assert np.isfinite(caught.value.result.x).all()
    rows = []
    found = bilevel.minimize(
        problem_of(q), np.ones(5), np.zeros(8), on_failure="ignore", callback=lambda p: rows.append(p) or len(rows) == 3
    )
    assert len(rows) == 3 and found.status.code == "stopped" and rows[0].solution[0].shape == (5,)


def test_inputs_are_untouched_and_runs_repeat():
    q = bounded(3)
    x, y = np.ones(5), np.zeros(8)
    first, second = (bilevel.minimize(problem_of(q), x, y) for _ in range(2))
    assert (x == 1).all() and (y == 0).all()
    assert np.array_equal(first.x, second.x) and first.counts == second.counts


QUADRATIC = {
    "f": lambda x, y: float(y @ y), "g": lambda x, y: 0.5 * float((y - x) @ (y - x)),
    "grad_f": lambda x, y: (0 * x, 2 * y), "grad_g": lambda x, y: (x - y, y - x),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "arguments", "name"),
    [
        ({}, {"x0": [np.nan]}, "x0"),
        ({}, {"y0": [[1.0]]}, "y0"),
        ({}, {"tol": 0}, "tol"),
        ({}, {"sigma": -1}, "sigma"),
        ({}, {"method": "magic"}, "method"),
        ({}, {"on_failure": "shrug"}, "on_failure"),
        ({"X": bilevel.Box(2, 3)}, {}, "x0"),
        ({"Y": bilevel.Box(2, 3)}, {}, "y0"),
        ({"Y": bilevel.Box([2, 2], 3)}, {}, "Y"),
        ({"f": lambda x, y: np.nan}, {}, "f"),
        ({"g": lambda x, y: np.array([1.0, 2.0])}, {}, "g"),
        ({"grad_f": lambda x, y: x}, {}, "grad_f"),
        ({"grad_g": lambda x, y: (x, np.ones(3))}, {}, "grad_g"),
        ({"grad_g": lambda x, y: (x, np.array([np.inf]))}, {}, "grad_g"),
        ({"f": 3}, {}, "f"),
        ({"hvp_yy": 3}, {}, "hvp_yy"),
    ],
)
def test_bad_input(change, arguments, name):
    with pytest.raises(InvalidArgument) as caught:
        bilevel.minimize(bilevel.Problem(**{**QUADRATIC, **change}), **{"x0": [1.0], "y0": [0.5], **arguments})
    assert caught.value.name == name
