"""The fit from nothing but data: invariances, real optima, and no collapse."""

from pathlib import Path

import numpy as np
import pytest

from sparsetheory import moe
from sparsetheory.errors import InvalidArgument
from sparsetheory.moe.density import mean_log_density
from sparsetheory.moe.parameters import Parameters

OVERLAP = moe.MixingMeasure([0, 0], [2, 0], a=[0.4, -0.4], b=[0.8, -0.8], v=[0.25, 0.25])
THREE = moe.MixingMeasure([0, 0, 0], [2, 0, -2], a=[0.4, 0, -0.4], b=[0.8, 0, -0.8], v=[0.05, 0.05, 0.05])


def drawn(G, n, seed):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (n, 1))
    return X, moe.simulate(G, X, rng)


def as_parameters(G):
    return Parameters(np.column_stack([G.beta1, G.beta0]), np.column_stack([G.a, G.b]), np.array(G.v), G.tau)


def sorted_rows(fit):
    order = np.argsort(fit.parameters.expert[:, -1])
    return np.column_stack([fit.parameters.expert, fit.parameters.variance])[order]


@pytest.mark.parametrize("G", [OVERLAP, THREE], ids=["two", "three"])
def test_at_least_as_likely_as_the_truth(G):
    X, y = drawn(G, 800, 1)
    fit = moe.maximize_likelihood(X, y, G.n_atoms, n_init=4)
    truth = mean_log_density(fit.gate, as_parameters(G), X, y, np.ones(len(y)))
    assert fit.converged
    assert fit.log_likelihood > truth
    assert fit.penalty == 0
    assert fit.masses.sum() == pytest.approx(len(y))
    twice_gain = 2 * len(y) * (fit.log_likelihood - truth)
    assert twice_gain < 40  # a chi square with 8 or 13 degrees of freedom


def test_diabetes_reaches_the_best_known_value():
    """The end with the best penalised objective is not the one with the best likelihood here."""
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True)
    X, y = (X - X.mean(axis=0)) / X.std(axis=0), (y - y.mean()) / y.std()
    fit = moe.maximize_likelihood(X, y, 2)
    assert fit.converged
    assert fit.log_likelihood * len(y) > -409.2075
    assert fit.masses.min() > 100


def test_affine_maps_of_the_data_map_the_fit():
    X, y = drawn(OVERLAP, 400, 2)
    fit = moe.maximize_likelihood(X, y, n_init=3)
    moved = moe.maximize_likelihood(10 * X - 3, 5 * y + 100, n_init=3)
    assert moved.log_likelihood == pytest.approx(fit.log_likelihood - np.log(5), abs=1e-10)
    there, here = sorted_rows(moved), sorted_rows(fit)
    np.testing.assert_allclose(there[:, 0], here[:, 0] * 0.5, atol=1e-6)
    np.testing.assert_allclose(there[:, 1], 5 * here[:, 1] + 100 + 3 * there[:, 0], rtol=1e-7)
    np.testing.assert_allclose(there[:, 2], 25 * here[:, 2], rtol=1e-6)


def test_weights_are_repeated_rows():
    X, y = drawn(OVERLAP, 150, 3)
    weight = np.random.default_rng(0).integers(0, 4, size=150)
    start = OVERLAP
    weighted = moe.maximize_likelihood(X, y, sample_weight=weight, init=start)
    repeated = moe.maximize_likelihood(np.repeat(X, weight, axis=0), np.repeat(y, weight), init=start)
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, abs=1e-11)
    np.testing.assert_allclose(weighted.parameters.expert, repeated.parameters.expert, atol=1e-7)
    np.testing.assert_allclose(weighted.parameters.gate, repeated.parameters.gate, atol=1e-6)
    assert weighted.masses.sum() == pytest.approx(weight.sum())


def test_labels_and_reference_of_the_start_do_not_matter():
    X, y = drawn(THREE, 300, 4)
    fit = moe.maximize_likelihood(X, y, 3, init=THREE)
    order = [2, 0, 1]
    other = moe.MixingMeasure(
        THREE.beta0[order] + 3, THREE.beta1[order] - 1, a=THREE.a[order], b=THREE.b[order], v=THREE.v[order]
    )
    again = moe.maximize_likelihood(X, y, 3, init=other)
    assert again.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-12)
    np.testing.assert_allclose(sorted_rows(again), sorted_rows(fit), atol=1e-7)


