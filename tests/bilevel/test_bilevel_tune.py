"""`bilevel.tune` against differences, scikit-learn's Ridge, and SciPy's L-BFGS-B on the same function."""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import Ridge

from sparsetheory import bilevel
from sparsetheory.bilevel.box_newton import box_minimiser
from sparsetheory.bilevel.ridge import RidgeValidation
from sparsetheory.errors import ConvergenceError, ConvergenceWarning, InvalidArgument


def drawn(seed, n=160, p=12):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p)) * rng.uniform(0.1, 10, p) + rng.standard_normal(p)
    coef = np.where(np.arange(p) < 4, rng.standard_normal(p), 0.0) / X.std(axis=0)
    y = 5.0 + X @ coef + 0.7 * rng.standard_normal(n)
    return X[: n // 2], y[: n // 2], X[n // 2 :], y[n // 2 :]


def loss_by_ridge(split, penalties):
    """Half the mean square of the validation errors of scikit-learn's model."""
    X, y, X_val, y_val = split
    model = Ridge(1.0).fit(X / np.sqrt(len(y) * penalties), y)
    return 0.5 * np.mean((model.predict(X_val / np.sqrt(len(y) * penalties)) - y_val) ** 2)


def level_of(split, groups=None):
    X, y, X_val, y_val = split
    groups = np.arange(X.shape[1]) if groups is None else groups
    return RidgeValidation.of(X - X.mean(axis=0), y - y.mean(), X_val - X.mean(axis=0), y_val - y.mean(), groups)


@pytest.mark.parametrize("groups", [None, np.arange(12) % 3])
def test_gradient_and_hessian_are_those_of_differences(groups):
    level = level_of(drawn(1), groups)
    theta = np.random.default_rng(0).uniform(-3, 2, 12 if groups is None else 3)
    at, t = level(theta), 1e-5
    for k, unit in enumerate(np.eye(len(theta))):
        up, down = level(theta + t * unit), level(theta - t * unit)
        assert at.gradient[k] == pytest.approx((up.value - down.value) / (2 * t), rel=1e-5, abs=1e-8)
        assert np.allclose(at.hessian()[k], (up.gradient - down.gradient) / (2 * t), rtol=1e-5, atol=1e-8)


def test_along_a_gate_the_loss_is_the_parabola_of_the_model():
    level, theta = level_of(drawn(1)), np.random.default_rng(0).uniform(-3, 2, 12)
    at = level(theta)
    for k, unit in enumerate(np.eye(12)):
        a = at.gates[k]
        bend = at.hessian()[k, k] + (2 * a - 1) * at.gradient[k]
        for s in (-0.9, -0.2, 0.3, 0.9 / a):  # the last one multiplies the penalty by about nine
            moved = level(theta + unit * np.log1p(s / (1 - a * s)))
            assert 0 < a < 1
            assert moved.value == pytest.approx(at.value + at.gradient[k] * s + bend * s**2 / 2, rel=1e-9)


@pytest.mark.parametrize("groups", [None, np.arange(12) % 3])
def test_parts_of_the_hessian(groups):
    level = level_of(drawn(1), groups)
    at, free = level(np.full(12 if groups is None else 3, -0.5)), np.array([0, 2])
    assert np.allclose(at.hessian(free), at.hessian()[np.ix_(free, free)], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("seed", range(5))
def test_the_model_is_low_on_the_box(seed):
    rng = np.random.default_rng(seed)
    root, slope = rng.standard_normal((8, 8)), rng.standard_normal(8)
    hessian = root @ root.T + np.eye(8)
    low, high = -rng.uniform(0.01, 0.5, 8), rng.uniform(0.01, 0.5, 8)

    def model(x):
        return slope @ x + x @ hessian @ x / 2

    way = box_minimiser(hessian, slope, low, high, 0.0)
    least = minimize(model, np.zeros(8), jac=lambda x: slope + hessian @ x, bounds=list(zip(low, high, strict=True)))
    assert (low <= way).all() and (way <= high).all()
    assert least.fun - 1e-6 <= model(way) <= 0.5 * least.fun
    wide = np.full(8, 1e3)
    assert np.allclose(box_minimiser(hessian, slope, -wide, wide, 0.0), -np.linalg.solve(hessian, slope))
    assert box_minimiser(hessian - 100 * np.eye(8), slope, low, high, 0.0) is None
    assert box_minimiser(hessian - 100 * np.eye(8), slope, low, high, 101.0) is not None


def test_systems_that_rounding_makes_singular_are_no_candidates():
    X, y, X_val, y_val = drawn(4, n=60, p=4)
    twice = level_of((np.hstack([X, X]), y, np.hstack([X_val, X_val]), y_val))
    assert twice(np.full(8, -60.0)).value == np.inf
    found = bilevel.tune(
        np.hstack([X, X]), y, np.hstack([X_val, X_val]), y_val, bounds=(-30, 4), tol=1e-5, on_failure="ignore"
    )
    assert np.isfinite(found.validation_loss) and found.validation_loss <= found.shared_loss * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_the_model_and_its_loss_are_those_of_scikit_learn(seed):
    split = drawn(seed)
    found = bilevel.tune(*split, on_failure="ignore")
    assert found.converged
    assert found.validation_loss == pytest.approx(loss_by_ridge(split, found.penalties), rel=1e-8)
    miss = found.predict(split[2]) - split[3]
    assert found.validation_loss == pytest.approx(0.5 * np.mean(miss**2), rel=1e-9)
    model = Ridge(1.0).fit(split[0] / np.sqrt(80 * found.penalties), split[1])
    assert np.allclose(model.coef_ / np.sqrt(80 * found.penalties), found.coef, rtol=1e-6, atol=1e-9)
    assert model.intercept_ - found.intercept == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_not_above_l_bfgs_b(seed):
    split = drawn(seed)
    found = bilevel.tune(*split, on_failure="ignore")
    scale = np.log(split[0].var(axis=0))

    def objective(theta):
        at = level_of(split)(theta + scale)
        return at.value, at.gradient

    peer = minimize(objective, np.zeros(12), jac=True, method="L-BFGS-B", bounds=[(-8, 4)] * 12, options={"ftol": 0})
    assert found.validation_loss <= peer.fun * (1 + 1e-4)
    assert found.validation_loss <= found.shared_loss


def test_the_certificate_is_a_projected_difference_quotient():
    split = drawn(2)
    found = bilevel.tune(*split, tol=1e-5, on_failure="ignore")
    variance, scale, slope = split[1].var(), split[0].var(axis=0), np.empty(12)
    for k, unit in enumerate(np.eye(12)):
        ends = [loss_by_ridge(split, scale * np.exp(found.theta + t * unit)) for t in (1e-3, -1e-3)]
        slope[k] = (ends[0] - ends[1]) / 2e-3 / variance
    assert np.allclose(slope, found.hypergradient, rtol=1e-4, atol=1e-8)
    step = found.theta - np.clip(found.theta - slope, -8, 4)
    assert np.linalg.norm(step) <= 2e-5 and found.error <= 1e-5


def test_units_do_not_matter():
    X, y, X_val, y_val = drawn(3)
    first = bilevel.tune(X, y, X_val, y_val, on_failure="ignore")
    units = np.geomspace(1e-4, 1e4, 12)
    second = bilevel.tune(X * units + 3, 100 * y, X_val * units + 3, 100 * y_val, on_failure="ignore")
    assert np.allclose(first.theta, second.theta, atol=1e-4)
    assert second.validation_loss == pytest.approx(1e4 * first.validation_loss, rel=1e-6)


def test_shared_penalties():
    split = drawn(0)
    one = bilevel.tune(*split, groups=np.zeros(12), on_failure="ignore")
    grid = [loss_by_ridge(split, split[0].var(axis=0) * np.exp(t)) for t in np.linspace(-8, 4, 1201)]
    assert one.theta.shape == (1,)
    assert one.validation_loss <= min(grid) * (1 + 1e-9)
    own = bilevel.tune(*split, on_failure="ignore")
    assert own.validation_loss <= one.validation_loss


@pytest.mark.parametrize("noise", [0.0, 0.1, 30.0])
def test_never_above_the_best_shared_penalty(noise):
    X, y, X_val, y_val = drawn(7, n=60, p=12)
    rng = np.random.default_rng(1)
    y, y_val = y + noise * rng.standard_normal(30), y_val + noise * rng.standard_normal(30)
    found = bilevel.tune(X, y, X_val, y_val, on_failure="ignore")
    scale = X.var(axis=0)
    grid = [loss_by_ridge((X, y, X_val, y_val), scale * np.exp(t)) for t in np.linspace(-8, 4, 13)]
    assert found.shared_loss == pytest.approx(min(grid), rel=1e-8)
    assert found.validation_loss <= min(grid) * (1 + 1e-9)


def test_more_features_than_samples_and_constant_ones():
    X, y, X_val, y_val = drawn(5, n=40, p=30)
    X[:, 7] = X_val[:, 7] = 3.0
    found = bilevel.tune(X, y, X_val, y_val, on_failure="ignore")
    assert found.converged and found.coef[7] == 0.0


def test_the_edge_of_the_bounds_is_told():
    split = drawn(0)
    with pytest.warns(ConvergenceWarning, match="Widen"):
        found = bilevel.tune(*split, bounds=(1, 2))
    assert found.converged and found.at_lower.any() and found.edge_gain > 0.01


def test_a_run_cut_short_is_told():
    split = drawn(0)
    with pytest.warns(ConvergenceWarning, match="iteration limit"):
        found = bilevel.tune(*split, max_iter=2)
    assert not found.converged
    with pytest.raises(ConvergenceError):
        bilevel.tune(*split, max_iter=2, on_failure="raise")


def test_inputs_are_checked_and_left_alone():
    split = drawn(0)
    copies = [array.copy() for array in split]
    bilevel.tune(*split, on_failure="ignore")
    assert all(np.array_equal(a, b) for a, b in zip(split, copies, strict=True))
    X, y, X_val, y_val = split
    for bad in [
        {"X": X[:, :3]}, {"y": y[:-1]}, {"y": np.ones(80)}, {"X_val": np.full_like(X_val, np.nan)},
        {"y_val": y_val[1:]}, {"bounds": (2, 1)}, {"bounds": 3}, {"groups": [0, 1]}, {"tol": 0}, {"max_iter": 0},
    ]:  # fmt: skip
        with pytest.raises(InvalidArgument):
            bilevel.tune(**({"X": X, "y": y, "X_val": X_val, "y_val": y_val} | bad))
    with pytest.raises(InvalidArgument, match="12 columns"):
        bilevel.tune(*split, on_failure="ignore").predict(X[:, :2])


def test_a_kink_that_is_not_stationary_does_not_end_minimize():
    """psi falls along this kink, where implicit derivatives alone got stuck."""
    from benchmarks.bilevel.judge import stationarity
    from benchmarks.bilevel.quadratic import Oracle, quadratic

    problem = quadratic(0, 10, half=1.0)
    o = Oracle(problem)
    level = bilevel.Problem(f=o.f, g=o.g, grad_f=o.grad_f, grad_g=o.grad_g, Y=bilevel.Box(-1, 1))
    found = bilevel.minimize(level, np.ones(10), np.zeros(10), tol=1e-5)
    assert found.converged and stationarity(problem, found.x) <= 1e-4


@pytest.mark.parametrize("drawn_with", [{}, {"flat": 3}, {"half": 1.0}])
def test_the_judge_of_the_benchmark_is_held_to_differences(drawn_with):
    from benchmarks.bilevel.judge import psi, stationarity
    from benchmarks.bilevel.quadratic import quadratic

    problem, x, t = quadratic(1, 8, **drawn_with), np.full(8, 0.3), 1e-6
    slope = [(psi(problem, x + t * e) - psi(problem, x - t * e)) / (2 * t) for e in np.eye(8)]
    assert stationarity(problem, x) == pytest.approx(np.linalg.norm(slope), rel=1e-5)
