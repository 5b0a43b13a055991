"""Samples, distances and information of the true density; what sparse fits can represent."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from sparsetheory import moe
from sparsetheory.errors import InvalidArgument

CENTRED = moe.MixingMeasure([0.0, 0.0], [2, 0], a=[1, -1], b=[2, -2], v=[0.25, 0.4])
X = np.linspace(-1, 1, 5)[:, None]


def density(G, x, y):
    scores = G.beta1 @ x + G.beta0
    weights = np.exp(scores - scores.max())
    return (weights / weights.sum()) @ stats.norm.pdf(y, G.a @ x + G.b, np.sqrt(G.v))


@pytest.mark.parametrize("kind", ["hellinger", "tv", "kl"])
def test_distances_are_integrals(kind):
    G = moe.MixingMeasure([0.1, 0.0], [1.5, 0], a=[1, -1], b=[1.8, -2.1], v=[0.3, 0.3])
    found = moe.density_distance(G, CENTRED, X, kind=kind)

    def one(x):
        def integrand(y):
            p, q = density(G, x, y), density(CENTRED, x, y)
            return {"hellinger": 0.5 * (p**0.5 - q**0.5) ** 2, "tv": 0.5 * abs(p - q), "kl": q * np.log(q / p)}[kind]

        value = quad(integrand, -9, 9, limit=400, epsabs=1e-12)[0]
        return value**0.5 if kind == "hellinger" else value

    assert found == pytest.approx(np.mean([one(x) for x in X]), rel=1e-3 if kind == "tv" else 1e-8)


def test_distances_vanish_along_translations_and_splits():
    same = CENTRED.split(0, 0.3).translated(slope=1.0, intercept=-2.0)
    for kind in ("hellinger", "tv", "kl"):
        assert moe.density_distance(same, CENTRED, X, kind=kind) < 1e-7


def test_samples_follow_the_density():
    rng = np.random.default_rng(0)
    x = np.array([0.3])
    y = moe.simulate(CENTRED, np.tile(x, (20_000, 1)), rng)

    def cdf(t):
        return np.array([quad(lambda y: density(CENTRED, x, y), -8, end)[0] for end in np.atleast_1d(t)])

    places = np.quantile(y, [0.1, 0.3, 0.5, 0.7, 0.9])
    np.testing.assert_allclose(cdf(places), [0.1, 0.3, 0.5, 0.7, 0.9], atol=0.015)


def test_information_is_minus_the_mean_second_derivative():
    from sparsetheory.moe.gate import make_gate
    from sparsetheory.moe.likelihood import Likelihood
    from sparsetheory.moe.parameters import Layout, Parameters

    rng = np.random.default_rng(0)
    many = np.repeat(X, 40_000, axis=0)
    y = moe.simulate(CENTRED, many, rng)
    gate = make_gate("softmax", 2)
    at = Parameters.of(CENTRED)
    likelihood = Likelihood(many, y, np.ones(len(y)), gate, Layout(gate, 1), penalty=0.0, scale=1.0, ridge=0.0)
    expected = -likelihood.derivatives(at).hessian
    np.testing.assert_allclose(moe.information(CENTRED, X), expected, atol=0.03)


@pytest.mark.parametrize("kind", ["hellinger", "kl"])
def test_quadrature_is_fine_enough(kind, monkeypatch):
    """Gates and roots of mixtures have singularities off the real line, the nearer the more experts overlap."""
    from sparsetheory.moe import population

    worst = 0.0
    for gap in (0.5, 1.0, 2.0, 4.0):
        G = moe.MixingMeasure([0, 0], [2, 0], a=[1, -1], b=[gap, -gap], v=[0.25, 0.25])
        H = moe.MixingMeasure([0.1, 0], [1.8, 0], a=[1.1, -1], b=[gap, -gap - 0.1], v=[0.27, 0.24])
        found = moe.density_distance(G, H, X, kind=kind)
        with monkeypatch.context() as finer:
            finer.setattr(population, "_STEP", population._STEP / 2)
            worst = max(worst, abs(found / moe.density_distance(G, H, X, kind=kind) - 1))
    assert worst < 1e-12


def test_information_has_the_flat_direction_of_the_temperature():
    G = moe.MixingMeasure([0.4, -0.6, 0.0], [1.5, -1.0, 0.0], a=[1, -1, 0], b=[1, -1, 0], v=[0.1, 0.2, 0.1], tau=0.5)
    information = moe.information(G, X, fit_temperature=True)
    direction = np.concatenate([np.column_stack([G.beta1, G.beta0])[:2].ravel(), np.zeros(9), [1.0]])
    assert np.abs(information @ direction).max() < 1e-13 * np.linalg.norm(information)
    assert np.linalg.eigvalsh(information)[1] > 1e-5  # and no other
    without = moe.information(G, X)
    np.testing.assert_allclose(information[:-1, :-1], without, atol=1e-14)


def test_information_is_singular_exactly_where_theory_says():
    at = moe.MixingMeasure([0.3, 0.0], [1.5, 0], a=[1, -1], b=[1, -1], v=[0.1, 0.1], tau=0.3)
    places = np.linspace(-3, 3, 41)[:, None]
    regular = moe.information(at, places, gate="activation", activation="tanh", fit_temperature=True)
    assert np.linalg.eigvalsh(regular)[0] > 1e-4
    assert np.linalg.eigvalsh(moe.information(CENTRED, X))[0] > 1e-4
    assert abs(np.linalg.eigvalsh(moe.information(CENTRED.split(0), X))[0]) < 1e-12


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "softplus", "gelu", "silu"])
@given(slope=st.floats(0.5, 3.0))
def test_activations_that_identify_the_temperature(activation, slope):
    places = np.linspace(-3, 3, 201)[:, None]
    assert moe.activation_independence(activation, [slope], places) > 1e-9
    assert moe.activation_independence("identity", [slope], places) < 1e-12


def test_sparse_fits_that_can_be_the_truth():
    three = moe.MixingMeasure([0, 0.5, 0], [3, 0, -3], a=[1, 0, -1], b=[0, 4, 8], v=[1, 1, 1])
    assert moe.representable(three, X, top_k=2, n_experts=4, fitted_top_k=3) == [(1, 2, 1)]
    assert moe.representable(three, X, top_k=2, n_experts=4, fitted_top_k=2) == []
    assert moe.representable(three, X, top_k=2, n_experts=3, fitted_top_k=2) == [(1, 1, 1)]
    assert moe.representable(three, X, top_k=3, n_experts=4, fitted_top_k=4) == [(1, 1, 2), (1, 2, 1), (2, 1, 1)]


def test_bad_arguments():
    with pytest.raises(InvalidArgument, match="X"):
        moe.density_distance(CENTRED, CENTRED, [[1.0, 2.0]])
    with pytest.raises(InvalidArgument, match="kind"):
        moe.density_distance(CENTRED, CENTRED, X, kind="l2")
    with pytest.raises(InvalidArgument, match="rng"):
        moe.simulate(CENTRED, X, 0)
    with pytest.raises(InvalidArgument, match="slope"):
        moe.activation_independence("tanh", [1.0, 2.0], X)