def test_same_result_for_any_number_of_threads():
    X, y = drawn(OVERLAP, 40_000, 5)
    one, two = (moe.maximize_likelihood(X, y, init=OVERLAP, n_threads=threads) for threads in (1, 2))
    assert one.log_likelihood == two.log_likelihood
    assert (one.parameters.gate == two.parameters.gate).all()
    assert (one.parameters.expert == two.parameters.expert).all()


def test_temperature_is_a_unit_of_the_gate():
    X, y = drawn(OVERLAP, 300, 6)
    plain = moe.maximize_likelihood(X, y, n_init=2)
    same = moe.maximize_likelihood(X, y, gate="temperature", temperature=1.0, n_init=2)
    assert same.log_likelihood == plain.log_likelihood
    assert (same.parameters.gate == plain.parameters.gate).all()
    hot = moe.maximize_likelihood(X, y, gate="temperature", temperature=2.0, n_init=2, gate_ridge=0.0)
    cold = moe.maximize_likelihood(X, y, n_init=2, gate_ridge=0.0)
    assert hot.log_likelihood == pytest.approx(cold.log_likelihood, abs=1e-10)
    np.testing.assert_allclose(np.abs(hot.parameters.gate / 2).sum(), np.abs(cold.parameters.gate).sum(), rtol=1e-5)


def test_identity_activation_is_the_temperature_gate():
    X, y = drawn(OVERLAP, 300, 7)
    one = moe.maximize_likelihood(X, y, gate="temperature", temperature=0.7, n_init=2)
    other = moe.maximize_likelihood(X, y, gate="activation", activation="identity", temperature=0.7, n_init=2)
    assert one.log_likelihood == other.log_likelihood


@pytest.mark.parametrize("penalty", ["auto", 0.0])
def test_duplicate_rows_collapse_no_variance(penalty):
    X, y = drawn(OVERLAP, 100, 8)
    X[:12], y[:12] = X[0], y[0]
    fit = moe.maximize_likelihood(X, y, 3, n_init=4, variance_penalty=penalty, on_failure="ignore")
    assert np.isfinite(fit.log_likelihood)
    assert (fit.parameters.variance > 0).all()
    if penalty == "auto":
        assert fit.converged
        assert fit.parameters.variance.min() > 1e-6 * y.var()


def test_more_experts_than_needed_still_settle():
    G = moe.MixingMeasure([-8, 0], [25, 0], a=[-20, 20], b=[15, -5], v=[0.09, 0.16])
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 1, (500, 1))
    y = moe.simulate(G, X, rng)
    fits = [moe.maximize_likelihood(X, y, k, n_init=3, on_failure="ignore") for k in (2, 3, 4)]
    values = [fit.log_likelihood for fit in fits]
    assert values == sorted(values)
    for fit in fits:
        assert fit.converged
        assert fit.error < 1e-8
        assert fit.parameters.variance.min() > 1e-7 * y.var()
        assert (fit.penalty > 0) or (fit.masses >= 3).all()


def test_separated_memberships_have_finite_slopes():
    """Without the ridge the slopes would grow for ever."""
    rng = np.random.default_rng(0)
    X = np.linspace(-1, 1, 200)[:, None]
    y = np.where(X[:, 0] > 0, 3.0, -3.0) + 0.1 * rng.normal(size=200)
    fit = moe.maximize_likelihood(X, y, n_init=3)
    assert fit.converged
    assert np.isfinite(fit.parameters.gate).all()
    assert 10 < np.abs(fit.parameters.gate[:, 0]).max() < 1e4


def test_collinear_covariates_change_no_density():
    X, y = drawn(OVERLAP, 300, 9)
    one = moe.maximize_likelihood(X, y, n_init=3, gate_ridge=0.0)
    two = moe.maximize_likelihood(np.column_stack([X, X, np.full(300, 7.0)]), y, n_init=3, gate_ridge=0.0)
    assert two.converged
    assert two.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-9)
    assert np.isfinite(two.parameters.expert).all()


