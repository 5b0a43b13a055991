"""Several responses: the slow twin's numbers, one response as a special case, symmetries, no collapse."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize

from sparsetheory import moe
from sparsetheory.errors import InvalidArgument
from sparsetheory.moe.density import log_gate
from sparsetheory.moe.em import EM
from sparsetheory.moe.gate import make_gate
from sparsetheory.moe.multivariate.density import score_gradient
from sparsetheory.moe.multivariate.likelihood import MultivariateLikelihood
from sparsetheory.moe.multivariate.parameters import SequentialLayout, SequentialParameters

_spec = importlib.util.spec_from_file_location(
    "moe_multivariate_twin", Path(__file__).parents[1] / "reference" / "moe_multivariate.py"
)
twin = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twin)

G = moe.MultivariateMeasure(
    [0.3, 0], [[3, 1], [0, 0]], A=[[[1, 0], [0.5, -1]], [[-1, 0.5], [1, 1]]], b=[[1, 0], [-1, 0.5]],
    covariance=[[[0.3, 0.1], [0.1, 0.2]], [[0.2, -0.15], [-0.15, 0.4]]],
)  # fmt: skip


def covariances(k, q, rng):
    roots = rng.normal(size=(k, q, q))
    return roots @ roots.transpose(0, 2, 1) / q + 0.5 * np.eye(q)


def drawn(measure, n, seed):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (n, measure.n_features))
    scores = (X @ measure.beta1.T + measure.beta0) / measure.tau
    labels = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    roots = np.linalg.cholesky(measure.covariance)[labels]
    noise = np.einsum("iab,ib->ia", roots, rng.normal(size=(n, measure.n_responses)))
    return X, np.einsum("iab,ib->ia", measure.A[labels], X) + measure.b[labels] + noise


def mapped(measure, M, shift=0.0):
    """The measure of ``M y + shift``."""
    return moe.MultivariateMeasure(
        measure.beta0,
        measure.beta1,
        A=M @ measure.A,
        b=measure.b @ M.T + shift,
        covariance=M @ measure.covariance @ M.T,
    )


def instance(name, covariance, variance, *, seed=0, n=300, d=2, q=3, k=3, penalty=5.0, **options):
    """Objective and a point."""
    rng = np.random.default_rng(seed)
    X, Y, weight = rng.normal(size=(n, d)), rng.normal(size=(n, q)), rng.uniform(0, 2, n)
    gate = make_gate(name, k, **options)
    layout = SequentialLayout(gate, d, q, covariance, variance)
    own = covariances(k, q, rng)
    own = np.broadcast_to(own[0], own.shape) if variance == "tied" else own
    if covariance == "diagonal":
        own = own * np.eye(q)
    means, rows = rng.normal(size=(k, q, d + 1)), rng.normal(size=(k, d + 1))
    at = SequentialParameters.joined(rows, means, own, options.get("temperature", 1.0), full=covariance == "full")
    scale = covariances(1, q, rng)[0]
    likelihood = MultivariateLikelihood(X, Y, weight, gate, layout, penalty=penalty, scale=scale, ridge=0.1)
    np.testing.assert_allclose(at.means, means, atol=1e-12)
    np.testing.assert_allclose(at.covariance, own, atol=1e-12)
    return likelihood, layout.referred(at), (X, Y, weight)


POINTS = [
    ("softmax", "full", "free", {}), ("softmax", "diagonal", "free", {}), ("softmax", "full", "tied", {}),
    ("softmax", "diagonal", "tied", {}), ("softmax", "full", "free", {"top_k": 2}), ("stablemax", "full", "free", {}),
    ("laplace", "full", "free", {}), ("activation", "full", "free", {"fit_temperature": True, "temperature": 0.7}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "covariance", "variance", "options"), POINTS)
def test_value_is_that_of_the_slow_twin(name, covariance, variance, options):
    likelihood, at, (X, Y, weight) = instance(name, covariance, variance, **options)
    means = at.means
    weights = np.exp(log_gate(likelihood.gate, at, X))
    own = at.covariance
    total = weight @ twin.log_density(weights, means[:, :, :-1], means[:, :, -1], own, X, Y)
    reference = likelihood.reference if covariance == "full" else likelihood.reference * np.eye(3)
    off = sum(np.trace(np.linalg.solve(c, reference)) + np.linalg.slogdet(c)[1] for c in own)
    slopes = at.gate[: likelihood.gate.n_rows, :-1]
    value = (total - 5.0 * off - 0.05 * (slopes**2).sum()) / weight.sum()
    assert likelihood.value(at) == pytest.approx(value, abs=1e-12)
    assert likelihood.derivatives(at).value == pytest.approx(value, abs=1e-12)
    assert likelihood.expectation(at).value == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(("name", "covariance", "variance", "options"), POINTS)
def test_derivatives_are_those_of_differences(name, covariance, variance, options):
    likelihood, at, _ = instance(name, covariance, variance, **options)
    layout, found, step = likelihood.layout, likelihood.derivatives(at), 1e-5
    ends = [[layout.moved(at, sign * step * e) for sign in (1, -1)] for e in np.eye(layout.n_free)]
    slope = [(likelihood.value(up) - likelihood.value(down)) / (2 * step) for up, down in ends]
    up, down = (np.array([likelihood.derivatives(pair[i]).gradient for pair in ends]) for i in (0, 1))
    np.testing.assert_allclose(found.gradient, slope, atol=1e-8)
    np.testing.assert_allclose(found.hessian, (up - down) / (2 * step), atol=5e-8)
    np.testing.assert_allclose(likelihood.gradient(at, likelihood.expectation(at)), found.gradient, atol=1e-13)


@pytest.mark.parametrize(("name", "covariance", "variance", "options"), POINTS)
def test_the_certificate_agrees_with_the_kernels(name, covariance, variance, options):
    likelihood, at, data = instance(name, covariance, variance, penalty=0.0, **options)
    likelihood.ridge = 0.0
    own = score_gradient(likelihood.layout, at, *data)
    np.testing.assert_allclose(own, likelihood.derivatives(at).gradient, atol=1e-13)


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_an_em_step_is_least_squares_with_responsibilities(covariance):
    likelihood, at, (X, Y, weight) = instance("softmax", covariance, "free")
    R = likelihood.responsibilities(at)[0] * weight[:, None]
    rows, own = twin.experts(R, X, Y, likelihood.reference, 5.0)
    expert, variance = likelihood.experts(at, likelihood.expectation(at).moments)
    after = SequentialParameters(at.gate, expert, variance)
    np.testing.assert_allclose(after.means, rows, atol=1e-11)
    np.testing.assert_allclose(after.covariance, own if covariance == "full" else own * np.eye(3), atol=1e-12)


@pytest.mark.parametrize(("covariance", "variance"), [("full", "free"), ("full", "tied"), ("diagonal", "tied")])
def test_em_never_lowers_the_objective(covariance, variance):
    likelihood, at, _ = instance("softmax", covariance, variance)
    em = EM(likelihood, at)
    values = [em.found.value]
    for _ in range(30):
        em.step()
        values.append(em.found.value)
    assert (np.diff(values) > -1e-13).all()
    assert values[-1] > values[0] + 0.1


@pytest.mark.parametrize(
    "options", [{}, {"variance": "tied"}, {"variance_penalty": 0.1}, {"covariance": "diagonal"}, {"top_k": 2}]
)
def test_one_response_is_the_univariate_fit(options):
    rng = np.random.default_rng(0)
    truth = moe.MixingMeasure([0, 0, 0], [2, 0, -2], a=[0.4, 0, -0.4], b=[0.8, 0, -0.8], v=[0.05, 0.05, 0.05])
    X = rng.uniform(-1, 1, (300, 1))
    y = moe.simulate(truth, X, rng)
    options = {"n_init": 2, "tol": 1e-11, **options}
    one = moe.maximize_likelihood(X, y, 3, **options)
    same = moe.maximize_likelihood(X, y[:, None], 3, **options)
    assert same.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-8)
    order, back = np.argsort(one.parameters.expert[:, -1]), np.argsort(same.parameters.means[:, 0, -1])
    np.testing.assert_allclose(same.parameters.means[back, 0], one.parameters.expert[order], atol=1e-6)
    np.testing.assert_allclose(same.parameters.covariance[back, 0, 0], one.parameters.variance[order], rtol=1e-6)
    assert same.penalty == one.penalty


@pytest.mark.parametrize("penalty", ["auto", 0.5])
def test_linear_maps_of_the_responses_map_the_fit(penalty):
    X, Y = drawn(G, 400, 1)
    M = np.array([[2.0, -1.0], [30.0, 5.0]])
    fit = moe.maximize_likelihood(X, Y, init=G, variance_penalty=penalty)
    other = moe.maximize_likelihood(X, Y @ M.T + 7, init=mapped(G, M, 7.0), variance_penalty=penalty)
    assert fit.converged
    assert other.converged
    assert other.log_likelihood == pytest.approx(fit.log_likelihood - np.log(np.linalg.det(M)), abs=1e-10)
    np.testing.assert_allclose(other.parameters.covariance, M @ fit.parameters.covariance @ M.T, rtol=1e-6)
    np.testing.assert_allclose(other.parameters.means[:, :, :-1], M @ fit.parameters.means[:, :, :-1], rtol=1e-5)
    np.testing.assert_allclose(other.parameters.gate, fit.parameters.gate, atol=1e-6)


def test_a_search_finds_the_same_in_other_coordinates():
    X, Y = drawn(G, 400, 1)
    M = np.array([[2.0, -1.0], [30.0, 5.0]])
    fit, other = (moe.maximize_likelihood(X, response, n_init=3) for response in (Y, Y @ M.T))
    assert other.log_likelihood == pytest.approx(fit.log_likelihood - np.log(np.linalg.det(M)), abs=1e-9)


def test_units_of_the_responses_map_back_where_covariances_are_diagonal():
    X, Y = drawn(G, 400, 2)
    units = np.array([1e5, -1e-7])
    fit, other = (moe.maximize_likelihood(X, response, covariance="diagonal", n_init=3) for response in (Y, Y * units))
    assert other.log_likelihood == pytest.approx(fit.log_likelihood - np.log(np.abs(units)).sum(), abs=1e-9)
    assert (fit.parameters.covariance[:, 0, 1] == 0).all()


def test_order_of_responses_and_labels_do_not_matter():
    X, Y = drawn(G, 300, 3)
    swap = np.array([[0.0, 1.0], [1.0, 0.0]])
    fit = moe.maximize_likelihood(X, Y, init=G)
    turned = moe.maximize_likelihood(X, Y[:, ::-1], init=mapped(G, swap))
    assert turned.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-12)
    np.testing.assert_allclose(turned.parameters.covariance, fit.parameters.covariance[:, ::-1, ::-1], rtol=1e-6)
    back = moe.MultivariateMeasure(
        G.beta0[::-1] + 3, G.beta1[::-1] - 1, A=G.A[::-1], b=G.b[::-1], covariance=G.covariance[::-1]
    )
    again = moe.maximize_likelihood(X, Y, init=back)
    assert again.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-12)
    np.testing.assert_allclose(again.parameters.covariance[::-1], fit.parameters.covariance, rtol=1e-6)


def test_scipy_finds_nothing_better_from_the_same_start():
    X, Y = drawn(G, 400, 4)
    fit = moe.maximize_likelihood(X, Y, init=G, gate_ridge=0.0)
    start = twin.pack(np.column_stack([G.beta1, G.beta0]), np.concatenate([G.A, G.b[..., None]], axis=2), G.covariance)

    def objective(theta):
        return -twin.mean_log_density(theta, 2, X, Y)

    found = minimize(objective, start, method="L-BFGS-B", options={"maxiter": 500, "gtol": 1e-7})
    assert fit.log_likelihood == pytest.approx(-found.fun, abs=1e-7)
    assert fit.log_likelihood >= -found.fun - 1e-12
    at = fit.parameters
    end = twin.pack(at.gate, at.means, at.covariance)
    assert -objective(end) == pytest.approx(fit.log_likelihood, abs=1e-12)
    np.testing.assert_allclose(approx_fprime(end, objective, 1e-7), 0.0, atol=2e-6)


@pytest.mark.parametrize(
    "options",
    [{"variance": "tied"}, {"top_k": 1}, {"gate": "temperature", "temperature": 0.5}, {"gate": "laplace"},
     {"gate": "stablemax"}, {"gate": "activation", "fit_temperature": True}, {"solver": "newton"},
     {"solver": "squarem"}, {"solver": "em", "tol": 1e-6}, {"solver": "lbfgs", "tol": 1e-6}],
)  # fmt: skip
def test_every_gate_and_solver_fits(options):
    X, Y = drawn(G, 400, 5)
    fit = moe.maximize_likelihood(X, Y, n_init=2, **options)
    single = moe.maximize_likelihood(X, Y, 1)
    assert fit.converged
    assert fit.log_likelihood > single.log_likelihood + 0.1
    if set(options) & {"solver"}:
        assert fit.log_likelihood == pytest.approx(moe.maximize_likelihood(X, Y, n_init=2).log_likelihood, abs=1e-7)


def test_one_expert_is_a_regression():
    X, Y = drawn(G, 100, 6)
    fit = moe.maximize_likelihood(X, Y, 1)
    design = np.column_stack([X, np.ones(100)])
    rows = np.linalg.lstsq(design, Y, rcond=None)[0].T
    np.testing.assert_allclose(fit.parameters.means[0], rows, atol=1e-10)
    np.testing.assert_allclose(fit.parameters.covariance[0], np.cov((Y - design @ rows.T).T, ddof=0), atol=1e-10)


@pytest.mark.parametrize("covariance", ["full", "diagonal"])
def test_repeated_rows_collapse_no_covariance(covariance):
    X, Y = drawn(G, 120, 7)
    X[:12], Y[:12] = X[0], Y[0]
    fit = moe.maximize_likelihood(X, Y, 3, n_init=4, covariance=covariance)
    least = np.linalg.eigvalsh(fit.parameters.covariance).min()
    assert fit.converged
    assert np.isfinite(fit.log_likelihood)
    assert least > 1e-6 * Y.var()


def test_an_exact_relation_between_residuals_is_survived():
    """The responses differ by a function of the covariates: the likelihood of every fit is unbounded."""
    X, Y = drawn(G, 200, 8)
    Y[:, 1] = Y[:, 0] + X[:, 0]
    fit = moe.maximize_likelihood(X, Y, n_init=2, on_failure="ignore")
    assert np.isfinite(fit.log_likelihood)
    assert (np.linalg.eigvalsh(fit.parameters.covariance) > 0).all()
    assert fit.penalty > 0


def test_weights_are_repeated_rows_and_threads_change_nothing():
    X, Y = drawn(G, 200, 9)
    times = np.random.default_rng(0).integers(0, 4, 200)
    weighted = moe.maximize_likelihood(X, Y, sample_weight=times, init=G)
    repeated = moe.maximize_likelihood(np.repeat(X, times, axis=0), np.repeat(Y, times, axis=0), init=G)
    assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, abs=1e-11)
    np.testing.assert_allclose(weighted.parameters.covariance, repeated.parameters.covariance, rtol=1e-6)
    X, Y = drawn(G, 40_000, 10)
    one, two = (moe.maximize_likelihood(X, Y, init=G, n_threads=threads) for threads in (1, 2))
    np.testing.assert_array_equal(one.parameters.expert, two.parameters.expert)


@pytest.mark.parametrize(
    ("change", "options", "name"),
    [
        (lambda Y: np.where(np.arange(200)[:, None] == 3, np.nan, Y), {}, "y"),
        (lambda Y: np.column_stack([Y, np.ones(200)]), {}, "y"),
        (lambda Y: np.column_stack([Y, Y @ [2.0, -1.0]]), {}, "y"),
        (lambda Y: Y[:150], {}, "y"),
        (lambda Y: Y[:, :, None], {}, "y"),
        (lambda Y: Y, {"covariance": "spherical"}, "covariance"),
        (lambda Y: Y, {"variance": 0.5}, "variance"),
        (lambda Y: Y, {"n_experts": 60}, "X"),
        (lambda Y: Y, {"n_experts": 3, "init": G}, "init"),
    ],
)
def test_what_cannot_be_fitted_is_named(change, options, name):
    X, Y = drawn(G, 200, 11)
    with pytest.raises(InvalidArgument, match=rf"^{name}\b") as caught:
        moe.maximize_likelihood(X, change(Y), **options)
    assert str(caught.value).startswith(name)


def test_collinear_responses_have_diagonal_covariances():
    X, Y = drawn(G, 200, 11)
    Y = np.column_stack([Y, Y @ [2.0, -1.0]])
    assert moe.maximize_likelihood(X, Y, covariance="diagonal", n_init=2).converged


@pytest.mark.parametrize(
    "change",
    [{"covariance": np.zeros((2, 2, 2))}, {"covariance": [[[1, 0.5], [0, 1]]] * 2}, {"A": np.ones((2, 2, 3))},
     {"beta0": [0, 0, 0]}, {"b": [[np.nan, 0], [0, 0]]}, {"A": "x"}],
)  # fmt: skip
def test_bad_measures_are_refused(change):
    given = {"beta0": G.beta0, "beta1": G.beta1, "A": G.A, "b": G.b, "covariance": G.covariance}
    with pytest.raises(InvalidArgument):
        moe.MultivariateMeasure(**given | change)