@pytest.mark.parametrize("solver", ["em", "squarem", "newton", "lbfgs"])
def test_every_solver_fits(solver):
    X, y = drawn(OVERLAP, 300, 10)
    fit = moe.maximize_likelihood(X, y, solver=solver, n_init=1, tol=1e-6)
    assert fit.converged
    assert fit.log_likelihood == pytest.approx(moe.maximize_likelihood(X, y, n_init=1).log_likelihood, abs=1e-8)


@pytest.mark.parametrize("gate", ["activation", "laplace", "stablemax"])
def test_every_smooth_gate_fits(gate):
    X, y = drawn(OVERLAP, 300, 11)
    X = np.column_stack([X, np.random.default_rng(0).uniform(-1, 1, 300)])  # on a line, distances have a kink a sample
    fit = moe.maximize_likelihood(X, y, gate=gate, n_init=2)
    assert fit.converged
    assert fit.log_likelihood > moe.maximize_likelihood(X, y, 1).log_likelihood


@pytest.mark.parametrize("gate", ["activation", "stablemax"])
def test_the_reference_of_a_gate_has_no_slopes(gate):
    """Searches that split and merge would else leave slopes there that nothing optimises and no certificate sees."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    left = rng.random(400) < 1 / (1 + np.exp(-3 * X[:, 0]))
    y = np.where(left, X @ [1.0, 2.0] + 1, X @ [-1.0, 0.5] - 2) + 0.3 * rng.normal(size=400)
    for seed in range(2):
        fit = moe.maximize_likelihood(X, y, 3, gate=gate, rng=np.random.default_rng(seed), on_failure="ignore")
        assert not fit.parameters.gate[-1].any()
    sloped = moe.MixingMeasure([0.0, 0.0], [[1.0, 0.0], [0.0, 1.0]], a=np.eye(2), b=[1.0, -1.0], v=[0.1, 0.1])
    with pytest.raises(InvalidArgument, match="last gate row"):
        moe.maximize_likelihood(X, y, 2, gate=gate, init=sloped)


def test_one_expert_is_a_regression():
    X, y = drawn(OVERLAP, 100, 12)
    fit = moe.maximize_likelihood(X, y, 1)
    slope, intercept = np.polyfit(X[:, 0], y, 1)
    np.testing.assert_allclose(fit.parameters.expert, [[slope, intercept]])
    np.testing.assert_allclose(fit.parameters.variance, np.var(y - slope * X[:, 0] - intercept))


def test_inputs_are_left_alone_and_results_repeat():
    X, y = drawn(OVERLAP, 200, 13)
    X0, y0 = X.copy(), y.copy()
    first, second = (moe.maximize_likelihood(X, y, n_init=2) for _ in range(2))
    assert (first.parameters.expert == second.parameters.expert).all()
    assert (X == X0).all()
    assert (y == y0).all()


def test_a_subsample_is_searched_and_all_samples_are_fitted():
    X, y = drawn(OVERLAP, 12_000, 14)
    fit = moe.maximize_likelihood(X, y, n_init=2)
    given = moe.maximize_likelihood(X, y, init=OVERLAP)
    assert fit.converged
    assert fit.log_likelihood == pytest.approx(given.log_likelihood, abs=1e-11)


@pytest.mark.parametrize(("k", "reached"), [(3, -62.5), (4, -35.43)])
def test_steps_of_a_gate_are_found(k, reached):
    """The motorcycle data, variance one: maxima that drawn starts miss for most seeds (-65.26, -35.53)."""
    path = Path(__file__).parents[2] / "examples" / "data" / "mcycle.csv"
    x, y = np.loadtxt(path, delimiter=",", skiprows=1).T
    X, y = ((x - x.mean()) / x.std())[:, None], (y - y.mean()) / y.std()
    for seed in (0, 1):
        fit = moe.maximize_likelihood(X, y, k, rng=np.random.default_rng(seed))
        assert fit.converged
        assert len(y) * fit.log_likelihood > reached
